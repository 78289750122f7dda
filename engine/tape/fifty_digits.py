"""Numbers of 50 digits on which numpy's functions work: np.exp asks an object for its method `exp`."""

from fractions import Fraction

import mpmath
import numpy as np

_context = mpmath.MPContext()
_context.dps = 50


def _method(name: str):
    return lambda number: getattr(_context, name)(number)


_ufuncs = {name for name, found in vars(np).items() if isinstance(found, np.ufunc) and found.nin == 1}
for _name in {*_ufuncs, "erf"}.intersection(dir(_context)):
    setattr(_context.mpf, _name, _method(_name))

Number = _context.mpf


def _number(value) -> Number:
    return _context.mpf(value.numerator) / value.denominator if isinstance(value, Fraction) else _context.mpf(value)


numbers = np.vectorize(_number, otypes=[object])
"""Fractions, or numbers of 50 digits, as numbers of 50 digits."""


def text(value: Number, digits: int) -> str:
    return _context.nstr(value, digits)
