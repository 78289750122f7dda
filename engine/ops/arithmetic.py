"""Arithmetic and functions, entry by entry; where shapes differ numpy broadcasts, and the rule sums that back."""

import numpy as np

from . import failures, simpler
from .table import NO_GRADIENT, POWER, PRODUCT, SUM, op


def _greater(before, now) -> np.ndarray:
    """The one of two that was greater; of equals the middle, so that each has half of the slope."""
    a, b = before
    return np.where(a > b, now[0], np.where(a < b, now[1], (now[0] + now[1]) / 2))


def _clipped(before, now, low, high) -> np.ndarray:
    return np.where(before[0] < low, low, np.where(before[0] > high, high, now[0]))


EDGE = 1e-10
"""What is nearer to 0 than this is 0 to a unit step: 0.3 - 0.1 - 0.2 is 0 on paper, and not quite 0 in float64."""


def unit_step(z: np.ndarray, at: int = 1) -> np.ndarray:
    """1 above 0, 0 below it, and `at` at 0 itself."""
    return (z >= -EDGE if at else z > EDGE).astype(z.dtype)


# A table: one entry a paragraph, one rule a line.
# fmt: off

op("add", np.add,
   lambda g, out, a, b: g.sum_to(a),
   lambda g, out, a, b: g.sum_to(b),
   precedence=SUM, bracket_below=0, sample=((2, 3), (2, 1)), infix="+", size=np.add, simpler=simpler.total)

op("sub", np.subtract,
   lambda g, out, a, b: g.sum_to(a),
   lambda g, out, a, b: -g.sum_to(b),
   precedence=SUM, bracket_below=SUM, sample=((2, 3), (2, 3)), infix="-", size=np.add)

op("neg", np.negative,
   lambda g, out, a: -g,
   precedence=SUM, bracket_below=SUM, infix="-", simpler=simpler.negated)

op("mul", np.multiply,
   lambda g, out, a, b: (g * b).sum_to(a),
   lambda g, out, a, b: (g * a).sum_to(b),
   precedence=PRODUCT, bracket_below=PRODUCT, sample=((2, 3), (2, 3)), infix="*", repeats=True,
   simpler=simpler.product)

op("scale", np.multiply,
   lambda g, out, s, x: (g * x).sum(),
   lambda g, out, s, x: s * g,
   precedence=PRODUCT, bracket_below=PRODUCT, sample=((), (2, 3)), infix="*")

op("div", np.divide,
   lambda g, out, a, b: (g / b).sum_to(a),
   lambda g, out, a, b: -((g * out).sum_to(b) / b),
   precedence=PRODUCT, sample=((2, 3), (2, 3)), infix="/", simpler=simpler.quotient,
   fails=failures.by_zero)

op("reciprocal", np.reciprocal,
   lambda g, out, a: -(g * out.square()),
   fails=failures.by_zero)

op("square", np.square,
   lambda g, out, a: 2 * (g * a),
   precedence=POWER, bracket_below=POWER)

op("power", np.power,
   lambda g, out, a, b: (g * (b * a.power(b - 1))).sum_to(a),
   lambda g, out, a, b: (g * (out * a.log())).sum_to(b),
   precedence=POWER, bracket_below=POWER, infix="**",
   sample=((2, 3), ()), kind="function", domain=("positive", "real"), fails=failures.no_power)

op("sqrt", np.sqrt,
   lambda g, out, a: g / (2 * out),
   kind="function", domain=("positive",), fails=failures.no_root)

op("exp", np.exp,
   lambda g, out, a: g * out,
   kind="function")

op("log", np.log,
   lambda g, out, a: g / a,
   kind="function", domain=("positive",), fails=failures.no_logarithm)

op("cos", np.cos,
   lambda g, out, a: -(g * a.sin()),
   kind="function")

op("sin", np.sin,
   lambda g, out, a: g * a.cos(),
   kind="function")


# Corners. Of two equal numbers each counts half, |a| has slope 0 at 0: PyTorch's conventions.

op("abs", np.abs,
   lambda g, out, a: g * a.sign(),
   smooth=False, piece=lambda before, now: np.sign(before[0]) * now[0])

op("sign", np.sign,
   NO_GRADIENT,
   kind="mask", smooth=False)

op("floor", np.floor,
   NO_GRADIENT,
   kind="mask", smooth=False)

op("heaviside", lambda z: (z > 0).astype(z.dtype),
   NO_GRADIENT,
   kind="mask", smooth=False)

op("unit_step", unit_step,
   NO_GRADIENT,
   kind="mask", attrs={"at": 1}, smooth=False)

op("maximum", np.maximum,
   lambda g, out, a, b: (g * ((1 + (a - b).sign()) / 2)).sum_to(a),
   lambda g, out, a, b: (g * ((1 + (b - a).sign()) / 2)).sum_to(b),
   sample=((2, 3), (2, 3)), smooth=False, piece=_greater)

op("minimum", np.minimum,
   lambda g, out, a, b: (g * ((1 + (b - a).sign()) / 2)).sum_to(a),
   lambda g, out, a, b: (g * ((1 + (a - b).sign()) / 2)).sum_to(b),
   sample=((2, 3), (2, 3)), smooth=False,
   piece=lambda before, now: -_greater([-a for a in before], [-a for a in now]))

op("clip", lambda a, low, high: np.clip(a, low, high),
   lambda g, out, a, low, high: g * a.within(low=low, high=high),
   attrs={"low": -0.5, "high": 0.5}, smooth=False, piece=_clipped)

op("within", lambda a, low, high: ((a >= low) & (a <= high)).astype(a.dtype),
   NO_GRADIENT,
   kind="mask", attrs={"low": -0.5, "high": 0.5}, smooth=False)
