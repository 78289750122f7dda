"""Redoing a step from printed numbers without a computer's rounding: sums and products as fractions.

Float64 loses what a reader keeps: 10¹⁷ + 1 − 10¹⁷ is 1 on paper. So whether a row says "=" is found exactly.
"""

from contextlib import suppress
from decimal import Context, Decimal
from fractions import Fraction

import numpy as np

from gradbook.engine.ops import OPS
from gradbook.engine.tape.trace import Step, run

from ..base.numbers import decimal_of
from .wide import is_wide

EXACT = ("arithmetic", "matrix", "layout", "sum", "convolution")
"""Kinds of operations whose results are fractions if their arguments are."""

LONG = Context(prec=40)

fractions = np.vectorize(lambda value: Fraction(repr(float(value))), otypes=[object])


def redone(step: Step, values: list[np.ndarray]) -> np.ndarray:
    """The step's operation on these values of its arguments; on fractions where that can be.

    Raises ZeroDivisionError. A wide array, which no reader redoes, is left to float64, and so is an operation of
    someone else's that takes no fractions.
    """
    exact = OPS[step.op].kind in EXACT and not any(is_wide(np.shape(value)) for value in values)
    if exact:
        with suppress(TypeError):  # what numpy says of a function that fractions do not have
            return np.asarray(OPS[step.op].forward(*map(_exact, values), **step.attrs))
    steps = {name: Step(name, "data", (), np.asarray(v, float)) for name, v in zip(step.args, values, strict=True)}
    return run(step, steps)


def _exact(values: np.ndarray) -> np.ndarray:
    values = np.asarray(values)
    return values if values.dtype == object else fractions(values)


def rounded(values: np.ndarray, digits: int, given: np.ndarray | bool = False) -> list[Decimal]:
    """Every entry as it would be printed, in full where it is `given`; a fraction may lie beyond float64's range."""
    pairs = zip(values.ravel(), np.broadcast_to(given, values.shape).ravel(), strict=True)
    return [decimal_of(_decimal(value), None if full else digits) for value, full in pairs]


def decimals(printed: np.ndarray) -> list[Decimal]:
    return [Decimal(repr(float(value))) for value in printed.ravel()]


def _decimal(value) -> Decimal | float:
    if isinstance(value, Fraction):
        return LONG.divide(Decimal(value.numerator), Decimal(value.denominator))
    return float(value)
