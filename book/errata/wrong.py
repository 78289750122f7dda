"""The slip that a wrong figure was made by: the simplest one that gives its digits."""

from collections.abc import Callable, Iterator
from functools import cached_property, partial

import numpy as np

from .printed import one_digit, power_of_ten, swapped, wrong_sign
from .recompute import Choice, Recomputation, line_of, value_in
from .verdict import Reason, Verdict

HANDS: tuple[tuple[str, Callable], ...] = (
    ("factor", power_of_ten),
    ("sign", wrong_sign),
    ("digit", one_digit),
    ("swap", swapped),
)
"""The slips of the hand: (reason, test of value, number printed and decimals)."""


class Wrong:
    """The case of a figure that is neither right nor led to. Each finder gives a verdict or None; the first that
    gives one decides."""

    def __init__(self, case):
        self.case, self.judge, self.figure, self.number = case, case.judge, case.figure, case.number
        self.trace, self.exact, self.again, self.redone = case.trace, case.exact, case.again, case.redone
        self._holds, self._first, self._shown = case.holds, case.first, case.shown

    def verdict(self) -> Verdict:
        by_hand = [partial(self._slip, kind, test) for kind, test in HANDS]
        finders = [*by_hand[:2], self._count, self._updated, self.case.in_single, *by_hand[2:]]
        finders += [self._quantity, self._operand, self._both]
        found = (self._first(find, reversed(self.case.precisions)) for find in finders)
        unexplained = Verdict("wrong", (Reason("unexplained", self._shown(self.exact)),))
        return next((verdict for verdict in found if verdict), unexplained)

    @cached_property
    def bases(self) -> list[tuple[float, Choice | None]]:
        """The numbers a slip may have been made on: the exact one, then what the figures above lead to."""
        choices = [c for c in self.again.choices() if sum(c.values()) <= 1] if self.redone else []
        return [(self.exact, None), *((self.again.value(c), c) for c in choices if self.again.used(c))]

    def _slip(self, kind: str, test, decimals: int) -> Verdict | None:
        """A slip of the hand on one of the bases; digits are compared with the two likeliest only."""
        for value, choice in self.bases if kind in ("factor", "sign") else self.bases[:2]:
            if found := test(value, self.number, decimals):
                same = lambda v, found=found: test(v, self.number, decimals) == found  # noqa: E731
                causes = () if choice is None else self.again.causes(choice, same)
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
        again = Recomputation(program.trace, self.figure, self.judge.pins)
        holds = partial(self._holds, decimals=decimals)
        for choice in again.choices():
            if sum(choice.values()) <= 1 and holds(again.value(choice)):
                return Verdict("wrong", tuple(self._program_reasons(program, 0)), again.causes(choice, holds))
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
        for step, operand, other, value in self.again.swapped_operands():
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
