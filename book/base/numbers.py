"""How a number is printed: the shortest decimal of the value that is carried on, in TeX."""

from decimal import ROUND_CEILING, ROUND_FLOOR, Context, Decimal

import numpy as np

from gradbook.engine.tape.rounding import round_decimal

PLAIN = range(-5, 7)
"""Decimal exponents that are written out; smaller and larger numbers are written with a power of ten."""

EXACT = 12
"""Digits to which a number is taken before it is rounded down: 0.00245 is no 0.002449999."""

UNKNOWN = r"\text{–}"
"""In the place of a number that there is none: inf - inf, in a training run that has left float64's range."""

SUPERSCRIPT = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def decimal_of(value: float | Decimal, digits: int | None) -> Decimal:
    """The decimal that is printed: `value` to `digits` significant digits, or exactly as given if None."""
    return Decimal(repr(float(value))) if digits is None else round_decimal(value, digits)


def tex_number(value: float, digits: int | None = None) -> str:
    """'-0.217', '4.387\\times 10^{-6}': no trailing zeros, no negative zero."""
    return tex_decimal(decimal_of(value, digits))


def tex_floor(value: float, digits: int) -> str:
    """The number to so many digits, but never larger than it is: for what nothing falls below."""
    return tex_decimal(Context(prec=digits, rounding=ROUND_FLOOR).plus(round_decimal(value, EXACT)))


def tex_ceiling(value: float, digits: int) -> str:
    """Likewise, but never smaller than it is."""
    return tex_decimal(Context(prec=digits, rounding=ROUND_CEILING).plus(round_decimal(value, EXACT)))


def tex_decimal(number: Decimal) -> str:
    if not number.is_finite():
        return UNKNOWN if number.is_nan() else rf"{'-' if number < 0 else ''}\infty"
    if number == 0:
        return "0"
    if number.adjusted() in PLAIN:
        text = f"{number:f}"
        return text.rstrip("0").rstrip(".") if "." in text else text
    exponent = number.adjusted()
    return rf"{tex_decimal(number.scaleb(-exponent))}\times 10^{{{exponent}}}"


def plain_number(value: float, digits: int | None = None) -> str:
    """The same number in plain letters, for words that stand where no TeX can: '4.387 × 10⁻⁶', '−0.217'."""
    return plain_decimal(decimal_of(value, digits))


def plain_decimal(number: Decimal) -> str:
    text = tex_decimal(number).replace(r"\infty", "∞").replace(UNKNOWN, "–")
    mantissa, power, exponent = text.partition(r"\times 10^{")
    scaled = f"{mantissa} × 10{exponent.rstrip('}').translate(SUPERSCRIPT)}" if power else mantissa
    return scaled.replace("-", "−")


def printed_value(value: float, digits: int | None) -> float:
    """The number that a reader sees, as float64."""
    return float(decimal_of(value, digits))


def printed_array(values: np.ndarray, digits: int | None) -> np.ndarray:
    flat = [printed_value(v, digits) for v in np.ravel(values)]
    return np.array(flat).reshape(np.shape(values))
