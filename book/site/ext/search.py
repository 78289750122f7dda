"""Search: English by stems, Chinese by characters."""

import re
from functools import cache
from pathlib import Path

from sphinx.search import SearchEnglish


class EnglishSearch(SearchEnglish):
    """Finds the stem of each word once in a build, not once on each page."""

    def __init__(self, options: dict[str, str]) -> None:
        super().__init__(options)
        self.stem = cache(super().stem)


class ChineseSearch(EnglishSearch):
    """Chinese by characters and pairs of characters, English by stems.

    A dictionary (Sphinx's own way) cuts the page and the query differently, so that words which stand on a
    page are not found. With pairs on both sides they are, and no dictionary is needed.
    """

    lang = "zh_CN"
    han = re.compile(r"[\u3400-\u9fff]+")
    js_splitter_code = Path(__file__).with_name("chinese_search.js").read_text(encoding="utf-8")

    def split(self, input: str) -> list[str]:
        runs = self.han.findall(input)
        pairs = [run[i : i + 2] for run in runs for i in range(len(run) - 1)]
        return [*super().split(self.han.sub(" ", input)), *"".join(runs), *pairs]
