"""What depends on a language beside its words: templates/locale/<lang>/language.toml, found as its catalogue is.

What a file leaves open is as in English. Of several files, a project's own comes before the book's.
"""

import re
from collections.abc import Iterable
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

from babel import Locale
from pydantic import AfterValidator, Field, ValidationError

from gradbook.engine import plugins
from gradbook.engine.errors import BookError, shorten
from gradbook.engine.spec.mistakes import sentence
from gradbook.engine.spec.model import Model
from gradbook.engine.spec.toml import read_tables

from .cached import cached
from .finding import folders

SOURCE = "en"
"""The language that the templates and chapters are written in; every other one has a catalogue."""

ONE_FORM = "0"
"""The plural rule of a language that has one form for every number."""


def _like(pattern: str, wanted: str) -> AfterValidator:
    """Text of such a form; else a sentence that says what is wanted."""

    def check(text: str) -> str:
        if not re.fullmatch(pattern, text):
            raise ValueError(f"expected {wanted}, found {shorten(text)}")
        return text

    return AfterValidator(check)


def _compiles(characters: str) -> str:
    try:
        re.compile(f"[{characters}]+")
    except re.error as error:
        raise ValueError(f"cannot stand in the brackets of a regular expression: {error}") from None
    return characters


Length = Annotated[str, _like(r"-?\d+(\.\d+)?(pt|em|mm)", "a length such as 0.66em")]
Rule = Annotated[str, _like(r"[n\d\s()?:!=<>&|%+-]+", "a plural rule of n, such as n != 1")]


class Search(Model):
    """[search]: a script whose words no spaces separate: its characters, as in a regular expression's brackets, and
    its name in Unicode. It is searched by characters and pairs of characters."""

    characters: Annotated[str, AfterValidator(_compiles)]
    script: Annotated[str, _like("[A-Z][A-Za-z_]+", "the name of a script such as Han")]


class Pdf(Model):
    """[pdf]: faces of text, headings and what is strong, the first that has a letter; `page` writes a page number in
    place of {n}, `open` and `close` are brackets around it. `latex` is added to the preamble for xelatex. `fonts` are
    files in the folder `fonts` of a distribution, or under "." beside the file itself."""

    text: list[str] = Field(default_factory=list)
    headings: list[str]
    heading_weight: Annotated[int, Field(ge=100, le=900)]
    strong: list[str] = Field(default_factory=list)
    tracking: Length
    leading: Length
    spacing: Length
    page: Annotated[str, _like(r".*\{n\}.*", "words with {n} in the place of the number")]
    open: str
    close: str
    latex: str = ""
    fonts: dict[str, list[str]] = Field(default_factory=dict)


class Typeface(Model):
    """[[typefaces]]: what the colophon says of a face that comes with the language; `source` is the distribution."""

    name: str
    licence: str
    source: str
    use: str = ""


class Language(Model):
    """A language.toml. `name` is what the language calls itself; `plural` is its plural rule, of n, as in gettext."""

    name: str = ""
    plural: Rule = ONE_FORM
    search: Search | None = None
    pdf: Pdf
    typefaces: list[Typeface] = Field(default_factory=list)


def files_of(lang: str) -> list[Path]:
    """The files of a language, the one that counts most first."""
    found = (folder / "locale" / lang / "language.toml" for folder in folders())
    return [path for path in found if path.is_file()]


@cached
def language(lang: str) -> Language:
    """What depends on the language. Raises BookError for a mistake in one of its files."""
    tables: dict = {}
    for path in reversed([*files_of(lang), *(files_of(SOURCE) if lang != SOURCE else ())]):
        own = read_tables(path)
        pdf = own.get("pdf", {})
        tables |= own | {"pdf": tables.get("pdf", {}) | pdf if isinstance(pdf, dict) else pdf}
        _checked(tables, path)
    return Language.model_validate(tables)


def _checked(tables: dict, path: Path) -> None:
    try:
        Language.model_validate(tables)
    except ValidationError as error:
        raise BookError(f"{plugins.named(path)}: {sentence(error, Language)}") from None


def native_name(lang: str) -> str:
    """'English', '中文'."""
    return language(lang).name or Locale.parse(lang).get_display_name().capitalize()


def english_name(lang: str) -> str:
    return Locale.parse(lang).english_name


def texts(lang: str) -> list[str]:
    """What the files of a language say."""
    return [path.read_text(encoding="utf-8") for path in (*files_of(lang), *files_of(SOURCE))]


def fonts(langs: Iterable[str]) -> list[tuple[str, Path]]:
    """(distribution, font file) of the typefaces that come with these languages; those of the distribution "." lie
    beside the language's file. Raises BookError for one that is not there."""
    told = ((path, read_tables(path).get("pdf", {}).get("fonts", {})) for lang in langs for path in files_of(lang))
    found = [
        (source, _font(path, source, name))
        for path, fonts in told
        for source, names in fonts.items()
        for name in names
    ]
    return list(dict.fromkeys(found))


def _font(path: Path, source: str, name: str) -> Path:
    folder = path.parent if source == "." else folder_of(source)
    if folder is None:
        raise BookError(f"{plugins.named(path)}: pdf.fonts: the distribution {source!r} is not installed.")
    if not (folder / name).is_file():
        raise BookError(f"{plugins.named(path)}: pdf.fonts: there is no file {shorten(name)} in {folder}.")
    return folder / name


def folder_of(distribution: str) -> Path | None:
    """Where a distribution carries its fonts; nothing of it is imported."""
    found = None
    with suppress(ImportError, ValueError):
        found = find_spec(distribution)
    places = found.submodule_search_locations if found else None
    return Path(places[0], "fonts") if places else None
