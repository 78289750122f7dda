"""The whole book under check: what its pages print together, and page by page what is wrong.

What one page prints is judged by what all others print: a symbol stands for the same numbers everywhere, and one
entry of one step is printed with the same digits everywhere.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cached_property, partial

from ..arithmetic.tree import Node, NotUnderstoodError, walk
from ..read import mathml, tex
from ..read.dots import completed
from ..read.html import Formula, Page, folders, number_text, without_update
from ..read.parse import Parser, Row
from ..truth.symbols import Symbols
from . import lines
from .conflicts import conflicts
from .example import Example
from .figures import check_figures
from .loose import check_loose
from .names import check_headings, check_names
from .parts import Part
from .recompute import Rules
from .report import Report, Unknown
from .tables import check_tables


@dataclass
class Reading:
    """A formula as read: its rows (with addresses, from the MathML), or why it could not be read."""

    rows: list[Row] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    unknown: str = ""
    differs: bool = False

    @property
    def nodes(self) -> Iterable[Node]:
        return (node for row in self.rows for node in row.parts)

    @cached_property
    def is_equation(self) -> bool:
        return any(r in lines.RELATIONS for row in self.rows for r in row.relations)


def read_formula(formula: Formula) -> Reading:
    """What is annotated and what is seen, read by one grammar; they must be the same formula."""
    try:
        annotated = Parser(tex.tokens(formula.tex)).formula()
        parser = Parser(mathml.tokens(formula.math))
        seen = parser.formula()
    except NotUnderstoodError as error:
        return Reading(unknown=str(error))
    notes, differs = list(dict.fromkeys(parser.notes)), seen != annotated
    return Reading([Row(row.relations, list(map(completed, row.parts))) for row in seen], notes, differs=differs)


class Book:
    """Pages by path, and the examples they print."""

    def __init__(self, pages: dict[str, Page], traces: dict[str, str]):
        self.pages, self.folders = pages, folders(pages.values())
        self._traces = traces
        self._examples: dict[str, Example] = {}
        self._readings: dict[str, Reading] = {}
        self._results: dict[tuple, lines.Result] = {}

    def example(self, name: str) -> Example | None:
        """An example, who has learned from its pages when it is asked for; None if there is no trace of this name."""
        if name not in self._traces:
            return None
        if name not in self._examples:
            self._examples[name] = example = Example(self._traces[name])
            example.first = self.example(without_update(name)) or example
            example.learn(self._pages_of(name), self.reading)
            example.adopt(self._learned(name, example))
        return self._examples[name]

    def _pages_of(self, example: str) -> list[Page]:
        return [p for p in self.pages.values() if self._trace_of(p) == example]

    def _learned(self, name: str, example: Example) -> Iterable[tuple]:
        """Symbols that stand in a rule and get their number only in the row below it."""
        pages = [(p, f) for p in self._pages_of(name) if not p.quotes for f in p.formulas]
        for page, formula in pages:
            for key, literal in self._result(formula, self.reading(formula), example).learned:
                yield page.path, key, literal, False, formula.where

    def reading(self, formula: Formula) -> Reading:
        if formula.key not in self._readings:
            self._readings[formula.key] = read_formula(formula)
        return self._readings[formula.key]

    def example_of(self, page: Page) -> Example | None:
        return self.example(self._trace_of(page))

    def _trace_of(self, page: Page) -> str:
        """The name of the trace whose numbers a page works with: of the traces of its example, which may have one of
        another update, that which most of its numbers are from; without any, that of the example's name."""
        example = self.folders.get(page.folder, "")
        own = {name: n for name, n in page.traces.items() if without_update(name) == example}
        return max(own, key=own.get, default=example) if page.folder else ""

    def defined_at(self, path: str, anchor: str, display: bool = False) -> list[Node]:
        """The first formula at or after an anchor: what is defined there; or the first derivation there."""
        page = self.pages.get(path)
        found = page.formula_at(anchor, display) if page else None
        return list(self.reading(found).nodes) if found else []

    # Checking

    def parts(self) -> list[Part]:
        """The work of a check, the longest first: all that is printed of one example, each, then all other pages."""
        pages: dict[str, list[Page]] = defaultdict(list)
        for page in self.pages.values():
            pages[without_update(name) if (name := self._trace_of(page)) in self._traces else ""].append(page)
        others = pages.pop("", [])
        names = {without_update(name) for name in self._traces}
        longest = sorted(names, key=lambda name: (-sum(len(page.formulas) for page in pages[name]), name))
        found = [partial(self._check_example, name, pages[name], others) for name in longest]
        return [*found, partial(self._check_others, others)]

    def _check_example(self, name: str, pages: list[Page], others: list[Page]) -> Report:
        """What is printed of an example, its second update with it: on its own pages, and its numbers on others."""
        report = Report()
        for trace in sorted(trace for trace in self._traces if without_update(trace) == name):
            report.add(self.example(trace).check())
        for page in pages:
            report.add(self.check_page(page))
        for page in others:
            self._check_numbers(page, None, report, lambda trace: without_update(trace) == name)
        return report

    def _check_others(self, pages: list[Page]) -> Report:
        report = Report()
        for page in pages:
            report.add(self._check_text(page, None))
            self._check_numbers(page, None, report, lambda trace: trace not in self._traces)
        return report

    def recheck(self, page: Page) -> Report:
        """The report on `page` if it stood in the place of the page of its path."""
        example, old = self.example_of(page), self.pages.get(page.path)
        if example is None or old is None:
            return self.check_page(page)
        with example.instead(old, page, self.reading):
            report = self.check_page(page)
            report.add(conflicts(example))
        return report

    def check_page(self, page: Page) -> Report:
        """Everything that can be said of one page."""
        example = self.example_of(page)
        report = self._check_text(page, example)
        self._check_numbers(page, example, report)
        return report

    def _check_text(self, page: Page, example: Example | None) -> Report:
        report = Report(Counter(pages=1, formulas=len(page.formulas)))
        for formula in page.formulas:
            self._check_formula(page, formula, example, report)
        if example:
            check_tables(page, example.first, self.reading, report)
            check_figures(page, example, report)
            if not page.quotes:
                check_loose(page, example, self.reading, report)
            check_names(page, example, self.reading, self.defined_at, report)
        check_headings(page, report)
        return report

    def _check_formula(self, page: Page, formula: Formula, example: Example | None, report: Report) -> None:
        reading = self.reading(formula)
        if reading.unknown:
            report.counts["equations"] += 1
            report.unknown.append(Unknown(page.path, formula.where, formula.tex, reading.unknown))
            return
        report.counts["equations"] += reading.is_equation
        if reading.differs:
            report.fail("seen", page.path, formula.where, _short(formula.tex), "", "is annotated, but is not seen")
        for note in reading.notes:
            report.fail("form", page.path, formula.where, _short(formula.tex), "", f"is not well formed: {note}")
        if page.quotes:  # what a source prints need not be right; its table is judged row by row
            return
        result = self._result(formula, reading, example)
        report.counts.update(redone=result.redone, substituted=result.substituted)
        for slip in result.slips:
            report.fail("line", page.path, formula.where, slip.printed, slip.expected, slip.why)
        if result.unknown and reading.is_equation and _has_numbers(reading):
            report.unknown.append(Unknown(page.path, formula.where, formula.tex, result.unknown[0]))

    def _result(self, formula: Formula, reading: Reading, example: Example | None) -> lines.Result:
        symbols, rules = (example.symbols, example.rules) if example else (Symbols(), Rules())
        key = formula.key, example.version if example else None  # versions are never shared by two examples
        if key not in self._results:
            self._results[key] = lines.check(reading.rows, symbols, rules)
        return self._results[key]

    def _check_numbers(
        self, page: Page, own: Example | None, report: Report, of: Callable[[str], bool] = lambda _trace: True
    ) -> None:
        """Every number that carries an address, in formulas and in prose; those that are `of` a trace."""
        spots = [(a, text, True) for a, text in page.addresses]
        spots += [(v.address, number_text(v.text), False) for v in page.values]
        for address, text, worked in spots:
            if not of(trace := address.partition(":")[0]):
                continue
            if (example := self.example(trace)) is None:
                report.fail("address", page.path, "", address, "", "is no address in any trace")
            else:
                example.judge(address, text, worked and example is own, page.path, report)


def _has_numbers(reading: Reading) -> bool:
    return any(getattr(n, "address", None) for node in reading.nodes for n in walk(node))


def _short(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) < 100 else text[:99] + "…"
