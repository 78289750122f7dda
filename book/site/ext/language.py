"""What a language needs of Sphinx: how its words are found, how it counts, what TeX has to know."""

import re
from collections.abc import Iterable, Iterator
from functools import cache
from itertools import groupby
from pathlib import Path

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.search import SearchEnglish, SearchLanguage
from sphinx.transforms import SphinxTransform

from gradbook.book.i18n import language, words

from .page_context import language_code

WIDE = "\u3001-\u303f\uff01-\uff0f\uff1a-\uff20\uff3b-\uff40\uff5b-\uff65"
"""Punctuation that has its own room around it, as in a regular expression's brackets."""

SPLITTER = Path(__file__).with_name("character_search.js")


class EnglishSearch(SearchEnglish):
    """Finds the stem of each word once in a build, not once on each page."""

    def __init__(self, options: dict[str, str]) -> None:
        super().__init__(options)
        self.stem = cache(super().stem)


def search_of(lang: str) -> type[SearchLanguage] | None:
    """How a language is searched in which no spaces separate words: by characters and pairs of characters, words of
    other scripts by English stems.

    A dictionary (Sphinx's own way for Chinese) cuts the page and the query differently, so that words which stand on
    a page are not found. With pairs on both sides they are, and no dictionary is needed.
    """
    told = language.language(lang).search
    if told is None:
        return None
    runs_of = re.compile(f"[{told.characters}]+")

    class CharacterSearch(EnglishSearch):
        def split(self, input: str) -> list[str]:
            runs = runs_of.findall(input)
            pairs = [run[i : i + 2] for run in runs for i in range(len(run) - 1)]
            return [*super().split(runs_of.sub(" ", input)), *"".join(runs), *pairs]

    names = {"SCRIPT": told.script, "LANGUAGE": language.english_name(lang)}
    CharacterSearch.lang = words.locale_of(lang)
    CharacterSearch.js_splitter_code = re.sub("|".join(names), lambda m: names[m[0]], SPLITTER.read_text("utf-8"))
    return CharacterSearch


def add_search(app: Sphinx) -> None:
    app.add_search_language(EnglishSearch)
    for found in filter(None, map(search_of, words.languages())):
        app.add_search_language(found)


class Join(SphinxTransform):
    """Sentences that templates write one after the other stand without a space between them, where the language has
    none."""

    default_priority = 770  # after translations (20) and `Unwrap`, before titles are collected (880)

    def apply(self, **kwargs) -> None:
        told = language.language(language_code(self.app)).search
        kept = (nodes.literal, nodes.literal_block, nodes.math, nodes.math_block, nodes.raw, nodes.comment)
        for parent in list(self.document.findall(nodes.TextElement)) if told else ():
            if not isinstance(parent, kept):
                parent[:] = list(_merged(parent.children, told.characters))


def _merged(children: Iterable[nodes.Node], characters: str) -> Iterator[nodes.Node]:
    """A line break is a text of its own, until the texts beside it are one."""
    for is_text, run in groupby(children, lambda child: isinstance(child, nodes.Text)):
        part = list(run)
        yield from [nodes.Text(joined("".join(map(str, part)), characters))] if is_text else part


def joined(text: str, characters: str) -> str:
    """Text without the spaces beside wide punctuation, and without line breaks between characters of such a script.

    >>> joined("损失下降。 下一步\\n更小（见 $J$ ）。", "\\u3400-\\u9fff")
    '损失下降。下一步更小（见 $J$）。'
    """
    return re.sub(rf"(?<=[{WIDE}])[ \n]+|[ \n]+(?=[{WIDE}])|(?<=[{characters}]) *\n *(?=[{characters}])", "", text)


def plural_script(lang: str) -> str:
    """The name of the script with the plural rule of a language."""
    return f"plural-{lang}.js"


def configure(app: Sphinx, config) -> None:
    """The script that counts, after the catalogue's (priority 500), and TeX's preamble."""
    lang = language_code(app)
    if (Path(app.srcdir).parent / "static" / plural_script(lang)).is_file():
        config.html_js_files = [*config.html_js_files, (plural_script(lang), {"priority": 600})]
    if latex := language.language(lang).pdf.latex:
        preamble = "\n".join(filter(None, [config.latex_elements.get("preamble"), latex]))
        config.latex_elements = {**config.latex_elements, "preamble": preamble}
