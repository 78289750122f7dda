"""What is too large to be printed whole, and which rows, columns and terms of it are shown: all limits stand here."""

import math
from collections.abc import Callable

import numpy as np

MOST = 8
"""A matrix with more rows or columns than these is printed with dots."""

FIRST, LAST = 3, 1
"""How many rows or columns are printed before the dots, and after them."""

TERMS = 24
"""A sum of more terms than these is printed with dots."""

TERMS_A_ROW = 4
"""A worked sum of more than MOST terms goes on in further rows, so many terms in each."""

LINE = 74
"""A row of a derivation that is wider, in characters, goes on in a further row."""

ENTRIES = 24
"""A table that has a row for each entry of an array shows so many of them."""


def shown(n: int, most: int = MOST) -> list[int | None]:
    """The places of n that are printed; None stands for the dots."""
    return list(range(n)) if n <= most else [*range(FIRST), None, *range(n - LAST, n)]


def printed(shape: tuple[int, ...]) -> int:
    """How many numbers of an array of this shape are printed."""
    return math.prod(sum(i is not None for i in shown(n)) for n in shape)


def is_wide(shape: tuple[int, ...]) -> bool:
    """Whether an array of this shape is printed with dots."""
    return any(n > MOST for n in shape)


def filled(shape: tuple[int, ...], text: Callable[[tuple[int, ...]], str]) -> np.ndarray:
    """The cells of an array: `text(index)` wherever the cell will be printed, None elsewhere."""
    cells = np.empty(shape, dtype=object)
    printed = [[i for i in shown(n) if i is not None] for n in shape]
    for place in np.ndindex(*map(len, printed)):
        index = tuple(axis[i] for axis, i in zip(printed, place, strict=True))
        cells[index] = text(index)
    return cells
