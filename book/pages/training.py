"""The course of a training that stops by itself, as a table, in no language."""

from dataclasses import dataclass

import numpy as np

from gradbook.engine.tape.course import Course, course

from ..base.numbers import decimal_of, tex_number
from ..formula.derive import matrix
from ..formula.nodes import Number
from ..formula.wide import filled
from .history import IN_TABLES
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
    judged = getattr(example, "judged", None)
    if not (judged and worked.updates):
        return None
    found, leaves = [*example.shown, trace.grads[judged]], list(trace.updated())
    run = course(trace, judged, example.epochs, found)
    rows = [
        Row(
            i + 1,
            i // run.size + 1,
            [_cell(worked, turn.found[name]) for name in found],
            turn.wrong,
            [_cell(worked, turn.new[leaf]) for leaf in leaves],
        )
        for i, turn in enumerate(run.turns[:MOST_ROWS])
    ]
    return Training(run, found, [trace.updates[leaf] for leaf in leaves], rows)


def _cell(worked: Worked, value: np.ndarray) -> str:
    """An array in exact numbers, to six digits."""
    value = np.round(value, NOISE) + 0.0
    if value.size == 1:
        return tex_number(value.item(), IN_TABLES)
    cells = filled(value.shape, lambda index: Number(decimal_of(value[index], IN_TABLES)))
    return worked.written.tex(matrix(cells))
