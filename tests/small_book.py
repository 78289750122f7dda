"""A copy of the project with one small example and two short chapters, whose build takes a few seconds."""

import hashlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tests import sample_book
from tests.small_project import copy_program
from tests.warm import Run, Warm

EXAMPLE = """\
family = "mlp"

[title]
en = "A small network"
zh = "一个小网络"

[data]
x = [[0.5, 1.0]]
y = [[1.0, 0.0]]

[[layers]]
W = [[0.5, -0.25], [0.25, 0.75]]
b = [0.1, 0.2]
activation = "sigmoid"

[update]
optimizer = "sgd"
learning_rate = RATE

[page]
curve = 10
"""


def make(folder: Path) -> Path:
    """The small project in `folder`, its book not yet built."""
    copy_program(folder)
    sample_book.write_docs(folder / "docs")
    index = folder / "docs" / "index.md"
    contents = index.read_text("utf-8").replace("how-to-read\n", ":glob:\n\nhow-to-read\n")
    generated = "examples/index\noperations/index\nreference/index\nabout/*\n"
    index.write_text(contents.replace("examples/index\n", generated), "utf-8")
    example(folder, "seed", 0.5)
    return folder


def example(folder: Path, name: str, rate: object) -> Path:
    """Write an example with this learning rate."""
    path = folder / "examples" / f"{name}.toml"
    path.parent.mkdir(exist_ok=True)
    path.write_text(EXAMPLE.replace("RATE", str(rate)), "utf-8")
    return path


def spoil(folder: Path, name: str) -> None:
    """Give an example a symbol that is found wrong when the pages are made, not when the file is read."""
    with open(folder / "examples" / f"{name}.toml", "a", encoding="utf-8") as file:
        file.write("\n[notation]\nW = '\\frac{W}'\n")


_loaded: dict[Path, Warm] = {}


@contextmanager
def loaded(folder: Path) -> Iterator[Path]:
    """Builds in `folder`, whose program nobody edits meanwhile, load it no more."""
    _loaded[folder] = Warm(folder)
    try:
        yield folder
    finally:
        _loaded.pop(folder).close()


def start(folder: Path, *words: object, **settings) -> subprocess.Popen | Run:
    """A build at work, in a process group of its own."""
    if folder in _loaded and not settings:
        return _loaded[folder].start(*words)
    command = [sys.executable, "build.py", *map(str, words)]
    pipe = subprocess.PIPE
    return subprocess.Popen(
        command, cwd=folder, stdout=pipe, stderr=pipe, text=True, encoding="utf-8", start_new_session=True, **settings
    )


def build(folder: Path, *words: object, **settings) -> tuple[int, str]:
    """Builds; the exit code and what was said."""
    run = start(folder, *words, **settings)
    said = "".join(run.communicate())
    return run.returncode, said


def built(folder: Path, *words: object, **settings) -> None:
    code, said = build(folder, *words, **settings)
    assert code == 0, said


def kill(run: subprocess.Popen | Run) -> bool:
    """SIGKILL for the build and all that it started; whether it was still at work."""
    at_work = run.poll() is None
    for end in (os.killpg, os.kill) if at_work else ():  # a build that has no group yet is alone
        with suppress(ProcessLookupError):
            end(run.pid, signal.SIGKILL)
    run.communicate()
    return at_work


def edition(folder: Path) -> str:
    """Stands for all bytes of a folder that readers see; '' if there is none."""
    files = [p for p in sorted(folder.rglob("*")) if p.is_file()]
    parts = (f"{p.relative_to(folder)} {hashlib.sha256(p.read_bytes()).hexdigest()}" for p in files)
    return "\n".join(parts)


def run(folder: Path, *words: str) -> str:
    """What Python says on standard output."""
    return subprocess.run([sys.executable, *words], cwd=folder, capture_output=True, text=True, check=True).stdout
