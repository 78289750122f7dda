"""The meanings that plug-ins bring: check/ops/<name>.py in the folder of a plug-in is read as if it lay in ours.

A file enters its operations in `MEANINGS`, as ours do, with the functions that pages call for them.
"""

import importlib
import traceback
from collections.abc import Iterable
from functools import cache
from importlib.metadata import entry_points
from importlib.util import find_spec
from pathlib import Path
from pkgutil import iter_modules

from . import ops

GROUP = "gradbook"
"""The entry points that name the packages of plug-ins."""

_adopted: list[Path] = []


class PluginError(Exception):
    """A plug-in's mistake, in one sentence."""


def adopt(folders: Iterable[Path]) -> None:
    """Enter what the plug-ins in these folders, and the installed ones, know. Raises PluginError."""
    for folder in dict.fromkeys([*_installed(), *(Path(folder).resolve() for folder in folders)]):
        if folder not in _adopted:
            _take(folder / "check" / "ops")
            _adopted.append(folder)


def adopted() -> list[Path]:
    """The folders of all plug-ins so far."""
    return list(_adopted)


def _take(room: Path) -> None:
    if room.is_dir():
        ours = {info.name for place in ops.__path__ for info in iter_modules([place])}
        names = [info.name for info in iter_modules([str(room)])]
        if twice := ours.intersection(names):
            raise PluginError(f"{room / min(twice)}.py: the checker has a file of this name; give yours another.")
        ops.__path__.append(str(room))
        importlib.invalidate_caches()
        for name in names:
            _enter(room / f"{name}.py", name)


def _enter(file: Path, name: str) -> None:
    try:
        module = importlib.import_module(f"{ops.__name__}.{name}")
    except Exception as error:
        raise PluginError(f"{file}:{_line(error, file)}: {type(error).__name__}: {error}.") from None
    if twice := ops.known_twice(meanings := getattr(module, "MEANINGS", {})):
        raise PluginError(f"{file}: the checker knows {twice!r} already.")
    ops.enter(meanings)


def _line(error: Exception, file: Path) -> int:
    if isinstance(error, SyntaxError):
        return error.lineno or 1
    frames = traceback.extract_tb(error.__traceback__)
    return next((f.lineno or 1 for f in reversed(frames) if Path(f.filename) == file), 1)


@cache
def _installed() -> list[Path]:
    """The folders of the packages that are named; what names none is the book's to tell."""
    found = (_spec(point.value) for point in sorted(entry_points(group=GROUP), key=lambda point: point.name))
    places = (place for spec in found if spec for place in spec.submodule_search_locations or ())
    return [Path(place).resolve() for place in places]


def _spec(package: str):
    try:
        return find_spec(package.strip())
    except (ImportError, ValueError):
        return None
