"""Matrix products, and what moves entries to other places; batches of matrices lead with further axes."""

import numpy as np

from ..arithmetic import whole
from . import moves
from .meaning import LINEAR, Meaning, Whole, zeros


def _swapped(a):
    return a.T if a.ndim < 3 else np.swapaxes(a, -1, -2)


def _slice(a, axis, start, stop):
    return np.take(a, range(start, stop), axis=axis)


def _pad(a, widths):
    out = zeros([n + before + after for n, (before, after) in zip(a.shape, widths, strict=True)], a)
    out[tuple(slice(before, before + n) for n, (before, _) in zip(a.shape, widths, strict=True))] = a
    return out


def _scatter(g, rows, count):
    out = zeros((count, *g.shape[1:]), g)
    np.add.at(out, list(rows), g)
    return out


PARTS = {"rows": Whole(whole.cut_rows, moves=True), "columns": Whole(whole.cut_columns, moves=True)}
FORMS = {
    "flatten": Whole(lambda below, x: tuple((v,) for row in x for v in row), moves=True),
    "reshape": Whole(whole.reshaped, moves=True),
}

MEANINGS = {
    "matmul": Meaning(np.matmul, lambda a, b: np.matmul(abs(a), abs(b)), LINEAR),
    "outer": Meaning(lambda a, b: np.matmul(a, _swapped(b)), None, LINEAR),
    "transpose": Meaning(_swapped, None, LINEAR, move=moves.transposed, keeps_name=True),
    "reshape": Meaning(lambda a, shape: a.reshape(tuple(shape)), None, LINEAR, FORMS, moves.reshaped),
    "concat": Meaning(lambda *a, axis: np.concatenate(a, axis=axis), None, LINEAR, move=moves.joined),
    "slice": Meaning(_slice, None, LINEAR, PARTS, moves.sliced),
    "pad": Meaning(_pad, None, LINEAR, {"pad": Whole(whole.padded, moves=True)}, moves.padded),
    "gather": Meaning(lambda table, rows: table[list(rows)], None, LINEAR, move=moves.gathered),
    "scatter": Meaning(
        _scatter,
        lambda g, rows, count: _scatter(abs(g), rows, count),
        LINEAR,
        {"scatter": Whole(whole.scattered)},
        moves.scattered,
    ),
}
