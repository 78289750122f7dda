"""What a number format can know of a figure: how far a program of single or double precision may lie from it.

Worked, not assumed: the trace is worked in float32; and it is worked again with all that its operations read and give
moved by one rounding. By what a figure moves then, so much a program may lose along the trace.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from decimal import Decimal
from functools import cached_property

import numpy as np

from gradbook.engine.ops import OPS
from gradbook.engine.tape.lower import train
from gradbook.engine.tape.trace import Step, Trace

from .recompute import value_in
from .source import DRAWS, Figure

SINGLE, DOUBLE = 2.0**-24, 2.0**-53
"""The largest relative error of one rounding."""
MOVED = 2.0**-30
"""By how much results are moved on trial: far above the noise of float64, so small that a half moves half as far."""
SAFETY = 2
"""Of `DRAWS` draws, each in other directions, the largest, twice: a sum of n terms, or exp in a library, loses more
than one rounding."""

Values = Mapping[str, np.ndarray]


class Precision:
    """How far programs of either precision may lie from the figures of one trace. `start` is the trace before its
    first update, `updates` how many were made."""

    def __init__(self, trace: Trace, start: Trace, updates: int = 0):
        self.trace, self.start, self.updates = trace, start, updates

    def double(self, figure: Figure) -> float:
        """How far a program of double precision may lie from the figure."""
        return self._moves(figure) * DOUBLE + DOUBLE * abs(value_in(self.trace, figure))

    def single(self, figure: Figure) -> float:
        """How far a program of single precision may lie from the figure; 0 if it has no such value."""
        value, found = value_in(self.trace, figure), self.in_single(figure)
        reach = self._moves(figure) * SINGLE + SINGLE * abs(value) + abs(found - value)
        return reach if math.isfinite(reach) else 0.0

    def in_single(self, figure: Figure) -> float:
        """The figure in float32: every leaf and every result is a number of single precision."""
        return self._entry(self._in_single, figure)

    def vouched(self, figure: Figure) -> int:
        """To how many significant digits float64 knows the figure; 0 if it is nothing but noise."""
        value, reach = value_in(self.trace, figure), self.double(figure)
        if not value or not reach:
            return 0
        return max(0, Decimal(value).adjusted() + 1 + math.floor(-math.log10(2 * reach)))

    def _moves(self, figure: Figure) -> float:
        """By how many roundings the figure moves at most. A jump at a kink does not shrink with the roundings: there
        the draw says nothing."""
        value, most = value_in(self.trace, figure), 0.0
        for whole, half in self._draws:
            far, near = (self._entry(values, figure) - value for values in (whole, half))
            if abs(far - 2 * near) <= abs(far) / 4:
                most = max(most, abs(far))
        return SAFETY * most / MOVED

    def _entry(self, values: Values, figure: Figure) -> float:
        if figure.term is None:
            return float(values[figure.step][figure.index])
        (row, column), (a, b) = figure.index, (values[name] for name in self.trace[figure.step].args)
        return float(a[row, figure.term] * b[figure.term, column])

    @cached_property
    def _draws(self) -> list[tuple[Values, Values]]:
        """Each draw twice: everything moved by `MOVED`, and by half of it in the same directions."""
        return [tuple(_worked(self.trace, _mover(draw, by)) for by in (MOVED, MOVED / 2)) for draw in range(DRAWS)]

    @cached_property
    def _in_single(self) -> Values:
        leaves = self._trained if self.updates else {}
        return _worked(self.trace, _in_float32, {s.name: leaves.get(s.name, s.value) for s in self.trace.leaves()})

    @property
    def _trained(self) -> Values:
        """What training in float32 makes of the leaves."""
        steps = [replace(s, value=s.value.astype(np.float32)) for s in self.start.values()]
        turns = [{name: data.astype(np.float32) for name, data in batch.items()} for batch in self.start.batches]
        single = Trace(self.start.example, steps, self.start.loss, {}, self.start.updates, batches=turns)
        return train(single, self.updates)[1] | (turns[self.updates % len(turns)] if turns else {})


Working = Callable[[Step, list[np.ndarray]], np.ndarray]


def _worked(trace: Trace, working: Working, leaves: Values | None = None) -> Values:
    """The values of a trace by another way of working a step; a leaf is worked from no arguments."""
    values: dict[str, np.ndarray] = {}
    with np.errstate(all="ignore"):
        for step in trace.values():
            if step.is_leaf and leaves:
                step = replace(step, value=leaves[step.name])
            values[step.name] = working(step, [values[a] for a in step.args])
    return values


def _in_float32(step: Step, args: list[np.ndarray]) -> np.ndarray:
    value = step.value if step.is_leaf else OPS[step.op].forward(*args, **step.attrs)
    return np.asarray(value, dtype=np.float32)


def _mover(draw: int, by: float) -> Working:
    """Works a step with its arguments and its result moved, each entry up or down. What only moves entries loses
    nothing, and what is flat (a mask, a sign) does not see so small a move."""
    random = np.random.default_rng(draw)

    def moved(values: np.ndarray, size: np.ndarray) -> np.ndarray:
        return values + by * size * np.copysign(1.0, random.random(np.shape(values)) - 0.5)

    def working(step: Step, args: list[np.ndarray]) -> np.ndarray:
        if step.is_leaf or _is_flat(step):
            return step.value
        entry = OPS[step.op]
        if entry.kind == "layout":
            return np.asarray(entry.forward(*args, **step.attrs))
        value = np.asarray(entry.forward(*(moved(a, abs(a)) for a in args), **step.attrs))
        return moved(value, entry.size(*map(abs, args), **step.attrs) if entry.size else abs(value))

    return working


def _is_flat(step: Step) -> bool:
    return not any(OPS[step.op].vjp(i) for i in range(len(step.args)))
