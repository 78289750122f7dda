"""Activation functions. At a kink the slope is PyTorch's: that of the left side, as relu'(0) = 0."""

import math
from collections.abc import Callable

import numpy as np

from .table import NO_GRADIENT, op
from .terms import Applied, Of, Share, Total, line


def softmax(z: np.ndarray, axis: int = 0) -> np.ndarray:
    """Taking the largest entry away first changes nothing and keeps exp from overflowing."""
    e = np.exp(z - np.max(z, axis=axis, keepdims=True))
    return e / np.sum(e, axis=axis, keepdims=True)


def masked_softmax(z: np.ndarray, m: np.ndarray, axis: int) -> np.ndarray:
    """The softmax over the entries where m is 1; the others get 0, as if z were −∞ there."""
    seen = np.where(m == 0, -np.inf, np.real(z))
    e = np.where(m == 0, 0, np.exp(np.where(m == 0, 0, z - np.max(seen, axis=axis, keepdims=True)))).astype(z.dtype)
    return e / np.sum(e, axis=axis, keepdims=True)


def log_softmax(z: np.ndarray, axis: int) -> np.ndarray:
    rest = z - np.max(z, axis=axis, keepdims=True)
    return rest - np.log(np.sum(np.exp(rest), axis=axis, keepdims=True))


def softplus(z: np.ndarray) -> np.ndarray:
    """ln(1 + eᶻ), written so that the exponential is of a negative number only."""
    return np.maximum(z, 0) + np.log1p(np.exp(-np.abs(z)))


def softplus_along(z: np.ndarray, now: np.ndarray) -> np.ndarray:
    """The same where `now`, near z, may be complex."""
    rising = z > 0
    return np.where(rising, now, 0) + np.log1p(np.exp(np.where(rising, -now, now)))


_erf = np.frompyfunc(lambda z: z.erf() if hasattr(z, "erf") else math.erf(z), 1, 1)
"""As numpy's functions, it asks a number that is no float for its method."""


def normal_cdf(z: np.ndarray) -> np.ndarray:
    """Φ(z), the share of a standard normal distribution below z."""
    return ((1 + np.asarray(_erf(z / math.sqrt(2)), dtype=z.dtype)) / 2).astype(z.dtype)


def normal_cdf_along(z: np.ndarray, now: np.ndarray) -> np.ndarray:
    """Φ at complex numbers whose imaginary part is too small to be squared: Φ is the integral of φ."""
    return normal_cdf(now.real) + 1j * normal_pdf(now.real) * now.imag if np.iscomplexobj(now) else normal_cdf(now)


def normal_pdf(z: np.ndarray) -> np.ndarray:
    """φ(z), its density."""
    return np.exp(-z * z / 2) / math.sqrt(2 * math.pi)


GELU_SCALE, GELU_CUBE = math.sqrt(2 / math.pi), 0.044715
"""The constants with which a tanh comes near to Φ (Hendrycks & Gimpel 2016)."""


def _inner(z):
    return np.tanh(GELU_SCALE * (z + GELU_CUBE * z * z * z))


def gelu_tanh(z: np.ndarray) -> np.ndarray:
    return z * (1 + _inner(z)) / 2


def gelu_tanh_slope(z: np.ndarray) -> np.ndarray:
    t = _inner(z)
    return (1 + t) / 2 + z * (1 - t * t) * GELU_SCALE * (1 + 3 * GELU_CUBE * z * z) / 2


def _gelu_tanh_bend(g, out, z):
    t = (GELU_SCALE * (z + GELU_CUBE * z.power(3))).tanh()
    first, second = GELU_SCALE * (1 + 3 * GELU_CUBE * z.square()), 6 * GELU_SCALE * GELU_CUBE * z
    return g * ((1 - t.square()) * (first + z * (second / 2 - t * first.square())))


def silu(z: np.ndarray) -> np.ndarray:
    return z / (1 + np.exp(-z))


def gelu(z: np.ndarray) -> np.ndarray:
    return z * normal_cdf(z)


def valley(f: Callable[[np.ndarray], np.ndarray], low: float = -4.0, high: float = 0.0) -> float:
    """The least value of a function that falls and then rises between two numbers: by thirds."""
    for _ in range(90):
        third = (high - low) / 3
        left, right = low + third, high - third
        low, high = (low, right) if f(np.array(left)) < f(np.array(right)) else (left, high)
    return float(f(np.array((low + high) / 2)))


def _share(index, z: np.ndarray, m: np.ndarray | None = None, axis: int = 0) -> Share | Total:
    """e to this entry, divided by the sum of e to all that the mask shows along the axis; 0 where it hides."""
    shown = [place for place in line(index, z.shape, axis) if m is None or m[place] != 0]
    powers = tuple(Applied("exp", Of(0, place)) for place in shown)
    return Share(Applied("exp", Of(0, index)), Total(powers)) if index in shown else Total(())


