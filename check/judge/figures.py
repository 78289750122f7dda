"""Numbers drawn in figures: a labelled one is the value of its symbol, any other is a value of the example."""

import re
import unicodedata
from collections import Counter
from decimal import Decimal

from ..arithmetic.tree import Num, Sym
from ..read.html import Page
from .recompute import Rules
from .report import Report

NUMBER = re.compile(r"-?\d+(?:\.\d+)?")
LABELLED = re.compile(r"(?P<name>\S.*?)\s*=\s*(?P<number>-?\d+(?:\.\d+)?)")
OWN = Rules()
MOST = 0.9
"""A drawing that shows this share of all weights is a drawing of the network, and must show them all."""


def check_figures(page: Page, example, report: Report) -> None:
    for n, drawing in enumerate(page.drawings, 1):
        Drawing([plain(text) for text in drawing], page, n, example, report).check()


def plain(text: str) -> str:
    """Letters and digits as on a keyboard: '𝑎₁' is a1, '−' is -."""
    return unicodedata.normalize("NFKC", text).replace("−", "-").strip()


class Drawing:
    """The words of one figure, in the order in which they were drawn."""

    def __init__(self, texts: list[str], page: Page, n: int, example, report: Report):
        self.texts, self.page, self.n, self.example, self.report = texts, page, n, example, report
        self.weights = Counter(text for step in example.trace.parameters for text in self._entries(step))

    def check(self) -> None:
        pairs = self._pairs()
        if not (pairs and self._is_network()):
            return
        for name, number in pairs:
            self._check_pair(name, number)
        for number in sorted(self.weights - self._all_numbers()):
            self._fail(number, "", "is a weight or bias of the example, but is not drawn as often as it occurs")

    def _entries(self, step: str) -> list[str]:
        return [f"{Decimal(repr(float(v))).normalize():f}" for v in self.example.trace.steps[step].value.ravel()]

    def _all_numbers(self) -> Counter:
        found = [m["number"] if (m := LABELLED.fullmatch(t)) else t for t in self.texts]
        return Counter(t for t in found if NUMBER.fullmatch(t))

    def _is_network(self) -> bool:
        """Whether it draws nearly all weights and biases. So may a heat map; but it names no number."""
        drawn = any(NUMBER.fullmatch(text) for text in self.texts)
        shown = sum((self.weights & self._all_numbers()).values())
        return drawn and shown >= MOST * sum(self.weights.values())

    def _pairs(self) -> list[tuple[str, str]]:
        """(symbol, number) for 'b = 0.35' and for a number drawn next after a symbol."""
        found = [(m["name"], m["number"]) for t in self.texts if (m := LABELLED.fullmatch(t))]
        after = zip(self.texts, self.texts[1:], strict=False)
        return found + [(a, b) for a, b in after if NUMBER.fullmatch(b) and a in self.example.flat_names]

    def _check_pair(self, name: str, number: str) -> None:
        self.report.counts["figure_numbers"] += 1
        places = self.example.flat_names.get(name)
        if not places:
            return self._fail(f"{name} = {number}", "", "names nothing in this example")
        if not any(self._shows(number, place) for place in places):
            place = sorted(places)[0]
            self._fail(f"{name} = {number}", self.example.consensus.get(place, ""), "is not its value")

    def _shows(self, number: str, place) -> bool:
        truth = self.example.value(place)
        if self.example.trace.steps[place[0]].is_leaf:
            return Decimal(number) == Decimal(repr(float(self.example.trace.steps[place[0]].value[place[1]])))
        fine = truth is not None and Rules(min(self.example.rules.digits or 4, 4)).shows(truth, Num(number))
        return fine or number == self.example.consensus.get(place)

    def _fail(self, printed: str, expected: str, why: str) -> None:
        self.report.fail("figure", self.page.path, f"figure {self.n}", printed, expected, why)


def flat(symbol: Sym) -> str:
    """A symbol as a figure draws it: its letters one after another, index before exponent."""
    return plain(f"{symbol.base}{symbol.sub}{symbol.sup}")
