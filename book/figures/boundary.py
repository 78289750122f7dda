"""Two inputs as a plane: the samples as points, and the line on which a unit changes its mind, epoch after epoch."""

from collections.abc import Iterator
from itertools import groupby

import numpy as np

from gradbook.engine.tape.course import course

from . import palette
from .canvas import Canvas
from .chart import Chart, ticks
from .figure import Figure, View

WIDTH, HEIGHT, RADIUS = 300.0, 260.0, 4.2
ROOM = 0.4
"""How much of the samples' spread is left free on each side of them."""
MOST = 12
"""Of more lines than these the first ones and the last are drawn."""

Line = tuple[float, float, float]
"""u, v, c of the line u x + v y + c = 0."""
Point = tuple[float, float]


def draw(view: View) -> Iterator[Figure]:
    """Of an example that says where its `boundary` lies, if it has two inputs and is trained."""
    example = view.example
    if hasattr(example, "boundary") and view.trace.updates and view.trace.loss and len(example.data.x[0]) == 2:
        yield _figure(view)


def _figure(view: View) -> Figure:
    example, start = view.example, {leaf.name: leaf.value for leaf in view.trace.leaves("param")}
    run = course(view.trace, example.judged, example.epochs)
    after = [start, *(start | turn.new for turn in run.turns[run.size - 1 :: run.size])]
    lines = [line for line, _ in groupby(example.boundary(values) for values in after)]
    x, fires = np.array(example.data.x), np.array(example.data.y)[:, 0] == 1
    canvas = Canvas(WIDTH, HEIGHT)
    chart = Chart(canvas, _span(x[:, 0]), _span(x[:, 1]), left=40, right=16, top=24)
    chart.frame(ticks(*chart.across, 5), ticks(*chart.up, 5), "x_1", "x_2")
    shown = [*lines[: MOST - 1], lines[-1]] if len(lines) > MOST else lines
    drawn = [_line(chart, line, i == 0, i == len(shown) - 1) for i, line in enumerate(shown)]
    for point, fire in zip(x.tolist(), fires.tolist(), strict=True):
        fill = palette.POINT if fire else palette.GROUND
        canvas.circle(
            float(chart.x(point[0])), float(chart.y(point[1])), RADIUS, fill=fill, stroke=palette.POINT, width=1.4
        )
    return Figure("boundary", canvas.svg(), {"missing": not all(drawn), "lines": len(lines)})


def _span(values: np.ndarray) -> Point:
    low, high = float(values.min()), float(values.max())
    room = ROOM * ((high - low) or 1)
    return low - room, high + room


def _line(chart: Chart, line: Line, is_first: bool, is_last: bool) -> bool:
    """The last is bold, the first dashed; whether there is any of it inside the chart."""
    ends = _ends(line, chart.across, chart.up)
    if len(ends) < 2:
        return False
    path = [(kind, float(chart.x(x)), float(chart.y(y))) for kind, (x, y) in zip("ML", ends, strict=True)]
    colour, width = (palette.CURVE, 1.8) if is_last else (palette.MUTED, 0.8)
    chart.canvas.path(path, stroke=colour, width=width, dashed=is_first and not is_last)
    return True


def _ends(line: Line, across: Point, up: Point) -> list[Point]:
    """Where the line meets the sides of the chart: its two points farthest apart; nothing if it does not."""
    u, v, c = line
    found = [(x, -(c + u * x) / v) for x in across if v] + [(-(c + v * y) / u, y) for y in up if u]
    inside = sorted(p for p in found if _within(p[0], across) and _within(p[1], up))
    return [inside[0], inside[-1]] if inside and inside[0] != inside[-1] else []


def _within(value: float, bounds: Point) -> bool:
    return bounds[0] - 1e-9 <= value <= bounds[1] + 1e-9
