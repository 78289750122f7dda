"""A chart on a canvas: axes drawn with few lines, ticks at round numbers, curves and points at their values."""

from decimal import Decimal

import numpy as np

from ..base.numbers import tex_decimal
from . import palette, tex
from .canvas import Canvas, ring

SMALL = 8.5
CROWD = 40
BESIDE = 5
"""Between the numbers of the upright axis and the chart."""


class Chart:
    """Maps values to places on the canvas; `across` and `up` are the ranges of the two axes."""

    def __init__(self, canvas: Canvas, across, up, left=34.0, right=12.0, top=10.0, bottom=26.0):
        self.canvas, self.across, self.up = canvas, across, up
        self.left, self.right = left, canvas.width - right
        self.top, self.bottom = top, canvas.height - bottom

    def x(self, value):
        low, high = self.across
        return self.left + (value - low) / (high - low) * (self.right - self.left)

    def y(self, value):
        low, high = self.up
        return self.bottom - (value - low) / (high - low) * (self.bottom - self.top)

    def frame(self, across, up, name_across: str, name_up: str, zero: bool = False) -> None:
        """Grid, axes and their numbers: `across` and `up` are (place, TeX) pairs. It comes before anything else is
        drawn: long numbers beside the upright axis move it to the right."""
        self.left = max([self.left, *(tex.width(text, SMALL) + BESIDE for _, text in up)])
        grid = [part for v, _ in up for part in (("M", self.left, self.y(v)), ("L", self.right, self.y(v)))]
        self.canvas.path(grid, stroke=palette.FAINT, width=0.6)
        axes = [("M", self.left, self.bottom), ("L", self.right, self.bottom)]
        if zero:
            axes += [("M", self.x(0), self.top), ("L", self.x(0), self.bottom)]
        self.canvas.path(axes, stroke=palette.MUTED, width=0.8)
        marks = [p for v, _ in across for p in (("M", self.x(v), self.bottom), ("L", self.x(v), self.bottom + 3))]
        self.canvas.path(marks, stroke=palette.MUTED, width=0.8)
        for value, text in across:
            self.canvas.label(self.x(value), self.bottom + 9.5, text, size=SMALL, colour=palette.MUTED)
        for value, text in up:
            self.canvas.label(self.left - BESIDE, self.y(value), text, size=SMALL, colour=palette.MUTED, anchor="end")
        self.canvas.label(self.right, self.bottom + 21, name_across, anchor="end")
        if name_up:
            self.canvas.label(self.left, self.top - 8, name_up)

    def line(self, xs, ys, colour: str, width: float) -> None:
        """A curve; where it jumps it is broken."""
        jumps = np.abs(np.diff(ys)) > (self.up[1] - self.up[0]) / 3
        kinds = ["M"] + ["M" if jump else "L" for jump in jumps]
        path = [(k, float(self.x(x)), float(self.y(y))) for k, x, y in zip(kinds, xs, ys, strict=True)]
        self.canvas.path(path, stroke=colour, width=width)

    def points(self, xs, ys, colour: str, radius: float) -> None:
        """Points, each with a rim; a crowd of them without, as one path."""
        places = zip(self.x(np.asarray(xs)).tolist(), self.y(np.asarray(ys)).tolist(), strict=True)
        rings = [ring(x, y, radius) for x, y in places]
        if len(rings) > CROWD:
            self.canvas.path([part for one in rings for part in one], fill=colour)
        else:
            for one in rings:
                self.canvas.path(one, fill=colour, stroke=palette.GROUND, width=0.8)


def ticks(low: float, high: float, count: int) -> list[tuple[float, str]]:
    """Some `count` round numbers from `low` to `high`, three at least: two would hardly tell a scale."""
    rough = (high - low) / count
    power = 10.0 ** np.floor(np.log10(rough))
    largest = next(m for m in (1, 2, 5, 10) if m * power >= rough * 0.9)
    for step in (m * power for m in (10, 5, 2, 1, 0.5) if m <= largest):
        first, last = int(np.ceil(low / step - 1e-9)), int(np.floor(high / step + 1e-9))
        if last - first >= 2:
            break
    exact = Decimal(f"{step:.0e}")
    return [(float(i * exact), tex_decimal(i * exact)) for i in range(first, last + 1)]
