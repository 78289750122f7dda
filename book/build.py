"""One build: which examples, which languages, into which folder; each target is a method."""

import os
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from pathlib import Path

from gradbook.engine import load
from gradbook.engine.errors import BookError

from .edition import lock
from .files import MARKER
from .made import Made, Store
from .making import making
from .mistakes import told
from .output import check_folder, is_ours, own_folder
from .pages import example_paths
from .progress import progress
from .steady import steadily
from .words import check_language, languages

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs"
JOBS = 4
"""The most processes at work at once, unless --jobs says otherwise: each needs some 150 MB."""


class Build(AbstractContextManager):
    """A build into `out`, alone there from its first change to its last.

    Raises BookError before anything is written if the folder or an example file is wrong. With `keep_going` an
    example that is wrong does not stop the others: its last pages stay, or it is left out where there are none,
    and a BookError at the end names it.
    """

    def __init__(self, out, examples, only, lang, changes, jobs, target, keep_going=False):
        self.out, self.examples, self.only, self.changes = Path(out), Path(examples), tuple(only), tuple(changes)
        self.langs = [check_language(name) for name in lang] or list(languages())
        self.jobs = jobs or min(os.cpu_count() or 1, JOBS)
        self.target, self.keep_going = target, keep_going
        self.bad: dict[str, str] = {}  # the name of an example -> what is wrong with it
        check_folder(self.out, inputs(self.examples))

    def __exit__(self, kind, error, trace):
        if error and (sentence := told(error)):
            raise sentence from error
        if not error and self.bad:
            raise BookError("\n".join([f"{len(self.bad)} of the examples could not be built:", *self.bad.values()]))

    @contextmanager
    def _alone(self):
        """No other build works in the folder meanwhile. A folder that is new is made when the files are right."""
        if not is_ours(self.out):
            self._read_examples()
        own_folder(self.out)
        with lock(self.out / MARKER):
            yield

    def _read_examples(self) -> list[Path]:
        """The files of the examples to make, read once to find what is wrong before anything is worked."""
        self.bad = {}
        paths = [path for path in self._paths() if self._is_named(path) or not self._last(path)]
        for path in paths:
            with self._excusing(path):
                load(path, self._changes(path))
        return [path for path in paths if path.stem not in self.bad]

    def _paths(self) -> list[Path]:
        return example_paths(self.examples, self.only)

    @property
    def _store(self) -> Store:
        return Store(self.out / "work" / "examples")

    def _last(self, path: Path) -> Made | None:
        """What was made of an example last, if it is in all languages."""
        last = self._store.last(path.stem)
        return last[1] if last and set(self.langs) <= set(last[1].files) else None

    @contextmanager
    def _excusing(self, path: Path):
        """With --keep-going, what is wrong with an example is told at the end."""
        try:
            yield
        except BookError as error:
            if not self.keep_going:
                raise
            self.bad[path.stem] = str(error)

    def _is_named(self, path: Path) -> bool:
        return not self.only or path.stem in {Path(name).stem for name in self.only}

    def _changes(self, path: Path) -> tuple[str, ...]:
        return self.changes if self._is_named(path) else ()

    def _made(self) -> list[Made]:
        """Every example; what was made before from the same is not made again, by a killed build neither.

        With --only, the other examples stay as they were made last: chapters refer to them.
        """
        with self.target("examples"):
            self._make(self._read_examples())
            self._store.keep(path.stem for path in self._paths())
            found = [last for path in self._paths() if (last := self._last(path))]
        if not found:
            raise BookError("\n".join(self.bad.values()))
        return found

    def _make(self, paths: list[Path]) -> None:
        with making(paths, self._changes, self._store, self.jobs) as examples:
            for path, finish in progress(examples, "examples"):
                with self._excusing(path):
                    finish()

    def pages(self) -> None:
        """Write the Sphinx source folders: chapters and generated pages."""
        with self._alone():
            self._steadily(self._unedited_pages)

    def _steadily(self, attempt):
        return steadily(inputs(self.examples), attempt)

    def _unedited_pages(self, unedited) -> list[str]:
        absent = self._pages()
        unedited()
        return absent

    def _pages(self) -> list[str]:
        """Returns the names of the examples that are left out."""
        from . import site
        from .generated import write_about, write_operations, write_pages, write_traces

        examples = self._made()
        with self.target("pages"):
            write_traces(examples, self.out / "source" / "static" / "traces")
            for lang in self.langs:
                folder = self.out / "source" / lang
                write_pages(examples, lang, folder / "examples")
                write_operations(self.out, examples, lang, folder / "operations")
                write_about(self.out, examples, lang, folder / "about")
                site.stage(DOCS, folder, lang)
        return sorted(self.bad.keys() - {example.name for example in examples})

    def html(self) -> None:
        with self._alone():
            self._steadily(self._html)

    def _html(self, unedited) -> None:
        from . import site

        absent = self._pages()
        with self.target("html " + ", ".join(self.langs)):
            site.build_html(self.out, self.langs, self.jobs, absent, unedited)
        with self.target("publish"):
            site.publish(self.out / "work", self.out / "html", unedited)

    def pdf(self, engine: str) -> list[Path]:
        """Build one PDF per language; returns their paths."""
        from .pdf import check_tex

        if engine == "latex":
            check_tex()
        with self._alone():
            return self._steadily(partial(self._pdf, engine))

    def _pdf(self, engine: str, unedited) -> list[Path]:
        from .pdf import build_pdf

        made, absent = [], self._pages()
        for lang in self.langs:
            with self.target(f"pdf {lang} ({engine})"):
                made.append(build_pdf(self.out, lang, engine, absent, unedited))
        return made

    def serve(self, port: int) -> None:
        """Build, then serve and rebuild until interrupted."""
        import click

        from . import words
        from .serve import serve

        def rebuild(edits) -> None:
            words.forget()
            with self:
                self.html()

        serve(self.out / "html", rebuild, [self.examples, words.TEMPLATES, DOCS], port, click.echo)

    @property
    def entrance(self) -> Path:
        return self.out / "html" / "index.html"


def inputs(examples: Path) -> list[Path]:
    """The folders that the book is made from."""
    return [examples, *(ROOT / room for room in ("docs", "templates", "engine", "book"))]
