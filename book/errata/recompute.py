"""Redoing one figure as the author of the source may have done it: from figures printed earlier.

Glossary. A *pin* is an earlier printed figure that stands in for the computed entry. A *choice* says for each
pinned step which of its printings is used: 0 the latest, 1 the one before, …; past the last, none of them.
"""

from collections import deque
from collections.abc import Callable, Iterator, Mapping

import numpy as np

from gradbook.engine.ops import OPS
from gradbook.engine.tape.trace import Step, Trace

from .source import Figure

TRIALS = 150
"""How many choices are tried for one figure before it is left unexplained."""

Choice = Mapping[str, int]
Rounding = Callable[[Step, np.ndarray], np.ndarray]


class Recomputation:
    """One figure of a trace computed again. `pins` maps (step, index) to earlier figures, latest first."""

    def __init__(self, trace: Trace, figure: Figure, pins: Mapping[tuple, list]):
        self.trace, self.figure = trace, figure
        self.pins: dict[str, dict[tuple, list]] = {}
        for (step, index), found in pins.items():
            self.pins.setdefault(step, {})[index] = found

    def value(self, choice: Choice, without=frozenset(), rounding: Rounding | None = None) -> float:
        """The figure under a choice. `without` are (step, index) that keep their exact value, or are mapped to
        another one; `rounding` is applied to what the source does not print."""
        values: dict[str, np.ndarray] = {}
        step = self.trace[self.figure.step]
        if step.is_leaf:
            return float(step.value[self.figure.index])
        args = [self._argument(a, choice, without, rounding, values) for a in step.args]
        return entry_of(step, self.figure, args)

    def _argument(self, name, choice, without, rounding, values) -> np.ndarray:
        if name not in values:
            step, pinned = self.trace[name], self._pinned(name, choice)
            if step.is_leaf or len(pinned) == step.value.size:
                value = step.value
            else:
                args = [self._argument(a, choice, without, rounding, values) for a in step.args]
                value = _run(step, args)
                value = rounding(step, value) if rounding else value
            values[name] = self._overlaid(step, value, pinned, without)
        return values[name]

    @staticmethod
    def _overlaid(step: Step, value: np.ndarray, pinned, without) -> np.ndarray:
        if not pinned:
            return value
        value = value.copy()
        for index, judged in pinned.items():
            key = (step.name, index)
            kept = without[key] if isinstance(without, Mapping) and key in without else step.value[index]
            value[index] = kept if key in without else float(judged.figure.number)
        return value

    def _pinned(self, name: str, choice: Choice) -> dict[tuple, object]:
        """The printings in use for one step: index -> judged figure."""
        which = choice.get(name, 0)
        entries = self.pins.get(name, {})
        return {i: found[min(which, len(found) - 1)] for i, found in entries.items() if which < self._most(name)}

    def _most(self, name: str) -> int:
        return max((len(found) for found in self.pins.get(name, {}).values()), default=0)

    def used(self, choice: Choice) -> dict[tuple, object]:
        """The pins that the figure is computed from under a choice: (step, index) -> judged figure."""
        found: dict[tuple, object] = {}
        waiting, seen = list(self.trace[self.figure.step].args), set()
        while waiting:
            name = waiting.pop(0)
            if name in seen:
                continue
            seen.add(name)
            pinned = self._pinned(name, choice)
            found |= {(name, index): judged for index, judged in pinned.items()}
            if len(pinned) < self.trace[name].value.size:
                waiting += self.trace[name].args
        return found

    def choices(self) -> Iterator[Choice]:
        """All choices, nearest to the latest printings first."""
        waiting, seen = deque([{}]), {()}
        for _ in range(TRIALS):
            if not waiting:
                return
            choice = waiting.popleft()
            yield choice
            for name in dict.fromkeys(step for step, _ in self.used(choice)):
                moved = {**choice, name: choice.get(name, 0) + 1}
                if (key := tuple(sorted(moved.items()))) not in seen:
                    seen.add(key)
                    waiting.append(moved)

    def causes(self, choice: Choice, holds: Callable[[float], bool]) -> tuple:
        """The pins without which `holds` would fail: what the figure follows from."""
        used = {k: j for k, j in self.used(choice).items() if float(j.figure.number) != self.trace.value(k[0])[k[1]]}
        needed = [j for key, j in used.items() if not holds(self.value(choice, without={key}))]
        return tuple(needed or used.values())

    def unprinted(self) -> list[tuple[str, tuple[int, ...]]]:
        """The computed entries under the figure that the source does not print, nearest first."""
        found: list[tuple[str, tuple[int, ...]]] = []
        waiting, seen = list(self.trace[self.figure.step].args), set()
        while waiting:
            step = self.trace[waiting.pop(0)]
            pinned = self._pinned(step.name, {})
            if step.name in seen or step.is_leaf or len(pinned) == step.value.size:
                continue
            seen.add(step.name)
            waiting += step.args
            if OPS[step.op].kind != "layout":
                found += [(step.name, index) for index in np.ndindex(step.shape) if index not in pinned]
        return found

    def swapped_operands(self) -> Iterator[tuple[str, str, str, float]]:
        """(reader, operand, what was read in its place, the figure then) for the line's own operations."""
        for reader in [self.figure.step, *_line_parts(self.trace, self.figure.step)]:
            for operand in dict.fromkeys(self.trace[reader].args):
                for other in self._like(operand, reader):
                    yield reader, operand, other, self._rewired(reader, operand, other)

    def _like(self, operand: str, reader: str) -> list[str]:
        shape = self.trace[operand].shape
        names = [s.name for s in self.trace.values() if s.shape == shape and s.op != "const"]
        return [n for n in names if n not in (operand, reader, self.figure.step)]

    def _rewired(self, reader: str, operand: str, other: str) -> float:
        """The exact figure if `reader` read `other` instead of `operand`."""
        values = {operand: self.trace.value(other)}
        chain = [*reversed(_line_parts(self.trace, self.figure.step)), self.figure.step]
        done: dict[str, np.ndarray] = {}
        for name in chain:
            step = self.trace[name]
            args = [
                values[a] if name == reader and a == operand else done.get(a, self.trace.value(a)) for a in step.args
            ]
            done[name] = _run(step, args)
        return entry_of(self.trace[chain[-1]], self.figure, args)


