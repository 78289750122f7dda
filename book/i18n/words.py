"""Languages: the catalogues beside the templates, and the Jinja environment that speaks through them."""

import re
from collections.abc import Sequence
from copy import copy
from functools import cache
from gettext import GNUTranslations, NullTranslations
from io import BytesIO
from pathlib import Path

from babel.localedata import locale_identifiers
from babel.messages.mofile import write_mo
from babel.messages.pofile import PoFileError, read_po
from jinja2 import Environment, StrictUndefined

from gradbook.engine import plugins
from gradbook.engine.errors import BookError, unknown

from ..base.numbers import tex_number
from .cached import cached
from .cached import forget as forget
from .compiled import Compiled
from .finding import Templates, folders
from .language import SOURCE
from .language import native_name as native_name

TEMPLATES = plugins.PACKAGE / "templates"
TYPED = re.compile(r"[\"']|--|\. ?\. ?\.")
"""Signs of a typewriter, for which Sphinx would set typographic ones."""
COMPILED = Compiled(Path(__file__), TEMPLATES / "__pycache__" if plugins.IS_CHECKOUT else None)
"""The templates as Jinja compiled them; a build has a folder for them."""


def catalogue_paths(lang: str) -> list[Path]:
    """The catalogues of a language, in the order in which a word is looked up: a project's own before the book's."""
    found = (folder / "locale" / lang / "LC_MESSAGES" / "book.po" for folder in folders())
    return [path for path in found if path.is_file()]


@cached
def languages() -> tuple[str, ...]:
    """The book's languages: the source language, then those that have a catalogue, sorted."""
    paths = [path for folder in folders() for path in folder.glob("locale/*/LC_MESSAGES/book.po")]
    for path in paths:
        if path.parent.parent.name not in locale_identifiers():
            raise BookError(f"{plugins.named(path)}: {path.parent.parent.name!r} is the code of no language.")
    return (SOURCE, *sorted({path.parent.parent.name for path in paths} - {SOURCE}))


@cached
def locale_of(lang: str) -> str:
    """The name of a language as Sphinx knows it: 'zh_CN' for 'zh', from the folder of the chapters' catalogues."""
    places = (root / "docs" / "locale" for root in plugins.roots())
    found = sorted(p.name for place in places for p in place.glob(f"{lang}*") if p.name.partition("_")[0] == lang)
    return found[0] if found else lang


def html_code(lang: str) -> str:
    """The language as HTML writes it: 'zh-CN'."""
    return locale_of(lang).replace("_", "-")


def check_language(lang: str, of_book: Sequence[str] = ()) -> str:
    """The language, if there is one of this name, and if it is one `of_book`, the languages that a book has."""
    if lang not in languages():
        raise unknown("--lang", "language", lang, of_book or languages())
    if of_book and lang not in of_book:
        raise BookError(
            f"--lang: {lang!r} is no language of this book, which has {', '.join(of_book)}; "
            f"add it to `languages` in gradbook.toml."
        )
    return lang


def nearest(lang: str | None) -> str:
    """The book's language for a reader of `lang` ('zh' for 'zh-Hans' and 'zh_TW'), if there is none the source's."""
    parts = (lang or SOURCE).replace("-", "_").casefold().split("_")
    known = {name.replace("-", "_").casefold(): name for name in languages()}
    tried = ("_".join(parts[:n]) for n in range(len(parts), 0, -1))
    return next((known[name] for name in tried if name in known), SOURCE)


@cached
def catalogue(lang: str) -> NullTranslations:
    """The translations of the templates' words; made from the .po files in memory. Else a word is English."""
    found = NullTranslations()
    for path in catalogue_paths(lang) if lang != SOURCE else ():
        found.add_fallback(_compiled(path, lang))
    return found


def _compiled(path: Path, lang: str) -> GNUTranslations:
    try:
        return copy(_translations(path.read_bytes(), lang))  # which is given fallbacks of its own
    except (PoFileError, UnicodeDecodeError) as error:
        raise BookError(f"{plugins.named(path)}: is no catalogue: {str(error).rstrip('.')}.") from None


@cache
def _translations(catalogue: bytes, lang: str) -> GNUTranslations:
    """Of the text of a catalogue: it is read anew whenever it may have been edited, and takes a while to compile."""
    compiled = BytesIO()
    write_mo(compiled, read_po(BytesIO(catalogue), locale=lang, abort_invalid=True))
    compiled.seek(0)
    return GNUTranslations(compiled)


@cached
def environment(lang: str) -> Environment:
    """The templates in one language. A name that is not there is an error, never an empty place."""
    env = Templates(  # no sandbox: templates and catalogues are ours, an example's words are data to them, never
        # text of a template; no autoescape: the pages are Markdown, for which the filter `markdown` escapes
        extensions=["jinja2.ext.i18n", "jinja2.ext.do"],
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        bytecode_cache=COMPILED,
    )
    env.filters |= {
        "markdown": markdown_text,
        "before_last": lambda text, char: text.rpartition(char)[0],
        "short": short,
    }
    env.globals |= {"decimal": tex_number, "example": None, "has": _any_example_has, "lacking": _none_lacks}
    env.install_gettext_translations(catalogue(lang), newstyle=True)
    return env


def _any_example_has(_key: str) -> bool:
    """What a family's template is told that speaks of no example: all that the family can have is there."""
    return True


def _none_lacks(key: str, _other: str) -> str:
    """And nothing is missing: a pattern that no step fits."""
    return f"(?!){key}"


def markdown_text(text: str) -> str:
    """Plain words as Markdown shows them unchanged, in one paragraph."""
    line = re.sub(r"[ \t\n]+", " ", text).strip(" ")
    if TYPED.search(line):
        return f"{{as-written}}`{line}`"
    line = "".join(f"\\{c}" if c in "*_#[]()|~!&@^" else c for c in line)
    return re.sub(r"^(\d*)([-+%:=.])", r"\1\\\2", line)


def short(meaning: str) -> str:
    """The first clause of a symbol's meaning, for headings."""
    return meaning.replace("：", ":").partition(":")[0]
