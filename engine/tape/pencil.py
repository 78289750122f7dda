"""A trace worked as with a pencil: what is printed is rounded before it is used again."""

from collections.abc import Callable, Mapping
from zlib import crc32

import numpy as np

from ..ops import OPS
from .by_fractions import by_floats, exactly, round_by_hand
from .given import given_entries
from .trace import Step, Trace


def pencil(trace: Trace, digits: int) -> Trace:
    """The trace as worked by hand: whatever is printed is rounded to `digits` significant digits before it is
    used again; what is worked out in one go with its parent is not.

    Ties go to the even digit of the decimal value. The leaves stay as they are, and so do their numbers where they
    are moved to, as in a transpose. Raises BookError if a value overflows.

    >>> from gradbook import load, pencil, work
    >>> by_hand = pencil(work(load("examples/seed.toml")), 4)
    >>> by_hand.value("layer2.delta")
    array([[ 0.1385],
           [-0.0381]])
    """

    used = {step.name: step.value for step in trace.leaves()}
    given = given_entries(trace)

    def rounding(step: Step, value: np.ndarray) -> np.ndarray:
        clean = _cancelled(step, value, used)
        exact = trace.is_inlined(step.name) or given.get(step.name, False)
        if not np.all(exact):
            noise = _noise(trace, step, value, used)
            found = round_by_hand(clean, noise, digits, lambda: _again(trace, step, used.__getitem__, exactly))
            clean = np.where(exact, clean, found)
        used[step.name] = clean
        return clean

    rounded = trace.replay(rounding=rounding)
    return rounded._with(rounded.values(), digits)


def _again(trace: Trace, step: Step, read: Callable, work: Callable) -> np.ndarray | None:
    """The step, with what is worked out in one go with it, by `work(step, values)` from what is printed, as `read`
    gives it; None if that cannot be done."""
    values = []
    for name in step.args:
        alone = trace[name].is_leaf or not trace.is_inlined(name)
        value = read(name) if alone else _again(trace, trace[name], read, work)
        if value is None:
            return None
        values.append(value)
    return work(step, values)


EPS = 2.0**-53
ROUNDINGS = 32
"""So many of float64's roundings are allowed for in each number that a step is made of."""
CHANGE = 1e-9
"""So much, in proportion, these numbers move, to see what comes of it."""


def _noise(trace: Trace, step: Step, value: np.ndarray, used: Mapping[str, np.ndarray]) -> np.ndarray:
    """How far float64 may be off: in proportion as far as the step moves if its numbers do, each by itself."""

    def distance(seed: str) -> np.ndarray:
        return np.abs(_again(trace, step, lambda name: _moved(used[name], name + seed), by_floats) - value)

    with np.errstate(all="ignore"):
        most = np.maximum(distance("first"), distance("second"))  # in one of them all moves may nearly cancel
    return np.where(np.isnan(most), np.inf, most) * (ROUNDINGS * EPS / CHANGE)


_random = np.random.default_rng(0)
MOVES = _random.choice((-1, 1), 9973) * _random.uniform(0.5, 1, 9973) * CHANGE


def _moved(values: np.ndarray, seed: str) -> np.ndarray:
    """The values a little off, which whole numbers, masks among them, are not."""
    moves = MOVES[(crc32(seed.encode()) + np.arange(values.size)) % MOVES.size].reshape(values.shape)
    return np.where(values == np.round(values), values, values * (1 + moves))


NOISE = 1e-14
"""What float64 leaves of a sum of decimals that is zero, relative to the size of its terms."""


def _cancelled(step: Step, value: np.ndarray, used: Mapping[str, np.ndarray]) -> np.ndarray:
    """Zero where decimals cancel: on paper 0.5 - 0.5 leaves nothing."""
    op = OPS[step.op]
    if op.size is None:
        return value
    size = op.size(*(np.abs(used[name]) for name in step.args), **step.attrs)
    return np.where(np.abs(value) <= NOISE * size, 0.0, value)
