"""A lock that only one process holds at a time: the system's own, which a child inherits."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from .files import make_folder, remove


@contextmanager
def lock(path: Path, told: bool = True) -> Iterator[list[int]]:
    """Holds `path` alone, telling a person why it waits unless `told` is false; what is in the file stays.

    The descriptors are for a child to inherit, which then holds the lock past our own end.
    """
    try:
        import fcntl
    except ImportError:  # no such locks on this system
        yield []
        return
    while True:
        make_folder(path.parent)
        if not path.is_file():
            remove(path)  # a folder or a dead link
        with open(path, "a") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if told:
                    print(f"waiting: another build is at work in {path.parent}.", file=sys.stderr, flush=True)
                fcntl.flock(file, fcntl.LOCK_EX)
            if _names(path, file):
                yield [file.fileno()]
                return


def _names(path: Path, file) -> bool:
    """Whether `path` is still this open file: `clean` may have removed it while we waited."""
    with suppress(FileNotFoundError):
        return os.path.samestat(path.stat(), os.fstat(file.fileno()))
    return False
