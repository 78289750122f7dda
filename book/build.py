"""One build: which examples, which languages, into which folder; each target is a method."""

import os
import shutil
from contextlib import AbstractContextManager
from pathlib import Path

from engine.errors import BookError

from .words import check_language, languages

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs"
MARKER = ".gradbook"
"""A file of this name says that an output folder is ours to overwrite."""


class Build(AbstractContextManager):
    """A build into `out`. Raises BookError before anything is written if the folder or an example is wrong."""

    def __init__(self, out, examples, only, lang, changes, jobs, target):
        self.out, self.examples, self.only, self.changes = Path(out), Path(examples), tuple(only), tuple(changes)
        self.langs = [check_language(name) for name in lang] or list(languages())
        self.jobs = jobs or min(os.cpu_count() or 1, len(self.langs))
        self.target = target
        self._worked: dict[str, tuple] = {}
        check_folder(self.out)

    def __exit__(self, *error):
        return None

    def materials(self) -> list:
        """Every example worked through; nothing is written before all of them are right.

        What a file said before is worked once, so a rebuild takes only what has changed. With --only, the pages
        of the other examples are kept where they stand already: chapters refer to them.
        """
        from .pages import Material, example_paths, prepare
        from .progress import progress

        with self.target("examples"):
            paths = example_paths(self.examples, self.only)
            named = [path for path in paths if self._is_named(path)]
            built = [path for path in paths if path in named or not self._stands(path)]
            for path in progress(built, "examples"):
                self._prepare(path, prepare)
            return [self._worked[p.name][1] if p in built else Material.kept_of(p) for p in paths]

    def _is_named(self, path: Path) -> bool:
        return not self.only or path.stem in {Path(name).stem for name in self.only}

    def _stands(self, path: Path) -> bool:
        folders = [self.out / "source" / lang / "examples" / path.stem for lang in self.langs]
        return all((folder / "index.md").is_file() for folder in folders)

    def _prepare(self, path: Path, prepare) -> None:
        key = tuple(p.read_bytes() for p in (path, path.parent / "sources" / path.name) if p.is_file())
        if self._worked.get(path.name, ("", None))[0] != key:
            self._worked[path.name] = key, prepare(path, self.changes if self._is_named(path) else ())

    def pages(self) -> None:
        """Write the Sphinx source folders: chapters and generated pages."""
        from . import site
        from .pages import write_pages, write_traces

        materials = self.materials()
        own_folder(self.out)
        with self.target("pages"):
            write_traces(materials, self.out / "source" / "static" / "traces")
            for lang in self.langs:
                folder = self.out / "source" / lang
                write_pages(materials, lang, folder / "examples")
                site.stage(DOCS, folder, lang)

    def html(self) -> None:
        from . import site

        self.pages()
        with self.target("html " + ", ".join(self.langs)):
            site.build_html(self.out, self.langs, self.jobs)
        with self.target("publish"):
            site.publish(self.out / "work", self.out / "html")

    def pdf(self, engine: str) -> list[Path]:
        """Build one PDF per language; returns their paths."""
        from .pdf import build_pdf, check_tex

        if engine == "latex":
            check_tex()
        self.pages()
        made = []
        for lang in self.langs:
            with self.target(f"pdf {lang} ({engine})"):
                made.append(build_pdf(self.out, lang, engine))
        return made

    def serve(self, port: int) -> None:
        """Build, then serve and rebuild until interrupted."""
        import click

        from . import words
        from .serve import serve

        def rebuild(edits) -> None:
            words.forget()
            self.html()

        self.html()
        serve(self.out / "html", rebuild, [self.examples, words.TEMPLATES, DOCS], port, click.echo)

    @property
    def entrance(self) -> Path:
        return self.out / "html" / "index.html"


def check_folder(out: Path) -> None:
    """Refuse a folder that holds something and is not marked as ours."""
    if out.is_file():
        raise BookError(f"--out {out}: is a file; name a folder.")
    if out.is_dir() and any(out.iterdir()) and not (out / MARKER).is_file():
        raise BookError(f"--out {out}: holds files that are not this book's; name a new or an empty folder.")


def own_folder(out: Path) -> None:
    """Make the folder and mark it as ours."""
    try:
        out.mkdir(parents=True, exist_ok=True)
        if not (out / MARKER).is_file():
            (out / MARKER).write_text("This folder is made by build.py and may be removed at any time.\n")
    except OSError as error:
        raise BookError(f"--out {out}: cannot be written ({error.strerror}).") from None


def clean(out: Path) -> None:
    """Remove a folder that is marked as ours."""
    check_folder(out)
    if (out / MARKER).is_file():
        shutil.rmtree(out, ignore_errors=True)
