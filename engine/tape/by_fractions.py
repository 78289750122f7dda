"""What float64 loses of decimals: on which side of a tie they lie, and what is left where they cancel. Sums and
products are worked as fractions, other functions to 50 digits.

A product of two numbers of 12 digits has 24, of which float64 carries 16: whether it rounds up or down stands in the
others.
"""

from collections.abc import Callable, Sequence
from decimal import Context, Decimal
from fractions import Fraction

import numpy as np

from ..ops import OPS
from .fifty_digits import numbers, to_decimal
from .rounding import round_array, round_decimal, rounded_to
from .trace import Step

EXACT = ("arithmetic", "convolution", "loss", "matrix", "layout", "sum")
"""Kinds of operations whose results are fractions if their arguments are."""

LONG = Context(prec=40)
NEAR = 1e-2
"""So near to a tie, in halves of the last digit, the digits that float64 lacks are asked for."""
ULPS = 4
"""So many units of float64's last place one function may be off."""
TINY = 1e-25
"""What is so much smaller than float64's noise is that of 50 digits: zero on paper."""

fractions = np.vectorize(lambda value: Fraction(repr(float(value))), otypes=[object])


def by_fractions(step: Step, values: Sequence[np.ndarray]) -> np.ndarray | None:
    """The step's operation on these values, floats or fractions; None if it does not give fractions. Raises
    ZeroDivisionError."""
    if OPS[step.op].kind not in EXACT:
        return None
    try:
        return np.asarray(OPS[step.op].forward(*map(_exact, values), **step.attrs))
    except TypeError:  # what numpy says of a function that fractions do not have
        return None


def exactly(step: Step, values: Sequence[np.ndarray]) -> np.ndarray | None:
    """As fractions, or else to 50 digits; None if the operation is not worked on these."""
    try:
        found = by_fractions(step, values)
        if found is None:
            found = np.asarray(OPS[step.op].forward(*(numbers(_exact(v)) for v in values), **step.attrs))
    except (ArithmeticError, TypeError, ValueError):  # no value there, or no function of such numbers
        return None
    return found if found.dtype == object else None


def by_floats(step: Step, values: Sequence[np.ndarray]) -> np.ndarray:
    return np.asarray(OPS[step.op].forward(*values, **step.attrs))


def _exact(values: np.ndarray) -> np.ndarray:
    values = np.asarray(values)
    return values if values.dtype == object else fractions(values)


def decimal(value) -> Decimal:
    """A fraction, a number of 50 digits or a float, to 40 digits; it may lie beyond float64's range."""
    return LONG.plus(to_decimal(value))


def rounded(value, digits: int) -> Decimal:
    """To so many digits, ties to even; a float when its noise is gone, if that is as small as noise is."""
    return _either_way(value, digits)[1]


def in_doubt(value, digits: int) -> bool:
    """Whether a float is so near to a tie that it does not tell on which side."""
    straight, found = _either_way(value, digits)
    return straight != found


def _either_way(value, digits: int) -> tuple[Decimal, Decimal]:
    """A number rounded as it stands, and when its noise is gone."""
    exact = decimal(value)
    straight = rounded_to(exact, digits)
    if not isinstance(value, float | np.number):
        return straight, straight
    found = round_decimal(float(value), digits)
    if straight == found:
        return found, found
    is_tie = abs(exact - (straight + found) / 2) <= ULPS * Decimal(float(np.spacing(abs(float(value)))))
    return straight, found if is_tie else straight


def round_by_hand(
    values: np.ndarray, noise: np.ndarray, digits: int, exactly: Callable[[], np.ndarray | None]
) -> np.ndarray:
    """The values to so many digits; `exactly` gives them without noise, if it can, and is asked where one lies near a
    tie or `noise`, how far float64 may be off, reaches its last digit."""
    found = round_array(values, digits)
    lost = _is_lost(values, found, noise, digits)
    exact = exactly() if lost.any() else None
    for index in map(tuple, np.argwhere(lost)):
        value = values[index] if exact is None else exact[index]
        is_noise = abs(value) <= TINY * noise[index]
        found[index] = 0.0 if is_noise else float(rounded(value, digits))
    return found


def _is_lost(values: np.ndarray, found: np.ndarray, noise: np.ndarray, digits: int) -> np.ndarray:
    with np.errstate(all="ignore"):
        half = 0.5 * 10.0 ** (np.floor(np.log10(np.abs(values))) - digits + 1)
        return (np.abs(np.abs(values - found) / half - 1) < NEAR) | (noise > NEAR * half)
