"""Stages chapters, builds the site with Sphinx, one process per language, and publishes it when it is whole."""

from collections.abc import Collection
from contextlib import ExitStack
from pathlib import Path

from .edition import files_in, publish, shown_languages, whole_languages
from .files import write, write_folder
from .sphinx_run import GENERATED, outcome, refuse, sphinx
from .words import locale_of

__all__ = ["build_html", "publish", "stage"]


def stage(docs: Path, folder: Path, lang: str) -> None:
    """Copies chapters (and a translation's catalogues) where Sphinx reads them; writes only what changed."""
    apart = ("_templates", "static", "locale", *GENERATED)
    chapters = [name for name in files_in(docs) if name.parts[0] not in apart and name.name != "conf.py"]
    generated = [Path(part, name) for part in GENERATED for name in files_in(folder / part)]
    _copy(docs, folder, chapters, kept=generated)
    catalogues = Path("locale", locale_of(lang))
    found = [name for name in files_in(docs / catalogues) if name.suffix == ".po"]
    compiled = [name.with_suffix(".mo") for name in found]
    _copy(docs / catalogues, folder.parent / catalogues, found, kept=compiled)


def _copy(source: Path, target: Path, names: list[Path], kept: list[Path]) -> None:
    write_folder(target, {str(name): (source / name).read_bytes() for name in names}, map(str, kept))


def build_html(out: Path, langs: list[str], jobs: int = 1, absent: Collection[str] = ()) -> None:
    """Builds `out/source/<lang>` into `out/work/<lang>/html`; a chapter with a mistake raises BookError.

    Chapters may speak of the examples in `absent`, which could not be built.
    """
    _shared_assets(out / "source" / "static")
    present = sorted({*langs, *whole_languages(out / "work"), *shown_languages(out / "html")})
    places = {lang: (out / "source" / lang, out / "work" / lang) for lang in langs}
    with ExitStack() as stack:
        runs = {}
        for lang, (source, work) in places.items():
            setting = f"gradbook_languages={','.join(present)}"
            runs[lang] = stack.enter_context(sphinx("html", source, work, lang, setting))
            if jobs == 1:
                runs[lang].wait()
        mistakes = [line for lang, run in runs.items() for line in outcome(*places[lang], run, absent)]
    refuse(mistakes)


def _shared_assets(static: Path) -> None:
    """The mathematical face with the styles that our MathML asks for, and the colours."""
    from gradbook.book import colours, webfont

    webfont.make(static)
    write(static / "colours.css", colours.style())
