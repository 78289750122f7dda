"""A trace updated again and again in float64: its losses, and its steps after so many updates.

Every update is worked once, whoever asks: what training changes is kept for each count that somebody asked for, and a
longer way begins at the nearest of these.
"""

from bisect import bisect_right, insort

import numpy as np

from ..ops import MEANINGS
from .trace import Trace

WHOLE = 4
"""Of so many counts all steps are kept, not only what training changes."""


class Training:
    def __init__(self, trace: Trace):
        self._trace = trace
        self._steps = [s for s in trace.steps.values() if not s.is_leaf]
        self._leaves = {s.name: s.value for s in trace.steps.values() if s.is_leaf}
        self._losses: list[float] = []
        self._counts, self._kept = [0], {0: {name: self._leaves[name] for name in trace.updates}}
        self._whole: dict[int, dict[str, np.ndarray]] = {}
        self.passes = 0

    def loss(self, updates: int) -> float:
        """The loss after so many updates."""
        if updates >= len(self._losses):
            self._go(len(self._losses), updates + 1)
        return self._losses[updates]

    def value(self, name: str, updates: int) -> np.ndarray:
        """A step, or a leaf, after so many updates."""
        if name in self._trace.updates:
            return np.asarray(self._state(updates)[name])
        if name == self._trace.loss:
            return np.asarray(self.loss(updates))
        return np.asarray(self._all(updates)[name])

    def _all(self, updates: int) -> dict[str, np.ndarray]:
        if updates not in self._whole:
            if len(self._whole) == WHOLE:
                del self._whole[next(iter(self._whole))]
            self._whole[updates] = self._worked(self._state(updates), updates)
        return self._whole[updates]

    def _state(self, updates: int) -> dict[str, np.ndarray]:
        return self._kept[updates] if updates in self._kept else self._go(updates, updates)

    def _go(self, start: int, end: int) -> dict[str, np.ndarray]:
        """Update from the last kept count up to `start` until `end`; what training changes, after the last one."""
        nearest = self._counts[bisect_right(self._counts, start) - 1]
        state = self._kept[nearest]
        for count in range(nearest, end):
            values = self._worked(state, count)
            if count == len(self._losses):
                self._losses.append(float(values[self._trace.loss]))
            state = {name: values[new] for name, new in self._trace.updates.items()}
        if end not in self._kept:
            insort(self._counts, end)
            self._kept[end] = state
        return state

    def loss_again(self) -> float:
        """The loss after one update on the data that this update has read."""
        return float(self._worked(self._state(1), 0)[self._trace.loss])

    def _worked(self, state: dict[str, np.ndarray], updates: int) -> dict[str, np.ndarray]:
        """Every step, from what training has changed, on the data that are read after so many updates."""
        self.passes += 1
        values = self._leaves | state | self._trace.batch(updates)
        with np.errstate(all="ignore"):
            for step in self._steps:
                values[step.name] = MEANINGS[step.op].value(*(values[a] for a in step.args), **step.attrs)
        return values
