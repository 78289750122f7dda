"""The floors: a room imports only from itself and from the rooms below."""

import ast
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
ROOMS = ("engine", "book", "check", "docs", "tests", "benchmarks", "build")


def files(room: str) -> list[Path]:
    return sorted((ROOT / room).rglob("*.py"))


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def imported(path: Path) -> set[str]:
    """The absolute names of all modules that a file imports, wherever in the file."""
    package = path.relative_to(ROOT).parent.parts
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) + 1 - node.level] if node.level else ()
            base = ".".join([*above, *([node.module] if node.module else [])])
            found |= {base, *(f"{base}.{alias.name}" for alias in node.names)}
    return found


def roots(path: Path) -> set[str]:
    return {module.partition(".")[0] for module in imported(path)}


def test_the_reader_of_imports_sees_what_is_there():
    assert "engine.tape" in imported(ROOT / "engine" / "families" / "mlp.py")
    assert "engine.ops" in imported(ROOT / "engine" / "backward.py")
    assert "sphinx.application" in imported(ROOT / "book" / "ext" / "__init__.py")
    assert "book.build" in imported(ROOT / "build.py")


@pytest.mark.parametrize("path", files("engine"), ids=name)
def test_the_engine_knows_numbers_only(path):
    allowed = {"engine", "numpy", "pydantic", "pydantic_core"} | sys.stdlib_module_names
    assert roots(path) <= allowed


@pytest.mark.parametrize("path", files("book"), ids=name)
def test_the_book_stands_on_the_engine(path):
    assert not roots(path) & ({*ROOMS, "tests"} - {"engine", "book"})


@pytest.mark.parametrize("path", files("book"), ids=name)
def test_only_the_extension_imports_sphinx(path):
    if not path.is_relative_to(ROOT / "book" / "ext"):
        assert not roots(path) & {"sphinx", "myst_parser"}


@pytest.mark.parametrize("path", files("check"), ids=name)
def test_the_checker_shares_nothing_with_what_it_checks(path):
    assert not roots(path) & {"engine", "book", "templates", "docs", "build", "sphinx"}
    assert "templates/" not in path.read_text(encoding="utf-8")


@pytest.mark.parametrize("path", files("docs"), ids=name)
def test_chapters_settings(path):
    assert roots(path) <= {"book"} | sys.stdlib_module_names


def test_the_command_line_loads_libraries_late():
    """What build.py imports on top is the standard library and click."""
    tree = ast.parse((ROOT / "build.py").read_text(encoding="utf-8"))
    top = {n.names[0].name for n in tree.body if isinstance(n, ast.Import)}
    top |= {n.module for n in tree.body if isinstance(n, ast.ImportFrom)}
    assert {module.partition(".")[0] for module in top} <= {"click"} | sys.stdlib_module_names


@pytest.mark.parametrize(
    "path", [p for room in ("engine", "book", "check", "benchmarks") for p in files(room)], ids=name
)
def test_a_module_opens_with_what_it_holds(path):
    words = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))
    assert words and words.split("\n\n")[0].endswith((".", ":"))
