"""A trace worked as with a pencil: what is printed is rounded before it is used again."""

from collections.abc import Mapping

import numpy as np

from ..ops import OPS
from .by_fractions import by_fractions, round_by_hand
from .given import given_entries
from .rounding import round_array
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
        value = _cancelled(step, value, used)
        exact = trace.is_inlined(step.name) or given.get(step.name, False)
        if not np.all(exact):
            found = round_by_hand(value, round_array(value, digits), digits, lambda: _by_fractions(trace, step, used))
            value = np.where(exact, value, found)
        used[step.name] = value
        return value

    rounded = trace.replay(rounding=rounding)
    return rounded._with(rounded.values(), digits)


def _by_fractions(trace: Trace, step: Step, used: Mapping[str, np.ndarray]) -> np.ndarray | None:
    """The step from what is printed, with what is worked out in one go with it; None if these are no fractions."""
    values = []
    for name in step.args:
        value = used[name] if trace[name].is_leaf or not trace.is_inlined(name) else None
        value = _by_fractions(trace, trace[name], used) if value is None else value
        if value is None:
            return None
        values.append(value)
    try:
        return by_fractions(step, values)
    except ZeroDivisionError:
        return None


NOISE = 1e-14
"""What float64 leaves of a sum of decimals that is zero, relative to the size of its terms."""


def _cancelled(step: Step, value: np.ndarray, used: Mapping[str, np.ndarray]) -> np.ndarray:
    """Zero where decimals cancel: on paper 0.5 - 0.5 leaves nothing."""
    op = OPS[step.op]
    if op.size is None:
        return value
    size = op.size(*(np.abs(used[name]) for name in step.args), **step.attrs)
    return np.where(np.abs(value) <= NOISE * size, 0.0, value)
