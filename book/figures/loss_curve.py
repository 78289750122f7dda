"""The loss over many further updates: their number t on a scale of 1 + t, so that the first is seen as well."""

from collections.abc import Iterator

import numpy as np

from gradbook.engine.tape.lower import train

from . import palette
from .canvas import Box, Canvas, label_box
from .chart import SMALL, Chart, ticks
from .figure import Figure, View

WIDTH, HEIGHT = 420.0, 220.0
SAMPLES = 240
PLACES = [
    (5, -9, "start"), (0, -12, "middle"), (5, 12, "start"), (0, 14, "middle"), (-7, 9, "end"), (0, -22, "middle"),
]  # fmt: skip
STEEP = 20.0  # from this ratio of largest to smallest loss on, powers of ten are shown


def draw(view: View) -> Iterator[Figure]:
    stops = hasattr(view.example, "judged")  # its losses are those of single samples, which a curve does not join
    if not (view.trace.loss and view.example.update) or stops:
        return
    count = view.example.page.curve
    losses = train(view.trace, count)[0] if view.losses is None else np.asarray(view.losses)
    broken = np.flatnonzero(~np.isfinite(losses))
    seen = losses[: broken[0]] if len(broken) else losses
    if len(seen) > 1:
        yield _figure(view, seen, len(losses) - 1)


def _figure(view: View, losses: np.ndarray, wanted: int) -> Figure:
    last = len(losses) - 1
    marks = [t for t in [0, *(10**k for k in range(9))] if t <= last]
    marks += [last] if last >= 3 * marks[-1] else []
    log = losses.min() > 0 and losses.max() / losses.min() > STEEP
    scale = np.log10 if log else np.asarray
    canvas = Canvas(WIDTH, HEIGHT)
    heights = scale(losses)
    low, high = (heights.min(), heights.max()) if log else (min(0.0, heights.min()), heights.max())
    space = (high - low or abs(high) or 1) * 0.13
    chart = Chart(canvas, (0, _across(last)), (low - (space if log else 0), high + space), left=52, right=34, top=24)
    up = _powers(low, high) if log else ticks(low, high + space, 5)
    chart.frame([(_across(t), _count(t)) for t in marks], up, "t", view.notation.symbol(view.trace.loss))
    at = np.unique(np.round(np.expm1(np.linspace(0, np.log1p(last), SAMPLES))).astype(int))
    at = np.union1d(at, marks)
    chart.line(_across(at), heights[at], palette.CURVE, 1.6)
    _marked(view, chart, losses, heights, marks, at)
    return Figure("loss_curve", canvas.svg(), _facts(losses, marks, wanted, log))


def _facts(losses, marks, wanted, log) -> dict:
    values = {t: float(losses[t]) for t in marks}
    return {
        "start": float(losses[0]), "first": float(losses[1]), "end": float(losses[-1]), "updates": len(losses) - 1,
        "marked": values, "log": bool(log), "diverges": len(losses) - 1 < wanted, "least": float(losses.min()),
        "falls": bool((np.diff(losses) <= 0).all()),
    }  # fmt: skip


def _across(t):
    return np.log10(1 + np.asarray(t, dtype=float))


def _count(t: int) -> str:
    """A number of updates; a long power of ten is written as one."""
    zeros = len(str(t)) - 1
    return rf"10^{{{zeros}}}" if zeros > 3 and t == 10**zeros else str(t)


def _powers(low: float, high: float) -> list[tuple[float, str]]:
    """Powers of ten, not more than six."""
    found = range(int(np.ceil(low)), int(np.floor(high)) + 1)
    return [(float(k), rf"10^{{{k}}}") for k in found[:: -(-len(found) // 6) or 1]]


def _marked(view: View, chart: Chart, losses, heights, marks, at) -> None:
    """A point with its value at each mark, where it is free; the first update has a ring around it."""
    xs, ys = chart.x(_across(np.array(marks))), chart.y(heights[marks])
    chart.points(_across(np.array(marks)), heights[marks], palette.POINT, 2.6)
    if len(marks) > 1:
        chart.canvas.circle(float(xs[1]), float(ys[1]), 5.2, stroke=palette.POINT, width=0.9)
    curve = np.column_stack([chart.x(_across(at)), chart.y(heights[at])])
    for t, x, y in zip(marks, xs, ys, strict=True):
        _value(chart, view.number(losses[t]), float(x), float(y), curve)


def _value(chart: Chart, text: str, x: float, y: float, curve) -> None:
    """Beside its point, clear of the curve and of the other labels; left out if there is no such place."""
    axis = Box(0, chart.bottom - 1, chart.canvas.width, chart.canvas.height)
    for dx, dy, anchor in PLACES:
        box = label_box(x + dx, y + dy, text, SMALL, anchor, room=2.5)
        inside = box.left > 0 and box.right < chart.canvas.width and box.top > 0
        if inside and not any(box.meets(other) for other in [axis, *chart.canvas.labels]) and not _on(curve, box):
            chart.canvas.label(x + dx, y + dy, text, size=SMALL, anchor=anchor, halo=True)
            return


def _on(curve: np.ndarray, box: Box) -> bool:
    xs, ys = curve.T
    return bool(((xs > box.left) & (xs < box.right) & (ys > box.top) & (ys < box.bottom)).any())
