"""Sums, means, variances, and which entries along an axis are the largest; the axis stays, with length 1."""

import numpy as np

from ..arithmetic import whole
from ..arithmetic.arrays import added
from . import moves
from .meaning import DECIDES, LINEAR, Meaning, Whole, along, axes, count, numbers


def _mean(a, axis):
    return along(a, axis) / count(a, axis)


def _variance(a, axis):
    return _mean((a - _mean(a, axis)) ** 2, axis)


def _variance_passed(args, bounds, axis):
    apart, moved = abs(args[0] - _mean(args[0], axis)), bounds[0] + _mean(bounds[0], axis)
    return _mean(2 * apart * moved + moved**2, axis)


def _rank(a, axis):
    """How many entries along the axis stand before each one: larger ones, and equal ones that come first."""
    b = np.moveaxis(a, axis, -1)
    before, here = b[..., None, :], b[..., :, None]
    earlier = np.tri(b.shape[-1], k=-1, dtype=bool)
    first = (before > here) | ((before == here) & earlier)
    return np.moveaxis(np.sum(first.astype(int), axis=-1), -1, axis)


def _top(a, k, axis):
    return numbers(_rank(a, axis) < k, a)


def _top_passed(args, bounds, k, axis):
    """1 where an entry may or may not be among the k largest."""
    a, b = np.moveaxis(args[0], axis, -1), np.moveaxis(bounds[0], axis, -1)
    others = ~np.eye(a.shape[-1], dtype=bool)
    surely = np.sum(((a - b)[..., None, :] > (a + b)[..., :, None]) & others, axis=-1)
    perhaps = np.sum(((a + b)[..., None, :] >= (a - b)[..., :, None]) & others, axis=-1)
    return np.moveaxis(((surely < k) & (perhaps >= k)) * 1.0, -1, axis)


def spread(a, shape):
    return np.broadcast_to(a, tuple(shape))


MEANINGS = {
    "sum": Meaning(lambda a: np.sum(a), lambda a: np.sum(abs(a)), LINEAR, move=moves.total, keeps_name=True),
    "sum_axis": Meaning(
        along,
        lambda a, axis: along(abs(a), axis),
        LINEAR,
        printed={"sum": Whole(whole.along(lambda v: [added(v)]))},
        move=moves.total_along,
        keeps_name=True,
    ),
    "broadcast": Meaning(spread, None, LINEAR, move=moves.repeated),
    "mean": Meaning(lambda a: np.sum(a) / a.size, lambda a: np.sum(abs(a)) / a.size, LINEAR),
    "mean_axis": Meaning(
        _mean, lambda a, axis: _mean(abs(a), axis), LINEAR, printed={"mean": Whole(whole.along(whole.mean))}
    ),
    "variance_axis": Meaning(
        _variance,
        lambda a, axis: _mean((abs(a) + _mean(abs(a), axis)) ** 2, axis),
        _variance_passed,
        printed={"var": Whole(whole.along(whole.variance), whole.along(whole.variance))},
    ),
    "max_axis": Meaning(
        lambda a, axis: np.max(a, axis=axes(axis), keepdims=True),
        printed={"max": Whole(whole.along(lambda v: [max(v)]))},
        piece=lambda before, now, axis: along(_top(before[0], 1, axis) * now[0], axis),
    ),
    "argmax_mask": Meaning(
        lambda a, axis: _top(a, 1, axis),
        None,
        lambda args, bounds, axis: _top_passed(args, bounds, 1, axis),
        printed={"largest": Whole(whole.along(whole.first_of(1)), whole.along(whole.first_of(1)))},
        piece=DECIDES,
    ),
    "topk_mask": Meaning(
        _top, None, _top_passed, printed={"top": Whole(whole.topmost, whole.topmost)}, piece=DECIDES
    ),
}
