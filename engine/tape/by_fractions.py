"""Sums and products as fractions: what float64 loses of decimals, as on which side of a tie they lie.

A product of two numbers of 12 digits has 24, of which float64 carries 16: whether it rounds up or down stands in the
others.
"""

from collections.abc import Callable, Sequence
from decimal import Context, Decimal
from fractions import Fraction

import numpy as np

from ..ops import OPS
from .rounding import round_decimal, rounded_to
from .trace import Step

EXACT = ("arithmetic", "convolution", "loss", "matrix", "layout", "sum")
"""Kinds of operations whose results are fractions if their arguments are."""

LONG = Context(prec=40)
NEAR = 1e-2
"""So near to a tie, in halves of the last digit, the digits that float64 lacks are asked for."""
ULPS = 4
"""So many units of float64's last place one function may be off."""

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


def _exact(values: np.ndarray) -> np.ndarray:
    values = np.asarray(values)
    return values if values.dtype == object else fractions(values)


def decimal(value) -> Decimal:
    """A fraction, or a float, to 40 digits; a fraction may lie beyond float64's range."""
    if isinstance(value, Fraction):
        return LONG.divide(Decimal(value.numerator), Decimal(value.denominator))
    return Decimal(repr(float(value)))


def rounded(value, digits: int) -> Decimal:
    """A fraction to so many digits, ties to even; a float when its noise is gone, if that is as small as noise is."""
    if isinstance(value, Fraction):
        return rounded_to(decimal(value), digits)
    straight, found = rounded_to(decimal(value), digits), round_decimal(value, digits)
    if straight == found:
        return found
    tie = (straight + found) / 2
    is_tie = abs(decimal(value) - tie) <= ULPS * Decimal(float(np.spacing(abs(float(value)))))
    return found if is_tie else straight


def round_by_hand(values: np.ndarray, quick: np.ndarray, digits: int, exactly: Callable[[], np.ndarray | None]):
    """`quick`, the rounded values, with those right that lie near a tie; `exactly` gives the values as fractions, if
    they are some."""
    near = _near_ties(values, quick, digits)
    if not near.any():
        return quick
    exact = exactly()
    exact = values if exact is None else exact
    found = quick.copy()
    for index in map(tuple, np.argwhere(near)):
        found[index] = float(rounded(exact[index], digits))
    return found


def _near_ties(values: np.ndarray, quick: np.ndarray, digits: int) -> np.ndarray:
    with np.errstate(all="ignore"):
        half = 0.5 * 10.0 ** (np.floor(np.log10(np.abs(values))) - digits + 1)
        return np.abs(np.abs(values - quick) / half - 1) < NEAR
