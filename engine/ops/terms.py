"""What one entry of a result is made of, for operations that move entries or add them up.

An operation's entry says it in `terms(index, *arguments, **attrs)`: whole arrays come in, since a mask decides by its
values what counts, and one of these comes out. Whoever writes an entry, in whatever signs, reads it here.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from typing import Union

import numpy as np

Index = tuple[int, ...]


@dataclass(frozen=True)
class Of:
    """The entry `index` of argument number `argument`."""

    argument: int
    index: Index


@dataclass(frozen=True)
class Product:
    """Two entries multiplied with each other."""

    left: Of
    right: Of


@dataclass(frozen=True)
class Applied:
    """An operation that works entry by entry, on an entry."""

    op: str
    on: Of


@dataclass(frozen=True)
class Total:
    """A sum; 0 if it has no terms."""

    terms: tuple["Term", ...]


@dataclass(frozen=True)
class Share:
    """A sum, or one of its terms, divided by a sum or a count."""

    above: "Term"
    below: Union["Term", int]


@dataclass(frozen=True)
class Several:
    """What the operation's own way of writing an entry is given, in this order."""

    parts: tuple["Term", ...]


Term = Of | Product | Applied | Total | Share | Several


def entries(argument: int, places) -> tuple[Of, ...]:
    return tuple(Of(argument, tuple(map(int, place))) for place in places)


def everything(index: Index, a: np.ndarray) -> Total:
    """All entries of the one argument."""
    return Total(entries(0, np.ndindex(a.shape)))


def along(index: Index, shape: Index, axis) -> Iterator[Index]:
    """The entries that are added up along an axis, or several, to the entry `index`."""
    axes = axis if isinstance(axis, tuple | list) else (axis,)
    return product(*(range(n) if a in axes else [index[a]] for a, n in enumerate(shape)))


def line(index: Index, shape: Index, axis: int) -> list[Index]:
    """All entries on the line along the axis that goes through `index`."""
    return [(*index[:axis], k, *index[axis + 1 :]) for k in range(shape[axis])]


def repeated(index: Index, shape: Index) -> Index:
    """The entry of a smaller array that numpy repeats at `index`."""
    return tuple(0 if n == 1 else i for i, n in zip(index[len(index) - len(shape) :], shape, strict=True))
