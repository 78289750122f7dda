"""Stages chapters, builds the site with Sphinx, one process per language, and publishes it when it is whole."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

from ..base.files import write, write_folder
from ..i18n.language import ONE_FORM, SOURCE, language
from ..i18n.words import languages, locale_of
from ..project import WHOLE, Edition
from .publish import files_in, publish, shown_languages, whole_languages
from .sphinx_run import GENERATED, environment, keep, outcome, refuse, sphinx

__all__ = ["build_html", "publish", "shared_assets", "stage"]


def stage(chapters: Mapping[str, Path | bytes], locales: Iterable[Path], folder: Path, lang: str) -> None:
    """Puts chapters (name in the book -> file or content) where Sphinx reads them, with a translation's catalogues
    from the folders `locales`, of which a later one takes precedence; writes only what changed."""
    pages = {name: page if isinstance(page, bytes) else page.read_bytes() for name, page in chapters.items()}
    generated = [Path(part, name) for part in GENERATED for name in files_in(folder / part)]
    write_folder(folder, pages, map(str, generated))
    places = [(each / locale_of(lang), Path(name).with_suffix(".po")) for each in locales for name in chapters]
    found = {
        f"LC_MESSAGES/{name}": path for place, name in places if (path := place / "LC_MESSAGES" / name).is_file()
    }
    compiled = [str(Path(name).with_suffix(".mo")) for name in found]
    target = folder.parent / "locale" / locale_of(lang)
    write_folder(target, {name: path.read_bytes() for name, path in found.items()}, compiled)


def build_html(
    out: Path, langs: list[str], jobs: int = 1, edition: Edition = WHOLE, unedited: Callable = lambda: None
) -> None:
    """Builds `out/source/<lang>` into `out/work/<lang>/html`; a chapter with a mistake raises BookError.

    `shared_assets` must be there. Chapters may speak of the examples that the edition leaves out. `unedited` may
    raise before what was built counts.
    """
    there = {*whole_languages(out / "work"), *shown_languages(out / "html")}
    present = sorted({*langs, *(there.intersection(edition.project.languages) if edition.project else there)})
    places = {lang: (out / "source" / lang, out / "work" / lang) for lang in langs}
    settings = {lang: [f"gradbook_languages={','.join(present)}", *edition.settings(lang)] for lang in langs}
    with ExitStack() as stack:
        runs = {}
        for lang, (source, work) in places.items():
            runs[lang] = run = stack.enter_context(sphinx("html", source, work, lang, *settings[lang]))
            if run and jobs == 1:
                run.wait()
        mistakes = {lang: outcome(*places[lang], run, edition) for lang, run in runs.items()}
    unedited()
    for lang in (lang for lang, lines in mistakes.items() if not lines):
        keep("html", *places[lang], lang, *settings[lang])
    refuse([line for lines in mistakes.values() for line in lines])


@contextmanager
def shared_assets(out: Path) -> Iterator[None]:
    """What the sites of all languages share: the mathematical face with the styles that our MathML asks for, and the
    colours. They are there when the block has ended, which may work at other things meanwhile."""
    from gradbook.book.base import colours
    from gradbook.book.site import webfont

    static = out / "source" / "static"
    with webfont.made_meanwhile(static, environment()):
        yield
    write(static / "colours.css", colours.style())
    for lang in languages():
        _write_plural(static, lang)


def _write_plural(static: Path, lang: str) -> None:
    """How a language counts, for the words of the search, where it has more than the one form that a page expects.
    English is not asked: there is no catalogue to choose from."""
    path, rule = static / f"plural-{lang}.js", language(lang).plural
    if lang == SOURCE or rule == ONE_FORM:
        path.unlink(missing_ok=True)
    else:
        write(path, f"Documentation.PLURAL_EXPR = (n) => Number({rule});\n")
