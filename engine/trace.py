"""A Trace: the finished, read-only record of one worked example, which can be read or replayed."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from graphlib import TopologicalSorter
from types import MappingProxyType

import numpy as np

from .errors import BookError, unknown
from .ops import OPS, worked_first
from .rounding import round_array

LEAVES = ("data", "param", "const", "state")
FORMAT = 1
"""The version of the JSON form; it changes when a reader of the old form would misread the new one."""


@dataclass(frozen=True, eq=False)
class Step:
    """One recorded value. `name` is unique and dotted ('layer1.z'); `op` is a key of OPS or one of LEAVES;
    `args` are names of earlier steps; `value` is a read-only float64 array; `phase` is 'forward', 'backward'
    or 'update'; `attrs` is what the operation needs besides arrays; `of` is, in the backward phase, the step
    whose gradient this is."""

    name: str
    op: str
    args: tuple[str, ...]
    value: np.ndarray
    phase: str = "forward"
    attrs: Mapping = field(default_factory=dict)
    of: str | None = None

    @property
    def shape(self) -> tuple[int, ...]:
        return self.value.shape

    @property
    def is_leaf(self) -> bool:
        return self.op in LEAVES


class Trace(Mapping):
    """Name -> Step, in the order of computation.

    `loss` is the name of the step that holds the loss; `grads` maps a name to the name of the step that holds
    the loss's gradient with respect to it; `updates` maps every leaf that training changes, parameters and the
    optimiser's state, to the step that holds its new value.
    """

    def __init__(self, example: str, steps, loss: str, grads: Mapping, updates: Mapping):
        self.example, self.loss = example, loss
        self._steps = {step.name: step for step in steps}
        self.grads, self.updates = MappingProxyType(dict(grads)), MappingProxyType(dict(updates))

    def __getitem__(self, name: str) -> Step:
        try:
            return self._steps[name]
        except KeyError:
            raise unknown(f"example {self.example!r}", "step", name, self._steps) from None

    def __contains__(self, name) -> bool:
        return name in self._steps

    def __iter__(self):
        return iter(self._steps)

    def __len__(self):
        return len(self._steps)

    def get(self, name: str, default=None):
        return self._steps.get(name, default)

    def value(self, name: str) -> np.ndarray:
        return self[name].value

    def leaves(self, *kinds: str) -> list[Step]:
        """The leaves of the given kinds (all kinds if none is given), in order."""
        return [s for s in self.values() if s.op in (kinds or LEAVES)]

    def updated(self, kind: str = "param") -> dict[str, str]:
        """`updates` for the leaves of one kind."""
        return {name: new for name, new in self.updates.items() if self[name].op == kind}

    # Parts and lines

    def parent(self, name: str) -> str | None:
        """The step that `name` is a part of: its name without the last letter, if that is a step using it."""
        scope = name.rpartition(".")[0]
        return scope if scope in self._steps and name in self._steps[scope].args else None

    def parts(self, name: str) -> list[str]:
        """The arguments of `name` that are parts of it, that is, written inside its line."""
        return [arg for arg in self[name].args if self.parent(arg) == name]

    def lines(self, phase: str) -> list[Step]:
        """The steps of a phase that have a line of their own: neither leaf nor part."""
        return [s for s in self.values() if s.phase == phase and not s.is_leaf and not self.parent(s.name)]

    def silent(self, name: str) -> bool:
        """Whether a step is worked out in one go with its parent and never printed by itself."""
        parent = self.parent(name)
        return parent is not None and not worked_first(self[parent].op, self[name].op, self.leads(parent, name))

    def leads(self, parent: str, part: str) -> bool:
        """Whether a part stands first in the line of its parent, and nowhere else."""
        first, *others = self[parent].args
        return part == first and part not in others

    def users(self, name: str, phase: str | None = None) -> list[Step]:
        """The steps (of one phase) that use `name` directly."""
        return [s for s in self.values() if name in s.args and phase in (None, s.phase)]

    # Replay

    def replay(
        self,
        changes: Mapping[str, np.ndarray] | None = None,
        rounding: Callable[[Step, np.ndarray], np.ndarray] | None = None,
    ) -> "Trace":
        """The same computation with other leaves, or with `rounding(step, value)` applied after each step.

        `changes` maps names of leaves to arrays of the leaf's shape. Raises BookError if a value overflows,
        ValueError if a change names no leaf or has another shape.
        """
        changes = self._checked(changes or {})
        steps: dict[str, Step] = {}
        for step in self.values():
            value = changes.get(step.name, step.value) if step.is_leaf else run(step, steps)
            if rounding is not None and not step.is_leaf:
                value = rounding(step, value)
            steps[step.name] = replace(step, value=frozen(self.example, step.name, value, step.op))
        return self._with(steps.values())

    def rewired(self, reads: Mapping[str, Mapping[str, str]]) -> "Trace":
        """The computation in which the step `s` reads `reads[s][a]` wherever it read `a`: a mutant.

        Raises graphlib.CycleError if a step would have to read its own result, BookError for a name that is no
        step.
        """
        for name in {*reads, *(new for read in reads.values() for new in read.values())}:
            self[name]
        moved = {
            s.name: replace(s, args=tuple(reads.get(s.name, {}).get(a, a) for a in s.args)) for s in self.values()
        }
        order = TopologicalSorter({name: step.args for name, step in moved.items()}).static_order()
        return self._with(moved[name] for name in order).replay()

    def called(self, example: str) -> "Trace":
        """The same trace as one of another example."""
        return Trace(example, self.values(), self.loss, self.grads, self.updates)

    def _checked(self, changes):
        arrays = {name: np.asarray(value, dtype=np.float64) for name, value in changes.items()}
        for name, array in arrays.items():
            step = self[name]
            if not step.is_leaf:
                raise ValueError(f"{name} is computed; only leaves can be changed")
            if array.shape != step.shape:
                raise ValueError(f"{name} has shape {step.shape}, not {array.shape}")
        return arrays

    def _with(self, steps) -> "Trace":
        return Trace(self.example, steps, self.loss, self.grads, self.updates)

    # JSON

    def to_json(self) -> str:
        """The public form (see docs/trace-format.md): values flat, row-major, shortest round-trip decimals."""
        head = {"format": FORMAT, "example": self.example, "loss": self.loss}
        grads = {s.name: self.grads[s.name] for s in self.leaves("param") if s.name in self.grads}
        head |= {"grads": grads, "updates": dict(self.updates)}
        return json.dumps(head | {"steps": [_record(s) for s in self.values()]}, indent=None, allow_nan=False)


def _record(step: Step) -> dict:
    return {
        "name": step.name,
        "op": step.op,
        "args": list(step.args),
        "attrs": dict(step.attrs),
        "phase": step.phase,
        "of": step.of,
        "shape": list(step.shape),
        "value": [float(v) for v in step.value.ravel()],
    }


def run(step: Step, steps: Mapping[str, Step]) -> np.ndarray:
    """The step's operation on the values its arguments have in `steps`."""
    with np.errstate(all="ignore"):
        return OPS[step.op].forward(*(steps[a].value for a in step.args), **step.attrs)


