"""Matrices: products, and what moves entries without changing them. Batches of matrices lead with further axes."""

from math import prod

import numpy as np

from . import simpler
from .table import POWER, PRODUCT, Cost, op
from .terms import Of, Product, Total, entries


def swapped(a: np.ndarray) -> np.ndarray:
    """The transpose of a matrix, or of every matrix of a batch (…, m, n)."""
    return a.T if a.ndim < 3 else a.swapaxes(-1, -2)


def sliced(a: np.ndarray, axis: int, start: int, stop: int) -> np.ndarray:
    return a[(slice(None),) * axis + (slice(start, stop),)].copy()


def scattered(g: np.ndarray, rows: list[int], count: int) -> np.ndarray:
    """(count, d): row i is the sum of those rows of g that `rows` sends to i."""
    out = np.zeros((count, *g.shape[1:]), dtype=g.dtype)
    for row, target in zip(g, rows, strict=True):
        out[target] = out[target] + row
    return out


def around(shape, axis: int, start: int, stop: int) -> list[list[int]]:
    """The widths of zeros that bring a slice back to its place."""
    return [[start, n - stop] if i == axis else [0, 0] for i, n in enumerate(shape)]


def inside(g, widths):
    """What `pad` has put zeros around."""
    for axis, (before, after) in enumerate(widths):
        if before or after:
            g = g.slice(axis=axis, start=before, stop=g.shape[axis] - after)
    return g


def share(i: int):
    """The rule of argument i of a concatenation: its own slice of the gradient."""

    def rule(g, out, *args, axis):
        start = sum(a.shape[axis] for a in args[:i])
        return g.slice(axis=axis, start=start, stop=start + args[i].shape[axis])

    return rule


def product(a, b) -> Cost:
    """Each entry of a product of matrices, or of batches of them, adds up as many products as a has columns."""
    numbers = prod(a.shape[:-1]) * b.shape[-1]
    return Cost(numbers, numbers * a.shape[-1])


def moves(numbers: int) -> Cost:
    """So many numbers find their place; nothing is worked, but it takes time."""
    return Cost(numbers, numbers)


def crossed(a, b) -> Cost:
    return moves(a.size * b.size)


def joined(*a, axis) -> Cost:
    return moves(sum(x.size for x in a))


def taken(table, rows) -> Cost:
    return moves(len(rows) * prod(table.shape[1:]))


def padded(a, widths) -> Cost:
    return moves(prod(n + sum(width) for n, width in zip(a.shape, widths, strict=True)))


def row_by_row(g, rows, count: int) -> Cost:
    """Every row of g is added by itself."""
    return Cost(count * prod(g.shape[1:]), g.size, calls=len(rows))


def _products(index, a: np.ndarray, b: np.ndarray) -> Total:
    return Total(tuple(Product(Of(0, (index[0], k)), Of(1, (k, index[1]))) for k in range(a.shape[-1])))


def _collected(index, g: np.ndarray, rows: list[int], count: int) -> Total:
    """The rows that come to this one."""
    return Total(entries(0, ((k, index[1]) for k, row in enumerate(rows) if row == index[0])))


# A table: one entry a paragraph, one rule a line.
# fmt: off

op("matmul", np.matmul,
   lambda g, out, a, b: g @ b.T,
   lambda g, out, a, b: a.T @ g,
   precedence=PRODUCT, bracket_below=PRODUCT, sample=((2, 3), (3, 4)), kind="matrix", infix="@", terms=_products,
   size=np.matmul, cost=product)

op("outer", lambda a, b: a * swapped(b),
   lambda g, out, a, b: g @ b,
   lambda g, out, a, b: g.T @ a,
   precedence=PRODUCT, bracket_below=PRODUCT, sample=((2, 1), (3, 1)), kind="matrix", cost=crossed)

op("transpose", swapped,
   lambda g, out, a: g.T,
   precedence=POWER, bracket_below=POWER, kind="layout", infix=".T", terms=lambda index, a: Of(0, index[::-1]),
   simpler=simpler.transposed)

op("reshape", lambda a, shape: np.reshape(a, shape).copy(),
   lambda g, out, a, shape: g.reshape(shape=a.shape),
   kind="layout", attrs={"shape": (6, 1)})

op("concat", lambda *a, axis: np.concatenate(a, axis=axis),
   each=share,
   sample=((2, 3), (2, 1)), kind="layout", attrs={"axis": 1}, cost=joined)

op("slice", sliced,
   lambda g, out, a, axis, start, stop: g.pad(widths=around(a.shape, axis, start, stop)),
   sample=((4, 3),), kind="layout", attrs={"axis": 0, "start": 1, "stop": 3})

op("pad", lambda a, widths: np.pad(a, widths),
   lambda g, out, a, widths: inside(g, widths),
   kind="layout", attrs={"widths": [[1, 1], [0, 2]]}, cost=padded, simpler=simpler.padded)

op("gather", lambda table, rows: table[list(rows)],
   lambda g, out, table, rows: g.scatter(rows=rows, count=table.shape[0]),
   sample=((4, 2),), kind="layout", attrs={"rows": [2, 0, 2]}, cost=taken)

op("scatter", scattered,
   lambda h, out, g, rows, count: h.gather(rows=rows),
   sample=((3, 2),), kind="sum", attrs={"rows": [2, 0, 2], "count": 4}, terms=_collected, cost=row_by_row)
