"""Five ways in which a file may be found after a power cut, or after a hand that slipped."""

import shutil
from pathlib import Path


def emptied(path: Path) -> None:
    path.write_bytes(b"")


def halved(path: Path) -> None:
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])


def flipped(path: Path) -> None:
    """One bit of one byte in the middle; a file that is empty gets one."""
    data = bytearray(path.read_bytes() or b"\0")
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def a_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()
    (path / "file").write_text("a folder where a file belongs")


def a_dead_link(path: Path) -> None:
    """Stands for whatever cannot be read: root may read a file that nobody may."""
    path.unlink()
    path.symlink_to("nowhere")


WAYS = (emptied, halved, flipped, a_folder, a_dead_link)


def a_file(path: Path) -> None:
    """The reverse: a file where a folder belongs."""
    shutil.rmtree(path)
    path.write_text("a file where a folder belongs")
