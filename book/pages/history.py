"""How the numbers of an example go on over several updates: tables, in no language."""

from dataclasses import dataclass

from gradbook.engine.errors import BookError
from gradbook.engine.optim import companion_of
from gradbook.engine.spec.limits import LIMITS
from gradbook.engine.tape.trace import Trace

from ..base.numbers import decimal_of, tex_number
from ..formula.derive import matrix
from ..formula.nodes import Number
from ..formula.wide import filled, printed
from .worked import Worked, once

IN_TABLES = 6
"""The significant digits of exact values in the tables of several updates."""


MOST_TURNS = 20
"""Of so many updates the first page of an example shows the data that they read."""


@dataclass(frozen=True)
class History:
    """A table: the names of its columns, and their values after 0, 1, … updates."""

    columns: list[str]
    rows: list[list[str]]


@once
def turns(worked: Worked) -> History | None:
    """The data that the updates of one round read; None if all updates read the same."""
    if not worked.exact.batches:
        return None
    rounds = worked.after(min(len(worked.exact.batches), MOST_TURNS) - 1)
    names = list(worked.exact.batches[0])
    return History(names, [[_exact(worked, trace, name) for name in names] for trace in rounds])


@once
def history(worked: Worked) -> list[History]:
    """What the updates change, from update to update: the loss, with the data that are then read if they change, then
    each parameter with its state.

    Raises BookError if these are more numbers than anyone would read.
    """
    trace = worked.printed
    rate = ["rate"] * ("rate" in trace)
    state = trace.updated("state")
    groups = [[trace.loss, *rate, *(worked.exact.batches[0] if worked.exact.batches else ())]]
    for parameter in trace.updated():
        own = [name for name in state if (found := companion_of(trace, name)) and found[1] == parameter]
        groups.append([parameter, *own])
    traces = worked.after(_in_reason(worked, [trace[name].shape for names in groups for name in names]))
    return [History(names, [[_exact(worked, t, name) for name in names] for t in traces]) for names in groups]


def _in_reason(worked: Worked, columns: list[tuple[int, ...]]) -> int:
    """The updates that the tables show, if arrays of these shapes are not too much in each row."""
    steps = worked.example.page.steps
    if (numbers := (steps + 1) * sum(map(printed, columns))) > LIMITS["printed"]:
        told = f"the tables of {steps} updates would have {numbers} numbers"
        raise BookError(f"{worked.example.file}: page.steps: {told}; {LIMITS.rule('printed', numbers)}.")
    return steps


def _exact(worked: Worked, trace: Trace, name: str) -> str:
    """An array in exact numbers, to six digits, without addresses."""
    value = trace.value(name)
    if value.size == 1:
        return tex_number(value.item(), IN_TABLES)
    cells = filled(value.shape, lambda index: Number(decimal_of(value[index], IN_TABLES)))
    return worked.written.tex(matrix(cells))


def loss_table(worked: Worked) -> list[tuple[int, float]]:
    """The loss after 0, 1, 10, 100, … updates and after the last."""
    last = len(worked.losses) - 1
    counts = [0, *(10**k for k in range(7) if 10**k < last), last]
    return [(n, float(worked.losses[n])) for n in counts]
