"""One example of the book: its truth, what its symbols stand for, and how its numbers are printed."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from decimal import Decimal, InvalidOperation
from functools import cached_property
from itertools import count

from . import lines
from .exact import AGREE, Truth, pencil_bounds
from .figures import flat
from .ops import mp
from .read import Page
from .redo import Rules
from .report import Report
from .symbols import Symbols
from .trace import Place, Trace
from .tree import Num, Partial, Sym, cells

_versions = count()
OFTEN = 3
"""So many numbers show how many digits a page prints."""


class Example:
    """Knows everything that the pages of one example say together.

    `version` changes whenever the bindings of the symbols do, so that results can be kept in between.
    """

    def __init__(self, text: str):
        self.trace = Trace(text)
        self.truth = Truth(self.trace)
        self.exact = False
        self._bound: dict[str, list] = {}
        self._printed: dict[str, Counter] = {}
        self.symbols, self.rules, self.version = Symbols(self.home), Rules(), next(_versions)
        self._decimals: dict[Place, Decimal | None] = {}

    # Learning from the pages

    def learn(self, pages: Iterable[Page], reading: Callable) -> None:
        """Take in what the example's pages bind and print."""
        pages = list(pages)
        for page in pages:
            self._bound[page.path], self._printed[page.path] = self._told(page, reading)
        self.exact = any(r == "≈" for p in pages for f in p.formulas for row in reading(f).rows for r in row.relations)
        self.rules = Rules(self._digits(), self.is_given)
        self._bind()

    @contextmanager
    def instead(self, old: Page, new: Page, reading: Callable) -> Iterator[None]:
        """Meanwhile `new` stands in the place of `old`."""
        kept = self._bound[old.path], self._printed[old.path], self.symbols, self.version
        self._bound[old.path], self._printed[old.path] = self._told(new, reading)
        if self._bound[old.path] != kept[0]:
            self._bind()
        self.__dict__.pop("consensus", None)
        try:
            yield
        finally:
            self._bound[old.path], self._printed[old.path], self.symbols, self.version = kept
            self.__dict__.pop("consensus", None)

    def adopt(self, learned: Iterable[tuple]) -> None:
        """Take in symbols that are nowhere defined, as they were first used: (page, binding with its place)."""
        for path, *binding in learned:
            self._bound[path].append(tuple(binding))
        self._bind()

    def _told(self, page: Page, reading: Callable) -> tuple[list, Counter]:
        bound = []
        for formula in page.formulas:
            for chain in lines.chains(reading(formula).rows):
                bound += [(*b, formula.where) for b in lines.bindings(chain)]
        places = ((self.home_of(address), text) for address, text in page.addresses)
        return bound, Counter((place, text) for place, text in places if place)

    def _bind(self) -> None:
        self.symbols = Symbols(self.home)
        for bound in self._bound.values():
            for key, literal, _, _ in bound:
                self.symbols.bind(key, literal)
        self.version = next(_versions)

    def _digits(self) -> int | None:
        """The significant digits of the example: the most that several computed numbers show."""
        shown: dict[int, set] = defaultdict(set)
        for (place, text), _ in self._all_printed().items():
            if not self.trace.steps[place[0]].is_leaf and (number := decimal(text)):
                shown[len(number.normalize().as_tuple().digits)].add(place)
        often = [n for n, places in shown.items() if len(places) >= OFTEN]
        return max(often or shown, default=None)

    def _all_printed(self) -> Counter:
        return sum(self._printed.values(), Counter())

    @cached_property
    def consensus(self) -> dict[Place, str]:
        """How an entry is printed, by most of its printings."""
        by_place: dict[Place, Counter] = defaultdict(Counter)
        for (place, text), n in self._all_printed().items():
            by_place[place][text] += n
        return {place: texts.most_common(1)[0][0] for place, texts in by_place.items()}

    @cached_property
    def flat_names(self) -> dict[str, set[Place]]:
        """The entries by their symbols, written as in a figure."""
        found: dict[str, set[Place]] = defaultdict(set)
        for key in self.symbols.known:
            for literal in self.symbols.known[key] if isinstance(key, Sym) else []:
                if isinstance(literal, Num) and (place := self.home_of(literal.address)):
                    found[flat(key)].add(place)
        return found

    # Addresses

    def home_of(self, address: str | None) -> Place | None:
        place = self.trace.place(address) if address else None
        return self.trace.home(place) if place else None

    def home(self, address: str | None):
        return self.home_of(address) or address

    def is_given(self, number: Num) -> bool:
        place = self.home_of(number.address)
        return place is None or self.trace.steps[place[0]].is_leaf

    def value(self, place: Place) -> Decimal | None:
        """The exact value of an entry."""
        if place not in self._decimals:
            truth = self.truth.at(place)
            self._decimals[place] = None if truth is None else Decimal(mp.nstr(truth, 45))
        return self._decimals[place]

    @cached_property
    def _bounds(self):
        return pencil_bounds(self.truth, self.rules.digits or 1)

    # Judging

    def judge(self, address: str, text: str, worked: bool, page: str, report: Report) -> None:
        """One printed number: right to its printed digits, or as far off as pencil arithmetic may bring it."""
        place, number = self.home_of(address), decimal(text)
        if place is None or number is None:
            why = "is no address in the trace" if place is None else f"is no number, at {address}"
            report.fail("address", page, "", address if place is None else text, "", why)
            return
        report.counts["numbers"] += 1
        truth, common = self.value(place), self.consensus.get(place)
        if truth is None:
            return
        if worked and text != common and not self._right(place, text, truth, own=True):
            report.fail("number", page, address, text, common, "is printed otherwise elsewhere")
        elif self._right(place, text, truth, own=not worked):
            report.counts.update(right=1, digits=len(number.normalize().as_tuple().digits))
        else:
            self._judge_drift(place, number, truth, address, page, report)

    def _right(self, place: Place, text: str, truth: Decimal, own: bool) -> bool:
        if self.trace.steps[place[0]].is_leaf and not own:
            return Decimal(text) == Decimal(repr(float(self.trace.steps[place[0]].value[place[1]])))
        rules = Rules() if own or self.trace.steps[place[0]].is_leaf else self.rules
        return rules.fits(truth, Num(text))

    def _judge_drift(self, place: Place, number: Decimal, truth: Decimal, address, page, report: Report) -> None:
        bound = 0.0 if self.exact or self.trace.steps[place[0]].is_leaf else float(self._bounds[place[0]][place[1]])
        drift = float(abs(number - truth))
        if drift > bound:
            report.fail("number", page, address, number, f"{truth:.10g}", "is not the exact value, nor near it by pencil")
        else:
            report.counts["drifted"] += 1
            report.figures["drift"] = max(report.figures.get("drift", 0.0), drift / bound)

    # The example as a whole

    def check(self) -> Report:
        """The trace itself, its gradients, and what the pages say together."""
        report = Report(figures={"ulps": self.truth.drift_in_ulps})
        for fault in self.truth.faults:
            report.fail("trace", self.trace.example, fault.step, fault.printed, fault.expected, fault.why)
        for (name, index), gradient, difference in self.truth.gradients:
            report.counts["gradients"] += 1
            error = abs(gradient - difference) / max(abs(gradient), abs(difference), mp.mpf(1))
            report.figures["gradient"] = max(report.figures.get("gradient", 0.0), float(error))
            if error > AGREE:
                found = f"{mp.nstr(gradient, 12)} for {name}{list(index)}"
                report.fail("gradient", self.trace.example, self.trace.grads[name], found, mp.nstr(difference, 12))
        report.add(self.conflicts())
        return report

    def conflicts(self) -> Report:
        """Symbols that stand for different things in different places, and gradients under a wrong name."""
        report = Report()
        seen: dict[tuple, list] = {}
        for path, bound in self._bound.items():
            for key, literal, shared, where in bound:
                if not shared:
                    self._meet(seen, key, literal, (path, where), report)
                if isinstance(key, Partial):
                    self._check_gradient(key, literal, path, where, report)
        self._check_names(report)
        return report

    def _meet(self, seen: dict, key, literal, place: tuple[str, str], report: Report) -> None:
        shape = len(cells(literal)), len(cells(literal)[0])
        first = seen.setdefault((key, shape), [literal, place])
        if not self.symbols.same(first[0], literal) and not any(s for k, _, s, _ in self._shared if k == key):
            other = f"{first[0]} as in {first[1][0]}, {first[1][1]}"
            report.fail("symbol", *place, f"{key} = {literal}", other, "is bound to something else elsewhere")

    def _check_names(self, report: Report) -> None:
        """One entry, one name: the index of a symbol and the place of its number must go together."""
        named: dict[tuple, tuple] = {}
        for path, bound in self._bound.items():
            for key, literal, _, where in bound:
                places = tuple(self.home_of(n.address) for row in cells(literal) for n in row)
                if isinstance(key, Sym) and None not in places:
                    first = named.setdefault((type(literal), places), (key, path, where))
                    if first[0] != key:
                        other = f"{first[0]}, as in {first[1]}, {first[2]}"
                        report.fail("symbol", path, where, key, other, "is another name for the same numbers")

    @property
    def _shared(self) -> list:
        return [b for bound in self._bound.values() for b in bound if b[2]]

    def _check_gradient(self, key: Partial, literal, path: str, where: str, report: Report) -> None:
        """∂J/∂s must be printed from the step that the trace names as the gradient of s."""
        for s in self.symbols.lookup(key.bottom) if isinstance(key.bottom, Sym) else []:
            pairs = [(a, b) for r, t in zip(cells(s), cells(literal), strict=False) for a, b in zip(r, t, strict=False)]
            if len(cells(s)) == len(cells(literal)) and any(self._wrong_gradient(a, b) for a, b in pairs):
                report.fail("symbol", path, where, f"{key} = {literal}", "", "is not where the trace has this gradient")

    def _wrong_gradient(self, of: Num, gradient: Num) -> bool:
        place, found = self.home_of(of.address), self.home_of(gradient.address)
        if not place or not found or place[0] not in self.trace.grads:
            return False
        return found != self.trace.home((self.trace.grads[place[0]], place[1]))


def decimal(text: str) -> Decimal | None:
    try:
        return Decimal(text)
    except InvalidOperation:
        return None
