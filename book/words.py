"""Languages: the catalogues beside the templates, and the Jinja environment that speaks through them."""

import re
from functools import cache
from gettext import GNUTranslations, NullTranslations
from io import BytesIO
from pathlib import Path

from babel import Locale
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from gradbook.engine.errors import unknown
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from .numbers import tex_number

TEMPLATES = Path(__file__).parent.parent / "templates"
LOCALES = TEMPLATES.parent / "docs" / "locale"
TYPED = re.compile(r"[\"']|--|\. ?\. ?\.")
"""Signs of a typewriter, for which Sphinx would set typographic ones."""

SOURCE = "en"
"""The language that the templates and chapters are written in; every other one has a catalogue."""


def catalogue_path(lang: str) -> Path:
    return TEMPLATES / "locale" / lang / "LC_MESSAGES" / "book.po"


@cache
def languages() -> tuple[str, ...]:
    """The book's languages: the source language, then those that have a catalogue, sorted."""
    found = (path.parent.parent.name for path in TEMPLATES.glob("locale/*/LC_MESSAGES/book.po"))
    return (SOURCE, *sorted(found))


@cache
def locale_of(lang: str) -> str:
    """The name of a language as Sphinx knows it: 'zh_CN' for 'zh', from the folder of the chapters' catalogues."""
    found = sorted(path.name for path in LOCALES.glob(f"{lang}*") if path.name.partition("_")[0] == lang)
    return found[0] if found else lang


def html_code(lang: str) -> str:
    """The language as HTML writes it: 'zh-CN'."""
    return locale_of(lang).replace("_", "-")


def check_language(lang: str) -> str:
    if lang not in languages():
        raise unknown("--lang", "language", lang, languages())
    return lang


def native_name(lang: str) -> str:
    """'English', '中文'."""
    return Locale.parse(lang).get_display_name().capitalize()


@cache
def catalogue(lang: str) -> NullTranslations:
    """The translations of the templates' words; made from the .po file in memory."""
    if lang == SOURCE:
        return NullTranslations()
    compiled = BytesIO()
    with catalogue_path(lang).open("rb") as file:
        write_mo(compiled, read_po(file, locale=lang))
    compiled.seek(0)
    return GNUTranslations(compiled)


@cache
def environment(lang: str) -> Environment:
    """The templates in one language. A name that is not there is an error, never an empty place."""
    env = Environment(  # no sandbox: templates and catalogues are ours, an example's words are data to them, never
        # text of a template; no autoescape: the pages are Markdown, for which the filter `markdown` escapes
        loader=FileSystemLoader(TEMPLATES),
        extensions=["jinja2.ext.i18n", "jinja2.ext.do"],
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    env.filters |= {
        "markdown": markdown_text,
        "before_last": lambda text, char: text.rpartition(char)[0],
        "short": short,
    }
    env.globals["decimal"] = tex_number
    env.install_gettext_translations(catalogue(lang), newstyle=True)
    return env


def forget() -> None:
    """Read catalogues and templates anew: they may have been edited."""
    for kept in (languages, catalogue, environment):
        kept.cache_clear()


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
