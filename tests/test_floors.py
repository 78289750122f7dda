"""The floors: a room imports only from itself and from the rooms below, and nothing imports in a circle."""

import ast
import sys
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

ROOT = Path(__file__).parent.parent
ROOMS = ("engine", "book", "check", "docs", "tests", "benchmarks")
STANDARD = sys.stdlib_module_names

ORDER = {
    "engine": "errors plugins ops tape optim spec layers families load schema work",
    "check": "arithmetic ops read truth judge plugins",
    "book": "base i18n project formula errata figures cache pages pdf site new init messages build",
}
"""The rooms of each folder and the files that lie in none, from the lowest to the highest."""


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


def module_of(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(["gradbook", *(part for part in parts if part != "__init__")])


def needed(path: Path, known: set[str]) -> set[str]:
    """The modules of ours that a file imports, without names for type checkers and packages that only lie on the way.
    What imports by names that it lists, or finds in its folder, needs all that lies there."""
    names = imported(path, for_types=False)
    modules, inside = names & known, {name.rpartition(".")[0] for name in names - known}
    found = (modules - {module.rpartition(".")[0] for module in modules}) | (inside & known)
    for call in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(call, ast.Call) and ast.unparse(call.func) in ("import_module", "plugins.load"):
            name = call.args[0]
            below = {module for module in known if module.rpartition(".")[0] == module_of(path)}
            found |= {name.value} if isinstance(name, ast.Constant) else below
    return found - {module_of(path)}


def room_of(module: str) -> tuple[str, str]:
    """The folder and the room of a module of ours, or the file that lies in no room: ("engine", "ops")."""
    return tuple([*module.split("."), "__init__"][1:3])


def climbing(folder: str) -> Iterator[tuple[str, str]]:
    """Which module imports from a higher room of its folder, and from where."""
    order = [*ORDER[folder].split(), "__init__"]
    known = {module_of(path): path for path in files(folder)}
    for module, path in known.items():
        for other in needed(path, set(known)):
            if room_of(other)[0] == folder and order.index(room_of(other)[1]) > order.index(room_of(module)[1]):
                yield module, other


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
    assert "gradbook.engine.tape.tape" in imported(ROOT / "engine" / "families" / "mlp.py")
    assert "gradbook.engine.ops" in imported(ROOT / "engine" / "tape" / "backward.py")
    assert "sphinx.application" in imported(ROOT / "book" / "site" / "ext" / "site.py")
    assert "gradbook.book.build" in imported(ROOT / "gradbook" / "cli.py")
    assert roots(ROOT / "book" / "build.py") >= {"gradbook.engine", "gradbook.book", "pathlib"}


def test_a_room_imports_only_from_lower_rooms():
    assert {folder: list(climbing(folder)) for folder in ORDER} == {folder: [] for folder in ORDER}


def test_nothing_imports_in_a_circle():
    """Wherever in a file an import stands, and whether it is written down or made of a name."""
    known = {module_of(path): path for path in files(*ORDER)}
    list(TopologicalSorter({module: needed(path, set(known)) for module, path in known.items()}).static_order())


def test_the_engine_knows_numbers_only():
    allowed = {"gradbook.engine", "numpy", "pydantic", "pydantic_core"} | STANDARD
    assert breaches(files("engine"), allowed.__contains__) == {}


def test_the_book_stands_on_the_engine():
    allowed = {"gradbook", "gradbook.engine", "gradbook.book", "gradbook.__version__"}
    assert breaches(files("book"), lambda module: not ours(module) or module in allowed) == {}


def test_only_the_extension_imports_sphinx():
    others = [path for path in files("book") if not path.is_relative_to(ROOT / "book" / "site" / "ext")]
    assert breaches(others, lambda module: module not in ("sphinx", "myst_parser")) == {}


def test_the_checker_shares_nothing_with_what_it_checks():
    assert breaches(files("check"), lambda module: not ours(module) or module == "gradbook.check") == {}
    assert breaches(files("check"), lambda module: module != "sphinx") == {}
    for path in files("check"):
        assert "templates/" not in path.read_text(encoding="utf-8"), path


def test_chapters_and_the_theme_hold_no_program():
    """The theme's settings are read by Sphinx, and need nothing."""
    assert files("docs") == []
    assert breaches(sorted((ROOT / "book/site/theme").rglob("*.py")), STANDARD.__contains__) == {}


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
