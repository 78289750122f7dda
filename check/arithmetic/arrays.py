"""Arithmetic with arrays of Decimals or Intervals.

Glossary. x, y: a scalar or an array, a tuple of rows of scalars.
"""

from collections.abc import Callable
from decimal import Decimal

from .interval import times
from .tree import NotUnderstoodError

HIDDEN = object()
"""The value of a number in whose place dots are printed, and of all that depends on it."""


def shape(x) -> tuple[int, int]:
    return (len(x), len(x[0])) if isinstance(x, tuple) else (1, 1)


def rows_of(x):
    return x if isinstance(x, tuple) else ((x,),)


def lone(x):
    """An array of one entry is that entry."""
    return x[0][0] if shape(x) == (1, 1) and isinstance(x, tuple) else x


def broadcast(function: Callable, *x):
    """`function` entry by entry; a scalar, a single row or a single column is repeated as numpy does."""
    return _broadcast(lambda *v: HIDDEN if HIDDEN in v else function(*v), *x)


def _broadcast(function: Callable, *x):
    if not any(isinstance(v, tuple) for v in x):
        return function(*x)
    shapes = [shape(v) for v in x]
    rows, columns = (max(s[axis] for s in shapes) for axis in (0, 1))
    if any(s[0] not in (1, rows) or s[1] not in (1, columns) for s in shapes):
        raise NotUnderstoodError(f"an operation on shapes {' and '.join(f'{a} × {b}' for a, b in shapes)}")
    return tuple(tuple(function(*(_at(v, i, j) for v in x)) for j in range(columns)) for i in range(rows))


def _at(x, i: int, j: int):
    if not isinstance(x, tuple):
        return x
    row = x[i if len(x) > 1 else 0]
    return row[j if len(row) > 1 else 0]


def add(x, y):
    return broadcast(lambda a, b: a + b, x, y)


def subtract(x, y):
    return broadcast(lambda a, b: a - b, x, y)


def multiply(x, y):
    return broadcast(times, x, y)


def divide(x, y):
    return broadcast(lambda a, b: a / b, x, y)


def multiple(x, y):
    if isinstance(x, tuple) and isinstance(y, tuple) and (1, 1) not in (shape(x), shape(y)):
        raise NotUnderstoodError("a dot between two matrices")
    return multiply(x, y)


def product(x, y):
    """The matrix product; with a scalar, the multiple."""
    if not isinstance(x, tuple) or not isinstance(y, tuple):
        return multiply(x, y)
    if len(x[0]) != len(y):
        raise NotUnderstoodError("a product of {} × {} and {} × {}".format(*shape(x), *shape(y)))
    columns = [None if HIDDEN in column else column for column in zip(*y, strict=True)]
    return tuple(tuple(_inner(row, column) for column in columns) for row in (None if HIDDEN in r else r for r in x))


def _inner(row, column):
    """The sum of the products; `row` or `column` is None if one of its entries is hidden."""
    if row is None or column is None:
        return HIDDEN
    return added(u * v for u, v in zip(row, column, strict=True))


def outer(x, y):
    """Every entry of a column by every entry of another."""
    return product(x, transpose(y))


def added(terms):
    terms = tuple(terms)
    return HIDDEN if HIDDEN in terms else sum(terms, Decimal(0))


def all_hidden(function: Callable, *x):
    """What a function of arrays gives if each of its entries depends on what is hidden: its shape is known."""
    shown = (_broadcast(lambda v: Decimal(1) if v is HIDDEN else v, array) for array in x)
    return _broadcast(lambda _: HIDDEN, function(*shown))


def hiding(function: Callable) -> Callable:
    """A function `(below, *arrays)` that gives what is hidden wherever an entry of its arrays is."""

    def careful(below: str, *x):
        hidden = any(HIDDEN in row for array in x for row in rows_of(array))
        return all_hidden(lambda *v: function(below, *v), *x) if hidden else function(below, *x)

    return careful


def total(x):
    """The sum of all entries."""
    return added(v for row in rows_of(x) for v in row)


def transpose(x):
    return tuple(zip(*x, strict=True)) if isinstance(x, tuple) else x


def joined(blocks):
    """Rows of scalars, or of matrices that stand beside each other and below each other."""
    bands = [[rows_of(block) for block in row] for row in blocks]
    if any(len(block) != len(band[0]) for band in bands for block in band):
        raise NotUnderstoodError("blocks of different heights beside each other")
    found = tuple(sum(lines, ()) for band in bands for lines in zip(*band, strict=True))
    if len({len(row) for row in found}) != 1:
        raise NotUnderstoodError("blocks of different widths below each other")
    return found
