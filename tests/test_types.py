"""Types: a checker is clean on the engine and the public names as they are installed, and sees what users get wrong.

A type checker cannot follow `package-dir`, so it reads the built wheel, not the checkout.
"""

import os
import shutil
import subprocess
import sys
import zipfile
from importlib.util import find_spec
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SOURCES = ("engine", "book", "check", "docs", "examples", "templates", "gradbook")

USER = """
import gradbook
from gradbook import Tape, Trace, backward, check_gradients, load, lower, op, pencil, train, work

trace: Trace = pencil(work(load("seed.toml", ["page.digits=3"])), 3)
loss: float = trace.value(trace.loss).item()
losses, values = train(trace.replay({"x": [[1.0], [2.0]]}), 10)
forward = lower(trace, ["x"], ["J"])
text: str = forward.source
tape = Tape()
z = tape.write("z", 2 * tape.param("w", [[1.0]]) + tape.data("x", [[2.0]]).square())
name: str = tape.write("J", z.sum()).name
errors = [check.relative_error for check in check_gradients(tape.finish(name, backward(tape, name)))]
op("cube", lambda a: a**3, lambda g, out, a: g * (3 * a.square()), sample=((2, 3),))
"""
"""What a user writes, and nothing is wrong with it."""

MISTAKES = {
    "gradbook.laod": "attr-defined",
    "work('seed.toml')": "arg-type",
    "trace['x'].valeu": "attr-defined",
    "trace.spec.page": "union-attr",
    "pencil(trace, '4')": "arg-type",
    "op('cube', 3)": "arg-type",
    "tape.write('z', 2.0)": "arg-type",
    "gradbook.BookError.sentence": "attr-defined",
}
"""What a user may get wrong, and the kind of mistake that it is to the checker."""


@pytest.fixture(scope="module")
def installed(tmp_path_factory) -> Path:
    """The files of the wheel, as pip puts them into site-packages."""
    base = tmp_path_factory.mktemp("types")
    for room in SOURCES:
        shutil.copytree(ROOT / room, base / "source" / room, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", base / "source")
    here = ["--no-build-isolation"] if find_spec("setuptools") else []
    command = [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", *here, "-w", str(base), str(base / "source")]
    subprocess.run(command, check=True, capture_output=True, text=True)
    (wheel,) = base.glob("*.whl")
    with zipfile.ZipFile(wheel) as packed:
        packed.extractall(base / "site")
    return base / "site"


def judged(installed: Path, *what: str) -> list[str]:
    """The sentences of the type checker, with the project's own settings."""
    pytest.importorskip("mypy")
    settings = ["--config-file", str(ROOT / "pyproject.toml"), "--cache-dir", str(installed.parent / "cache")]
    command = [sys.executable, "-m", "mypy", *settings, "--no-error-summary", *what]
    environment = os.environ | {"MYPYPATH": str(installed)}
    done = subprocess.run(command, cwd=installed.parent, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode in (0, 1), done.stderr
    return done.stdout.splitlines()


@pytest.mark.slow
def test_the_engine_and_the_public_names_are_clean(installed):
    assert (installed / "gradbook" / "py.typed").is_file()
    packages = ["-p", "gradbook.engine", *(f"-mgradbook{module}" for module in ("", ".cli", ".__main__"))]
    assert judged(installed, *packages) == []


@pytest.mark.slow
def test_the_checker_sees_what_a_user_gets_wrong(installed):
    file = installed.parent / "user.py"
    file.write_text(USER, encoding="utf-8")
    assert judged(installed, str(file)) == []
    file.write_text(USER + "\n".join(MISTAKES), encoding="utf-8")
    first = USER.count("\n") + 1
    found = {line.split(":")[1]: line.rpartition("[")[2].rstrip("]") for line in judged(installed, str(file))}
    assert found == {str(first + i): kind for i, kind in enumerate(MISTAKES.values())}
