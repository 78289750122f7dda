"""The course of a training that stops by itself, as a table, in no language."""

from dataclasses import dataclass

import numpy as np

from gradbook.engine.tape.course import Course, course

from .history import in_exact_numbers
from .worked import Worked, once

MOST_ROWS = 200
"""So many updates a page shows."""

NOISE = 12
"""The decimals of which float64 is sure: what is behind them is not shown."""


@dataclass(frozen=True)
class Row:
    """An update: its number and that of its epoch, from 1; what it reads and finds; whether that was wrong; what it
    makes of the parameters."""

    update: int
    epoch: int
    found: list[str]
    wrong: bool
    new: list[str]


@dataclass(frozen=True)
class Training:
    """A course, the steps that stand in the table of its updates before and after the verdict, and its first rows."""

    course: Course
    found: list[str]
    new: list[str]
    rows: list[Row]


@once
def training(worked: Worked) -> Training | None:
    """None if the family's rule does not stop by itself, or if nothing is updated."""
    example, trace = worked.example, worked.exact
    if not (example.judged and worked.updates):
        return None
    found, leaves = [*example.shown, trace.grads[example.judged]], list(trace.updated())
    run = course(trace, example.judged, example.epochs, found)
    rows = [
        Row(
            i + 1,
            i // run.size + 1,
            [in_exact_numbers(worked, _sure(turn.found[name])) for name in found],
            turn.wrong,
            [in_exact_numbers(worked, _sure(turn.new[leaf])) for leaf in leaves],
        )
        for i, turn in enumerate(run.turns[:MOST_ROWS])
    ]
    return Training(run, found, [trace.updates[leaf] for leaf in leaves], rows)


def _sure(value: np.ndarray) -> np.ndarray:
    return np.round(value, NOISE) + 0.0
