"""Convolution and pooling: every place (p, q) of the result sees the entries of a window of the map.

Glossary. x: a map. k: a kernel. r, c: arrays of row and column numbers; [p, q, i, j] is what the entry (i, j) of
the window at the place (p, q) sees. s, d: stride and dilation, how far the window moves and reaches: a number, or one
along the rows and one along the columns. So is the size of a pool's window.
"""

from math import prod

import numpy as np

from ..arithmetic.arrays import added
from ..arithmetic.windows import picked, pooled, to_all, to_largest
from .meaning import LINEAR, Meaning, Whole, zeros


def _two(n):
    """Along the rows, along the columns."""
    return (n, n) if isinstance(n, int) else tuple(n)


def _places(shape, window, s=1, d=1):
    """(r, c) of all windows that fit into `shape`."""
    window, s, d = _two(window), _two(s), _two(d)
    starts = [np.arange(0, n - d * (m - 1), s) for n, m, s, d in zip(shape, window, s, d, strict=True)]
    inside = [d * np.arange(m) for m, d in zip(window, d, strict=True)]
    return starts[0][:, None, None, None] + inside[0][:, None], starts[1][:, None, None] + inside[1]


def _conv(x, k, stride=1, dilation=1):
    return np.tensordot(x[_places(x.shape, k.shape, stride, dilation)], k, 2)


def _conv_transpose(g, k, shape, stride=1, dilation=1):
    out = zeros(shape, g, k)
    np.add.at(out, _places(shape, k.shape, stride, dilation), g[:, :, None, None] * k)
    return out


def _seen(x, size, stride):
    """(places down, places across, entries of the window)."""
    found = x[_places(x.shape, size, stride)]
    return found.reshape(*found.shape[:2], -1)


def _first(x, size, stride):
    """For each window the place in it that is largest, the first of equals."""
    return np.argmax(_seen(x, size, stride), axis=-1)[..., None]


def _max_pool(x, size, stride):
    return np.max(_seen(x, size, stride), axis=-1)


def _max_pool_back(g, x, size, stride):
    weights = zeros((*g.shape, prod(_two(size))), g)
    np.put_along_axis(weights, _first(x, size, stride), g[..., None], axis=-1)
    return _handed_back(weights, x.shape, size, stride)


def _handed_back(weights, shape, size, stride):
    """Every window gives its entries what `weights` has for them."""
    out = zeros(shape, weights)
    np.add.at(out, _places(shape, size, stride), weights.reshape(*weights.shape[:2], *_two(size)))
    return out


def _max_pool_pick(h, x, size, stride):
    return np.take_along_axis(_seen(h, size, stride), _first(x, size, stride), axis=-1)[..., 0]


def _avg_pool(x, size, stride):
    return np.sum(_seen(x, size, stride), axis=-1) / prod(_two(size))


def _avg_pool_back(g, shape, size, stride):
    return _conv_transpose(g, zeros(_two(size), g) + 1, shape, stride) / prod(_two(size))


# How far pencil arithmetic carries where a rounding may change which entry is the largest.


def _perhaps(x, bound, size, stride):
    """Which entries of each window may be its largest."""
    low, high = (_seen(v, size, stride) for v in (x - bound, x + bound))
    return high >= np.max(low, axis=-1, keepdims=True)


def _back_passed(args, bounds, size, stride):
    (g, x), (g_bound, x_bound) = args, bounds
    may = _perhaps(x, x_bound, size, stride)
    sure = np.sum(may, axis=-1, keepdims=True) == 1
    moved = np.where(sure, g_bound[..., None], (abs(g) + g_bound)[..., None])
    return _handed_back(np.where(may, moved, 0.0), x.shape, size, stride)


def _pick_passed(args, bounds, size, stride):
    (h, x), (h_bound, x_bound) = args, bounds
    may, out = _perhaps(x, x_bound, size, stride), _max_pool_pick(h, x, size, stride)[..., None]
    off = abs(_seen(h, size, stride) - out) + _seen(h_bound, size, stride)
    return np.max(np.where(may, off, 0.0), axis=-1)


MEANINGS = {
    "conv": Meaning(_conv, lambda x, k, **steps: _conv(abs(x), abs(k), **steps), LINEAR),
    "conv_transpose": Meaning(
        _conv_transpose, lambda g, k, **steps: _conv_transpose(abs(g), abs(k), **steps), LINEAR
    ),
    "max_pool": Meaning(
        _max_pool,
        printed={"maxpool": Whole(pooled(max))},
        piece=lambda before, now, size, stride: _max_pool_pick(now[0], before[0], size, stride),
    ),
    "max_pool_back": Meaning(
        _max_pool_back,
        lambda g, x, size, stride: _max_pool_back(abs(g), x, size, stride),
        _back_passed,
        {"maxpool^T": Whole(to_largest, to_largest)},
        piece=lambda before, now, size, stride: _max_pool_back(now[0], before[1], size, stride),
    ),
    "max_pool_pick": Meaning(
        _max_pool_pick,
        None,
        _pick_passed,
        {"pick": Whole(pooled(picked), pooled(picked))},
        piece=lambda before, now, size, stride: _max_pool_pick(now[0], before[1], size, stride),
    ),
    "avg_pool": Meaning(
        _avg_pool,
        lambda x, size, stride: _avg_pool(abs(x), size, stride),
        LINEAR,
        {"avgpool": Whole(pooled(lambda v: added(v) / len(v)))},
    ),
    "avg_pool_back": Meaning(
        _avg_pool_back,
        lambda g, shape, size, stride: _avg_pool_back(abs(g), shape, size, stride),
        LINEAR,
        {"avgpool^T": Whole(to_all)},
    ),
}
