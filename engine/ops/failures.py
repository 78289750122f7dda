"""Why an operation gives no finite number: sentences that are true of the number at hand, and what to do about it."""

from collections.abc import Iterable

import numpy as np

FINER = "use smaller values, more digits or exact arithmetic"
"""What helps where a number has become 0 or 1 only by rounding."""


def told(value: float, besides: Iterable[float]) -> str:
    """The number with as few digits as tell it from `besides`, the numbers that it is not: 1.2, 1.0000000001."""
    value, besides = float(value), [float(other) for other in besides]
    texts = (f"{value:.{digits}g}" for digits in range(6, 18))
    return next((text for text in texts if value in besides or float(text) not in besides), repr(value))


def first(array: np.ndarray, wrong: np.ndarray) -> float | None:
    """The first entry of an array where `wrong` holds; None if it holds nowhere."""
    found = np.real(array)[np.broadcast_to(wrong, np.shape(array))]
    return float(found[0]) if found.size else None


def outside_unit(a: np.ndarray, y: np.ndarray) -> str:
    """Of the binary cross-entropy: both logarithms need an output between 0 and 1."""
    if (value := first(a, (a < 0) | (a > 1))) is not None:
        has = f"has an output of {told(value, (0, 1))}, not between 0 and 1, where a logarithm has no value"
        return f"{has}; use another last layer or another loss"
    value = first(a, (a == 0) | (a == 1))
    return "" if value is None else f"has an output of exactly {value:g}, where a logarithm has no value; {FINER}"


def not_positive(a: np.ndarray, y: np.ndarray) -> str:
    """Of a logarithm of the outputs whose targets are not 0."""
    if (value := first(a, (a < 0) & (y != 0))) is not None:
        has = f"has an output of {told(value, (0,))}, less than 0, where a logarithm has no value"
        return f"{has}; use another last layer or another loss"
    value = first(a, (a == 0) & (y != 0))
    return "" if value is None else f"has an output of exactly 0, where a logarithm has no value; {FINER}"


def no_logarithm(a: np.ndarray) -> str:
    value = first(a, a <= 0)
    return "" if value is None else f"takes the logarithm of {told(value, (0,))}, which has none; {FINER}"


def no_root(a: np.ndarray) -> str:
    value = first(a, a < 0)
    return "" if value is None else f"takes the square root of {told(value, (0,))}, which has none; use other values"


def by_zero(*args: np.ndarray) -> str:
    return f"divides by 0; {FINER}" if (args[-1] == 0).any() else ""


def no_power(a: np.ndarray, b: np.ndarray) -> str:
    """Of 0 to a negative power, and of a negative number to a power that is not whole."""
    if ((a == 0) & (b < 0)).any():
        return f"divides by 0; {FINER}"
    if (value := first(a, (a < 0) & (b != np.floor(b)))) is not None:
        return f"takes a root of {told(value, (0,))}, which has none; use other values"
    return ""
