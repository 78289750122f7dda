"""The floors: a room imports only from itself and from the rooms below."""

import ast
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
ROOMS = ("engine", "book", "check", "docs", "tests", "benchmarks")
STANDARD = sys.stdlib_module_names


def files(*rooms: str) -> list[Path]:
    return sorted(path for room in rooms for path in (ROOT / room).rglob("*.py"))


def imported(path: Path, for_types: bool = True) -> set[str]:
    """The absolute names of all modules that a file imports, wherever in the file; those that only a type checker
    sees are among them if `for_types` says so."""
    package = path.relative_to(ROOT).parent.parts
    if package[:1] and package[0] in ("engine", "book", "check", "docs"):
        package = ("gradbook", *package)
    found = set()
    tree = ast.parse(path.read_text(encoding="utf-8"))
    if not for_types:
        tree.body = [node for node in tree.body if not (isinstance(node, ast.If) and is_for_types(node))]
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) + 1 - node.level] if node.level else ()
            base = ".".join([*above, *([node.module] if node.module else [])])
            found |= {base, *(f"{base}.{alias.name}" for alias in node.names)}
    return found


def is_for_types(node: ast.If) -> bool:
    return isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"


def roots(path: Path) -> set[str]:
    """The libraries that a file imports from; of ours, the rooms: 'gradbook.engine'."""
    return {".".join(module.split(".")[: 2 if module.startswith("gradbook.") else 1]) for module in imported(path)}


def breaches(paths: list[Path], allowed=lambda module: True) -> dict[str, set[str]]:
    """The files that import what they may not, and what that is."""
    found = {path.relative_to(ROOT).as_posix(): {m for m in roots(path) if not allowed(m)} for path in paths}
    assert found
    return {name: modules for name, modules in found.items() if modules}


def ours(module: str) -> bool:
    return module.partition(".")[0] in ("gradbook", "build", *ROOMS)


def test_the_reader_of_imports_sees_what_is_there():
    assert "gradbook.engine.tape" in imported(ROOT / "engine" / "families" / "mlp.py")
    assert "gradbook.engine.ops" in imported(ROOT / "engine" / "backward.py")
    assert "sphinx.application" in imported(ROOT / "book" / "ext" / "site.py")
    assert "gradbook.book.build" in imported(ROOT / "gradbook" / "cli.py")
    assert roots(ROOT / "book" / "build.py") >= {"gradbook.engine", "gradbook.book", "pathlib"}


def test_the_engine_knows_numbers_only():
    allowed = {"gradbook.engine", "numpy", "pydantic", "pydantic_core"} | STANDARD
    assert breaches(files("engine"), allowed.__contains__) == {}


def test_the_book_stands_on_the_engine():
    allowed = {"gradbook", "gradbook.engine", "gradbook.book", "gradbook.__version__"}
    assert breaches(files("book"), lambda module: not ours(module) or module in allowed) == {}


def test_only_the_extension_imports_sphinx():
    others = [path for path in files("book") if not path.is_relative_to(ROOT / "book" / "ext")]
    assert breaches(others, lambda module: module not in ("sphinx", "myst_parser")) == {}


def test_the_checker_shares_nothing_with_what_it_checks():
    assert breaches(files("check"), lambda module: not ours(module) or module == "gradbook.check") == {}
    assert breaches(files("check"), lambda module: module != "sphinx") == {}
    for path in files("check"):
        assert "templates/" not in path.read_text(encoding="utf-8"), path


def test_chapters_settings():
    assert breaches(files("docs"), STANDARD.__contains__) == {}


def test_the_command_line_loads_libraries_late():
    """What the command line imports on top is the standard library and click."""
    for name in ("cli.py", "__init__.py", "__main__.py"):
        tree = ast.parse((ROOT / "gradbook" / name).read_text(encoding="utf-8"))
        top = {n.names[0].name for n in tree.body if isinstance(n, ast.Import)}
        top |= {n.module for n in tree.body if isinstance(n, ast.ImportFrom)}
        top -= {"gradbook", "gradbook.cli"}  # these files themselves
        assert {module.partition(".")[0] for module in top} <= {"click"} | STANDARD


def test_a_module_opens_with_what_it_holds():
    for path in files("gradbook", "engine", "book", "check", "benchmarks"):
        words = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))
        assert words and words.split("\n\n")[0].endswith((".", ":")), path


def test_no_room_is_imported_by_its_bare_name():
    """`engine` and `gradbook.engine` would be two modules with two tables of operations."""
    rooms = ("engine", "book", "check", "docs", "build")
    every = [*files("gradbook", "engine", "book", "check", "benchmarks", "tests"), ROOT / "build.py"]
    assert breaches(every, lambda module: module not in rooms) == {}
