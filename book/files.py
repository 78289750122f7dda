"""The law of generated files: written only if changed, all at once or not at all, stale ones removed."""

from collections.abc import Iterable, Mapping
from pathlib import Path


def write(path: Path, content: str | bytes) -> bool:
    """Write a file if its content differs from what is there; returns whether it was written."""
    data = content.encode("utf-8") if isinstance(content, str) else content
    if path.is_file() and path.read_bytes() == data:
        return False
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.part")  # a killed build's is written over by the next
    try:
        partial.write_bytes(data)
        partial.replace(path)
    except OSError:
        partial.unlink(missing_ok=True)  # a full disk gets its room back
        raise
    return True


def write_folder(folder: Path, files: Mapping[str, str | bytes], kept: Iterable[str] = ()) -> list[str]:
    """Make `folder` hold exactly `files` (relative path -> content) and whatever is named in `kept`;
    returns the paths that were written or removed."""
    changed = [name for name, content in files.items() if write(folder / name, content)]
    wanted = {folder / name for name in [*files, *kept]}
    for path in sorted(folder.rglob("*"), reverse=True) if folder.is_dir() else ():
        if path.is_dir() and not any(path.iterdir()):
            path.rmdir()
        elif path.is_file() and path not in wanted:
            path.unlink()
            changed.append(str(path.relative_to(folder)))
    return changed
