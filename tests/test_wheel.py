"""gradbook as people install it: the wheel holds all that is needed, and works where it may write nothing."""

import json
import os
import shutil
import subprocess
import sys
import sysconfig
import tomllib
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
ROOMS = ("gradbook", "engine", "book", "check", "docs", "examples", "templates")
SETUP = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["setuptools"]
COMMAND = "from gradbook.__main__ import main; main()"


def test_every_folder_of_code_is_a_package():
    rooms = SETUP["package-dir"]
    found = {"gradbook": "gradbook"} | {f"gradbook.{room}": room for room in ROOMS if room != "gradbook"}
    assert rooms == found
    folders = {path.parent.relative_to(ROOT) for room in ROOMS for path in (ROOT / room).rglob("*.py")}
    folders = {".".join(folder.parts) for folder in folders} | {"docs", "examples", "templates"}
    wanted = {name if name.startswith("gradbook") else f"gradbook.{name}" for name in folders}
    assert set(SETUP["packages"]) == wanted


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> Path:
    """The wheel, built from a copy of the sources without a network."""
    base = tmp_path_factory.mktemp("wheel")
    for room in ROOMS:
        shutil.copytree(ROOT / room, base / "source" / room, ignore=shutil.ignore_patterns("*.mo"))
    for path in ROOT.iterdir():
        if path.is_file():
            shutil.copy(path, base / "source")
    pip = [
        sys.executable,
        "-m",
        "pip",
        "wheel",
        "-q",
        "--no-deps",
        "--no-build-isolation",
        "--no-index",
        "-w",
        base,
        base / "source",
    ]
    done = subprocess.run(pip, cwd=base, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    (found,) = base.glob("*.whl")
    return found


@pytest.fixture(scope="module")
def installed(wheel, tmp_path_factory) -> Path:
    """A folder with the installed wheel and nothing else. What it needs is found in this environment."""
    target = tmp_path_factory.mktemp("installed")
    pip = [sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--no-index", "--target", target, wheel]
    done = subprocess.run(pip, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return target


def run(installed: Path, folder: Path, *words: object) -> subprocess.CompletedProcess:
    """Python with the installed copy, in a folder of the reader's; no checkout and no editable install is on the way,
    as .pth files of a folder on PYTHONPATH are not read."""
    libraries = [str(installed), sysconfig.get_paths()["purelib"], sysconfig.get_paths()["platlib"]]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(libraries), "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, "-S", *map(str, words)]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, encoding="utf-8")


def told(installed: Path, folder: Path, *words: object) -> str:
    done = run(installed, folder, *words)
    assert done.returncode == 0, done.stderr
    return done.stdout


def tree(folder: Path) -> dict[str, tuple[int, int]]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): (path.stat().st_mtime_ns, path.stat().st_size) for path in files}


@pytest.mark.slow
def test_the_wheel_holds_what_the_checkout_holds(wheel):
    names = set(zipfile.ZipFile(wheel).namelist())
    assert {name.partition("/")[0] for name in names if "dist-info" not in name} == {"gradbook"}
    for room in ROOMS[1:]:
        files = {p.relative_to(ROOT).as_posix() for p in (ROOT / room).rglob("*") if p.is_file()}
        wanted = {f"gradbook/{name}" for name in files if "__pycache__" not in name and not name.endswith(".mo")}
        assert wanted <= names, sorted(wanted - names)[:5]
    assert "gradbook/py.typed" in names and not any("__pycache__" in name for name in names)


@pytest.mark.slow
def test_it_is_imported_from_an_empty_folder(installed, tmp_path):
    program = "import gradbook, sys; print(gradbook.__file__); print(gradbook.OPS['add'].name)"
    where, name = told(installed, tmp_path, "-c", program).splitlines()
    assert Path(where).is_relative_to(installed) and name == "add"
    assert told(installed, tmp_path, "-m", "gradbook", "--version") == told(
        installed, tmp_path, "-c", COMMAND, "--version"
    )
    assert (installed / "bin" / "gradbook").is_file()


@pytest.mark.slow
def test_a_book_of_ones_own_is_made_with_it(installed, tmp_path):
    """Every target, in a folder of the reader's; where gradbook is installed nothing is written."""
    before, book = tree(installed), tmp_path / "book"
    told(installed, tmp_path, "-m", "gradbook", "init", "book")
    told(installed, book, "-m", "gradbook", "new", "second", "--layers", "2,2")
    assert json.loads(told(installed, book, "-m", "gradbook", "trace", "examples/second.toml"))["example"] == "second"
    assert json.loads(told(installed, book, "-m", "gradbook", "schema", "mlp"))
    told(installed, book, "-m", "gradbook", "pages")
    told(installed, book, "-m", "gradbook")
    told(installed, book, "-m", "gradbook", "pdf")
    told(installed, book, "-m", "gradbook", "messages")
    assert "The book agrees." in told(installed, book, "-m", "gradbook", "check")
    assert (book / "build" / "html" / "en" / "examples" / "second" / "forward.html").is_file()
    assert [path.name for path in (book / "build" / "pdf").iterdir()] == ["neural-networks-by-hand-en.pdf"]
    told(installed, book, "-m", "gradbook", "clean")
    assert not (book / "build").exists()
    assert tree(installed) == before


@pytest.mark.slow
def test_the_shipped_book_is_built_with_it(installed, tmp_path):
    """With examples and chapters of gradbook's own, the first example alone."""
    told(installed, tmp_path, "-m", "gradbook", "init", "book", "--shipped", "--lang", "zh", "--lang", "en")
    told(installed, tmp_path / "book", "-m", "gradbook", "--only", "seed")
    page = tmp_path / "book" / "build" / "html" / "zh" / "examples" / "seed" / "forward.html"
    assert "前向" in page.read_text("utf-8")
