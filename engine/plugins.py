"""Plug-ins: a file of yours lies where gradbook's own file of its kind lies, in a folder that is laid out like ours.

Glossary. A *root* is such a folder: gradbook's own; the package that an installed distribution names by an entry
point of the group "gradbook"; a project's own folder. A *room* is a folder in it whose files are modules:
'engine/ops'. A plug-in's room is put behind ours in the search path of our package, so that its files are imported,
and import, like our own. What is wrong in a plug-in is kept and told when the engine is first asked for something:
no import of ours fails because of it.
"""

import importlib
import json
import os
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from importlib.util import find_spec
from pathlib import Path
from pkgutil import iter_modules
from types import ModuleType

from .errors import BookError

GROUP = "gradbook"
"""The entry points that name the packages of plug-ins."""

VARIABLE = "GRADBOOK_PLUGINS"
"""The project folders in use, for this process and those that it starts: a list as in PATH, or in JSON."""

PACKAGE = Path(__file__).resolve().parent.parent
"""Our own root."""

IS_CHECKOUT = (PACKAGE / "gradbook" / "cli.py").is_file()
"""Whether our rooms lie in a checkout, beside the folder gradbook; installed, they lie in it."""

PROGRAMS = ("engine", "book/pages/kinds")
"""Where the modules of a root lie that the book runs."""

ENTERED = ("engine/ops", "engine/optim")
"""The rooms of which every file is imported at once, because its entries belong into a table."""

_ready: list[str] = []  # the rooms whose packages are loaded
_mistakes: list[BookError] = []


def use(folder: str | Path) -> None:
    """Make a project's own folder a root of this process and of those that it starts; twice is as good as once.

    Raises BookError if something is wrong in its files.
    """
    folder = Path(folder).resolve()
    if folder not in roots():
        os.environ[VARIABLE] = json.dumps([*map(str, projects()), str(folder)])
        for room in _ready:
            join(room)
    sound()


def roots() -> tuple[Path, ...]:
    """All roots: ours, those of installed distributions, those of projects."""
    return tuple(dict.fromkeys([PACKAGE, *installed(), *projects()]))


def installed() -> tuple[Path, ...]:
    """The roots of installed distributions, by the names of their entry points."""
    return tuple(folder for _, folder in _points() if folder is not None)


def projects() -> tuple[Path, ...]:
    """The roots of projects, in the order in which they came into use."""
    said = os.environ.get(VARIABLE, "")
    try:
        names = json.loads(said)  # `use` writes this: a folder may have the separator in its name
    except ValueError:
        names = filter(None, said.split(os.pathsep))
    return tuple(folder for name in names if (folder := Path(name).resolve()) != PACKAGE)


def files(*places: str) -> list[Path]:
    """The files of all roots but ours, in these folders of theirs; without any, in all that the book is made of."""
    folders = [root / place for root in roots()[1:] for place in places or (*PROGRAMS, "templates", "docs/locale")]
    found = (path for folder in folders for path in sorted(folder.rglob("*")))
    return [path for path in found if path.is_file() and "__pycache__" not in path.parts]


def place(path: Path) -> str:
    """A file by its place in its root, which stays when the root is moved."""
    return next(path.relative_to(root).as_posix() for root in roots() if path.is_relative_to(root))


def named(path: str | Path) -> str:
    """A file as an error names it: from the folder one works in, if it lies there."""
    path, here = Path(path), Path.cwd()
    return (path.relative_to(here) if path.is_relative_to(here) else path).as_posix()


def sound() -> None:
    """Raise BookError if something is wrong with a plug-in."""
    for folder in projects():
        if not folder.is_dir():
            raise BookError(f"{VARIABLE}: {folder} is no folder.")
    for point, found in _points():
        if found is None:
            raise BookError(f"the installed plug-in {point.name!r}: there is no package {point.value!r}.")
    for mistake in _mistakes:
        raise BookError(str(mistake))


@cache
def _points() -> list[tuple[EntryPoint, Path | None]]:
    """Every entry point with the folders of its package, which is not imported; None if there is no such package."""
    points = sorted(entry_points(group=GROUP), key=lambda point: (point.name, point.value))
    absent: list[Path | None] = [None]
    return [(point, folder) for point in points for folder in _folders(point.value.strip()) or absent]


