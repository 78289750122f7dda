"""The curve of an operation that is a function of one number, and its slope, by the engine's own rule."""

import numpy as np

from gradbook.engine.ops import NO_GRADIENT, Op
from gradbook.engine.ops.table import DOMAINS
from gradbook.engine.tape.tape import apply, expr

from . import palette
from .canvas import Canvas
from .chart import Chart, ticks

WIDTH, HEIGHT = 300.0, 180.0
REACH = 3.0
"""How far from 0 the argument goes."""
HIGHEST = 4.0
"""A curve ends where it is farther from 0 than this."""
TARGET = 1.0
"""A loss is drawn as a function of what the model gives; the target is fixed."""
APART = 13.0


def is_curve(op: Op) -> bool:
    """Whether the operation is a function of one number, or a loss, which is one when the target is fixed."""
    return op.entrywise and (len(op.sample) == 1 or op.kind == "loss")


def draw(op: Op, argument: str, result: str) -> str:
    """The drawing as SVG; `argument` and `result` are the letters of the operation's formula."""
    xs = _range(op)
    values, slopes = _curves(op, xs)
    low, high = _span(values, slopes)
    canvas = Canvas(WIDTH, HEIGHT)
    chart = Chart(canvas, (min(xs[0], 0), xs[-1]), (low, high), right=30)
    chart.frame(ticks(*chart.across, 6), ticks(low, high, 5), argument, "", zero=True)
    if op.kind == "loss":
        canvas.label(chart.left, chart.bottom + 21, f"y = {TARGET:g}", anchor="start", colour=palette.MUTED)
    shown = [(slopes, rf"{result}'", palette.MUTED, 0.9), (values, result, palette.CURVE, 1.7)]
    for ys, _, colour, width in shown:
        near = np.abs(ys) <= HIGHEST
        chart.line(xs[near], ys[near], colour, width)
    _label(chart, xs, shown)
    return canvas.svg()


def _range(op: Op) -> np.ndarray:
    lowest, highest = DOMAINS[op.accepts(0)]
    low, high = max(float(lowest), -REACH), min(float(highest), REACH)
    return np.linspace(low, high, 242)[1:-1] if low == 0 else np.linspace(low, high, 242)


def _curves(op: Op, xs: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    args = [expr(xs), expr(np.full(xs.shape, TARGET))][: len(op.sample)]
    out, rule = apply(op.name, *args, **op.attrs), op.vjp(0)
    slope = np.zeros(xs.shape) if rule is NO_GRADIENT else rule(expr(1.0), out, *args, **op.attrs).value
    return out.value, np.broadcast_to(slope, xs.shape)


def _span(*curves: np.ndarray) -> tuple[float, float]:
    ys = np.concatenate(curves)
    ys = ys[np.abs(ys) <= HIGHEST]
    low, high = min(ys.min(), 0.0), max(ys.max(), 0.0)
    room = 0.08 * (high - low)
    return low - (room if low < 0 else 0), high + room


def _label(chart: Chart, xs: np.ndarray, curves) -> None:
    """The names stand at the right ends of their curves, apart."""
    ends = []
    for ys, name, colour, _ in curves:
        last = np.flatnonzero(np.abs(ys) <= HIGHEST)[-1]
        ends.append([chart.y(ys[last]), chart.x(xs[last]) + 6, name, colour])
    ends.sort(key=lambda end: end[0])
    beside = abs(ends[0][1] - ends[1][1]) < 2 * APART
    if beside and ends[1][0] - ends[0][0] < APART:
        ends[1][0] = ends[0][0] + APART
    for y, x, name, colour in ends:
        chart.canvas.label(x, y, name, colour=colour, anchor="start")
