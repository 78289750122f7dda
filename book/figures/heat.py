"""Matrices as pictures: a layer's weights, their gradient and the updated weights side by side, where numbers blur.

A cell is as opaque as its number is large, in the colour of its sign, so that it reads on white and on black.
"""

from collections import defaultdict
from collections.abc import Iterator

import numpy as np

from . import palette, tex
from .canvas import Box, Canvas, outline
from .figure import Figure, View

LEAST, MOST = 4, 600  # rows or columns from which a picture says more; cells beyond which it says less
NUMBERS = 40  # so many cells carry their numbers
LEVELS = 12
SMALL = 7.5
HALF = 30.0  # of the scale's strip
DENSEST = 0.62
WIDTH = 540.0
BETWEEN, HEAD, FOOT = 24.0, 22.0, 30.0


def draw(view: View) -> Iterator[Figure]:
    for step in view.trace.leaves("param"):
        rows, columns = step.shape if len(step.shape) == 2 else (0, 0)
        matrix = rows > 1 and columns > 1 and max(rows, columns) >= LEAST and rows * columns <= MOST
        if matrix and step.name in view.trace.grads:
            yield _figure(view, step.name)


def _figure(view: View, name: str) -> Figure:
    names = [name, view.trace.grads[name], view.trace.updates.get(name)]
    names = [n for n in names if n]
    rows, columns = view.trace[name].shape
    side = (WIDTH - BETWEEN * (len(names) - 1)) / len(names) / columns
    wide = min(side, 44.0)
    high = min(wide, 20.0) if rows * columns <= NUMBERS else min(wide, 14.0)
    room = max(columns * wide, *(_room(view, n) for n in names))
    canvas = Canvas(len(names) * room + BETWEEN * (len(names) - 1) + 4, HEAD + rows * high + FOOT)
    largest = {}
    for i, each in enumerate(names):
        left = 2 + i * (room + BETWEEN) + (room - columns * wide) / 2
        largest[each] = _matrix(view, canvas, each, left, wide, high)
    facts = {"parameter": name, "steps": names, "rows": rows, "columns": columns, "largest": largest}
    return Figure(f"heat-{name.replace('.', '-')}", canvas.svg(), facts)


def _room(view: View, name: str) -> float:
    """What a matrix's name and scale need."""
    largest = view.number(-np.abs(view.trace.value(name)).max(), 2)
    return max(tex.width(view.notation.symbol(name), 10), 2 * (HALF + 5 + tex.width(largest, SMALL)))


def _matrix(view: View, canvas: Canvas, name: str, left: float, wide: float, high: float) -> float:
    """One matrix with its name above and its scale beneath; returns the largest magnitude."""
    values = view.trace.value(name)
    largest = float(np.abs(values).max())
    rows, columns = values.shape
    frame = Box(left, HEAD, left + columns * wide, HEAD + rows * high)
    canvas.label((frame.left + frame.right) / 2, 9, view.notation.symbol(name), size=10)
    _shade(canvas, _cells(values / (largest or 1), left, wide, high))
    canvas.rectangle(frame, stroke=palette.MUTED, width=0.7)
    for (i, j), text in _texts(view, values, wide - 3.5).items():
        canvas.label(left + (j + 0.5) * wide, HEAD + (i + 0.5) * high, text, size=SMALL)
    _scale(view, canvas, (frame.left + frame.right) / 2, frame.bottom + 10, largest)
    return largest


def _shade(canvas: Canvas, cells: Iterator[tuple[int, Box]]) -> None:
    """Cells with their levels, from -LEVELS to LEVELS; all cells of one level in one path."""
    paths = defaultdict(list)
    for level, box in cells:
        paths[level] += outline(box)
    for level in sorted(paths):
        if level:
            canvas.path(paths[level], fill=palette.signed(level), alpha=(1, DENSEST * abs(level) / LEVELS))


def _cells(shares: np.ndarray, left: float, wide: float, high: float) -> Iterator[tuple[int, Box]]:
    for i, j in np.ndindex(shares.shape):
        box = Box(left + j * wide, HEAD + i * high, left + (j + 1) * wide, HEAD + (i + 1) * high)
        yield round(shares[i, j] * LEVELS), box


def _strip(x: float, y: float) -> Iterator[tuple[int, Box]]:
    step = HALF / LEVELS
    for level in range(-LEVELS, LEVELS + 1):
        yield level, Box(x + (level - 0.5) * step, y - 2.5, x + (level + 0.5) * step, y + 2.5)


def _texts(view: View, values: np.ndarray, room: float) -> dict[tuple[int, int], str]:
    """The numbers with as many digits as all cells have room for; none if there is no room for two."""
    for digits in range(view.digits if values.size <= NUMBERS else 0, 1, -1):
        texts = {index: view.number(values[index], digits) for index in np.ndindex(values.shape)}
        if all(tex.width(text, SMALL) <= room for text in texts.values()):
            return texts
    return {}


def _scale(view: View, canvas: Canvas, x: float, y: float, largest: float) -> None:
    """A strip from the largest negative number to the largest positive one."""
    _shade(canvas, _strip(x, y))
    for sign, anchor in ((-1, "end"), (1, "start")):
        text = view.number(sign * largest, 2)
        canvas.label(x + sign * (HALF + 5), y, text, size=SMALL, colour=palette.MUTED, anchor=anchor)
    canvas.label(x, y + 9.5, "0", size=SMALL, colour=palette.MUTED)