def _line_parts(trace: Trace, name: str) -> list[str]:
    """The parts of a line at every depth, each before what it is made of."""
    parts = [p for p in trace.parts(name) if not trace[p].is_leaf]
    return [*parts, *(deep for p in parts for deep in _line_parts(trace, p))]


def entry_of(step: Step, figure: Figure, args: list[np.ndarray]) -> float:
    """The entry, or the one product in it, that a figure claims to be."""
    if figure.term is None:
        return float(_run(step, args)[figure.index])
    (row, column), (a, b) = figure.index, args
    return float(a[row, figure.term] * b[figure.term, column])


def _run(step: Step, args: list[np.ndarray]) -> np.ndarray:
    with np.errstate(all="ignore"):
        return np.asarray(OPS[step.op].forward(*args, **step.attrs), dtype=np.float64)


def value_in(trace: Trace, figure: Figure) -> float:
    """The figure's value in a trace."""
    step = trace[figure.step]
    if figure.term is None:
        return float(step.value[figure.index])
    return entry_of(step, figure, [trace.value(a) for a in step.args])


def line_of(trace: Trace, name: str) -> set[str]:
    """All that stands on the line of a step: the line itself, its parts at every depth and what they read."""
    while parent := trace.parent(name):
        name = parent
    found, waiting = {name}, [name]
    while waiting:
        step = waiting.pop()
        found.update(trace[step].args)
        waiting += trace.parts(step)
    return found


def rounded_entry(entry, rule, size: int, step: Step, value: np.ndarray) -> np.ndarray:
    """`value` with one entry rounded, if it is the value of the step that holds the entry."""
    name, index = entry
    if step.name != name:
        return value
    value = value.copy()
    value[index] = float(rule(value[index], size))
    return value
