"""Arithmetic, entry by entry; smaller arguments are repeated as numpy does."""

from collections.abc import Callable
from decimal import ROUND_FLOOR, Decimal

import numpy as np

from ..arithmetic.functions import ON_THE_EDGE, PI, natural_logarithm
from ..arithmetic.interval import Interval
from .meaning import DECIDES, LINEAR, Function, Meaning, chosen, cos, exp, floor, ln, numbers, sin, sqrt


def sizes(a, b):
    return abs(a) + abs(b)


def sign(a):
    return numbers(a > 0, a) - numbers(a < 0, a)


def _clip(a, low, high):
    return chosen(a < low, a * 0 + low, chosen(a > high, a * 0 + high, a))


def _clip_along(before, now, low, high):
    a = before[0]
    return chosen(a < low, a * 0 + low, chosen(a > high, a * 0 + high, now[0]))


def _greater(before, now):
    """The greater of two; of equals the middle, so that each has half of the slope."""
    (a, b), (c, d) = before, now
    return chosen(a > b, c, chosen(a < b, d, (c + d) / 2))


def _is_on(z, at):
    """Whether a unit step fires: what is nearer to 0 than decimals are known counts as 0."""
    edge = float(ON_THE_EDGE)
    return z >= -edge if at == 1 else z > edge


def _extremes(shift: Decimal) -> Callable:
    """Where a wave turns: at every multiple of π, shifted by a part of it; of many turns two say all."""

    def turns(x: Interval) -> list[Decimal]:
        first, last = int(x.low / PI - shift) - 1, int(x.high / PI - shift) + 1
        found = [(k + shift) * PI for k in range(first, min(last, first + 10) + 1)]
        return [t for t in found if x.low < t < x.high]

    return turns


def _clipped(x: Decimal, low: Decimal, high: Decimal) -> Decimal:
    return min(max(x, low), high)


LN = Function(natural_logarithm, bare=True)

MEANINGS = {
    "add": Meaning(lambda a, b: a + b, sizes, LINEAR),
    "sub": Meaning(lambda a, b: a - b, sizes, LINEAR),
    "neg": Meaning(lambda a: -a, abs, LINEAR),
    "mul": Meaning(lambda a, b: a * b, None, LINEAR),
    "scale": Meaning(lambda s, x: s * x, None, LINEAR),
    "div": Meaning(lambda a, b: a / b),
    "reciprocal": Meaning(lambda a: 1 / a),
    "square": Meaning(lambda a: a * a),
    "power": Meaning(lambda a, b: a**b),
    "sqrt": Meaning(sqrt, printed={"sqrt": Function(Decimal.sqrt)}),
    "exp": Meaning(exp, printed={"exp": Function(Decimal.exp, bare=True)}),
    "cos": Meaning(cos, printed={"cos": Function(turns=_extremes(Decimal(0)), bare=True)}),
    "sin": Meaning(sin, printed={"sin": Function(turns=_extremes(Decimal("0.5")), bare=True)}),
    "floor": Meaning(floor, printed={"floor": Function(lambda x: x.to_integral_value(ROUND_FLOOR))}, piece=DECIDES),
    "log": Meaning(ln, lambda a: 1 + abs(ln(a)), printed={"ln": LN, "log": LN}),
    "abs": Meaning(abs, printed={"abs": Function(abs, ("0",))}, piece=lambda before, now: sign(before[0]) * now[0]),
    "sign": Meaning(sign, printed="sign", piece=DECIDES),
    "heaviside": Meaning(lambda z: numbers(z > 0, z), piece=DECIDES),
    "unit_step": Meaning(lambda z, at: numbers(_is_on(z, at), z), piece=DECIDES),
    "maximum": Meaning(np.maximum, printed={"max": Function(lambda *x: max(x))}, piece=_greater),
    "minimum": Meaning(
        np.minimum,
        printed={"min": Function(lambda *x: min(x))},
        piece=lambda before, now: -_greater([-a for a in before], [-a for a in now]),
    ),
    "clip": Meaning(_clip, printed={"clip": Function(_clipped)}, piece=_clip_along),
    "within": Meaning(lambda a, low, high: numbers((a >= low) & (a <= high), a), piece=DECIDES),
}
