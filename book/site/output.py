"""The output folder: whether it may be written, whose it is, and its removal."""

import os
from collections.abc import Iterable
from pathlib import Path

from gradbook.engine.errors import BookError

from ..base.files import MARKER, make_folder, remove
from ..base.lock import lock
from ..base.mistakes import to_book_error

NOTE = "This folder is made by gradbook and may be removed at any time.\n"


def check_folder(out: Path, inputs: Iterable[Path] = ()) -> None:
    """Refuse a folder that holds something and is not marked as ours, and one that the book is made from.

    A folder inside one of `inputs` would be read or watched as a part of it; one around them would lose them with
    `clean`.
    """
    if out.is_file():
        raise BookError(f"--out {out}: is a file; name a folder.")
    for folder in inputs:
        if _is_inside(out, folder):
            raise BookError(f"--out {out}: lies in {folder}, which the book is made from; name a folder elsewhere.")
        if _is_inside(folder, out):
            raise BookError(f"--out {out}: holds {folder}, which the book is made from; name a folder elsewhere.")
    if out.is_dir() and any(out.iterdir()) and not is_ours(out):
        raise BookError(f"--out {out}: holds files that are not this book's; name a new or an empty folder.")


def _is_inside(path: Path, folder: Path) -> bool:
    """Whether a path, which need not be there, is a folder or lies in it, by whatever name or link."""
    if not folder.is_dir():
        return False
    path = Path(os.path.realpath(path))
    return any(above.is_dir() and above.samefile(folder) for above in (path, *path.parents))


def is_ours(out: Path) -> bool:
    """Whether a folder has our mark; what has become of the mark does not matter."""
    return os.path.lexists(out / MARKER)


def own_folder(out: Path) -> None:
    """Make the folder and mark it as ours."""
    try:
        place = Path(os.path.realpath(out))  # a link to a folder that is still to be made
        make_folder(place)
        if not (place / MARKER).is_file():
            remove(place / MARKER)
            (place / MARKER).write_text(NOTE)
    except OSError as error:
        raise BookError(f"--out {out}: cannot be written ({error.strerror}).") from None


def clean(out: Path, inputs: Iterable[Path] = ()) -> None:
    """Remove a folder that is marked as ours. Where `out` is a link, it and the folder it leads to stay, empty."""
    check_folder(out, inputs)
    if not is_ours(out):
        return
    try:
        own_folder(out)
        with lock(out / MARKER):
            _empty(out)
            if not out.is_symlink():
                out.rmdir()
    except OSError as error:
        raise to_book_error(error) from None


def _empty(out: Path) -> None:
    """The mark goes last: what a stopped removal leaves is still known as ours."""
    for path in out.iterdir():
        if path.name != MARKER:
            remove(path)
    remove(out / MARKER)
