"""One example of the book: its truth, what its symbols stand for, and how its numbers are printed."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from decimal import Decimal, InvalidOperation
from functools import cached_property
from itertools import count, islice

import numpy as np

from ..arithmetic.tree import Node, Num, Partial, Sym, cells, walk
from ..ops import mp
from ..read.html import Page
from ..truth.exact import AGREE, Slope, Truth, pencil_bounds
from ..truth.reach import bounds_told
from ..truth.symbols import Symbols
from ..truth.trace import Place, Trace
from . import lines
from .conflicts import conflicts
from .figures import flat
from .recompute import Rules
from .report import Report, apart, both_apart

_versions = count()
MOST = 200
"""Slopes that are told of one example: where every gradient is wrong, more would say no more."""
SUSPECT = 1e-9
"""What is farther off than this, beside the largest number of the example, is no noise: no bound is worked out."""
OFTEN = 3
"""So many numbers show how many digits a page prints."""


class Example:
    """Knows everything that the pages of one example say together.

    `version` changes whenever the bindings of the symbols do, so that results can be kept in between.
    """

    def __init__(self, text: str):
        self.trace = Trace(text)
        self.truth = Truth(self.trace)
        self.first: Example = self  # of the second update: the example itself, whose tables tell all updates
        self.exact = False  # whether its pages carry all digits; ≈ stands on such pages only
        self.bound_on: dict[str, list] = {}
        self._elided: set = set()
        self._printed: dict[str, Counter] = {}
        self.symbols, self.rules, self.version = Symbols(self.home), Rules(), next(_versions)
        self._homes: dict[str | None, Place | None] = {}
        self._decimals: dict[Place, Decimal | None] = {}

    # Learning from the pages

    def learn(self, pages: Iterable[Page], reading: Callable) -> None:
        """Take in what the example's pages bind and print."""
        pages = list(pages)
        for page in pages:
            self.bound_on[page.path], self._printed[page.path] = self._told(page, reading)
        rows = (row for page in pages for formula in page.formulas for row in reading(formula).rows)
        self.exact = any("≈" in row.relations for row in rows)
        self.rules = Rules(self._digits(), self.is_given)
        self._bind()

    @contextmanager
    def instead(self, old: Page, new: Page, reading: Callable) -> Iterator[None]:
        """Meanwhile `new` stands in the place of `old`."""
        kept = self.bound_on[old.path], self._printed[old.path], self.symbols, self.version
        self.bound_on[old.path], self._printed[old.path] = self._told(new, reading)
        if self.bound_on[old.path] != kept[0]:
            self._bind()
        self._forget()
        try:
            yield
        finally:
            self.bound_on[old.path], self._printed[old.path], self.symbols, self.version = kept
            self._forget()

    def _forget(self) -> None:
        for name in ("consensus", "printed_texts", "printed_numbers", "flat_names"):
            self.__dict__.pop(name, None)

    def adopt(self, learned: Iterable[tuple]) -> None:
        """Take in symbols that are nowhere defined, as they were first used: (page, binding with its place)."""
        for path, *binding in learned:
            self.bound_on[path].append(tuple(binding))
        self._bind()

    def _told(self, page: Page, reading: Callable) -> tuple[list, Counter]:
        bound = []
        for formula in [] if page.quotes else page.formulas:
            for chain in lines.chains(reading(formula).rows):
                bound += [(*b, formula.where) for b in lines.bindings(chain)]
                self._elided.update(lines.elided(chain))
        places = ((self.home_of(address), text) for address, text in page.addresses)
        return bound, Counter((place, text) for place, text in places if place)

    def _bind(self) -> None:
        self.symbols = Symbols(self.home)
        self.symbols.elided = self._elided
        for bound in self.bound_on.values():
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
    def printed_numbers(self) -> set[Decimal]:
        return {number.normalize() for text in self.consensus.values() if (number := decimal(text)) is not None}

    @cached_property
    def printed_texts(self) -> set[str]:
        return set(self.consensus.values())

    @cached_property
    def quantities(self) -> list[Decimal]:
        """Every entry of every step to 50 digits, in order."""
        places = ((name, i) for name, array in self.truth.values.items() for i in np.ndindex(array.shape))
        return sorted(value for place in places if (value := self.value(place)).is_finite())

    @cached_property
    def bounds(self) -> list[Decimal]:
        """What outputs cannot go beyond, and what the loss cannot fall below, in order."""
        return sorted(Decimal(value) for value in bounds_told(self.truth) if np.isfinite(value))

    @cached_property
    def loss_again(self) -> Decimal:
        """The loss after one update on the data that this update has read."""
        return Decimal(self.truth.training.loss_again())

    def loss(self, updates: int) -> Decimal:
        """The loss after so many updates."""
        return Decimal(self.truth.training.loss(updates))

    @cached_property
    def flat_names(self) -> dict[str, set[Place]]:
        """The entries by their symbols, written as in a figure."""
        found: dict[str, set[Place]] = defaultdict(set)
        for key in self.symbols.known:
            for literal in self.symbols.known[key] if isinstance(key, Sym) else []:
                if isinstance(literal, Num) and (place := self.home_of(literal.address)):
                    found[flat(key)].add(place)
        return found

    def steps_of(self, node: Node) -> set[str]:
        """The steps whose numbers a symbol stands for."""
        found = self.symbols.lookup(node) if isinstance(node, Sym | Partial) else []
        numbers = (n for literal in found for row in cells(literal) for n in row)
        return {place[0] for n in numbers if (place := self.named_by(n.address))}

    def steps_in(self, node: Node) -> set[str]:
        """The steps that a node shows, by symbols or by numbers."""
        shown = {p[0] for n in walk(node) if isinstance(n, Num) and (p := self.named_by(n.address))}
        return shown.union(*(self.steps_of(n) for n in walk(node)))

    # Addresses

    def home_of(self, address: str | None) -> Place | None:
        if address not in self._homes:
            place = self.trace.place(address) if address else None
            self._homes[address] = self.trace.home(place) if place else None
        return self._homes[address]

    def named_by(self, address: str | None) -> Place | None:
        """The entry whose name the number at an address has."""
        place = self.trace.place(address) if address else None
        return self.trace.named(place) if place else None

    def home(self, address: str | None):
        return self.home_of(address) or address

    def is_given(self, number: Num) -> bool:
        place = self.home_of(number.address or number.source)
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

    def bound(self, place: Place) -> float:
        """How far the pencil may drift at an entry."""
        return float(self._bounds[place[0]][place[1]])

    def shows(self, place: Place, number: Num, rules: Rules) -> bool:
        """Whether a printed number is the value of an entry, to 50 digits or as float64 carries it: where decimals
        cancel, it carries what its roundings leave."""
        truth = self.value(place)
        if rules.shows(truth, number):
            return True
        half = rules.half(number) if number.value else Decimal(0)
        return abs(number.value - truth) <= half + Decimal(float(self.truth.noise(place[0])[place[1]]))

    def is_noise(self, number: Num, name: str, updates: int = 0, index: int | None = None) -> bool:
        """Whether a number is an entry of a step after so many updates, or the one at `index` of all its entries, as
        float64 carries it; asked of what differs from the value, by more than the digits that it shows."""
        values = self.truth.training.value(name, updates) if updates else self.truth.values[name].astype(np.float64)
        far = np.abs(np.reshape(values - float(number.value), -1))[... if index is None else index]
        if np.all(far > SUSPECT * self._size):
            return False
        noise = np.reshape(self.truth.noise(name, updates), -1)[... if index is None else index]
        return bool(np.any(far <= float(Rules().half(number)) + noise))

    @cached_property
    def _size(self) -> float:
        """The largest number that the example works with."""
        sizes = (float(np.max(np.abs(s.value), initial=1.0)) for s in self.trace.steps.values())
        return max(size for size in sizes if np.isfinite(size))

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
        if worked and text != common and not self._right(place, text, own=True):
            report.fail("number", page, address, text, common, "is printed otherwise elsewhere")
        elif self._right(place, text, own=not worked):
            report.counts.update(right=1, digits=len(number.normalize().as_tuple().digits))
        else:
            self._judge_drift(place, number, truth, address, page, report)

    def _right(self, place: Place, text: str, own: bool) -> bool:
        if self.trace.steps[place[0]].is_leaf and not own:
            return Decimal(text) == Decimal(repr(float(self.trace.steps[place[0]].value[place[1]])))
        rules = Rules() if own or self.trace.steps[place[0]].is_leaf else self.rules
        return self.shows(place, Num(text), rules)

    def _judge_drift(self, place: Place, number: Decimal, truth: Decimal, address, page, report: Report) -> None:
        bound = 0.0 if self.exact or self.trace.steps[place[0]].is_leaf else self.bound(place)
        drift = float(abs(number - truth))
        if drift > bound:
            expected = apart(truth, number)
            report.fail("number", page, address, number, expected, "is neither exact nor as near as pencil")
        else:
            report.counts["drifted"] += 1
            report.figures["drift"] = max(report.figures.get("drift", 0.0), drift / bound)

    # The example as a whole

    def check(self) -> Report:
        """The trace itself, its gradients, and what the pages say together."""
        report = Report(figures={"ulps": self.truth.drift_in_ulps})
        for fault in self.truth.faults:
            report.fail("trace", self.trace.example, fault.step, fault.printed, fault.expected, fault.why)
        for slope in islice(self.truth.gradients(), MOST):
            self._judge_slope(slope, report)
        report.add(conflicts(self))
        return report

    def _judge_slope(self, slope: Slope, report: Report) -> None:
        """The gradients of some entries, which agree with a difference, or of one that does not."""
        report.counts["gradients"] += len(slope.places)
        report.figures["gradient"] = max(report.figures.get("gradient", 0.0), float(slope.error))
        if slope.error > AGREE:
            name, index = slope.places[0]
            exact = (Decimal(mp.nstr(x, 45)) for x in (slope.gradient, slope.difference))
            found, wanted = both_apart(*exact, 12)
            told = f"{found} for {name}{list(index)}"
            report.fail("gradient", self.trace.example, self.trace.grads[name], told, wanted)


def decimal(text: str) -> Decimal | None:
    try:
        return Decimal(text)
    except InvalidOperation:
        return None
