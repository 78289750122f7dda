"""What shapes the pages: the versions of what we build on, and our own files, found by following the imports."""

import platform
import re
import sys
from collections.abc import Iterator
from functools import cache
from importlib.metadata import version
from pathlib import Path

import gradbook
from gradbook.engine import plugins

from ..base.files import digest, digest_of, files_in

ROOT = plugins.PACKAGE
TEMPLATES = ROOT / "templates"

PROGRAMS = (
    "numpy", "pydantic", "jinja2", "markupsafe", "babel", "sphinx", "docutils", "furo", "myst-parser",
    "markdown-it-py", "pygments", "math-core", "fonttools", "brotli", "typst", "snowballstemmer",
)  # fmt: skip
"""The distributions whose versions can change a byte of the book."""
CARRIERS = ("mplfonts", "ziamath")
"""The distributions that carry its typefaces, beside typst: these shape it as well."""

_IMPORT = re.compile(r"^ *(?:from +([.\w]+) +import +(\([^)]*\)|[^\n#]*)|import +([^\n#]*))", re.MULTILINE)
_FOR_TYPES = re.compile(r"^if TYPE_CHECKING:\n(?:(?: +.*)?\n)+", re.MULTILINE)
_STRING = re.compile(r'"([^"\n]+)"')
_NAMED = re.compile(r'\{%-? *(?:import|include|extends|from) +"([^"]+)"')


@cache
def versions() -> tuple[str, ...]:
    found = (f"{name} {version(name)}" for name in (*PROGRAMS, *CARRIERS))
    return (*found, sys.version, platform.machine())


def code(module: str) -> str:
    """Stands for the modules that one needs to make its pages, the files that these name, and all versions."""
    ours = [path for each in modules(module) for path in each.files]
    return _digest([*ours, *plugins.files(*plugins.PROGRAMS)], *versions())


def words(module: str) -> str:
    """Stands for the templates that a module and those it needs may fill, and for all translations."""
    locales = (TEMPLATES / "locale" / name for name in files_in(TEMPLATES / "locale"))
    return _digest([*templates(module), *locales, *plugins.files("templates")])


def _digest(paths: list[Path], *more: str) -> str:
    parts = (f"{plugins.place(path)} {digest_of(path)}" for path in sorted(set(paths)))
    return digest("\n".join([*parts, *more]).encode())


@cache
def modules(name: str) -> tuple["Module", ...]:
    """The modules of ours that one needs, itself among them."""
    found, wanted = {}, [name]
    while wanted:
        if (following := wanted.pop()) not in found and (module := module_of(following)):
            found[following] = module
            wanted += module.needs
    return tuple(found.values())


def templates(module: str) -> list[Path]:
    """The templates that a module may fill, with those that they name in turn."""
    wanted = [path for each in modules(module) for name in each.templates for path in TEMPLATES.glob(name)]
    found: dict[Path, None] = {}
    while wanted:
        if (path := wanted.pop()) not in found:
            found[path] = None
            wanted += [TEMPLATES / name for name in _NAMED.findall(path.read_text(encoding="utf-8"))]
    return sorted(found)


@cache
def module_of(name: str) -> "Module | None":
    """A module of ours by its full name; None if there is none of this name."""
    top, *rest = name.split(".")
    if top != "gradbook" or not all(part.isidentifier() for part in rest):
        return None
    place = ROOT.joinpath(*rest) if rest else Path(gradbook.__file__).parent
    found = [path for path in (place / "__init__.py", place.with_suffix(".py")) if path.is_file()]
    return Module(name, found[0]) if found else None


class Module:
    """A module as its text shows it: to take it apart as Python does would cost every build a second."""

    def __init__(self, name: str, path: Path):
        self.name, self.path = name, path
        self.text = path.read_text(encoding="utf-8")
        self.strings = [re.sub(r"\{[^}]*\}", "*", text) for text in _STRING.findall(self.text)]

    @property
    def files(self) -> list[Path]:
        """The module, the packages that it lies in, and the files beside it that it names."""
        above = [folder / "__init__.py" for folder in self.path.parents if folder.is_relative_to(ROOT)]
        beside = [self.path.parent / text for text in self.strings if re.fullmatch(r"[\w-]+\.\w+", text)]
        return [path for path in (self.path, *above, *beside) if path.is_file()]

    @property
    def needs(self) -> set[str]:
        """The names of the modules that it imports, wherever in its text, and of some that are none of ours."""
        if self.name == "gradbook":  # it brings what others name, and needs nothing itself
            return set()
        return {name for base, names in self.imports() for name in _needed(base, names)} | set(self._by_name())

    @property
    def templates(self) -> list[str]:
        """The templates that it names, as patterns: what an f-string leaves open is `*`."""
        return [text for text in self.strings if text.endswith(".j2") and not text.startswith(".")]

    def imports(self) -> Iterator[tuple[str, list[str]]]:
        """Each import: the module, and the names that are taken from it."""
        for base, names, plain in _IMPORT.findall(_FOR_TYPES.sub("", self.text)):
            if base:
                yield self._absolute(base), _names(names.strip("()"))
            else:
                yield from ((name, []) for name in _names(plain))

    def _absolute(self, base: str) -> str:
        level = len(base) - len(base.lstrip("."))
        inside = self.name.split(".") if self.path.name == "__init__.py" else self.name.split(".")[:-1]
        return ".".join([*inside[: len(inside) + 1 - level], *filter(None, [base[level:]])]) if level else base

    def _by_name(self) -> list[str]:
        """The modules of a package that it finds by looking into its folder, or by the names that it lists."""
        if self.path.name != "__init__.py":
            return []
        if "iter_modules(" in self.text:
            return [f"{self.name}.{path.stem}" for path in self.path.parent.glob("*.py") if path != self.path]
        return [f"{self.name}.{text}" for text in self.strings] if "import_module(" in self.text else []


def _names(listed: str) -> list[str]:
    return [part.split()[0] for part in re.sub("#.*", "", listed).split(",") if part.strip()]


def _needed(base: str, names: list[str]) -> Iterator[str]:
    """A package on the way to a module is not needed for itself."""
    modules = [f"{base}.{name}" for name in names if module_of(f"{base}.{name}")]
    yield from modules
    if len(modules) < len(names) or not names:
        yield base
