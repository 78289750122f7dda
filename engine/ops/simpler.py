"""Expressions as a person writes them: an operation's entry names the function that leaves out what says nothing.

Each takes `make`, which gives the operation as it stands, and the arguments of its method; it returns an expression.
"""

import numpy as np

from .table import OPS


def total(make, a, b):
    """a + (-b) = a - b."""
    if b.is_negated:
        return a - b.args[0]
    return b - a.args[0] if a.is_negated else make(a, b)


def negated(make, a):
    """-(-a) = a and -(a - b) = b - a."""
    if a.is_negated:
        return a.args[0]
    differs = a.op == "sub" and not a.name
    return a.args[1] - a.args[0] if differs else make(a)


def product(make, a, b):
    """1·b = b, (-1)·b = -b, (1/n)·b = b/n, and no copies; a number stands on the left."""
    a, b = uncopied(a, b)
    if a.is_negated:
        return -(a.args[0] * b)
    if a.is_number(1):
        return b
    if b.is_number(1):
        return a
    if a.op == "div" and not a.name and a.args[0].is_number(1):
        return b / a.args[1]
    if b.shape == () and a.shape != ():
        a, b = b, a
    return a.scale(b) if a.shape == () else make(a, b)


def quotient(make, a, b):
    """a / 1 = a."""
    return a if b.is_number(1) else make(a, b)


def transposed(make, a):
    """(aᵀ)ᵀ = a, (aᵀ b)ᵀ = bᵀ a, and a number is its own."""
    if a.shape == (1, 1):
        return a
    if not a.name and a.op == "transpose":
        return a.args[0]
    if not a.name and a.op == "matmul" and any(not b.name and b.op == "transpose" for b in a.args):
        return a.args[1].T @ a.args[0].T
    return make(a)


def padded(make, a, widths):
    """Zeros around zeros are put there in one go."""
    if a.op != "pad" or a.name:
        return make(a, widths=widths)
    inner = zip(a.attrs["widths"], widths, strict=True)
    return make(a.args[0], widths=[[m + n for m, n in zip(*axis, strict=True)] for axis in inner])


def summed(make, a):
    """A number is its own sum."""
    return a if a.shape == () else make(a)


def copied(make, a, like):
    """What has the shape of `like` needs no copies."""
    return a if a.shape == like.shape else make(a, shape=like.shape)


def uncopied(a, b):
    """Two arguments of an entrywise operation without a copy that the operation makes by itself."""
    return (_uncopied(a, b), b) if _is_idle(a, b) else (a, _uncopied(b, a))


def _uncopied(a, b):
    return a.args[0] if _is_idle(a, b) else a


def _is_idle(a, b) -> bool:
    """Whether `a` is a copy not written down yet without which the result beside `b` has the same shape."""
    if a.name or a.op not in OPS or not OPS[a.op].copies:
        return False
    return np.broadcast_shapes(a.args[0].shape, b.shape) == np.broadcast_shapes(a.shape, b.shape)