SATURATED = {"binary_cross_entropy": "has an output of exactly 0 or 1, where a logarithm has no value"}
"""Why an operation ends where its values are finite, in words that help more than 'overflows'."""


def frozen(example: str, name: str, value, op: str = "") -> np.ndarray:
    """A read-only float64 copy, its zeros without a sign, which no reader could make sense of; raises BookError
    naming the step if an entry is infinite or not a number."""
    array = np.array(value, dtype=np.float64)
    array += 0.0  # -0.0 + 0.0 is 0.0; every other number stays as it is
    if not np.isfinite(array).all():
        found = "overflows" if np.isinf(array).any() else "is not a number"
        advice = (
            "smaller values, more digits or exact arithmetic"
            if op in SATURATED
            else ("smaller values or another activation")
        )
        raise BookError(f"example {example!r}: step {name!r} {SATURATED.get(op, found)}; use {advice}.")
    array.setflags(write=False)
    return array


def pencil(trace: Trace, digits: int) -> Trace:
    """The trace as worked by hand: whatever is printed is rounded to `digits` significant digits before it is
    used again; what is worked out in one go with its parent is not."""

    used = {step.name: step.value for step in trace.leaves()}

    def rounding(step: Step, value: np.ndarray) -> np.ndarray:
        value = _cancelled(step, value, used)
        used[step.name] = value if trace.silent(step.name) else round_array(value, digits)
        return used[step.name]

    return trace.replay(rounding=rounding)


SUMS = {"add": "add", "sub": "add", "matmul": "matmul", "sum": "sum", "sum_axis": "sum_axis"}
"""Operations in which terms can cancel, and the one that adds the sizes of their terms."""
NOISE = 1e-14
"""What float64 leaves of a sum of decimals that is zero, relative to the size of its terms."""


def _cancelled(step: Step, value: np.ndarray, used: Mapping[str, np.ndarray]) -> np.ndarray:
    """Zero where decimals cancel: on paper 0.5 - 0.5 leaves nothing."""
    if step.op not in SUMS:
        return value
    size = OPS[SUMS[step.op]].forward(*(np.abs(used[name]) for name in step.args), **step.attrs)
    return np.where(np.abs(value) <= NOISE * size, 0.0, value)
