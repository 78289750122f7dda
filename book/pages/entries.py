"""Which single entries a page works in full, and how they are written, in no language."""

import numpy as np

from gradbook.engine.tape.trace import Trace

from ..formula.lines import Line, collected
from .worked import Worked, once

MOST_WORKED = 12
"""A page works so many single entries out in full."""


@once
def worked_entries(worked: Worked, name: str) -> list[str]:
    """Blocks that work one entry of each matrix product of a line, or of its function, in full."""
    written, line = worked.written, worked.written.line(name)
    parts = line.products()
    if not parts and written.has_entries(line.step.op) and line.step.value.size > 1:
        parts = [name] if not worked.printed.parts(name) else []
    return [written.entry(name, part, telling(worked.printed, part)) for part in parts]


@once
def entry_in_full(worked: Worked, name: str) -> str:
    """One entry of a line worked by itself."""
    return worked.written.entry(name, name, telling(worked.printed, name))


def telling(trace: Trace, name: str) -> tuple[int, ...]:
    """The entry worth working out: first row, second column where there is one, so that rows and columns cannot be
    confused; if 0 or 1 stands there, the first that is neither, or that is not 0. The row to which several come."""
    value, row = trace.value(name), collected(trace[name]) or 0
    place = (row, min(1, value.shape[1] - 1)) if value.ndim == 2 else (0,) * value.ndim
    dull = value[place] in (0, 1)
    others = [*np.argwhere((value != 0) & (value != 1)), *np.argwhere(value)] if dull else []
    return tuple(map(int, others[0])) if others else place


def likeness(trace: Trace, line: Line) -> tuple:
    """What an entry in full of this line would look like, whatever its arguments are called: the operations of its
    parts and all shapes. Of several that are alike one entry is enough."""
    return _likeness(trace, line.name)


def _likeness(trace: Trace, name: str) -> tuple:
    parts = trace.parts(name)
    inner = (_likeness(trace, arg) if arg in parts else trace[arg].shape for arg in trace[name].args)
    return trace[name].op, trace[name].shape, *inner
