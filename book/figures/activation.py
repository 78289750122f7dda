"""Each activation function that the example uses: its curve, its slope, and where this example stands."""

from collections.abc import Iterator, Mapping
from functools import cache

import numpy as np

from gradbook.engine.ops import OPS, of_kind
from gradbook.engine.tape.tape import apply, expr
from gradbook.engine.tape.trace import Step

from ..formula.nodes import Apply, Letter
from ..formula.patterns import Patterns
from ..formula.tex import Tex
from ..i18n.words import SOURCE, environment
from . import palette
from .canvas import Canvas
from .chart import Chart, ticks
from .figure import Figure, View

WIDTH, HEIGHT = 330.0, 190.0
MOST_POINTS = 150
FLAT = 0.1  # a slope below this counts as flat
FAR = 1e6  # with operating points beyond this the curve would be a corner


def draw(view: View) -> Iterator[Figure]:
    for op in of_kind("activation"):
        steps = [s for s in view.trace.values() if s.op == op and s.phase == "forward"]
        if steps and OPS[op].entrywise and _farthest(view, steps) < FAR:
            yield _figure(view, op, steps)


def _farthest(view: View, steps: list[Step]) -> float:
    return max(float(np.abs(view.trace.value(s.args[0])).max()) for s in steps)


def curve(op: str, z: np.ndarray, attrs: Mapping | None = None) -> tuple[np.ndarray, np.ndarray]:
    """The function and its slope, by the engine's own rules."""
    point, attrs = expr(z), attrs or {}
    a = apply(op, point, **attrs)
    return a.value, np.broadcast_to(OPS[op].vjps[0](expr(1.0), a, point, **attrs).value, z.shape)


def _figure(view: View, op: str, steps: list[Step]) -> Figure:
    z = np.unique(np.concatenate([view.trace.value(s.args[0]).ravel() for s in steps]))
    attrs = steps[0].attrs
    reach = _reach(op, z)
    xs = np.linspace(-reach, reach, 161)
    values, slopes = curve(op, xs, attrs)
    low, high = min(values.min(), slopes.min(), 0), max(values.max(), slopes.max())
    high += 0.08 * (high - low)
    canvas = Canvas(WIDTH, HEIGHT)
    chart = Chart(canvas, (-reach, reach), (low, high), right=66)
    chart.frame(ticks(-reach, reach, 5), ticks(low, high, 5), "z", "", zero=True)
    chart.line(xs, slopes, palette.MUTED, 0.9)
    chart.line(xs, values, palette.CURVE, 1.7)
    _names(chart, function(op, tuple(attrs.items())), values[-1], slopes[-1], xs[-1])
    shown = z[:: -(-len(z) // MOST_POINTS)]
    chart.points(shown, curve(op, shown, attrs)[0], palette.POINT, 2.3)
    at = curve(op, z, attrs)[1]
    facts = {
        "op": op, "steps": [s.name for s in steps], "points": len(z), "z_min": float(z.min()),
        "z_max": float(z.max()), "slope_min": float(at.min()), "slope_max": float(at.max()),
    }  # fmt: skip
    return Figure(f"activation-{op}", canvas.svg(), facts)


def _reach(op: str, z: np.ndarray) -> float:
    """How far from 0 the curve is drawn: past the points, and until it is flat if it ever is."""
    slopes = curve(op, np.array([-5.0, 5.0]))[1]
    reach = max(1.4 * float(np.abs(z).max()), 5.0 if (abs(slopes) < FLAT).all() else 1.0)
    return float(np.ceil(reach * 2) / 2)


def _names(chart: Chart, name: str, value: float, slope: float, x: float) -> None:
    """The names stand at the right ends of their curves."""
    ends = sorted([(chart.y(value), name, palette.CURVE), (chart.y(slope), _slope_name(name), palette.MUTED)])
    if ends[1][0] - ends[0][0] < 13:
        ends[1] = (ends[0][0] + 13, *ends[1][1:])
    for y, text, colour in ends:
        chart.canvas.label(chart.x(x) + 6, y, text, colour=colour, anchor="start")


def _slope_name(name: str) -> str:
    head, call, rest = name.partition(r"\left(")
    return f"{head}'{call}{rest}" if head and call else r"\frac{d}{dz}" + f" {name}"


@cache
def function(op: str, attrs: tuple = ()) -> str:
    """How the page writes the operation, of z: the same macro."""
    macros = environment(SOURCE).get_template("math.j2").module
    if not hasattr(macros, op):
        return rf"\text{{{op}}}"  # where a page writes it, this is refused
    tex = Tex(Patterns(macros), None)
    return tex(Apply(op, (Letter("z", scalar=False),), dict(attrs), scalar=False)).replace(
        r"\tanh", r"\operatorname{tanh}"
    )
