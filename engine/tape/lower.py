"""Lowering: a trace that is replayed many times becomes one straight-line Python function over numpy calls.

The function calls the very same `forward` functions in the same order, so its values are those of
`Trace.replay` to the last bit; only the per-step dispatch and the recording are gone. What no input moves is worked
once, when the function is made.
"""

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any, Protocol

import numpy as np

from ..ops import OPS
from .trace import Step, Trace


class Lowered(Protocol):
    """A straight-line function: arrays of the inputs in, a tuple of the outputs' arrays out. `source` is its text."""

    source: str

    def __call__(self, *values: np.ndarray) -> tuple[np.ndarray, ...]: ...


def lower(trace: Trace, inputs: Iterable[str], outputs: Iterable[str], along: bool = False) -> Lowered:
    """A function of the leaves `inputs` (float64 arrays, positional) returning the steps `outputs` as a tuple.

    All other leaves keep the trace's values. Steps that no output needs are left out. Overflow gives inf, as
    numpy does: the caller judges. `function.source` is the generated Python text. With `along` every operation stays
    on the piece on which the trace's values stand (`Op.along`), and arrays may be complex. Raises BookError for a
    name that is no step, ValueError for an input that is computed.

    >>> from gradbook import load, lower, work
    >>> trace = work(load("examples/seed.toml"))
    >>> forward = lower(trace, ["x"], ["layer2.a", "J"])
    >>> a, loss = forward(trace.value("x"))
    >>> a.round(4)
    array([[0.7514],
           [0.7729]])
    """
    inputs, outputs = list(inputs), list(outputs)
    for name in inputs:
        if not trace[name].is_leaf:
            raise ValueError(f"{name} is computed; only leaves can be inputs")
    local = {name: f"v{i}" for i, name in enumerate(trace)}
    steps = _needed(trace, outputs)
    scope: dict[str, Any] = {local[s.name]: s.value for s in steps if s.is_leaf}
    scope |= {_function(s, local, along): _forward(trace, s, along) for s in steps if not s.is_leaf}
    moving = _moving(steps, {trace[name].name for name in inputs})
    lines = {s.name: f"{local[s.name]} = {_call(s, local, along)}" for s in steps if not s.is_leaf}
    with np.errstate(all="ignore"):
        exec("\n".join(line for name, line in lines.items() if name not in moving), scope)
    body = [f"    {line}" for name, line in lines.items() if name in moving]
    returned = "".join(f"{local[name]}, " for name in outputs)
    header = f"def replay({', '.join(local[name] for name in inputs)}):"
    source = "\n".join([header, *body, f"    return ({returned})"])
    exec(compile(source, f"<lowered {trace.example}>", "exec"), scope)
    scope["replay"].source = source
    return scope["replay"]


def _has_pieces(step: Step) -> bool:
    return OPS[step.op].piece is not None or OPS[step.op].kind == "mask"


def _function(step: Step, local: Mapping[str, str], along: bool) -> str:
    """What a step's function is called: its operation's, or its own where it depends on the trace's values."""
    return f"f_{local[step.name]}" if along and _has_pieces(step) else f"f_{step.op}"


def _forward(trace: Trace, step: Step, along: bool) -> Callable[..., Any]:
    if not (along and _has_pieces(step)):
        return OPS[step.op].forward
    before = [trace[name].value for name in step.args]
    return partial(_along, OPS[step.op].along, before)


def _along(function: Callable[..., Any], before: list[np.ndarray], *now: np.ndarray, **attrs: Any) -> np.ndarray:
    return function(before, now, **attrs)


def _call(step: Step, local: Mapping[str, str], along: bool) -> str:
    attrs = [f"{key}={value!r}" for key, value in step.attrs.items()]
    return f"{_function(step, local, along)}({', '.join([local[a] for a in step.args] + attrs)})"


def _needed(trace: Trace, outputs: list[str]) -> list[Step]:
    wanted = {trace[name].name for name in outputs}
    for step in reversed(list(trace.values())):
        if step.name in wanted:
            wanted.update(step.args)
    return [s for s in trace.values() if s.name in wanted]


def _moving(steps: list[Step], inputs: set[str]) -> set[str]:
    """The inputs and what is computed from them."""
    moving = set(inputs)
    for step in steps:
        if not moving.isdisjoint(step.args):
            moving.add(step.name)
    return moving


def train(trace: Trace, steps: int) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Repeat the trace's update `steps` times, in float64: on the same data, or on those of `Trace.batches` in turn.

    Returns the loss before each update and after the last (shape (steps + 1,)), each on the data that the update
    reads whose turn it then is, and the final values of all leaves that training changes, by name, each of its leaf's
    shape; no losses where the trace has none. What overflows becomes inf or nan, as in numpy.

    >>> from gradbook import load, train, work
    >>> losses, values = train(work(load("examples/seed.toml")), 100)
    >>> losses.shape, losses[0].round(4), losses[100].round(4)
    ((101,), np.float64(0.2984), np.float64(0.0061))
    >>> values["layer2.b"].shape
    (2, 1)
    """
    if not trace.loss:
        return np.empty(0), {}
    names, read = list(trace.updates), list(trace.batches[0]) if trace.batches else []
    function = lower(trace, [*names, *read], [trace.loss, *trace.updates.values()])
    data = [[batch[name] for name in read] for batch in trace.batches] or [[]]
    values = [trace.value(name) for name in names]
    losses = np.empty(steps + 1)
    with np.errstate(all="ignore"):
        for i in range(steps):
            losses[i], *values = function(*values, *data[i % len(data)])
        losses[steps] = function(*values, *data[steps % len(data)])[0]
    return losses, dict(zip(names, values, strict=True))
