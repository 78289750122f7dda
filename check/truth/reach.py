"""What outputs cannot be, and how small the loss can become where a target lies beyond that: found by trying.

The witness knows no table of bounds: it works each activation out at many places, and looks closer where the least
and the greatest result stand.
"""

from collections.abc import Callable, Iterator
from functools import cache

import numpy as np

from ..ops import MEANINGS, exact
from .exact import Truth, evaluate
from .trace import Step

FAR = 700.0
"""From here on an activation has come to its limit, or grows without one."""

FINE = 200
"""So many places are tried at a time."""


def bounds_told(truth: Truth) -> Iterator[float]:
    """The numbers that a page may give as bounds: of outputs that are compared with what is given, and of the loss
    where each output is as near to its target as it can be."""
    forward = [s for s in truth.trace.steps.values() if s.phase == "forward"]
    nearest = {}
    for outputs, target in _compared(truth):
        near = _share(target.value) if _adds_up(outputs.value) else np.clip(target.value, *_bounds_of(outputs))
        nearest[outputs.name] = exact(near)
        yield from _bounds_of(outputs)
    for changes in (*({name: near} for name, near in nearest.items()), nearest):
        moved = evaluate(forward, changes, [], truth.values)
        yield from (float(moved[s.name][()]) for s in forward if moved[s.name].shape == ())


def _compared(truth: Truth) -> Iterator[tuple[Step, Step]]:
    """Results of functions of one array that are worked together with something given of the same shape."""
    steps = truth.trace.steps
    for step in steps.values():
        pair = [steps[a] for a in step.args]
        given = step.phase == "forward" and len(pair) == 2 and pair[1].op == "data" and len(pair[0].args) == 1
        if given and pair[0].value.shape == pair[1].value.shape and pair[0].op in MEANINGS:
            yield pair[0], pair[1]


def _adds_up(a: np.ndarray) -> bool:
    """Whether the outputs of each sample, a column, are shares of 1."""
    return a.ndim == 2 and bool((a >= 0).all() and np.allclose(a.sum(axis=0), 1, atol=1e-12))


def _bounds_of(outputs: Step) -> tuple[float, float]:
    return (0.0, 1.0) if _adds_up(outputs.value) else _bounds(outputs.op, tuple(outputs.attrs.items()))


@cache
def _bounds(op: str, attrs: tuple) -> tuple[float, float]:
    """The least and the greatest result of a function, each of many entries worked by itself."""

    def value(z: np.ndarray) -> np.ndarray:
        with np.errstate(all="ignore"):
            return np.asarray(MEANINGS[op].value(z, **dict(attrs)), dtype=float)

    return -_greatest(lambda z: -value(z)), _greatest(value)


def _greatest(value: Callable[[np.ndarray], np.ndarray]) -> float:
    low, high = -FAR, FAR
    for _ in range(12):
        places = np.linspace(low, high, FINE * 10)
        best = int(np.nanargmax(value(places)))
        low, high = places[max(best - 1, 0)], places[min(best + 1, places.size - 1)]
    return float(np.nanmax(value(np.array([low, high, (low + high) / 2]))))


def _share(target: np.ndarray) -> np.ndarray:
    """All entries of a column lowered or raised alike, none below 0, until they add up to 1: by halving."""
    width = target.max() - target.min() + 1.0
    level = np.full((1, target.shape[1]), target.min() + width / 2 - 1.0)
    for _ in range(80):
        width /= 2
        level = level + np.where(np.maximum(target - level, 0).sum(axis=0) > 1, width, -width)
    return np.maximum(target - level, 0)
