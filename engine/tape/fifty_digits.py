"""Numbers of 50 digits on which numpy's functions work: np.exp asks an object for its method `exp`."""

import operator
from collections.abc import Callable, Iterator
from decimal import MAX_EMAX, MIN_EMIN, Context, Decimal, localcontext
from fractions import Fraction
from functools import total_ordering
from itertools import count

import numpy as np

DIGITS = 50


def _context(more: int = 0) -> Context:
    return Context(prec=DIGITS + max(more, 0), Emax=MAX_EMAX, Emin=MIN_EMIN)


def to_decimal(value) -> Decimal:
    """A float stands for the decimal that it is printed as. Raises TypeError for what is no number."""
    if isinstance(value, Number):
        return value.decimal
    if isinstance(value, Fraction):
        return _context().divide(Decimal(value.numerator), Decimal(value.denominator))
    return Decimal(repr(float(value)))


def _function(work: Callable[[Decimal], Decimal], more: Callable[[Decimal], int] | None = None) -> Callable:
    """A method that works with so many digits more."""

    def method(self: "Number") -> "Number":
        with localcontext(_context(more(self.decimal) if more else 0)):
            return Number(work(self.decimal))

    return method


def _joined(work: Callable) -> tuple[Callable, Callable]:
    """The methods of a sign with two numbers, and of the same where this one stands on its right."""

    def method(self: "Number", other) -> "Number":
        with localcontext(_context()):
            return Number(work(self.decimal, to_decimal(other)))

    def reflected(self: "Number", other) -> "Number":
        with localcontext(_context()):
            return Number(work(to_decimal(other), self.decimal))

    return method, reflected


def _near_0(work: Callable[[Decimal], Decimal]) -> Callable:
    """A function that is x near 0, where 1 + x would lose its digits."""

    def of(x: Decimal) -> Decimal:
        return x if not x or x.adjusted() < -DIGITS - 5 else work(x)

    return _function(of, lambda x: min(-x.adjusted(), DIGITS + 10) if x else 0)


def _tanh(x: Decimal) -> Decimal:
    if abs(x) > 2 * DIGITS:  # 1 − tanh 100 is below 1e-86
        return Decimal(1).copy_sign(x)
    grown = (2 * abs(x)).exp() - 1
    return (grown / (grown + 2)).copy_sign(x)


def _added(terms: Iterator[Decimal]) -> Decimal:
    """Terms that become small in the end, until one does not count."""
    total = Decimal(0)
    for term in terms:
        before, total = total, total + term
        if before == total and (total or not term):
            break
    return total


def _powers(x: Decimal, n: int) -> Iterator[Decimal]:
    """± xⁿ / n! for n, n + 2, n + 4 …, with signs that alternate; n is 0 or 1. Raises ValueError for a large x, whose
    terms would have thousands of digits."""
    if abs(x) > 1000:
        raise ValueError(x)
    term = x if n else Decimal(1)
    while True:
        yield term
        n, term = n + 2, -term * x * x / ((n + 1) * (n + 2))


def _erf(x: Decimal) -> Decimal:
    """By its Taylor series (DLMF 7.6.1)."""
    if abs(x) > 12:  # 1 − erf 12 is below 1e-64
        return Decimal(1).copy_sign(x)

    def terms() -> Iterator[Decimal]:
        n, term = 0, x
        while True:
            yield term / (2 * n + 1)
            n, term = n + 1, -term * x * x / (n + 1)

    return 2 * _added(terms()) / _pi().sqrt()


def _pi() -> Decimal:
    """By Machin's formula."""
    return 16 * _arc_tangent(5) - 4 * _arc_tangent(239)


def _arc_tangent(of: int) -> Decimal:
    """Of 1 / `of`."""
    x = 1 / Decimal(of)
    return _added((-1) ** n * x ** (2 * n + 1) / (2 * n + 1) for n in count())


@total_ordering
class Number:
    """A number of 50 significant digits, for arrays of dtype object."""

    __slots__ = ("decimal",)

    def __init__(self, value):
        self.decimal = value if isinstance(value, Decimal) else to_decimal(value)

    __add__, __radd__ = _joined(operator.add)
    __sub__, __rsub__ = _joined(operator.sub)
    __mul__, __rmul__ = _joined(operator.mul)
    __truediv__, __rtruediv__ = _joined(operator.truediv)
    __pow__, __rpow__ = _joined(operator.pow)
    __neg__, __abs__ = _function(operator.neg), _function(abs)

    exp, log, sqrt = _function(Decimal.exp), _function(Decimal.ln), _function(Decimal.sqrt)
    expm1, log1p = _near_0(lambda x: x.exp() - 1), _near_0(lambda x: (1 + x).ln())
    tanh = _near_0(_tanh)
    erf = _function(_erf, lambda x: int(x * x) + 10 if abs(x) < 20 else 0)
    sin = _function(lambda x: _added(_powers(x, 1)), lambda x: int(abs(x)) + 10)
    cos = _function(lambda x: _added(_powers(x, 0)), lambda x: int(abs(x)) + 10)

    def __eq__(self, other) -> bool:
        return self.decimal == to_decimal(other)

    def __lt__(self, other) -> bool:
        return self.decimal < to_decimal(other)

    def __float__(self) -> float:
        return float(self.decimal)


numbers = np.vectorize(Number, otypes=[object])
"""Fractions, floats or numbers of 50 digits as the last of these."""