# A table: one entry a paragraph, one rule a line.
# fmt: off

op("identity", lambda z: np.array(z),
   lambda g, a, z: g,
   bracket_below=0, kind="activation", outputs="logits", lively=(0.05, 3.0), targets=(-1.0, 1.0))

op("sigmoid", lambda z: 1 / (1 + np.exp(-z)),
   lambda g, a, z: g * (a * (1 - a)),
   kind="activation", reach=(0, 1), outputs="unit", lively=(0.05, 2.0))

op("tanh", np.tanh,
   lambda g, a, z: g * (1 - a.square()),
   kind="activation", reach=(-1, 1))

op("relu", lambda z: np.maximum(z, 0),
   lambda g, a, z: g * z.heaviside(),
   kind="activation", smooth=False, reach=(0, math.inf), lively=(0.1, 3.0), targets=(0.1, 1.5),
   piece=lambda before, now: (before[0] > 0) * now[0])

op("leaky_relu", lambda z, slope=0.01: np.where(z > 0, z, slope * z).astype(z.dtype),
   lambda g, a, z, slope=0.01: g * ((m := z.heaviside()) + slope * (1 - m)),
   kind="activation", attrs={"slope": 0.1}, smooth=False, lively=(0.1, 3.0), targets=(-0.5, 1.5),
   piece=lambda before, now, slope=0.01: np.where(before[0] > 0, now[0], slope * now[0]))

op("elu", lambda z, alpha=1.0: np.where(z > 0, z, alpha * np.expm1(np.minimum(z, 0))).astype(z.dtype),
   lambda g, a, z, alpha=1.0: g * ((m := z.heaviside()) + (1 - m) * (a + alpha)),
   kind="activation", attrs={"alpha": 0.5}, smooth=False, reach=lambda alpha=1.0: (-alpha, math.inf),
   lively=(0.05, 2.0), targets=(-0.5, 1.5),
   piece=lambda before, now, alpha=1.0: np.where(
       (rises := before[0] > 0), now[0], alpha * np.expm1(np.where(rises, 0, now[0]))))

op("softplus", softplus,
   lambda g, a, z: g * z.sigmoid(),
   kind="activation", smooth=False, reach=(0, math.inf), lively=(0.05, 2.0), targets=(0.2, 2.0),
   kinked=False, piece=lambda before, now: softplus_along(before[0], now[0]))

op("silu", silu,
   lambda g, a, z: g * ((s := z.sigmoid()) + a * (1 - s)),
   kind="activation", reach=(valley(silu), math.inf), lively=(0.1, 2.0), targets=(-0.2, 1.5))

op("gelu", gelu,
   lambda g, a, z: g * (z.normal_cdf() + z * z.normal_pdf()),
   kind="activation", smooth=False, reach=(valley(gelu), math.inf), lively=(0.1, 2.0), targets=(-0.1, 1.5),
   kinked=False,
   piece=lambda before, now: now[0] * normal_cdf_along(before[0], now[0]))

op("gelu_tanh", gelu_tanh,
   lambda g, a, z: g * z.gelu_tanh_slope(),
   kind="activation", reach=(valley(gelu_tanh), math.inf), lively=(0.1, 2.0), targets=(-0.1, 1.5))

op("softmax", softmax,
   lambda g, a, z, axis=0: (g - (g * a).sum_axis(axis=axis)) * a,
   kind="activation", attrs={"axis": 1}, reach=(0, 1), terms=_share, outputs="distribution", hidden="sigmoid")


# What the rules above need, and softmax with a mask or a logarithm.

op("normal_cdf", normal_cdf,
   lambda g, out, z: g * z.normal_pdf(),
   kind="function", smooth=False, kinked=False, piece=lambda before, now: normal_cdf_along(before[0], now[0]))

op("normal_pdf", normal_pdf,
   lambda g, out, z: -(g * (z * out)),
   kind="function")

op("gelu_tanh_slope", gelu_tanh_slope,
   _gelu_tanh_bend,
   kind="function")

op("log_sigmoid", lambda z: -softplus(-z),
   lambda g, out, z: g * (z.args[0].sigmoid() if z.is_negated else 1 - z.sigmoid()),  # 1 - σ(-a) = σ(a)
   kind="function", smooth=False, kinked=False, piece=lambda before, now: -softplus_along(-before[0], -now[0]))

op("masked_softmax", masked_softmax,
   lambda g, a, z, m, axis: (g - (g * a).sum_axis(axis=axis)) * a,
   NO_GRADIENT,
   sample=((3, 3), (3, 3)), kind="function", attrs={"axis": 1}, domain=("real", "mask"), smooth=False, terms=_share,
   kinked=False, piece=lambda before, now, axis: masked_softmax(now[0], before[1], axis))

op("log_softmax", log_softmax,
   lambda g, out, z, axis: g - g.sum_axis(axis=axis) * z.softmax(axis=axis),
   kind="function", attrs={"axis": 1})
