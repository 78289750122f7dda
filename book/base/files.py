"""The law of generated files: written only if changed, all at once or not at all; damage is absence."""

import hashlib
import os
import shutil
from collections.abc import Iterable, Mapping
from functools import lru_cache
from pathlib import Path

MARKER = ".gradbook"
"""A file of this name says that a folder, and all that is in it, is ours to overwrite."""


def files_in(folder: Path) -> list[Path]:
    """The files of a folder, relative to it, sorted."""
    return sorted(p.relative_to(folder) for p in folder.rglob("*") if p.is_file()) if folder.is_dir() else []


def read(path: Path) -> bytes | None:
    """What is in a file of ours; None if there is none, or something that cannot be read: a folder, a dead link."""
    try:
        return path.read_bytes()
    except OSError:
        return None


def digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def digest_of(path: Path) -> str | None:
    """The digest of a file; None if it cannot be read. A file that nothing has touched is read once."""
    try:
        found = path.stat()
        return _digest_of(path, found.st_ino, found.st_size, found.st_mtime_ns)
    except OSError:
        return None


@lru_cache(maxsize=1 << 16)
def _digest_of(path: Path, *_touched: int) -> str:
    return digest(path.read_bytes())


def seal(path: Path, content: str | bytes) -> None:
    """Keep a text or bytes with the digest, for `sealed` and `sealed_bytes`."""
    body = content.encode() if isinstance(content, str) else content
    write(path, digest(body).encode() + b"\n" + body)


def sealed_bytes(path: Path) -> bytes | None:
    """What was kept in a file; None if there is none or it is not what its digest says."""
    head, _, body = (read(path) or b"").partition(b"\n")
    return body if head and head == digest(body).encode() else None


def sealed(path: Path) -> str | None:
    """The text that was kept in a file; None as for `sealed_bytes`."""
    body = sealed_bytes(path)
    return None if body is None else body.decode()


def write(path: Path, content: str | bytes) -> bool:
    """Write a file if its content differs from what is there; returns whether it was written."""
    data = content.encode("utf-8") if isinstance(content, str) else content
    if read(path) == data:
        return False
    try:
        _replace(path, data)
    except (FileExistsError, NotADirectoryError, IsADirectoryError):
        if not _clear(path):
            raise
        _replace(path, data)
    return True


def _replace(path: Path, data: bytes) -> None:
    make_folder(path.parent)
    partial = path.with_name(f".{path.name}.part")  # a killed build's is written over by the next
    try:
        partial.write_bytes(data)
        partial.replace(path)
    except OSError:
        if partial.is_file():
            partial.unlink()  # a full disk gets its room back
        raise


def _clear(path: Path) -> bool:
    """Takes away a folder where a file belongs and the reverse, below a folder that is ours; whether that helped."""
    ours = next((folder for folder in path.parents if os.path.lexists(folder / MARKER)), None)
    between = [p for p in reversed(path.parents) if ours in p.parents] if ours else []
    wrong = [p for p in between if os.path.lexists(p) and not p.is_dir()]
    wrong += [p for p in (path, path.with_name(f".{path.name}.part")) if ours and p.is_dir()]
    for place in wrong:
        remove(place)
    return bool(wrong)


def make_folder(folder: Path) -> Path:
    """Make a folder, unless it is there."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError):
        if not _clear(folder / "file"):
            raise
        folder.mkdir(parents=True)
    return folder


def remove(path: Path) -> None:
    """Take away whatever is there: a file, a link (not what it leads to), a whole folder, or nothing."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    elif os.path.lexists(path):
        path.unlink()


def write_folder(folder: Path, files: Mapping[str, str | bytes], kept: Iterable[str] = ()) -> list[str]:
    """Make `folder` hold exactly `files` (relative path -> content) and whatever is named in `kept`;
    returns the paths that were written or removed."""
    changed = [name for name, content in files.items() if write(folder / name, content)]
    wanted = {folder / name for name in [*files, *kept]}
    for path in sorted(folder.rglob("*"), reverse=True) if folder.is_dir() else ():
        if path.is_dir() and not path.is_symlink():
            if not any(path.iterdir()):
                path.rmdir()
        elif path not in wanted:
            path.unlink()
            changed.append(str(path.relative_to(folder)))
    return changed
