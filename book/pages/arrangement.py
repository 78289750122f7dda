"""Under which headings the lines of one example stand and in which order, in no language."""

from functools import cached_property

from gradbook.engine.tape.trace import Trace

from ..formula.lines import Line
from ..i18n.words import SOURCE
from .groups import Group, Grouping, scope
from .worked import Worked, once

SHARED = "*"
"""The scope of what all parameters share in the update."""


class Arrangement:
    """The lines of an example: by phase, and grouped by scope."""

    def __init__(self, worked: Worked):
        self.worked, self.trace, self.notation = worked, worked.printed, worked.notation

    def lines(self, phase: str) -> list[Line]:
        return [self.worked.written.line(step.name) for step in self.trace.lines(phase)]

    @cached_property
    def grouping(self) -> Grouping:
        folded = getattr(self.worked.family(SOURCE), "folded", [])
        return Grouping(self.trace, folded, lambda name: used(self.trace, name), self.scope)

    def scope(self, name: str) -> str:
        """The scope of a line: 'layer1' of 'layer1.z'."""
        return SHARED if self.is_shared(name) else scope(name)

    def is_shared(self, name: str) -> bool:
        """Whether a line of the update belongs to no parameter alone: the counter, the rate, what clipping needs."""
        if self.trace[name].phase != "update" or name in self.trace.updated().values():
            return False
        found = self.notation.attachment(name)
        return not found or found[0] in ("cut", "q")


@once
def arrangement(worked: Worked) -> Arrangement:
    return Arrangement(worked)


@once
def groups(worked: Worked, phase: str) -> list[Group]:
    """The lines of a phase grouped by scope, in an order in which each can be worked from those before it."""
    found = arrangement(worked)
    return found.grouping.of(found.lines(phase), lambda line: line.name)


def used(trace: Trace, name: str) -> list[str]:
    """The leaves and lines that a line is computed from."""
    found = []
    for arg in trace[name].args:
        found += used(trace, arg) if trace.parent(arg) else [arg]
    return found


def ops(trace: Trace, name: str) -> list[str]:
    """The operations of a line: its own and those of its parts, in order of use."""
    inner = [op for part in trace.parts(name) for op in ops(trace, part)]
    return list(dict.fromkeys([*inner, trace[name].op]))
