"""Losses, entry by entry or column by column: a (or z, before its activation) is what the model gives, y the target.

Written from logits a loss needs no activation before it, cannot meet log 0, and its gradient is short: what the
model says minus what is true.
"""

import numpy as np

from .activations import softplus_along
from .failures import not_positive, outside_unit
from .table import SUM, op
from .terms import Applied, Of, Product, Several, Total, line


def _y_log(y: np.ndarray, a: np.ndarray) -> np.ndarray:
    """y ln a, which is 0 where y is 0."""
    return np.where(y == 0, 0, y * np.log(np.where(y == 0, 1, a))).astype(np.result_type(y, a))


def softmax_cross_entropy(z: np.ndarray, y: np.ndarray, axis: int = 0) -> np.ndarray:
    """−Σ y ln softmax(z), through log Σ exp, so that no probability is rounded to 0."""
    rest = z - np.max(z, axis=axis, keepdims=True)
    return -np.sum(y * (rest - np.log(np.sum(np.exp(rest), axis=axis, keepdims=True))), axis=axis, keepdims=True)


def huber(a: np.ndarray, y: np.ndarray, delta: float = 1.0) -> np.ndarray:
    e = np.abs(a - y)
    return np.where(e <= delta, e * e / 2, delta * (e - delta / 2)).astype(a.dtype)


def huber_along(before, now, delta: float = 1.0) -> np.ndarray:
    e, moved = before[0] - before[1], now[0] - now[1]
    return np.where(np.abs(e) <= delta, moved * moved / 2, delta * (np.sign(e) * moved - delta / 2))


def logits_along(before, now) -> np.ndarray:
    """Binary cross-entropy of logits that may be complex."""
    return softplus_along(before[0], now[0]) - now[0] * now[1]


def _powers_and_truth(index, z: np.ndarray, y: np.ndarray, axis: int = 0) -> Several:
    """The powers of e of all logits, and the logits of the classes that are true, each as far as it is."""
    places = line(index, z.shape, axis)
    true = [
        Of(0, place) if y[place] == 1 else Product(Of(1, place), Of(0, place)) for place in places if y[place] != 0
    ]
    return Several((Total(tuple(Applied("exp", Of(0, place)) for place in places)), Total(tuple(true))))


# A table: one entry a paragraph, one rule a line.
# fmt: off

op("half_squared_error", lambda a, y: (y - a) ** 2 / 2,
   lambda g, out, a, y: g * (a - y),
   lambda g, out, a, y: g * (y - a),
   sample=((2, 3), (2, 3)), kind="loss")

op("squared_error", lambda a, y: (y - a) ** 2,
   lambda g, out, a, y: g * (2 * (a - y)),
   lambda g, out, a, y: g * (2 * (y - a)),
   sample=((2, 3), (2, 3)), kind="loss")

op("absolute_error", lambda a, y: np.abs(y - a),
   lambda g, out, a, y: g * (a - y).sign(),
   lambda g, out, a, y: g * (y - a).sign(),
   sample=((2, 3), (2, 3)), kind="loss", smooth=False,
   piece=lambda before, now: np.sign(before[1] - before[0]) * (now[1] - now[0]))

op("huber", huber,
   lambda g, out, a, y, delta=1.0: g * (a - y).clip(low=-delta, high=delta),
   lambda g, out, a, y, delta=1.0: g * (y - a).clip(low=-delta, high=delta),
   sample=((2, 3), (2, 3)), kind="loss", attrs={"delta": 0.6}, smooth=False, piece=huber_along)

op("binary_cross_entropy", lambda a, y: -(y * np.log(a) + (1 - y) * np.log(1 - a)),
   lambda g, out, a, y: g * ((a - y) / (a * (1 - a))),
   lambda g, out, a, y: g * ((1 - a) / a).log(),
   sample=((2, 3), (2, 3)), kind="loss", domain=("unit", "unit"), outputs="unit",
   fails=outside_unit)

op("binary_cross_entropy_logits", lambda z, y: np.maximum(z, 0) - z * y + np.log1p(np.exp(-np.abs(z))),
   lambda g, out, z, y: g * (z.sigmoid() - y),
   lambda g, out, z, y: -(g * z),
   precedence=SUM, sample=((2, 3), (2, 3)), kind="loss", domain=("real", "unit"), smooth=False,
   outputs="logits", kinked=False, piece=logits_along)

op("cross_entropy", lambda a, y: -_y_log(y, a),
   lambda g, out, a, y: -(g * (y / a)),
   lambda g, out, a, y: -(g * a.log()),
   sample=((3, 2), (3, 2)), kind="loss", domain=("unit", "distribution"), fails=not_positive,
   outputs="distribution")

op("cross_entropy_logits", softmax_cross_entropy,
   lambda g, out, z, y, axis=0: g * (z.softmax(axis=axis) - y),
   lambda g, out, z, y, axis=0: -(g * z.log_softmax(axis=axis)),
   precedence=SUM, sample=((3, 2), (3, 2)), kind="loss", attrs={"axis": 0}, domain=("real", "distribution"),
   terms=_powers_and_truth, outputs="logits")

op("kl_divergence", lambda a, y: _y_log(y, y) - _y_log(y, a),
   lambda g, out, a, y: -(g * (y / a)),
   lambda g, out, a, y: g * ((y / a).log() + 1),
   sample=((3, 2), (3, 2)), kind="loss", domain=("unit", "distribution"), fails=not_positive,
   outputs="distribution")

op("hinge", lambda a, y: np.maximum(1 - y * a, 0),
   lambda g, out, a, y: -(g * (y * (1 - y * a).heaviside())),
   lambda g, out, a, y: -(g * (a * (1 - y * a).heaviside())),
   sample=((2, 3), (2, 3)), kind="loss", domain=("real", "sign"), smooth=False,
   piece=lambda before, now: (1 - before[1] * before[0] > 0) * (1 - now[1] * now[0]))
