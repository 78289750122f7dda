"""Which entries of a trace are numbers that were given, wherever operations have moved them."""

from collections.abc import Mapping

import numpy as np

from ..ops import OPS
from .trace import Trace


def given_entries(trace: Trace) -> Mapping[str, np.ndarray]:
    """For each leaf, and each step to which entries of leaves are moved: True where a number is a given one.

    Such a number is exact and printed in full, in whatever place: rounding is for what is computed.

    >>> from gradbook import load, work
    >>> trace = work(load("examples/seed.toml"))
    >>> given_entries(trace)["layer1.delta.matmul.transpose"].all()
    np.True_
    """
    found: dict[str, np.ndarray] = {}
    for step in trace.values():
        if step.is_leaf:
            found[step.name] = np.ones(step.shape, bool)
        elif _only_moves(step.op) and any(arg in found for arg in step.args):
            masks = (np.asarray(found.get(arg, np.zeros(trace[arg].shape)), float) for arg in step.args)
            found[step.name] = np.asarray(OPS[step.op].forward(*masks, **step.attrs)) > 0
    return found


def _only_moves(op: str) -> bool:
    """Whether every entry of a result is an entry of an argument, or of none."""
    return OPS[op].kind == "layout" or OPS[op].copies
