"""The examples that prose may quote: files that are worked when first asked for, and traces kept as JSON."""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from importlib import import_module
from pathlib import Path

import numpy as np

from gradbook import __version__
from gradbook.engine.errors import BookError, unknown
from gradbook.engine.tape.format import FORMAT, FORMATS

from ..base.files import write
from ..base.lock import lock

SUFFIXES = (".toml", ".json")
Steps = Mapping[str, np.ndarray]


class Quotable(Mapping):
    """Name of a trace -> name of a step -> array, each example read or worked when first asked for.

    `places` are files, or folders of files: examples (.toml), and traces in the public form (.json). An example with
    a second update is two traces, 'adam' and 'adam@2'. What was worked is kept in the folder `cache`, so that of
    several processes that read pages at once only one works it. Asking raises BookError if a file is wrong.
    """

    def __init__(self, places: Iterable[Path] = (), cache: Path | None = None):
        self.cache, self.wrong = cache, []
        self.files = self._found(places)
        self._kept: dict[Path, dict[str, Steps] | str] = {}
        self._digests: dict[Path, str] = {}

    def _found(self, places: Iterable[Path]) -> dict[str, Path]:
        files: dict[str, Path] = {}
        for place in places:
            for path in self._in(place):
                if files.setdefault(path.stem, path) != path:
                    self.wrong.append(
                        f"{path}: the example {path.stem!r} is in {files[path.stem]} too, which counts."
                    )
        return files

    def _in(self, place: Path) -> list[Path]:
        if place.is_dir():
            return [path for suffix in SUFFIXES for path in sorted(place.glob(f"*{suffix}"))]
        if not place.is_file() or place.suffix not in SUFFIXES:
            self.wrong.append(f"{place}: is no folder, and no example file (.toml) or trace (.json).")
            return []
        return [place]

    def file(self, name: str) -> Path | None:
        """Where a trace comes from; None if no file has its name."""
        example = self.files.get(name.partition("@")[0])
        return self.files.get(name) or (example if example and example.suffix == ".toml" else None)

    def digest(self, name: str) -> str:
        """Stands for what a trace is made from: the content of its file, never its date; '' if there is none."""
        path = self.file(name)
        if path is None:
            return ""
        if path not in self._digests:
            try:
                self._digests[path] = hashlib.sha256(__version__.encode() + path.read_bytes()).hexdigest()
            except OSError as error:
                self._digests[path] = str(error)
        return self._digests[path]

    def __contains__(self, name) -> bool:
        return self.file(name) is not None

    def __iter__(self) -> Iterator[str]:
        return iter(sorted(self.files))

    def __len__(self) -> int:
        return len(self.files)

    def __getitem__(self, name: str) -> Steps:
        path = self.file(name)
        if path is None:
            raise KeyError(name)
        if path not in self._kept:
            self._kept[path] = self._read(name, path)
        traces = self._kept[path]
        if isinstance(traces, str):
            raise BookError(traces)
        if name not in traces:
            raise unknown(str(path), "trace", name, traces)
        return traces[name]

    def _read(self, name: str, path: Path) -> dict[str, Steps] | str:
        """The traces of a file, or the sentence that says what is wrong with it."""
        try:
            return {name: steps(path)} if path.suffix == ".json" else self._worked(path)
        except BookError as error:
            return " ".join(str(error).split())

    def _worked(self, path: Path) -> dict[str, Steps]:
        if self.cache is None:
            return {name: parsed(text, path) for name, text in worked(path).items()}
        folder = self.cache / f"{path.stem}-{self.digest(path.stem)}"
        with lock(folder.with_suffix(".lock"), told=False):
            if not (folder / "whole").exists():
                for name, text in worked(path).items():
                    write(folder / f"{name}.json", text)
                (folder / "whole").touch()
        return {kept.stem: steps(kept) for kept in folder.glob("*.json")}


def worked(path: Path) -> dict[str, str]:
    """The exact traces of an example, one or two, by name and in the public form. Raises BookError."""
    # By its name: what works an example shapes the pages that quote it, not every page (book/cache/shaping.py).
    return import_module("gradbook.book.pages.traces").traces([path])


def steps(path: Path) -> Steps:
    """The arrays of a trace file, by step. Raises BookError."""
    try:
        return parsed(path.read_text(encoding="utf-8"), path)
    except OSError as error:
        raise BookError(f"{path}: cannot be read ({error.strerror}).") from None
    except UnicodeDecodeError:
        raise BookError(f"{path}: is not UTF-8 text.") from None


def parsed(text: str, path: Path) -> Steps:
    """The arrays of a trace in the public form, without constants, which have no name that prose could use.

    Raises BookError naming `path` if that is not what the text is.
    """
    try:
        trace = json.loads(text)
        if trace["format"] not in FORMATS:
            raise ValueError
        arrays = {step["name"]: np.reshape(np.array(step["value"], float), step["shape"]) for step in trace["steps"]}
    except (ValueError, KeyError, TypeError, RecursionError):
        raise BookError(f"{path}: is no trace of a format up to {FORMAT}, as `gradbook trace` prints it.") from None
    return {name: array for name, array in arrays.items() if not name.startswith("const.")}
