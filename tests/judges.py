"""The judge of gradients: a trace worked again with 50 digits, in which nothing is lost that a test could trip over.

It asks two questions, and neither answer hangs on luck. Is the rule right? With 50 digits the gradient is compared
with a difference of the loss alone, which leaves 20 of them. Is float64 right? Each step is compared with what its
operation gives on the very numbers that it used, to within the roundings of one operation (`check/truth/exact.py`).

At a kink (a rectifier at 0, two equal largest entries) a difference would average both sides. So every step is moved
along the piece on which it stands: what decides between pieces is asked of the numbers before they moved. Which piece
that is exactly on the kink, the operation's meaning says (`piece`): the book's conventions, which are PyTorch's.

Glossary. before: an operation's arguments where the gradient is taken. now: the same, moved a little.
"""

from collections.abc import Iterable

import numpy as np

from gradbook.check.ops import MEANINGS, mp
from gradbook.check.truth.exact import EPS, ULPS, Truth, _passed
from gradbook.check.truth.trace import Trace as Told
from gradbook.engine import Trace
from gradbook.engine.ops import OPS

STEP = mp.mpf(10) ** -20
AGREE, NOTHING = mp.mpf(10) ** -20, mp.mpf(10) ** -26
"""How near a gradient comes to its difference, relative to its terms; and what 50 digits leave of 0 after `STEP`."""
RULE_DIGITS = {"gelu_tanh_slope": mp.mpf(10) ** -15}
"""The operations whose rules hold constants of float64, such as √(2/π)."""


PIECES = [name for name, meaning in MEANINGS.items() if callable(meaning.piece)]
"""Operations with a kink, or with a choice among equals: they have a value on the piece where numbers stand."""

WITHOUT_KINK = {name for name, entry in OPS.items() if not entry.smooth and not entry.kinked}
"""Operations that are smooth, but not written in functions of complex numbers."""


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
            moved[step.name] = np.asarray(MEANINGS[step.op].along(before, now, **step.attrs), dtype=object)
    return np.sum(moved.get(trace.loss, values[trace.loss]))


# How far roundings can carry


def roundings(trace: Trace) -> dict[str, np.ndarray]:
    """How far each entry of a trace may lie from the truth when every operation rounds as float64 does."""
    numbers = {step.name: step.value for step in trace.values()}
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
