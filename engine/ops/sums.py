"""Sums, means and largest entries, over all entries or along an axis, and the copies that undo them.

Along an axis the result keeps that axis with length 1, so that it stands beside what it was made from.
"""

from math import prod

import numpy as np

from . import simpler
from .table import NO_GRADIENT, PRODUCT, SUM, Cost, op
from .terms import Of, Share, Total, along, entries, everything, repeated


def variance(a: np.ndarray, axis) -> np.ndarray:
    """The mean squared distance from the mean (divided by n, not by n − 1)."""
    apart = a - np.mean(a, axis=axis, keepdims=True)
    return np.mean(apart * apart, axis=axis, keepdims=True)


def argmax_mask(a: np.ndarray, axis: int) -> np.ndarray:
    """1 at the first of the largest entries along the axis, 0 elsewhere."""
    mask = np.zeros_like(a)
    np.put_along_axis(mask, np.expand_dims(np.argmax(a, axis=axis), axis), 1, axis)
    return mask


def topk_mask(a: np.ndarray, k: int, axis: int) -> np.ndarray:
    """1 at the k largest entries along the axis, the first of equals, 0 elsewhere."""
    mask = np.zeros_like(a)
    order = np.argsort(-a, axis=axis, kind="stable")
    np.put_along_axis(mask, np.take(order, range(k), axis=axis), 1, axis)
    return mask


def log_sum_exp(a: np.ndarray, axis: int) -> np.ndarray:
    """The largest entry is taken out first: exp of what remains cannot overflow."""
    most = np.max(a, axis=axis, keepdims=True)
    return most + np.log(np.sum(np.exp(a - most), axis=axis, keepdims=True))


def copied(a: np.ndarray, shape) -> Cost:
    return Cost(prod(shape), prod(shape))


def _size(a: np.ndarray, axis) -> np.ndarray:
    return np.sum(a, axis=axis, keepdims=True)


def _along_axis(index, a: np.ndarray, axis) -> Total:
    return Total(entries(0, along(index, a.shape, axis)))


def _mean(index, a: np.ndarray, axis) -> Share:
    total = _along_axis(index, a, axis)
    return Share(total, len(total.terms))


# A table: one entry a paragraph, one rule a line.
# fmt: off

op("sum", lambda a: np.sum(a),
   lambda g, out, a: g.broadcast(a),
   precedence=PRODUCT, bracket_below=SUM, kind="sum", terms=everything, size=np.sum, simpler=simpler.summed)

op("sum_axis", lambda a, axis: np.sum(a, axis=axis, keepdims=True),
   lambda g, out, a, axis: g.broadcast(a),
   precedence=PRODUCT, bracket_below=PRODUCT, kind="sum", attrs={"axis": 1}, terms=_along_axis, size=_size)

op("broadcast", lambda a, shape: np.broadcast_to(a, shape).copy(),
   lambda g, out, a, shape: g.sum_to(a),
   sample=((2, 1),), kind="sum", attrs={"shape": (2, 3)},
   terms=lambda index, a, shape: Of(0, repeated(index, a.shape)), copies=True, simpler=simpler.copied,
   cost=copied)

op("mean", lambda a: np.mean(a),
   lambda g, out, a: (g / a.size).broadcast(a),
   kind="sum", terms=everything)

op("mean_axis", lambda a, axis: np.mean(a, axis=axis, keepdims=True),
   lambda g, out, a, axis: (g / a.length(axis)).broadcast(a),
   kind="sum", attrs={"axis": 1}, terms=_mean)

op("variance_axis", variance,
   lambda g, out, a, axis: g * (2 * (a - a.mean_axis(axis=axis)) / a.length(axis)),
   kind="sum", attrs={"axis": 1})

op("max_axis", lambda a, axis: np.max(a, axis=axis, keepdims=True),
   lambda g, out, a, axis: g * a.argmax_mask(axis=axis),
   kind="sum", attrs={"axis": 1}, smooth=False,
   piece=lambda before, now, axis: np.sum(argmax_mask(before[0], axis) * now[0], axis=axis, keepdims=True))

op("argmax_mask", argmax_mask,
   NO_GRADIENT,
   kind="mask", attrs={"axis": 1}, smooth=False)

op("topk_mask", topk_mask,
   NO_GRADIENT,
   kind="mask", attrs={"k": 2, "axis": 1}, smooth=False)

op("log_sum_exp", log_sum_exp,
   lambda g, out, a, axis: g * a.softmax(axis=axis),
   kind="function", attrs={"axis": 1})
