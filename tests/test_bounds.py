"""The bounds of dependencies are true: with the lowest versions and with the newest, a book builds and is checked."""

import os
import shutil
import subprocess
import tomllib
from functools import cache
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from tests.chance import remember
from tests.small_project import ROOT, small_project

PYTHONS = ("3.11", "3.12", "3.13")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
NEEDED = [Requirement(line) for line in PROJECT["dependencies"]]
READER = next(each for each in map(Requirement, PROJECT["optional-dependencies"]["test"]) if each.name == "pymupdf")
"""The check of a PDF reads it with this."""


def bound(requirement: Requirement, sign: str) -> str | None:
    return next((each.version for each in requirement.specifier if each.operator == sign), None)


def lowest(requirement: Requirement) -> str:
    """The requirement, met by its lowest version alone."""
    extras = f"[{','.join(sorted(requirement.extras))}]" if requirement.extras else ""
    return f"{requirement.name}{extras}=={bound(requirement, '>=')}"


def test_every_dependency_has_both_bounds():
    assert [str(each) for each in (*NEEDED, READER) if not (bound(each, ">=") and bound(each, "<"))] == []
    assert lowest(Requirement("fonttools[woff]>=4.53,<5")) == "fonttools[woff]==4.53"


@cache
def interpreter(version: str) -> str | None:
    """A Python of this version on this machine, one that can make environments."""
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    installed = sorted(pyenv.glob(f"versions/{version}.*/bin/python"))
    for path in filter(None, [*map(str, installed), shutil.which(f"python{version}")]):
        asked = [path, "-c", "import ensurepip, venv, sys; print('%d.%d' % sys.version_info[:2])"]
        if subprocess.run(asked, capture_output=True, text=True).stdout.strip() == version:
            return path
    return None


def run(*command: object, folder: Path) -> subprocess.CompletedProcess:
    clean = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "PYTHONHOME")}
    settings = {"PIP_DISABLE_PIP_VERSION_CHECK": "1", "PIP_NO_INPUT": "1", "PYTHONUTF8": "1"}
    return subprocess.run(
        list(map(str, command)), cwd=folder, env=clean | settings, capture_output=True, text=True, encoding="utf-8"
    )


def environment(python: str, requirements: list[str], folder: Path) -> Path:
    """The Python of a new environment with these; skips the test where the index cannot be reached."""
    assert run(python, "-m", "venv", folder / "env", folder=folder).returncode == 0
    own = folder / "env" / "bin" / "python"
    pip = (own, "-m", "pip")
    if run(*pip, "download", "-q", "--no-deps", "-d", folder / "tried", "click", folder=folder).returncode:
        pytest.skip("the package index cannot be reached")
    done = run(*pip, "install", "-q", "--prefer-binary", *requirements, folder=folder)
    assert done.returncode == 0, done.stderr
    return own


@pytest.mark.slow
@pytest.mark.parametrize("end", ["lowest", "newest"])
def test_a_book_is_built_at_this_end_of_the_bounds(tmp_path, chance, end):
    """With one of the Pythons that are on this machine: of three, each in turn would take ten minutes."""
    found = {version: python for version in PYTHONS if (python := interpreter(version))}
    if not found:
        pytest.skip(f"no Python of {', '.join(PYTHONS)} on this machine")
    version, python = chance.choice(sorted(found.items()))
    remember(f"Python {version}, the {end} versions", "versions.txt")
    write = lowest if end == "lowest" else str
    own = environment(python, [write(each) for each in (*NEEDED, READER)], tmp_path)
    project = small_project(tmp_path / "book")
    for target in ("pdf --lang zh", "check"):
        done = run(own, "build.py", *target.split(), folder=project)
        assert done.returncode == 0, f"{target}\n{done.stdout}{done.stderr}"
    assert "The book agrees." in done.stdout
    built = project / "build"
    assert sorted(path.name for path in (built / "pdf").glob("*.pdf")) == ["gradbook-zh.pdf"]
    assert {path.parent.name for path in built.glob("html/*/index.html")} == {"en", "zh"}