def _folders(package: str) -> list[Path]:
    try:
        spec = find_spec(package)
    except (ImportError, ValueError):
        return []
    return [
        Path(place).resolve() for place in (spec and spec.submodule_search_locations) or () if Path(place).is_dir()
    ]


# Rooms


def join(room: str) -> None:
    """Add the files of all roots to a room. Our own package of that name calls this when it is loaded."""
    if room not in _ready:
        _ready.append(room)
    for place in dict.fromkeys(["engine", room]):  # 'engine' itself: what several files of a plug-in share
        _extend(place)
    if room in ENTERED:
        for name in found(room):
            _enter(f"{_package(room)}.{name}")


def found(room: str) -> list[str]:
    """The modules of a room that plug-ins add, root by root, each root's sorted. A leading '_' marks a helper."""
    _, *others = sys.modules[_package(room)].__path__
    return [name for folder in others for name in _modules(folder) if not name.startswith("_")]


def load(module: str) -> ModuleType:
    """Import a module of a room. Raises BookError if it is a plug-in's and wrong."""
    with blaming():
        return importlib.import_module(module)


@contextmanager
def blaming() -> Iterator[None]:
    """What goes wrong within, in a plug-in's file, is raised as a BookError that names the line."""
    try:
        yield
    except Exception as error:
        if told := mistake(error):
            raise told from None
        raise


def mistake(error: BaseException) -> BookError | None:
    """An error that comes from a plug-in's file as its author's mistake: file, line and what Python said."""
    if isinstance(error, BookError):
        return error
    folders = [root / place for root in roots()[1:] for place in PROGRAMS]
    place = next((f for f in _frames(error) if any(Path(f[0]).is_relative_to(folder) for folder in folders)), None)
    said = error.msg if isinstance(error, SyntaxError) else " ".join(str(error).split())
    return place and BookError(f"{named(place[0])}:{place[1]}: {type(error).__name__}: {said.rstrip('.')}.")


def _frames(error: BaseException) -> Iterator[tuple[str, int]]:
    """(file, line) of all places that an error passed through, the innermost first."""
    if isinstance(error, SyntaxError) and error.filename:
        yield error.filename, error.lineno or 1
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        yield frame.filename, frame.lineno or 1


def refuse_twice(kind: str, name: str, module: str, other: str) -> None:
    """Raise BookError for an entry of a table that two of its files make. What is entered by hand may be replaced."""
    if other.startswith("gradbook."):
        raise BookError(
            f"{file_of(module)}: the {kind} {name!r} is taken by {file_of(other)}; give yours another name."
        )


def file_of(module: str) -> str:
    """The file of a module that is loaded, as an error names it."""
    return named(getattr(sys.modules.get(module), "__file__", None) or module)


def _enter(module: str) -> None:
    try:
        load(module)
    except BookError as error:
        _keep(error)


def _keep(mistake: BookError) -> None:
    if str(mistake) not in map(str, _mistakes):
        _mistakes.append(mistake)


def _extend(room: str) -> None:
    """Put the rooms of this name behind ours, unless one has a file of a name that is taken."""
    path = sys.modules[_package(room)].__path__
    for folder in (str(root / room) for root in roots()[1:]):
        if not os.path.isdir(folder) or folder in path:
            continue
        taken = {info.name: place for place in path for info in iter_modules([place])}
        if twice := [name for name in _modules(folder) if name in taken]:
            mine, theirs = named(Path(folder, f"{twice[0]}.py")), named(_file(Path(taken[twice[0]], twice[0])))
            _keep(BookError(f"{mine}: its name is taken by {theirs}; give the file another."))
            continue
        path.append(folder)
        importlib.invalidate_caches()  # the folder may be new


def _modules(folder: str) -> list[str]:
    """The files of a room. Folders are no files: a room within a room may be marked as a package, as ours are."""
    return [info.name for info in iter_modules([folder]) if not info.ispkg]


def _file(module: Path) -> Path:
    """A module without its ending as the file or the folder that it is."""
    return module if module.is_dir() else module.with_suffix(".py")


def _package(room: str) -> str:
    return f"gradbook.{room.replace('/', '.')}"
