"""One build: which examples, which languages, into which folder; each target is a method."""

import os
from collections.abc import Callable
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from gradbook.engine import load
from gradbook.engine.errors import BookError

from .base.files import MARKER
from .base.lock import lock
from .base.mistakes import to_book_error
from .base.progress import progress
from .cache.examples import BuiltExample, Cache
from .cache.parallel import in_parallel
from .cache.steady import steadily
from .i18n.words import COMPILED, check_language
from .pages.pages import rebuild
from .project import Edition, Project
from .site.output import check_folder, is_ours, own_folder

JOBS = 4
"""The most processes at work at once, unless --jobs says otherwise: each needs some 150 MB."""


@dataclass(frozen=True)
class Options:
    """What the command line says of a build; the field names are those of its options."""

    out: Path | None = None  # None: the project's own
    only: tuple[str, ...] = ()
    lang: tuple[str, ...] = ()
    changes: tuple[str, ...] = ()
    jobs: int | None = None
    keep_going: bool = False


class Build(AbstractContextManager):
    """A build of `project`, alone in its output folder from its first change to its last.

    Raises BookError before anything is written if the folder or an example file is wrong. Only the examples that
    `only` names are made, whatever the other files hold. With `keep_going` an example that is wrong does not stop
    the others: its last pages stay, or it is left out where there are none, and a BookError at the end names it.
    """

    def __init__(self, project: Project, options: Options, target: Callable):
        self.project, self.options, self.target = project, options, target
        self.out = Path(options.out or project.out)
        self.langs = [check_language(name, project.languages) for name in options.lang] or list(project.languages)
        self.jobs = options.jobs or min(os.cpu_count() or 1, JOBS)
        self.bad: dict[str, str] = {}  # the name of an example -> what is wrong with it
        check_folder(self.out, project.inputs())

    def __exit__(self, kind, error, trace):
        if error and (sentence := to_book_error(error)):
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
            COMPILED.folder = self.out / "work" / "templates"
            yield

    def _read_examples(self) -> list[Path]:
        """The examples to make, read once to find what is wrong before anything is worked."""
        self.bad = {}
        paths = self.paths()
        for path in paths:
            with self._excusing(path):
                load(path, self.changes)
        return [path for path in paths if path.stem not in self.bad]

    def left_out(self) -> dict[str, Path]:
        """The files of the examples that this build is not of, by name."""
        return self.project.edition({path.stem for path in self.paths()}).left_out

    def paths(self) -> list[Path]:
        """The files of the examples that this build is of."""
        return self.project.example_paths(self.options.only)

    @property
    def changes(self) -> tuple[str, ...]:
        """Those of the book, then those of the command line."""
        return (*self.project.changes, *self.options.changes)

    @property
    def _store(self) -> Cache:
        return Cache(self.out / "work" / "examples")

    def _last(self, path: Path) -> BuiltExample | None:
        """What was made of an example last, if it is in all languages."""
        last = self._store.last(path.stem)
        return last[1] if last and set(self.langs) <= set(last[1].files) else None

    @contextmanager
    def _excusing(self, path: Path):
        """With --keep-going, what is wrong with an example is told at the end."""
        try:
            yield
        except BookError as error:
            if not self.options.keep_going:
                raise
            self.bad[path.stem] = str(error)

    def _made(self) -> list[BuiltExample]:
        """The examples; what was made before from the same is not made again, by a killed build neither."""
        with self.target("examples"):
            self._make(self._read_examples())
            self._store.keep(path.stem for path in self.project.example_paths())
            found = [last for path in self.paths() if (last := self._last(path))]
        if not found:
            raise BookError("\n".join(self.bad.values()))
        return found

    def _make(self, paths: list[Path]) -> None:
        with in_parallel(paths, lambda _: self.changes, rebuild, self._store, self.jobs) as examples:
            for path, finish in progress(examples, "examples"):
                with self._excusing(path):
                    finish()

    def pages(self) -> None:
        """Write the Sphinx source folders: chapters and generated pages."""
        with self._alone():
            self._steadily(self._unedited_pages)

    def _steadily(self, attempt):
        return steadily(self.project.inputs(), attempt)

    def _unedited_pages(self, unedited) -> None:
        self._pages()
        unedited()

    def _pages(self) -> Edition:
        """Returns what the pages make: the whole book, or the part of it that was asked for or could be made."""
        from .site import site
        from .site.generated import write_about, write_operations, write_pages, write_reference, write_traces

        examples = self._made()
        edition = self.project.edition({example.name for example in examples}, is_part=bool(self.options.only))
        with self.target("pages"):
            write_traces(examples, self.out / "source")
            for lang in self.langs:
                folder = self.out / "source" / lang
                lists_reference = not self.project.has_reference
                write_pages(examples, lang, folder / "examples", edition.has_reference, lists_reference)
                write_reference(self.out, examples, lang, folder / "reference")
                write_operations(self.out, examples, lang, folder / "operations", edition.has_reference)
                write_about(edition, self.out, examples, lang, folder / "about")
                site.stage(self._chapters(lang), self.project.locales, folder, lang)
        return edition

    def _chapters(self, lang: str) -> dict[str, Path | bytes]:
        """The chapters, with a first page for a book that has written none: its title and what it holds."""
        from .i18n.words import environment, markdown_text

        chapters = self.project.chapters()
        if "index.md" in chapters:
            return chapters
        front = (
            environment(lang)
            .get_template("front.md.j2")
            .render(
                title=markdown_text(self.project.title(lang)),
                chapters=[name.removesuffix(".md") for name in sorted(chapters) if name.endswith(".md")],
                reference=self.project.has_reference,
            )
        )
        return chapters | {"index.md": front.encode()}

    def html(self) -> None:
        """Build the site and publish it."""
        with self._alone():
            self._steadily(self._html)

    def _html(self, unedited) -> None:
        from .site import site

        with site.shared_assets(self.out):
            edition = self._pages()
        with self.target("html " + ", ".join(self.langs)):
            site.build_html(self.out, self.langs, self.jobs, edition, unedited)
        with self.target("publish"):
            site.publish(self.out / "work", self.out / "html", self.project, unedited)

    def pdf(self, engine: str) -> list[Path]:
        """Build one PDF per language; returns their paths."""
        from .site.pdf import check_tex

        if engine == "latex":
            check_tex()
        with self._alone():
            return self._steadily(partial(self._pdf, engine))

    def _pdf(self, engine: str, unedited) -> list[Path]:
        from .site.check_inputs import keep_pdf
        from .site.pdf import build_pdf

        made, edition = [], self._pages()
        for lang in self.langs:
            with self.target(f"pdf {lang} ({engine})"):
                made.append(build_pdf(edition, self.out, lang, engine, unedited))
                keep_pdf(self.out, lang, made[-1])
        return made

    def serve(self, port: int) -> None:
        """Build, then serve and rebuild until interrupted."""
        import click

        from .i18n import words
        from .site.serve import serve

        def rebuild(_edits) -> None:
            words.forget()
            self.project = Project.at(self.project.root)
            with self:
                self.html()

        serve(self.out / "html", rebuild, self.project.watched(), port, click.echo)

    @property
    def entrance(self) -> Path:
        return self.out / "html" / "index.html"
