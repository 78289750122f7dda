"""Operations that move or copy entries without changing them: where an entry of the result came from.

Glossary. A move maps (index in the result, shapes of the arguments, attributes) to (which argument, index in it), or
to None for an entry that comes from nowhere, as the zeros that are put around a map.
"""

from collections.abc import Callable

import numpy as np

Index = tuple[int, ...]
Move = Callable[[Index, list[tuple[int, ...]], dict], tuple[int, Index] | None]


def transposed(index, shapes, attrs):
    return 0, (index[::-1] if len(index) < 3 else (*index[:-2], index[-1], index[-2]))


def same(index, shapes, attrs):
    return 0, index


def total(index, shapes, attrs):
    """A sum over a single entry is that entry."""
    return (0, (0,) * len(shapes[0])) if all(n == 1 for n in shapes[0]) else None


def total_along(index, shapes, attrs):
    return (0, index) if all(shapes[0][a] == 1 for a in np.ravel(attrs["axis"])) else None


def reshaped(index, shapes, attrs):
    place = np.ravel_multi_index(index, tuple(attrs["shape"]))
    return 0, tuple(map(int, np.unravel_index(place, shapes[0])))


def joined(index, shapes, attrs):
    axis, place = attrs["axis"], index[attrs["axis"]]
    for i, shape in enumerate(shapes):
        if place < shape[axis]:
            return i, (*index[:axis], place, *index[axis + 1 :])
        place -= shape[axis]
    return None


def sliced(index, shapes, attrs):
    axis = attrs["axis"]
    return 0, (*index[:axis], index[axis] + attrs["start"], *index[axis + 1 :])


def padded(index, shapes, attrs):
    inner = tuple(i - before for i, (before, _) in zip(index, attrs["widths"], strict=True))
    return (0, inner) if all(0 <= i < n for i, n in zip(inner, shapes[0], strict=True)) else None


def gathered(index, shapes, attrs):
    return 0, (attrs["rows"][index[0]], *index[1:])


def scattered(index, shapes, attrs):
    """What comes from a single row is that row; where several are added up there is no one place."""
    sources = [k for k, row in enumerate(attrs["rows"]) if row == index[0]]
    return (0, (sources[0], *index[1:])) if len(sources) == 1 else None


def repeated(index, shapes, attrs):
    return 0, tuple(0 if n == 1 else i for i, n in zip(index[len(index) - len(shapes[0]) :], shapes[0], strict=True))
