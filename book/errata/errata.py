"""The errata of a source: each figure it prints is judged by computing, each slip explained by redoing it."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path

from gradbook.engine.tape.rounding import round_decimal
from gradbook.engine.tape.trace import Trace

from .carried import carried
from .precision import Precision
from .printed import at, cut, is_cut_near, is_near, is_of_float32, known, shows, unit
from .programs import Programs
from .recompute import Recomputation, rounded_entry, value_in
from .source import Figure, read_source, source_of
from .verdict import KINDS, Errata, Judged, Reason, Verdict
from .wrong import Wrong

__all__ = ["KINDS", "Errata", "Judged", "Reason", "Verdict", "errata", "source_of"]

FLOAT32 = 7
"""So many digits every number of single precision has."""


def errata(exact: Trace, pencil: Trace, source_path: str | Path) -> Errata:
    """Judge every figure of a source file, in the order of the source.

    Raises BookError with one sentence if the file is wrong, or if training as often as it says overflows.
    """
    source, figures = read_source(source_path, exact)
    judge = Judge(exact, pencil)
    for figure in figures:
        judge.add(figure)
    return Errata(source, tuple(judge.done))


class Judge:
    """Judges the figures of one source one after another; what is judged explains what comes later."""

    def __init__(self, exact: Trace, pencil: Trace):
        self.exact, self.pencil = exact, pencil
        self.programs = Programs(exact)
        self.precisions: dict[int, Precision] = {}
        self.done: list[Judged] = []
        self.pins: dict[tuple, list[Judged]] = {}

    def add(self, figure: Figure) -> None:
        case = Case(self, figure)
        by_hand = None if figure.after else value_in(self.pencil, figure)
        judged = Judged(figure, case.exact, by_hand, case.verdict())
        self.done.append(judged)
        if not figure.after and figure.term is None:
            self._pin(judged)

    def _pin(self, judged: Judged) -> None:
        """Make the figure the latest printing of its entry. A restatement is known by the first of its kind."""
        found = self.pins.setdefault((judged.step, judged.index), [])
        first = next((j for j in found if j.figure.number == judged.figure.number), judged)
        found[:] = [first, *(j for j in found if j is not first)]

    def precision(self, updates: int) -> Precision:
        """What number formats can know after so many updates. Of later traces only the last one's is kept: it holds
        the values of all its draws."""
        if updates not in self.precisions:
            for later in [n for n in self.precisions if n]:
                del self.precisions[later]
            self.precisions[updates] = Precision(self.programs.own_after(updates), self.exact, updates)
        return self.precisions[updates]

    def earlier(self, figure: Figure) -> Iterator[Judged]:
        """Earlier figures that claim to be the same quantity, the first one first."""
        return (j for j in self.done if j.figure.quantity == figure.quantity)


class Case:
    """One figure before the judge. Each finder gives a verdict or None; the first that gives one decides."""

    def __init__(self, judge: Judge, figure: Figure):
        self.judge, self.figure, self.number = judge, figure, figure.number
        self.trace = judge.programs.own_after(figure.after)
        self.exact = value_in(self.trace, figure)
        self.precision = judge.precision(figure.after)
        self.again = Recomputation(judge.exact, figure, judge.pins)
        self.redone = not figure.after and not judge.exact[figure.step].is_leaf
        self.precisions = list(dict.fromkeys([figure.column, figure.decimals]))

    def verdict(self) -> Verdict:
        """Right, cut off, following or wrong, in this order. At the decimals of the block first, in case the
        source dropped a zero: what then follows from a slip above is not right just because it is short."""
        column, own = self.precisions[0], self.precisions[-1]
        if self.holds(self.exact, column):
            return self._right()
        if self.holds(self.exact, own):
            follows = self._follows(column)
            return follows if follows and follows.from_slip else self._right()
        follows = self.first(self._follows, self.precisions)
        found = None if follows and follows.from_slip else self._in_double() or self._in_single_first()
        return found or self._cut(follows) or follows or self._astray()

    def _astray(self) -> Verdict:
        """What float64 does not give, nor figures above: a program of single precision may; else it is wrong."""
        led = self.first(partial(carried, self), self.precisions) or self._in_tens()
        led = led or self.first(self._rounded, self.precisions)
        return led or self._as_single(self.precision.in_single(self.figure), 0.0) or Wrong(self).verdict()

    def holds(self, value: float, decimals: int) -> bool:
        return shows(value, self.number, decimals)

    @staticmethod
    def first(find, precisions) -> Verdict | None:
        return next((found for d in precisions if (found := find(d))), None)

    def shown(self, value: float, power: int = 0) -> str:
        """What should have been printed; a slip of the point to the right hides `power` decimals."""
        return f"{known(value, self.figure.decimals + max(power, 0)):f}"

    # What is right

    def _right(self) -> Verdict:
        if not self.redone:
            return Verdict("right")
        used = self.again.used({})
        slips = {key: j for key, j in used.items() if j.verdict.kind == "wrong"}
        return Verdict("right", against=tuple(j for key, j in slips.items() if self._is_avoided(key, used)))

    def _is_avoided(self, key, used) -> bool:
        """Whether this slip alone, used as it is printed, would have led to another figure."""
        return not self.holds(self.again.value({}, without=used.keys() - {key}), self.figure.decimals)

    def _cut(self, follows: Verdict | None) -> Verdict | None:
        if not any(cut(self.exact, self.number, d) for d in self.precisions):
            return None
        return Verdict("truncated", (), *((follows.causes, follows.repeats) if follows else ()))

    def _in_tens(self) -> Verdict | None:
        """Zeros before the decimal point may only hold the place: 1200 is 1234 in two digits."""
        digits = self.figure.printed.partition("e")[0]
        zeros = 0 if "." in digits else len(digits) - len(digits.rstrip("0"))
        for decimals in range(self.figure.decimals - 1, self.figure.decimals - 1 - zeros, -1) if self.number else ():
            if self.holds(self.exact, decimals):
                return Verdict("right")
            if cut(self.exact, self.number, decimals):
                return Verdict("truncated")
        return None

    # What a number format cannot tell from the right figure

    def _in_double(self) -> Verdict | None:
        """Right to within what float64 can know: no program of double precision need print other digits."""
        decimals, reach = self.figure.decimals, self.precision.double(self.figure)
        if not is_near(self.exact, self.number, decimals, reach):
            return Verdict("truncated") if is_cut_near(self.exact, self.number, decimals, reach) else None
        knows = reach <= unit(decimals) / 2
        return Verdict("right", vouched=None if knows else self.precision.vouched(self.figure))

    def _in_single_first(self) -> Verdict | None:
        """Before it is called cut off or led to, a figure of a source that is known to be single precision, or of
        all the digits that float32 has, is asked whether float32 gives it."""
        if any(j.verdict.single for j in self.judge.done):
            return self.in_single(self.figure.decimals)
        return self._as_single(self.precision.in_single(self.figure), 0.0) if self.figure.digits >= FLOAT32 else None

    def in_single(self, decimals: int) -> Verdict | None:
        """Right, or cut off, to within what single precision can know."""
        return self._as_single(self.exact, self.precision.single(self.figure)) if decimals else None

    def _as_single(self, value: float, reach: float) -> Verdict | None:
        kinds = (
            {"right": is_near, "truncated": is_cut_near} if is_of_float32(self.number, self.figure.decimals) else {}
        )
        fits = (kind for kind, test in kinds.items() if test(value, self.number, self.figure.decimals, reach))
        return next((Verdict(kind, single=True) for kind in fits), None)

    # What follows from figures above it

    def _follows(self, decimals: int) -> Verdict | None:
        return self._repeats(decimals) or (self._replayed(decimals) if self.redone else None)

    def _repeats(self, decimals: int) -> Verdict | None:
        for j in self.judge.earlier(self.figure):
            if self.holds(float(j.figure.number), decimals):
                return Verdict("follows", causes=(j,), repeats=j.figure.number == self.number)
        return None

    def _replayed(self, decimals: int) -> Verdict | None:
        holds = partial(self.holds, decimals=decimals)
        for choice in self.again.choices():
            if self.again.used(choice) and holds(self.again.value(choice)):
                return Verdict("follows", causes=self.again.causes(choice, holds))
        return None

    def _rounded(self, decimals: int) -> Verdict | None:
        """An entry that the source does not print was rounded, to as many decimals or digits as the figure."""
        for entry in self.again.unprinted() if self.redone else ():
            for rule in (at, round_decimal):
                size = decimals if rule is at else max(1, self.figure.digits)
                if self.holds(self.again.value({}, rounding=partial(rounded_entry, entry, rule, size)), decimals):
                    name, index = entry
                    rounded = rule(self.judge.exact.value(name)[index], size)
                    return Verdict("follows", (Reason("rounded", f"{rounded:f}", other=entry),))
        return None
