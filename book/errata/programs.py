"""Other ways to train: the book's program and its likely mutants, carried on for any number of updates."""

from collections.abc import Iterator
from dataclasses import dataclass
from graphlib import CycleError

from gradbook.engine.errors import BookError
from gradbook.engine.tape.lower import train
from gradbook.engine.tape.trace import Trace


@dataclass(frozen=True, eq=False)
class Program:
    """A way to train: the book's own, or one in which backward steps read parameters that are already updated."""

    trace: Trace
    updated: tuple[str, ...] = ()


class Programs:
    """The book's program and its likely mutants, each carried on for any number of updates."""

    def __init__(self, trace: Trace):
        self.own = Program(trace)
        self.mutants = [program for program in _sequential(trace) if program.updated]
        self._done: dict[tuple[Program, int], Trace | None] = {}

    def own_after(self, updates: int) -> Trace:
        """The example's own trace after so many updates. Raises BookError if it overflows."""
        if trace := self.after(self.own, updates):
            return trace
        raise BookError(
            f"example {self.own.trace.example!r}: overflows before its source's {updates} updates are done."
        )

    def after(self, program: Program, updates: int) -> Trace | None:
        """The trace after so many updates; None if it overflows."""
        key = (program, updates)
        if key not in self._done:
            try:
                self._done[key] = self._trained(program, updates)
            except BookError:
                self._done[key] = None
        return self._done[key]

    def _trained(self, program: Program, updates: int) -> Trace:
        if not updates:
            return program.trace
        if before := self._done.get((program, updates - 1)):
            return before.following()
        return program.trace.following(train(program.trace, updates)[1], updates)


def _sequential(trace: Trace) -> Iterator[Program]:
    """Programs that update as they walk back, so that earlier layers meet new weights: one parameter, then all."""
    readers = {name: [s.name for s in trace.users(name, "backward")] for name in trace.updates}
    read = tuple(name for name, found in readers.items() if found)
    for names in dict.fromkeys([*((name,) for name in read), read]):
        wires: dict[str, dict[str, str]] = {}
        for name in names:
            for reader in readers[name]:
                wires.setdefault(reader, {})[name] = trace.updates[name]
        try:
            yield Program(trace.rewired(wires), names)
        except (CycleError, BookError):
            continue
