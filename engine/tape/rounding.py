"""Rounding as a person with a pencil does it: to significant digits of the decimal value, ties to even."""

from decimal import ROUND_HALF_EVEN, Context, Decimal

import numpy as np

SNAP = Context(prec=12, rounding=ROUND_HALF_EVEN)
"""Binary noise (0.39249999999999996) is removed at twelve digits before the decimal tie is judged."""

SAFE = 15
"""Every decimal of this many digits survives float64; more are noise."""


def round_decimal(value: float | Decimal, digits: int) -> Decimal:
    """`value` to `digits` significant decimal digits; never a negative zero.

    A number that has no more than `digits` digits once binary noise is gone is returned as it is.
    """
    exact = value if isinstance(value, Decimal) else Decimal(repr(float(value)))
    return rounded_to(_context(min(SAFE, max(SNAP.prec, digits + 6))).plus(exact), digits)


def rounded_to(value: Decimal, digits: int) -> Decimal:
    """A decimal without noise to `digits` significant digits, ties to even; never a negative zero."""
    rounded = _context(digits).plus(value)
    return Decimal(0) if rounded == 0 else rounded


def _context(digits: int) -> Context:
    return Context(prec=digits, rounding=ROUND_HALF_EVEN)


def round_array(values: np.ndarray, digits: int) -> np.ndarray:
    """Every entry of an array of any shape to `digits` significant digits, as float64."""
    flat = [float(round_decimal(v, digits)) for v in np.ravel(values)]
    return np.array(flat, dtype=np.float64).reshape(np.shape(values))
