"""What every operation of a trace means, in 50-digit arithmetic, written down again from the textbooks.

Glossary. a, b, x, z, y: numpy arrays of mpmath numbers. An entry is (value, scale): `value` computes the result,
`scale` the size of what is added up on the way, which bounds what float64 may lose in it.
"""

from collections.abc import Callable
from typing import NamedTuple

import mpmath
import numpy as np

DIGITS = 50
mp = mpmath.MPContext()
mp.dps = DIGITS


class Meaning(NamedTuple):
    value: Callable
    scale: Callable | None = None


_number = np.frompyfunc(mp.mpf, 1, 1)


def exact(array: np.ndarray) -> np.ndarray:
    """float64 numbers as mpmath numbers, bit for bit."""
    return np.asarray(_number(np.asarray(array, dtype=object)), dtype=object)


def _entrywise(quick: Callable, slow: Callable) -> Callable:
    """A function of arrays: numpy's own on float64, the 50-digit one on mpmath numbers."""
    careful = np.frompyfunc(slow, 1, 1)
    return lambda z: quick(z) if np.asarray(z).dtype == np.float64 else careful(z)


_exp = _entrywise(np.exp, mp.exp)
_ln = _entrywise(np.log, mp.log)
_tanh = _entrywise(np.tanh, mp.tanh)
_above = _entrywise(lambda z: (z > 0) * 1.0, lambda z: mp.mpf(int(z > 0)))
_positive_part = _entrywise(lambda z: np.maximum(z, 0.0), lambda z: z if z > 0 else mp.mpf(0))


def _sigmoid(z):
    return 1 / (1 + _exp(-z))


def _cross_entropy(a, y):
    return -(y * _ln(a) + (1 - y) * _ln(1 - a))


def _along(a, axis):
    return np.sum(a, axis=axis, keepdims=True)


def _spread(a, shape):
    return np.broadcast_to(a, shape)


def _sizes(a, b):
    return abs(a) + abs(b)


MEANINGS: dict[str, Meaning] = {
    "add": Meaning(lambda a, b: a + b, _sizes),
    "sub": Meaning(lambda a, b: a - b, _sizes),
    "neg": Meaning(lambda a: -a),
    "mul": Meaning(lambda a, b: a * b),
    "scale": Meaning(lambda s, x: s * x),
    "div": Meaning(lambda a, b: a / b),
    "square": Meaning(lambda a: a * a),
    "matmul": Meaning(lambda a, b: a @ b, lambda a, b: abs(a) @ abs(b)),
    "transpose": Meaning(lambda a: a.T),
    "sum": Meaning(lambda a: np.sum(a), lambda a: np.sum(abs(a))),
    "sum_axis": Meaning(_along, lambda a, axis: _along(abs(a), axis)),
    "broadcast": Meaning(_spread),
    "identity": Meaning(lambda z: z),
    "sigmoid": Meaning(_sigmoid, lambda z: _sigmoid(z) * (1 + abs(z))),
    "tanh": Meaning(_tanh),
    "relu": Meaning(_positive_part),
    "positive": Meaning(_above),
    "half_squared_error": Meaning(lambda a, y: (y - a) ** 2 / 2, lambda a, y: _sizes(a, y) ** 2),
    "squared_error": Meaning(lambda a, y: (y - a) ** 2, lambda a, y: _sizes(a, y) ** 2),
    "binary_cross_entropy": Meaning(_cross_entropy, lambda a, y: 1 + abs(_cross_entropy(a, y)) + 1 / (1 - a)),
    "log": Meaning(_ln, lambda a: 1 + abs(_ln(a))),
}
"""A new operation of the engine is one line here; until it is, the checker says that it cannot vouch for it."""
