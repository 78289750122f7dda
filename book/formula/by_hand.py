"""Redoing a step from printed numbers without a computer's rounding: sums and products as fractions, and other
functions to 50 digits where float64 does not tell how they round.

Float64 loses what a reader keeps: 10¹⁷ + 1 − 10¹⁷ is 1 on paper. So whether a row says "=" is found exactly.
"""

from decimal import Decimal

import numpy as np

from gradbook.engine.ops import OPS
from gradbook.engine.tape import by_fractions
from gradbook.engine.tape.by_fractions import decimal
from gradbook.engine.tape.pencil import NOISE
from gradbook.engine.tape.trace import Step, Trace, run

from .wide import is_wide


def redone(step: Step, values: list[np.ndarray], wide: bool = False, noisy: bool = False) -> np.ndarray:
    """The step's operation on these values of its arguments; on fractions where that can be.

    Raises ZeroDivisionError. Without `wide` a wide array, which no reader redoes, is left to float64; so is an
    operation that takes no fractions, and what is made with a `noisy` value, which float64 has computed.
    """
    if not noisy and (wide or not any(is_wide(np.shape(value)) for value in values)):
        exact = by_fractions.by_fractions(step, values)
        if exact is not None:
            return exact
    steps = {name: Step(name, "data", (), np.asarray(v, float)) for name, v in zip(step.args, values, strict=True)}
    return run(step, steps)


def rounded(values: np.ndarray, digits: int, given: np.ndarray | bool = False) -> list[Decimal]:
    """Every entry as it would be printed, in full where it is `given`."""
    pairs = zip(values.ravel(), np.broadcast_to(given, values.shape).ravel(), strict=True)
    return [decimal(value) if full else by_fractions.rounded(value, digits) for value, full in pairs]


def in_doubt(values: np.ndarray, digits: int) -> bool:
    """Whether float64 does not tell how one of the values rounds."""
    return values.dtype != object and any(by_fractions.in_doubt(value, digits) for value in values.ravel())


def decimals(printed: np.ndarray) -> list[Decimal]:
    return [Decimal(repr(float(value))) for value in printed.ravel()]


def is_noise(trace: Trace, name: str) -> bool:
    """Whether float64 has left something of a sum that is zero on paper, in a wide array, which it has redone."""
    step = trace[name]
    values, op = [np.abs(trace.value(arg)) for arg in step.args], OPS[step.op]
    if op.size is None or not any(is_wide(value.shape) for value in values):
        return False
    size = np.abs(step.value)
    return bool(np.any((size > 0) & (size <= NOISE * op.size(*values, **step.attrs))))
