"""A book of one edition: where a file that it is made from is edited during a build, the build starts over."""

import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TypeVar

from gradbook.engine.errors import BookError

from ..i18n.words import forget

T = TypeVar("T")
ATTEMPTS = 5


class EditedError(Exception):
    """What is being made is no longer what the author's files say."""


class Inputs:
    """The files that a book is made from, as they were at one moment."""

    def __init__(self, folders: Iterable[Path]):
        self.folders = list(folders)
        self.then = self._now()

    def _now(self) -> dict[Path, tuple[int, int, int]]:
        """Each file with what betrays an edit, even one that was taken back."""
        return {path: mark for folder in self.folders for path in folder.rglob("*") if (mark := _mark(path))}

    def are_edited(self) -> bool:
        return self._now() != self.then

    def check(self) -> None:
        """Raises EditedError if a file has been edited, removed or added since."""
        if self.are_edited():
            raise EditedError


def _mark(path: Path) -> tuple[int, int, int] | None:
    """None for what no page is made of: folders, compiled code, an editor's own files."""
    if path.name.startswith(".") or path.name.endswith("~") or path.parent.name == "__pycache__":
        return None
    try:
        found = path.stat()
    except OSError:  # it has just been removed
        return None
    return (found.st_ino, found.st_size, found.st_mtime_ns) if path.is_file() else None


def steadily(folders: Iterable[Path], attempt: Callable[[Callable[[], None]], T]) -> T:
    """What `attempt(unedited)` returns; it calls `unedited` before what it has made counts.

    If the files in `folders` are edited meanwhile, what went wrong is their fault, and it is tried again. Raises
    BookError if that happens again and again.
    """
    for _ in range(ATTEMPTS):
        inputs = Inputs(folders)
        try:
            return attempt(inputs.check)
        except Exception:
            if not inputs.are_edited():
                raise
        forget()
        print("the book was edited meanwhile: the build starts over.", file=sys.stderr, flush=True)
    raise BookError(f"the book was edited during each of {ATTEMPTS} builds; build it again when it is at rest.")
