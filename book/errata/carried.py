"""A figure that follows from an earlier slip and a rounding: of what is not printed, of the slip, or its own."""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from functools import partial

import numpy as np

from gradbook.engine.tape.rounding import round_decimal
from gradbook.engine.tape.trace import Step

from .printed import at, cut, known
from .recompute import Choice, Rounding, rounded_entry
from .verdict import Judged, Reason, Verdict

Key = tuple[str, tuple[int, ...]]


def carried(case, decimals: int) -> Verdict | None:
    """The verdict on a figure that a slip above leads to only with a rounding; None if none does."""
    for choice in case.again.choices() if case.redone else ():
        slips = {key: j for key, j in case.again.used(choice).items() if _is_astray(j)}
        if slips and sum(choice.values()) <= 1:
            for way in (_cut_off, _unrounded, _rounded):
                if found := way(case, choice, slips, decimals):
                    return found
    return None


def _is_astray(judged: Judged) -> bool:
    return judged.verdict.kind == "wrong" or judged.verdict.from_slip


def _cut_off(case, choice: Choice, slips: Mapping[Key, Judged], decimals: int) -> Verdict | None:
    test = partial(cut, number=case.number, decimals=decimals)
    if not test(case.again.value(choice)):
        return None
    return _follows(case, choice, slips, Reason("cut", case.shown(case.again.value(choice))), test, None)


def _unrounded(case, choice: Choice, slips: Mapping[Key, Judged], decimals: int) -> Verdict | None:
    """One slip was carried on with all the digits that it was made with, where it is known which."""
    for key, judged in slips.items():
        for value in _made(case, judged):
            if case.holds(case.again.value(choice, without={key: value}), decimals):
                more = known(value, judged.figure.decimals + MORE)
                return Verdict("follows", (Reason("unrounded", f"{more:f}"),), (judged,))
    return None


MORE = 4
"""Decimals of a slip that are shown beyond those that are printed."""


def _made(case, judged: Judged) -> Iterator[float]:
    """The numbers that a slip may have been made on and rounded, by its only reason."""
    if len(judged.verdict.reasons) != 1 or judged.verdict.causes:
        return
    (reason,) = judged.verdict.reasons
    if reason.kind == "sign":
        yield -judged.exact
    elif reason.kind == "factor":
        yield judged.exact * 10.0**reason.power
    elif reason.kind == "quantity":
        name, index = reason.other
        yield float(case.trace.value(name)[index])


def _rounded(case, choice: Choice, slips: Mapping[Key, Judged], decimals: int) -> Verdict | None:
    """What is not printed was rounded: all of it, or one entry."""
    test = partial(case.holds, decimals=decimals)
    for rule, size in ((at, decimals), (round_decimal, max(1, case.figure.digits))):
        ways = [(None, partial(_all_rounded, rule, size))]
        ways += [(entry, partial(rounded_entry, entry, rule, size)) for entry in case.again.unprinted()]
        for entry, rounding in ways:
            values = Values(rounding)
            if test(case.again.value(choice, rounding=values)):
                reason = Reason("rounded", values.printed(entry), other=entry) if entry else Reason("roundings", "")
                if found := _follows(case, choice, slips, reason, test, rounding):
                    return found
    return None


class Values:
    """A rounding that keeps what it gives."""

    def __init__(self, rounding: Rounding):
        self.rounding, self.found = rounding, {}

    def __call__(self, step: Step, value: np.ndarray) -> np.ndarray:
        self.found[step.name] = found = self.rounding(step, value)
        return found

    def printed(self, entry: Key) -> str:
        name, index = entry
        return f"{Decimal(repr(float(self.found[name][index]))):f}"


def _all_rounded(rule, size: int, _: Step, value: np.ndarray) -> np.ndarray:
    return np.array([float(rule(v, size)) for v in np.ravel(value)]).reshape(np.shape(value))


def _follows(case, choice: Choice, slips, reason: Reason, test, rounding: Rounding | None) -> Verdict | None:
    """The slips without which `test` would fail are the causes; without any there is no such verdict."""
    needed = tuple(
        judged for key, judged in slips.items() if not test(case.again.value(choice, {key}, rounding=rounding))
    )
    return Verdict("follows", (reason,), needed) if needed else None
