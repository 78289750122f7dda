"""What was made of each example the last time, kept in a file, so that only what has changed is made again."""

import hashlib
import json
import platform
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from functools import cache
from importlib.metadata import version
from pathlib import Path

from .address import address, ours
from .files import write
from .source import source_of
from .words import forget

ROOT = Path(__file__).resolve().parent.parent
SHAPED_BY = ("numpy", "matplotlib", "jinja2", "markupsafe", "babel", "math-core", "fonttools", "pydantic")


@dataclass(frozen=True)
class Made:
    """All files of one example in every language, and what the list of examples says of it."""

    name: str
    family: str
    order: int
    titles: dict[str, str]  # by language, as Markdown
    files: dict[str, dict[str, str]]  # by language: 'forward.md', 'network.svg', … -> content
    scripts: dict[str, str]  # by trace, 'adam' and 'adam@2': the exact values behind the numbers
    uses: dict[str, dict] = field(default_factory=dict)  # by operation, see book/uses.py

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
    return key_of(path.stem, *changes, *(_digest(p.read_bytes()) for p in files))


def key_of(*parts) -> str:
    """Stands for `parts`, the templates, the code and the addresses that no example may have."""
    return _digest(json.dumps([*parts, _templates(), _code(), sorted(ours())]).encode())


def kept(store: "Store", name: str, parts: list, make: Callable[[], "Made"]) -> "Made":
    """What `make` makes of `parts`, the templates and the code: from the store if it was made of the same before."""
    while True:
        wanted = key_of(parts)
        last = store.last(name)
        if last and last[0] == wanted:
            return last[1]
        store.put(make(), wanted)
        forget()  # if a template was edited meanwhile, it may be made of two editions of it


def _templates() -> str:
    return _digest_of_all(p for p in (ROOT / "templates").rglob("*") if p.is_file())


@cache  # of the code that runs, whatever an editor does to the files meanwhile
def _code() -> str:
    files = _digest_of_all(p for room in ("engine", "book") for p in (ROOT / room).rglob("*.py"))
    versions = [f"{name} {version(name)}" for name in SHAPED_BY]
    return _digest("\n".join([files, *versions, sys.version, platform.machine()]).encode())


def _digest_of_all(files) -> str:
    parts = (f"{p.relative_to(ROOT).as_posix()} {_digest(p.read_bytes())}" for p in sorted(files))
    return _digest("\n".join(parts).encode())


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


class Store:
    """One file per example: the digest of the rest, the key it was made for, and what was made.

    A file that is damaged or written by another edition of this class is as good as none.
    """

    def __init__(self, folder: Path):
        self.folder = folder

    def last(self, name: str) -> tuple[str, Made] | None:
        """What was made last, and the key that it was made for."""
        try:
            digest, _, body = self._file(name).read_text(encoding="utf-8").partition("\n")
            if digest != _digest(body.encode()):
                return None
            entry = json.loads(body)
            return entry["key"], Made(**entry["made"])
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def put(self, made: Made, made_for: str) -> None:
        body = json.dumps({"key": made_for, "made": asdict(made)}, ensure_ascii=False)
        write(self._file(made.name), f"{_digest(body.encode())}\n{body}")

    def keep(self, names) -> None:
        """Forget all other examples."""
        wanted = {self._file(name) for name in names}
        for path in self.folder.glob("*") if self.folder.is_dir() else ():
            if path not in wanted:
                path.unlink()

    def _file(self, name: str) -> Path:
        return self.folder / f"{name}.json"
