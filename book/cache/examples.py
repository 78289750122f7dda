"""What was made of each example the last time, kept in a file, so that only what has changed is made again."""

import functools
import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path

from gradbook.engine.spec.toml import check_file

from ..base.address import address, ours
from ..base.files import digest, remove, seal, sealed
from ..errata.source import source_of
from ..i18n.words import forget
from . import shaping

MAKER = "gradbook.book.pages.pages"
"""The module that makes the pages of an example."""


@dataclass(frozen=True)
class BuiltExample:
    """All files of one example in every language, and what the list of examples says of it."""

    name: str
    family: str
    order: int
    titles: dict[str, str]  # by language, as Markdown
    files: dict[str, dict[str, str]]  # by language: 'forward.md', 'network.svg', … -> content
    traces: dict[str, str]  # the exact values behind the numbers: 'adam.js' for pages, 'adam@2.json' for prose
    uses: dict[str, dict] = field(default_factory=dict)  # by operation, see book/pages/uses.py
    listed: dict[str, dict[str, str]] = field(default_factory=dict)  # by language: page -> words of its link in lists

    @property
    def address(self) -> str:
        return address(self.name)

    @property
    def place(self) -> tuple:
        """Where it stands among others: by `order`, which several may share, and by name."""
        return self.order, self.name.casefold(), self.name


def key(path: Path, changes: tuple[str, ...]) -> str:
    """Stands for all that shapes an example's pages: its file, its source's figures, changes, templates, code."""
    files = [path, *filter(None, [source_of(path)])]
    return key_of(MAKER, path.stem, *changes, *(digest(p.read_bytes()) for p in files))


def key_of(module: str, *parts) -> str:
    """Stands for `parts`, for the code and the templates by which `module` makes pages of them, and for the
    addresses that no example may have."""
    return digest(json.dumps([*parts, shaping.words(module), _code(module), sorted(ours())]).encode())


@functools.cache  # of the code that runs, whatever an editor does to the files meanwhile
def _code(module: str) -> str:
    return shaping.code(module)


def cached(cache: "Cache", name: str, module: str, parts: list, make: Callable[[], "BuiltExample"]) -> "BuiltExample":
    """What `module` makes of `parts` by `make`: from the cache if it was made of the same before."""
    while True:
        wanted = key_of(module, parts)
        last = cache.last(name)
        if last and last[0] == wanted:
            return last[1]
        cache.put(make(), wanted)
        forget()  # if a template was edited meanwhile, it may be made of two editions of it


class Cache:
    """One file per example: the key it was made for, and what was made. A damaged one is as good as none."""

    def __init__(self, folder: Path):
        self.folder = folder

    def last(self, name: str) -> tuple[str, BuiltExample] | None:
        """What was made last, and the key that it was made for."""
        try:
            entry = json.loads(sealed(self._file(name)) or "null")
            return entry["key"], BuiltExample(**entry["made"])
        except (KeyError, TypeError):  # none, or written by another edition of this class
            return None

    def put(self, made: BuiltExample, made_for: str) -> None:
        seal(self._file(made.name), json.dumps({"key": made_for, "made": asdict(made)}, ensure_ascii=False))

    def keep(self, names) -> None:
        """Forget all other examples."""
        wanted = {self._file(name) for name in names}
        for path in self.folder.glob("*") if self.folder.is_dir() else ():
            if path not in wanted:
                remove(path)

    def _file(self, name: str) -> Path:
        return self.folder / f"{name}.json"


def check_files(path: Path) -> None:
    """Raises BookError unless the files of an example may be read at all."""
    check_file(path)
    if source := source_of(path):
        check_file(source, within=path.parent)


def is_cached(path: Path, changes: tuple[str, ...], cache: Cache) -> bool:
    """Whether what is stored of an example is what would be made of it now. Raises BookError."""
    check_files(path)
    last = cache.last(path.stem)
    return last is not None and last[0] == key(path, changes)
