"""The judge of gradients: a trace worked again with 50 digits, in which nothing is lost that a test could trip over.

It asks two questions, and neither answer hangs on luck. Is the rule right? With 50 digits the gradient is compared
with a difference of the loss alone, which leaves 20 of them. Is float64 right? Each step is compared with what its
operation gives on the very numbers that it used, to within the roundings of one operation (`check/truth/exact.py`).

At a kink (a rectifier at 0, two equal largest entries) a difference would average both sides. So every step is moved
along the piece on which it stands: what decides between pieces is asked of the numbers before they moved. `PIECES`
says which piece that is exactly on the kink: the book's conventions, which are PyTorch's.

Glossary. before: an operation's arguments where the gradient is taken. now: the same, moved a little.
"""

from collections.abc import Iterable
from types import SimpleNamespace

import numpy as np

from gradbook.check.ops import MEANINGS, mp
from gradbook.check.ops.meaning import chosen, expm1, numbers
from gradbook.check.truth.exact import EPS, ULPS, Truth, _passed
from gradbook.check.truth.trace import Trace as Told
from gradbook.engine import Trace
from gradbook.engine.ops import OPS

STEP = mp.mpf(10) ** -20
AGREE, NOTHING = mp.mpf(10) ** -20, mp.mpf(10) ** -26
"""How near a gradient comes to its difference, relative to its terms; and what 50 digits leave of 0 after `STEP`."""
RULE_DIGITS = {"gelu_tanh_slope": mp.mpf(10) ** -15}
"""The operations whose rules hold constants of float64, such as √(2/π)."""


# The piece on which an operation stands


def _sign(a):
    return numbers(a > 0, a) - numbers(a < 0, a)


def _higher(before, now):
    """The higher of two; of equals the middle, so that each has half of the slope."""
    (a, b), (c, d) = before, now
    return chosen(a > b, c, chosen(a < b, d, (c + d) / 2))


def _huber(before, now, delta=1.0):
    e, moved = before[0] - before[1], now[0] - now[1]
    return chosen(abs(e) <= delta, moved * moved / 2, delta * (_sign(e) * moved - delta / 2))


def _largest(before, now, axis):
    first = MEANINGS["argmax_mask"].value(before[0], axis=axis)
    return np.sum(first * now[0], axis=axis, keepdims=True)


def _clip(before, now, low, high):
    a = before[0]
    return chosen(a < low, a * 0 + low, chosen(a > high, a * 0 + high, now[0]))


PIECES = {
    "relu": lambda before, now: numbers(before[0] > 0, before[0]) * now[0],
    "leaky_relu": lambda before, now, slope=0.01: chosen(before[0] > 0, now[0], slope * now[0]),
    "elu": lambda before, now, alpha=1.0: chosen(before[0] > 0, now[0], alpha * expm1(now[0])),
    "abs": lambda before, now: _sign(before[0]) * now[0],
    "maximum": _higher,
    "minimum": lambda before, now: -_higher([-a for a in before], [-a for a in now]),
    "clip": _clip,
    "absolute_error": lambda before, now: _sign(before[0] - before[1]) * (now[0] - now[1]),
    "huber": _huber,
    "hinge": lambda before, now: numbers(1 - before[1] * before[0] > 0, before[0]) * (1 - now[1] * now[0]),
    "max_axis": _largest,
    "max_pool": lambda before, now, **at: MEANINGS["max_pool_pick"].value(now[0], before[0], **at),
    "max_pool_back": lambda before, now, **at: MEANINGS["max_pool_back"].value(now[0], before[1], **at),
    "max_pool_pick": lambda before, now, **at: MEANINGS["max_pool_pick"].value(now[0], before[1], **at),
}
"""Operations with a kink, or with a choice among equals: their value on the piece where `before` stands."""

WITHOUT_KINK = {name for name, entry in OPS.items() if not entry.smooth and not entry.kinked}
"""Operations that are smooth, but not written in functions of complex numbers."""


def along_the_piece(op: str, before: list, now: list, attrs) -> np.ndarray:
    """An operation on moved arguments; a mask, and whatever else decides, stays as it was."""
    if OPS[op].kind == "mask":
        return np.asarray(MEANINGS[op].value(*before, **attrs), dtype=object)
    if op in PIECES:
        return np.asarray(PIECES[op](before, now, **attrs), dtype=object)
    return np.asarray(MEANINGS[op].value(*now, **attrs), dtype=object)


# The judge


def exact_gradients(trace: Trace, names: Iterable[str] | None = None) -> None:
    """Every gradient of these leaves (of all parameters that have one) is right, in its rule and in float64."""
    truth = Truth(Told(trace.to_json()))
    assert not truth.faults, truth.faults
    names = [s.name for s in trace.leaves("param") if s.name in trace.grads] if names is None else list(names)
    assert names, "no gradient to judge"
    known = max((RULE_DIGITS.get(step.op, AGREE) for step in trace.values()), default=AGREE)
    for name in names:
        gradient = truth.values[trace.grads[name]]
        assert gradient.shape == trace[name].shape
        terms = gradient * direction(gradient.shape)
        found, slope = np.sum(terms), slope_along(trace, truth, name)
        assert abs(found - slope) <= known * np.sum(abs(terms)) + NOTHING, f"{name}: {found}, not {slope}"


def direction(shape: tuple[int, ...]) -> np.ndarray:
    """A fixed direction of numbers between 1 and 2, no two alike: what follows the point in √2, √3, √5, √6, …"""
    count = int(np.prod(shape, dtype=int))
    behind = (mp.sqrt(n) % 1 for n in range(2, 4 * count + 4))
    return np.array([1 + part for part in behind if part][:count], dtype=object).reshape(shape)


def slope_along(trace: Trace, truth: Truth, name: str):
    """The slope of the loss when a leaf moves along `direction`, to 30 digits."""
    forward = [s for s in trace.values() if s.phase == "forward" and not s.is_leaf]
    above, below = (_loss(trace, forward, truth.values, name, change) for change in (STEP, -STEP))
    return (above - below) / (2 * STEP)


def _loss(trace, forward, values, name, change):
    moved = {name: np.asarray(values[name] + change * direction(values[name].shape), dtype=object)}
    for step in forward:
        if moved.keys() & step.args:
            before = [values[a] for a in step.args]
            now = [moved.get(a, values[a]) for a in step.args]
            moved[step.name] = along_the_piece(step.op, before, now, step.attrs)
    return np.sum(moved.get(trace.loss, values[trace.loss]))


# How far roundings can carry


def roundings(trace: Trace) -> dict[str, np.ndarray]:
    """How far each entry of a trace may lie from the truth when every operation rounds as float64 does."""
    numbers = SimpleNamespace(values={step.name: step.value for step in trace.values()})
    bounds: dict[str, np.ndarray] = {}
    for step in trace.values():
        if step.is_leaf:
            bounds[step.name] = np.zeros(step.shape)
            continue
        args = [trace.value(a) for a in step.args]
        own = ULPS * (max(max(a.shape, default=1) for a in args) + 2) * EPS
        sizes = MEANINGS[step.op].sizes(*args, **step.attrs)
        bounds[step.name] = np.abs(_passed(numbers, step, [bounds[a] for a in step.args])) + own * sizes + 5e-324
    return bounds
