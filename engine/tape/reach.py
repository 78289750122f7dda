"""Targets that the outputs of a trace cannot reach, and how small the loss can become in spite of them.

Glossary. a: what an activation gives, compared by a loss with the target y, which is given. A target lies beyond a
if no weights whatever make a equal to it. What stands between an activation and its loss (a residual link, dropout)
changes what can be reached: nothing is said of it here.
"""

from dataclasses import dataclass, replace

import numpy as np

from ..ops import OPS
from .trace import Step, Trace, run

NEAR = 1e-9
"""How far a target may lie beyond its bound: decimals are not exact."""


@dataclass(frozen=True)
class Beyond:
    """The targets at `places` in the leaf `target` lie beyond the step `outputs`, which gives numbers from `low` to
    `high`; `shares` says that they add up to 1 besides."""

    target: str
    outputs: str
    places: tuple[tuple[int, ...], ...]
    low: float
    high: float
    shares: bool


def beyond(trace: Trace) -> list[Beyond]:
    """What lies out of reach, one entry for each pair of outputs and targets that has any."""
    found = (_beyond(outputs, target) for outputs, target in _compared(trace))
    return [one for one in found if one.places]


def least(trace: Trace) -> tuple[str, float]:
    """The furthest line after the outputs that depends on no parameter but through them: the loss, or the part of it
    without a penalty; and its value where every output comes as near to its target as it can: no weights make it
    smaller. Raises ValueError if no target lies out of reach."""
    if not beyond(trace):
        raise ValueError(f"all targets of {trace.example!r} can be reached")
    pairs = {outputs.name: target.name for outputs, target in _compared(trace)}  # also those that can be reached
    steps: dict[str, Step] = {}
    tied: set[str] = set()  # depends on a parameter otherwise
    after, last = set(pairs), ""
    for step in (s for s in trace.values() if s.phase == "forward"):
        if step.name in pairs:
            value = nearest(step, trace.value(pairs[step.name]))
        else:
            value = step.value if step.is_leaf else run(step, steps)
            if step.op == "param" or tied.intersection(step.args):
                tied.add(step.name)
            elif after.intersection(step.args):
                after.add(step.name)
                last = last if trace.parent(step.name) else step.name
        steps[step.name] = replace(step, value=value)
    return last, float(steps[last].value)


def nearest(outputs: Step, target: np.ndarray) -> np.ndarray:
    """What the activation can give, or come near to, that is nearest to the target. A loss that grows with the
    distance from its target is least there, and so is the hinge loss."""
    op = OPS[outputs.op]
    if op.outputs == "distribution":
        return np.apply_along_axis(_shares, outputs.attrs.get("axis", 0), target)
    return np.clip(target, *op.bounds(**outputs.attrs))


def _shares(y: np.ndarray) -> np.ndarray:
    """The distribution nearest to y: all entries lowered or raised alike, but none below 0 (Held et al. 1974)."""
    falling = np.sort(y)[::-1]
    levels = (np.cumsum(falling) - 1) / np.arange(1, y.size + 1)
    return np.maximum(y - levels[falling > levels][-1], 0)


def _compared(trace: Trace) -> list[tuple[Step, Step]]:
    """The results of activations that a loss compares with what is given, each with that."""
    losses = [step.args for step in trace.values() if _is(step, "loss") and len(step.args) == 2]
    pairs = [(trace[a], trace[y]) for a, y in losses]
    return [(a, y) for a, y in pairs if _is(a, "activation") and y.op == "data"]


def _is(step: Step, kind: str) -> bool:
    return step.op in OPS and OPS[step.op].kind == kind


def _beyond(outputs: Step, target: Step) -> Beyond:
    op, y = OPS[outputs.op], target.value
    low, high = op.bounds(**outputs.attrs)
    far = (y < low - NEAR) | (y > high + NEAR)
    if shares := op.outputs == "distribution":
        axis = outputs.attrs.get("axis", 0)
        off = np.abs(y.sum(axis=axis, keepdims=True) - 1) > NEAR
        far |= off & ~far.any(axis=axis, keepdims=True)  # where each could be reached by itself, but not all together
    places = tuple(tuple(map(int, index)) for index in np.argwhere(far))
    return Beyond(target.name, outputs.name, places, low, high, shares)
