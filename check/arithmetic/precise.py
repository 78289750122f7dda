"""Numbers of 50 digits: mpmath's context, and functions of its arrays as functions of Decimals."""

from collections.abc import Callable
from decimal import Decimal

import mpmath
import numpy as np

DIGITS = 50
mp = mpmath.MPContext()
mp.dps = DIGITS


def of_decimals(function: Callable) -> Callable:
    """A function of arrays of mpmath's numbers as one of Decimals; keywords are numbers too."""

    def plain(*x: Decimal, **numbers: Decimal) -> Decimal:
        given = {name: mp.mpf(str(number)) for name, number in numbers.items()}
        found = function(*(np.array([mp.mpf(str(v))], dtype=object) for v in x), **given)
        return Decimal(mp.nstr(mp.mpf(np.asarray(found).item()), DIGITS, min_fixed=0, max_fixed=0))

    return plain
