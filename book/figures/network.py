"""The network with its values: a circle for every neuron, a line for every weight, for the first sample of a batch.

Glossary. A *column* is the inputs or one layer; a *cell* is one circle (or one gap '⋮' where a column is cut).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from . import palette, tex
from .canvas import Box, Canvas, label_box
from .figure import Figure, View
from .layers import Layer, layers, target

MOST_CELLS, MOST_COLUMNS, MOST_LABELS = 8, 7, 20
SMALL, LABEL = 8.0, 8.5
RADIUS = 17.0, 24.0
GAP = 30.0  # between circles of a column: room for a bias
NARROW, DOTS = 84.0, 17.0  # the least way between two columns; half of it where columns are left out
PLACES = [0.3 + sign * k * 0.03 for k in range(8) for sign in (1, -1)] + [0.53, 0.56, 0.6, 0.65, 0.7, 0.75]
"""Where a weight may stand on its line, from start to end, best first: near its start, where the lines fan out."""


@dataclass
class Column:
    """`rows` are the entries that are shown, None where some are left out; `y` their heights."""

    name: str
    layer: Layer | None
    rows: list[int | None]
    x: float = 0.0
    y: tuple[float, ...] = ()

    def cells(self) -> Iterator[tuple[int, float]]:
        return ((row, y) for row, y in zip(self.rows, self.y, strict=True) if row is not None)


def draw(view: View) -> Iterator[Figure]:
    chain = layers(view.trace)
    if chain:
        yield _Network(view, chain).figure()


def _cut(count: int, most: int) -> list[int | None]:
    """All of `count`, or the first ones, a gap, and the last."""
    return list(range(count)) if count <= most else [*range(most - 2), None, count - 1]


class _Network:
    def __init__(self, view: View, chain: list[Layer]):
        self.view, self.trace, self.chain = view, view.trace, chain
        self.target = target(view.trace, chain[-1])
        self.columns = self._columns()
        self.radius = self._radius()
        self.place()

    def _columns(self) -> list[Column | None]:
        steps = [(self.chain[0].before, None), *((layer.a, layer) for layer in self.chain)]
        shown = [steps[i] if i is not None else None for i in _cut(len(steps), MOST_COLUMNS)]
        return [s and Column(*s, _cut(self.units(s[0]), MOST_CELLS)) for s in shown]

    def _radius(self) -> float:
        widths = [
            tex.width(text, SMALL)
            for column in self.columns
            if column
            for row in column.rows
            if row is not None
            for text in (self.symbol(column.name, row), self.value(column.name, row))
        ]
        return float(np.clip(max(widths) / 2 + 4, *RADIUS))

    def units(self, name: str) -> int:
        return self.chain[0].units(self.trace, name)

    def place_of(self, row: int) -> tuple[int, int]:
        """Where the number stands that the circle `row` of a column shows."""
        return self.chain[0].place(row)

    # What is written

    def symbol(self, name: str, row: int) -> str:
        """Empty if it is too long for a circle."""
        text = self.view.notation.entry(name, self.place_of(row))
        return text if tex.width(text, SMALL) <= 2 * RADIUS[1] - 4 else ""

    def value(self, name: str, row: int) -> str:
        """With as many digits as the circle has room for."""
        value = self.trace.value(name)[self.place_of(row)]
        texts = [self.view.number(value, digits) for digits in range(self.view.digits, 0, -1)]
        return next((t for t in texts if tex.width(t, SMALL) <= 2 * RADIUS[1] - 6), texts[-1])

    def equation(self, name: str, index: tuple[int, int]) -> str:
        """'b_1 = 0.35', or the number alone if the symbol is long."""
        number = self.view.number(self.trace.value(name)[index])
        text = f"{self.view.notation.entry(name, index)} = {number}"
        return text if tex.width(text, SMALL) <= 2 * self.radius + NARROW else number

    # Where it stands

    def place(self) -> None:
        pitch = 2 * self.radius + GAP
        self.height = max(len(column.rows) for column in self.columns if column) * pitch + 4
        self.dots: list[float] = []
        x = self.radius + 4
        for before, column in pairwise([None, *self.columns]):
            if column:
                x += self._distance(before, column) if before else self.radius + DOTS if self.dots else 0
                self._stand(column, x, pitch)
            else:
                x += self.radius + DOTS
                self.dots.append(x)
        shown = self._last.cells() if self.target else ()
        goals = [26 + tex.width(self.equation(self.target, self.place_of(row)), LABEL) for row, _ in shown]
        self.width = x + self.radius + max(goals, default=4)

    def _stand(self, column: Column, x: float, pitch: float) -> None:
        top = (self.height - len(column.rows) * pitch) / 2 + GAP + self.radius
        column.x, column.y = x, tuple(top + i * pitch for i in range(len(column.rows)))

    @property
    def _last(self) -> Column:
        return self.columns[-1]

    def _distance(self, before: Column, column: Column) -> float:
        """Wider for tall columns, whose lines are steep, and for long numbers."""
        tall = (max(len(before.rows), len(column.rows)) - 1) * (2 * self.radius + GAP)
        return 2 * self.radius + max(NARROW, min(118.0, 0.62 * tall), 3.6 * self._longest(before, column))

    def _longest(self, before: Column, column: Column) -> float:
        """The width of the longest weight, 0 if the weights are not written."""
        if not self._written(before, column):
            return 0.0
        weights = self.trace.value(column.layer.weights)
        return max(tex.width(self.view.number(w), LABEL) for w in weights.ravel())

    @staticmethod
    def _written(before: Column, column: Column) -> bool:
        return len(before.rows) * len(column.rows) <= MOST_LABELS

    # Drawing

    def figure(self) -> Figure:
        self.canvas = Canvas(self.width, self.height)
        self.labelled = 0
        for before, column in pairwise(self.columns):
            if before and column:
                self.edges(before, column)
        for x in self.dots:
            self.canvas.label(x, self.height / 2, r"\cdots", size=14)
        for column in filter(None, self.columns):
            self.circles(column)
        self.targets()
        return Figure("network", self.canvas.svg(), self.facts())

    def facts(self) -> dict:
        sizes = [self.units(self.chain[0].before), *(self.units(c.a) for c in self.chain)]
        samples = self.chain[0].samples(self.trace, self.chain[0].before)
        hidden = any(c is None or None in c.rows for c in self.columns)
        return {
            "layers": len(self.chain), "sizes": sizes, "sample": 1, "samples": samples, "digits": self.view.digits,
            "complete": not hidden, "labelled_weights": self.labelled, "weights": sum(
                self.trace[c.weights].value.size for c in self.chain
            ),
        }  # fmt: skip

    def edges(self, before: Column, column: Column) -> None:
        weights = column.layer.strengths(self.trace)
        largest = np.abs(weights).max() or 1.0
        lines = [
            (weights[i, j], *self._ends(before.x, y0, column.x, y1))
            for j, y0 in before.cells()
            for i, y1 in column.cells()
        ]
        for level in (1, 2, 3):
            for sign in (-1, 1):
                these = [e for e in lines if np.sign(e[0] or 1) == sign and _level(e[0], largest) == level]
                path = [part for _, x0, y0, x1, y1 in these for part in (("M", x0, y0), ("L", x1, y1))]
                self.canvas.path(path, stroke=palette.signed(sign), width=0.35 + 0.4 * level, alpha=(0.75, 1))
        if self._written(before, column):
            both = (before, column)
            self.weights(lines, [box for one in both for box in (*self.biases(one), *self._rims(one))])

    def _ends(self, x0, y0, x1, y1):
        """From rim to rim."""
        way = np.array([x1 - x0, y1 - y0])
        rim = way / np.hypot(*way) * self.radius
        return x0 + rim[0], y0 + rim[1], x1 - rim[0], y1 - rim[1]

    def weights(self, lines, taken: list[Box]) -> None:
        """Each weight on its line, where it touches no other label and as few other lines as possible."""
        for line in lines:
            text = self.view.number(line[0])
            free = [(i, box) for i, box in self._spots(line, text) if not any(map(box.meets, taken))]
            spots = [(self._crowd(box, line, lines), i, box) for i, box in free]
            if spots:
                _, i, box = min(spots, key=lambda spot: spot[:2])
                taken.append(box)
                self.labelled += 1
                self.canvas.label(*_along(line, PLACES[i]), text, size=LABEL, halo=True)

    @staticmethod
    def _spots(line, text):
        for i, t in enumerate(PLACES):
            yield i, label_box(*_along(line, t), text, LABEL, room=1.8)

    @staticmethod
    def _crowd(box: Box, own, lines) -> int:
        wide = Box(box.left - 3, box.top - 2, box.right + 3, box.bottom + 2)
        return sum(_crosses(wide, other) for other in lines if other is not own)

    def circles(self, column: Column) -> None:
        for row, y in zip(column.rows, column.y, strict=True):
            if row is None:
                self.canvas.label(column.x, y, r"\vdots", size=14)
                continue
            look = {"fill": palette.GROUND, "stroke": palette.INK if column.layer else palette.MUTED}
            self.canvas.circle(column.x, y, self.radius, width=1.1, **look)
            self.canvas.label(column.x, y - 5.5, self.symbol(column.name, row), size=SMALL, colour=palette.MUTED)
            self.canvas.label(column.x, y + 5.5, self.value(column.name, row), size=SMALL)
            if column.layer and column.layer.bias:
                self.bias(column, row, y)

    def bias(self, column: Column, row: int, y: float) -> None:
        top = y - self.radius
        self.canvas.path([("M", column.x, top - 7), ("L", column.x, top)], stroke=palette.MUTED, width=0.8)
        x, y, text = self._bias(column, row, y)
        self.canvas.label(x, y, text, size=SMALL, colour=palette.MUTED, halo=True)

    def _bias(self, column: Column, row: int, y: float) -> tuple[float, float, str]:
        return column.x, y - self.radius - 12.5, self.equation(column.layer.bias, self.place_of(row))

    def biases(self, column: Column) -> list[Box]:
        if not (column.layer and column.layer.bias):
            return []
        return [label_box(*self._bias(column, row, y), SMALL, room=1.2) for row, y in column.cells()]

    def _rims(self, column: Column) -> list[Box]:
        x, r = column.x, self.radius
        return [Box(x - r, y - r, x + r, y + r) for _, y in column.cells()]

    def targets(self) -> None:
        if not self.target:
            return
        for row, y in self._last.cells():
            rim = self._last.x + self.radius
            line = [("M", rim, y), ("L", rim + 16, y)]
            self.canvas.path(line, stroke=palette.MUTED, width=0.8, dashed=True)
            self.canvas.label(rim + 20, y, self.equation(self.target, self.place_of(row)), size=LABEL, anchor="start")


def _level(weight: float, largest: float) -> int:
    """How thick a line is drawn: 1, 2 or 3."""
    return min(3, 1 + int(3 * (abs(weight) / largest)))


def _along(line, t: float) -> tuple[float, float]:
    _, x0, y0, x1, y1 = line
    return x0 + t * (x1 - x0), y0 + t * (y1 - y0)


def _crosses(box: Box, line) -> bool:
    """Whether a line passes through the box: it is cut to the box's width, then compared in height."""
    _, x0, y0, x1, y1 = line
    ends = [y0 + (min(max(x, x0), x1) - x0) / (x1 - x0) * (y1 - y0) for x in (box.left, box.right)]
    return min(ends) < box.bottom and box.top < max(ends)
