"""The course of a training that stops by itself: update after update, epoch after epoch, until nothing is wrong.

An epoch is one round through the samples, of which each update reads the next. An update was made for a mistake if
the gradient of the step that is `judged` is not 0; in the first epoch without a mistake nothing changes any more.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from .lower import lower
from .trace import Trace

SAME = 1e-6
"""Leaves that differ by less than this part of the shortest step are the same but for the noise of float64."""

ENDED, ROUND, OPEN = "ended", "round", "open"
"""How a course ends: with an epoch without a mistake; where it was before, so that it never ends; or not yet."""


@dataclass(frozen=True)
class Turn:
    """One update: the values of the steps that were asked for, the new values of all leaves that it changes, by
    their names, and whether it was made for a mistake."""

    found: Mapping[str, np.ndarray]
    new: Mapping[str, np.ndarray]
    wrong: bool


@dataclass(frozen=True)
class Course:
    """All updates until the course ends, `size` in each epoch, and how it ends. If it goes round, the leaves after
    the second epoch of `back` are what they were after the first of them, of which 0 is the start."""

    turns: Sequence[Turn]
    size: int
    end: str
    back: tuple[int, int] = (0, 0)

    @property
    def epochs(self) -> int:
        return len(self.turns) // self.size

    @property
    def mistakes(self) -> list[int]:
        """The numbers of the updates that were made for mistakes, counted from 1."""
        return [i for i, turn in enumerate(self.turns, start=1) if turn.wrong]

    @property
    def left(self) -> int:
        """How many samples of the last epoch were wrong."""
        return sum(turn.wrong for turn in self.turns[-self.size :])


def course(trace: Trace, judged: str, epochs: int, asked: Sequence[str] = ()) -> Course:
    """The course of at most so many epochs, in float64; `asked` are steps whose values each update tells. Where the
    leaves are what they were after an epoch before, the course goes round and is not followed."""
    leaves = list(trace.updates)
    data: Sequence[Mapping[str, np.ndarray]] = trace.batches or ({},)
    outputs = [trace.grads[judged], *trace.updates.values(), *asked]
    function = lower(trace, [*leaves, *data[0]], outputs)
    values, turns = [trace.value(leaf) for leaf in leaves], []
    places, shortest = [_flat(values)], np.inf
    for epoch in range(1, epochs + 1):
        for read in data:
            before = values
            with np.errstate(all="ignore"):
                error, *results = function(*values, *read.values())
            values, found = results[: len(leaves)], results[len(leaves) :]
            new = dict(zip(leaves, values, strict=True))
            turns.append(Turn(dict(zip(asked, found, strict=True)), new, bool(np.any(error))))
            shortest = min(shortest, np.abs(_flat(values) - _flat(before)).max() or np.inf)
        if not any(turn.wrong for turn in turns[-len(data) :]):
            return Course(turns, len(data), ENDED)
        near = np.flatnonzero(np.abs(np.array(places) - (place := _flat(values))).max(axis=1) < SAME * shortest)
        if len(near):
            return Course(turns, len(data), ROUND, (int(near[0]), epoch))
        places.append(place)
    return Course(turns, len(data), OPEN)


def _flat(values: Sequence[np.ndarray]) -> np.ndarray:
    return np.concatenate([np.ravel(value) for value in values])
