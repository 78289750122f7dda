"""The errata of a source: each figure it prints is judged by computing, each slip explained by redoing it."""

from collections.abc import Callable, Iterator
from functools import cached_property, partial
from pathlib import Path

import numpy as np

from gradbook.engine.tape.rounding import round_decimal
from gradbook.engine.tape.trace import Step, Trace

from .printed import at, cut, one_digit, power_of_ten, shows, swapped, wrong_sign
from .programs import Programs
from .redo import Choice, Redo, line_of, value_in
from .source import Figure, read_source, source_of
from .verdict import KINDS, Errata, Judged, Reason, Verdict

__all__ = ["KINDS", "Errata", "Judged", "Reason", "Verdict", "errata", "source_of"]

HANDS: tuple[tuple[str, Callable], ...] = (
    ("factor", power_of_ten),
    ("sign", wrong_sign),
    ("digit", one_digit),
    ("swap", swapped),
)
"""The slips of the hand: (reason, test of value, number printed and decimals)."""


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

    def earlier(self, figure: Figure) -> Iterator[Judged]:
        """Earlier figures that claim to be the same quantity, the first one first."""
        return (j for j in self.done if j.figure.quantity == figure.quantity)


class Case:
    """One figure before the judge. Each finder gives a verdict or None; the first that gives one decides."""

    def __init__(self, judge: Judge, figure: Figure):
        self.judge, self.figure, self.number = judge, figure, figure.number
        self.trace = judge.programs.own_after(figure.after)
        self.exact = value_in(self.trace, figure)
        self.redo = Redo(judge.exact, figure, judge.pins)
        self.redone = not figure.after and not judge.exact[figure.step].is_leaf
        self.precisions = list(dict.fromkeys([figure.column, figure.decimals]))

    def verdict(self) -> Verdict:
        """Right, cut off, following or wrong, in this order. At the decimals of the block first, in case the
        source dropped a zero: what then follows from a slip above is not right just because it is short."""
        column, own = self.precisions[0], self.precisions[-1]
        if self._holds(self.exact, column):
            return self._right()
        if self._holds(self.exact, own):
            follows = self._follows(column)
            return follows if follows and follows.from_slip else self._right()
        follows = self._first(self._follows, self.precisions)
        if any(cut(self.exact, self.number, d) for d in self.precisions):
            return Verdict("truncated", (), *((follows.causes, follows.repeats) if follows else ()))
        return follows or self._first(self._rounded, self.precisions) or self._wrong()

    def _holds(self, value: float, decimals: int) -> bool:
        return shows(value, self.number, decimals)

    @staticmethod
    def _first(find, precisions) -> Verdict | None:
        return next((found for d in precisions if (found := find(d))), None)

    def _shown(self, value: float, power: int = 0) -> str:
        """What should have been printed; a slip of the point to the right hides `power` decimals."""
        return f"{at(value, self.figure.decimals + max(power, 0)):f}"

    # What is right

    def _right(self) -> Verdict:
        if not self.redone:
            return Verdict("right")
        used = self.redo.used({})
        slips = {key: j for key, j in used.items() if j.verdict.kind == "wrong"}
        return Verdict("right", against=tuple(j for key, j in slips.items() if self._is_avoided(key, used)))

    def _is_avoided(self, key, used) -> bool:
        """Whether this slip alone, used as it is printed, would have led to another figure."""
        return not self._holds(self.redo.value({}, without=used.keys() - {key}), self.figure.decimals)

    # What follows from figures above it

    def _follows(self, decimals: int) -> Verdict | None:
        return self._repeats(decimals) or (self._replayed(decimals) if self.redone else None)

    def _repeats(self, decimals: int) -> Verdict | None:
        for j in self.judge.earlier(self.figure):
            if self._holds(float(j.figure.number), decimals):
                return Verdict("follows", causes=(j,), repeats=j.figure.number == self.number)
        return None

    def _replayed(self, decimals: int) -> Verdict | None:
        holds = partial(self._holds, decimals=decimals)
        for choice in self.redo.choices():
            if self.redo.used(choice) and holds(self.redo.value(choice)):
                return Verdict("follows", causes=self.redo.causes(choice, holds))
        return None

    def _rounded(self, decimals: int) -> Verdict | None:
        """An entry that the source does not print was rounded, to as many decimals or digits as the figure."""
        for entry in self.redo.unprinted() if self.redone else ():
            for rule in (at, round_decimal):
                size = decimals if rule is at else max(1, self.figure.digits)
                if self._holds(self.redo.value({}, rounding=partial(_rounded_entry, entry, rule, size)), decimals):
                    name, index = entry
                    rounded = rule(self.judge.exact.value(name)[index], size)
                    return Verdict("follows", (Reason("rounded", f"{rounded:f}", other=entry),))
        return None

    # What is wrong, and by what

    def _wrong(self) -> Verdict:
        by_hand = [partial(self._slip, kind, test) for kind, test in HANDS]
        finders = [*by_hand[:2], self._count, self._updated, *by_hand[2:], self._quantity, self._operand, self._both]
        found = (self._first(find, reversed(self.precisions)) for find in finders)
        unexplained = Verdict("wrong", (Reason("unexplained", self._shown(self.exact)),))
        return next((verdict for verdict in found if verdict), unexplained)

    @cached_property
    def bases(self) -> list[tuple[float, Choice | None]]:
        """The numbers a slip may have been made on: the exact one, then what the figures above lead to."""
        choices = [c for c in self.redo.choices() if sum(c.values()) <= 1] if self.redone else []
        return [(self.exact, None), *((self.redo.value(c), c) for c in choices if self.redo.used(c))]

    def _slip(self, kind: str, test, decimals: int) -> Verdict | None:
        """A slip of the hand on one of the bases; digits are compared with the two likeliest only."""
        for value, choice in self.bases if kind in ("factor", "sign") else self.bases[:2]:
            if found := test(value, self.number, decimals):
                same = lambda v, found=found: test(v, self.number, decimals) == found  # noqa: E731
                causes = () if choice is None else self.redo.causes(choice, same)
                return Verdict("wrong", (self._by_hand(kind, value, found),), causes)
        return None

    def _by_hand(self, kind: str, value: float, found) -> Reason:
        power = found if kind == "factor" else 0
        return Reason(kind, self._shown(value, power), power=power)

    def _count(self, decimals: int) -> Verdict | None:
        return self._trained(self.judge.programs.own, (-1, 1), decimals)

    def _updated(self, decimals: int) -> Verdict | None:
        for program in self.judge.programs.mutants:
            if found := self._trained(program, (0, -1, 1), decimals) or self._redone_in(program, decimals):
                return found
        return None

    def _trained(self, program, shifts, decimals: int) -> Verdict | None:
        """The figure of another program, or after one update less or more."""
        for shift in shifts if self.figure.after else {0} & set(shifts):
            trace = self.judge.programs.after(program, self.figure.after + shift)
            if trace and self._holds(value_in(trace, self.figure), decimals):
                return Verdict("wrong", tuple(self._program_reasons(program, shift)))
        return None

    def _program_reasons(self, program, shift: int) -> Iterator[Reason]:
        if program.updated:
            yield Reason("updated", self._shown(self.exact), names=program.updated)
        if shift:
            yield Reason("count", self._shown(self.exact), updates=self.figure.after + shift)

    def _redone_in(self, program, decimals: int) -> Verdict | None:
        """The figure of another program, worked from the figures above."""
        if not self.redone:
            return None
        redo, holds = Redo(program.trace, self.figure, self.judge.pins), partial(self._holds, decimals=decimals)
        for choice in redo.choices():
            if sum(choice.values()) <= 1 and holds(redo.value(choice)):
                return Verdict("wrong", tuple(self._program_reasons(program, 0)), redo.causes(choice, holds))
        return None

    def _quantity(self, decimals: int) -> Verdict | None:
        """Another entry of this step, or another quantity, stands where this one should. Short figures agree by
        chance: with two digits only the same line is searched, with one only leaves."""
        near, far = self._others()
        leaf = self.judge.exact[self.figure.step].is_leaf
        reach = [] if self.figure.digits < 2 and not leaf else near if self.figure.digits < 3 else [*near, *far]
        for other in reach:
            for value, causes in self._values(other):
                if self._holds(value, decimals):
                    return Verdict("wrong", (Reason("quantity", self._shown(self.exact), other=other),), causes)
        return None

    def _others(self) -> tuple[list, list]:
        """The entries that may stand here by mistake: those on the same line, at the same place first; the rest."""
        line = line_of(self.trace, self.figure.step)
        found = [
            (name, index)
            for name, step in self.trace.items()
            for index in np.ndindex(step.shape)
            if (name, index) != (self.figure.step, self.figure.index) and not name.startswith("const.")
        ]
        found.sort(key=lambda entry: entry[1] != self.figure.index)
        return [e for e in found if e[0] in line], [e for e in found if e[0] not in line]

    def _values(self, entry):
        """(value, causes): the exact value of an entry, then what the source printed for it."""
        yield float(self.trace.value(entry[0])[entry[1]]), ()
        for judged in () if self.figure.after else self.judge.pins.get(entry, ()):
            yield float(judged.figure.number), (judged,)

    def _operand(self, decimals: int) -> Verdict | None:
        if not self.redone or self.figure.digits < 3:
            return None
        for step, operand, other, value in self.redo.swapped_operands():
            if self._holds(value, decimals):
                reason = Reason("operand", self._shown(self.exact), step=step, operand=operand, other=(other, None))
                return Verdict("wrong", (reason,))
        return None

    def _both(self, decimals: int) -> Verdict | None:
        """Another quantity of the same line stands here, and with a slip of the hand at that."""
        for name, index in self._others()[0] if self.figure.digits > 2 else ():
            value = float(self.trace.value(name)[index])
            for kind, test in HANDS:
                if found := test(value, self.number, decimals):
                    reason = Reason("quantity", self._shown(self.exact), other=(name, index))
                    return Verdict("wrong", (reason, self._by_hand(kind, value, found)))
        return None


def _rounded_entry(entry, rule, size: int, step: Step, value: np.ndarray) -> np.ndarray:
    """`value` with one entry rounded, if it is the value of the step that holds the entry."""
    name, index = entry
    if step.name != name:
        return value
    value = value.copy()
    value[index] = float(rule(value[index], size))
    return value
