"""A Trace: the finished, read-only record of one worked example, which can be read or replayed."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from graphlib import TopologicalSorter
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

import numpy as np
from numpy.typing import ArrayLike

from ..errors import BookError, unknown
from ..ops import OPS, worked_first
from .format import FORMAT, flat, record, written_as

if TYPE_CHECKING:
    from ..spec.example import Example

LEAVES = ("data", "param", "const", "state")
PHASES = ("forward", "backward", "update")


@dataclass(frozen=True, eq=False)
class Step:
    """One recorded value. `name` is unique and dotted ('layer1.z'); `op` is a key of OPS or one of LEAVES;
    `args` are names of earlier steps; `value` is a read-only float64 array of any shape; `phase` is 'forward',
    'backward' or 'update'; `attrs` is what the operation needs besides arrays; `of` is, in the backward phase, the
    step whose gradient this is; `trace` is the trace it stands in. A notebook shows how it was computed.

    >>> from gradbook import load, work
    >>> step = work(load("examples/seed.toml"))["layer2.delta"]
    >>> step.op, step.args, step.shape, step.phase, step.of
    ('mul', ('layer2.delta.sub', 'layer2.delta.mul'), (2, 1), 'backward', 'layer2.z')
    """

    name: str
    op: str
    args: tuple[str, ...]
    value: np.ndarray
    phase: str = "forward"
    attrs: Mapping[str, Any] = field(default_factory=dict)
    of: str | None = None
    trace: "Trace | None" = field(default=None, repr=False)

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of the value; () of a number."""
        return self.value.shape

    @property
    def is_leaf(self) -> bool:
        """Whether the value was given, not computed."""
        return self.op in LEAVES

    def _repr_html_(self) -> str | None:
        """What a notebook shows: the derivation, set in MathML."""
        return Trace.viewer().html(self) if Trace.viewer and self.trace else None

    def _repr_latex_(self) -> str | None:
        """What a notebook shows where it takes no HTML: the derivation, in LaTeX."""
        return Trace.viewer().latex(self) if Trace.viewer and self.trace else None


class Viewer(Protocol):
    """How a notebook shows a trace (`table`: its lines) and a step of one (`html`, `latex`: its derivation); None
    where it cannot, and the notebook shows the plain text."""

    def table(self, trace: "Trace", /) -> str | None: ...

    def html(self, step: Step, /) -> str | None: ...

    def latex(self, step: Step, /) -> str | None: ...


class Trace(Mapping[str, Step]):
    """Name -> Step, in the order of computation; a notebook lists its lines.

    `example` is the example's name; `loss` is the name of the step that holds the loss, "" if there is none; `grads`
    maps a name to that of the step that holds the loss's gradient with respect to it; `updates` maps every leaf that
    training changes, parameters and the optimiser's state, to the step that holds its new value. `spec` is the
    example that was worked, None if the steps were written by hand; `digits` are the significant digits of pencil
    arithmetic, None if the values are exact. `batches` are the data that updates read in turn, if not all read the
    same: of this update first, then of the next, round and round. A name that is no step raises BookError.

    >>> from gradbook import load, work
    >>> trace = work(load("examples/seed.toml"))
    >>> trace
    <Trace 'seed': 14 lines, J = 0.298371>
    >>> trace.loss, trace.grads["layer2.W"], trace.updates["layer2.W"]
    ('J', 'layer2.dW', 'layer2.W_new')
    >>> trace["layer2.a"].value.round(4)
    array([[0.7514],
           [0.7729]])
    """

    viewer: ClassVar[Callable[[], Viewer] | None] = None
    """Gives what shows traces in a notebook. The engine writes no mathematics: whoever does puts it here, as the
    package `gradbook` does when one of its names is first used."""

    def __init__(
        self,
        example: str,
        steps: Iterable[Step],
        loss: str,
        grads: Mapping[str, str],
        updates: Mapping[str, str],
        spec: "Example | None" = None,
        digits: int | None = None,
        batches: Sequence[Mapping[str, np.ndarray]] = (),
    ):
        self.example, self.loss, self.spec, self.digits = example, loss, spec, digits
        self.batches = tuple(MappingProxyType(dict(batch)) for batch in batches)
        self._steps = {step.name: replace(step, trace=self) for step in steps}
        self.grads, self.updates = MappingProxyType(dict(grads)), MappingProxyType(dict(updates))

    def __getitem__(self, name: str) -> Step:
        try:
            return self._steps[name]
        except KeyError:
            raise unknown(f"example {self.example!r}", "step", name, self._steps) from None

    def __contains__(self, name: object) -> bool:
        return name in self._steps

    def __iter__(self) -> Iterator[str]:
        return iter(self._steps)

    def __len__(self) -> int:
        return len(self._steps)

    def __repr__(self) -> str:
        lines = sum(len(self.lines(phase)) for phase in PHASES)
        if not self.loss:
            return f"<Trace {self.example!r}: {lines} lines, forward only>"
        loss = self.value(self.loss)
        found = f"= {loss.item():.6g}" if loss.size == 1 else f"of shape {loss.shape}"
        return f"<Trace {self.example!r}: {lines} lines, {self.loss} {found}>"

    def _repr_html_(self) -> str | None:
        """What a notebook shows: the leaves and lines with their symbols, shapes and phases."""
        return Trace.viewer().table(self) if Trace.viewer else None

    def get(self, name: str, default: Any = None) -> Any:
        """The step of this name, or `default` if there is none."""
        return self._steps.get(name, default)

    def value(self, name: str) -> np.ndarray:
        """The read-only float64 array that the step `name` holds. Raises BookError for a name that is no step."""
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

    def is_inlined(self, name: str) -> bool:
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
        changes: Mapping[str, ArrayLike] | None = None,
        rounding: Callable[[Step, np.ndarray], np.ndarray] | None = None,
    ) -> "Trace":
        """The same computation with other leaves, or with `rounding(step, value)` applied after each step.

        `changes` maps names of leaves to arrays of the leaf's shape. Raises BookError if a value overflows or a
        change names no step, ValueError if it names a step that is computed or has another shape.

        >>> from gradbook import load, work
        >>> trace = work(load("examples/seed.toml"))
        >>> trace.replay({"x": [[1.0], [0.0]]}).value("J").round(4)
        np.float64(0.3015)
        """
        changes = self._checked(changes or {})
        steps: dict[str, Step] = {}
        for step in self.values():
            value = changes.get(step.name, step.value) if step.is_leaf else run(step, steps)
            if rounding is not None and not step.is_leaf:
                value = rounding(step, value)
            steps[step.name] = replace(step, value=checked_array(step, value, steps, self.example))
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

    def following(self, values: Mapping[str, ArrayLike] | None = None, updates: int = 1) -> "Trace":
        """The update that comes next, or after so many `updates`: what training changes has the new values, or
        `values`, and the data are those whose turn it is. Raises as `replay` does.

        >>> from gradbook import load, work
        >>> work(load("examples/seed.toml")).following().value("J").round(4)
        np.float64(0.2805)
        """
        new = {leaf: self.value(step) for leaf, step in self.updates.items()} if values is None else values
        turn = updates % len(self.batches) if self.batches else 0
        turned = self.batches[turn:] + self.batches[:turn]
        return self._with(self.replay({**new, **(turned[0] if turned else {})}).values(), batches=turned)

    def called(self, example: str) -> "Trace":
        """The same trace as one of another example."""
        own = self.loss, self.grads, self.updates, self.spec, self.digits, self.batches
        return Trace(example, self.values(), *own)

    def _checked(self, changes: Mapping[str, ArrayLike]) -> dict[str, np.ndarray]:
        arrays = {name: np.asarray(value, dtype=np.float64) for name, value in changes.items()}
        for name, array in arrays.items():
            step = self[name]
            if not step.is_leaf:
                raise ValueError(f"{name} is computed; only leaves can be changed")
            if array.shape != step.shape:
                raise ValueError(f"{name} has shape {step.shape}, not {array.shape}")
        return arrays

    def _with(self, steps: Iterable[Step], digits: int | None = None, batches: Sequence | None = None) -> "Trace":
        turns = self.batches if batches is None else batches
        return Trace(self.example, steps, self.loss, self.grads, self.updates, self.spec, digits, turns)

    # JSON

    def to_json(self, version: int = FORMAT) -> str:
        """The public form (see docs/trace-format.md): values flat, row-major, shortest round-trip decimals.

        `version` is the format; format 1 is written for programs that read no other. Raises ValueError if there is
        no such format.
        """
        head = {"format": FORMAT, "example": self.example, "loss": self.loss or None}
        grads = {s.name: self.grads[s.name] for s in self.leaves("param", "data") if s.name in self.grads}
        head |= {"grads": grads, "updates": dict(self.updates)}
        if self.batches:
            head["batches"] = [{name: flat(value) for name, value in batch.items()} for batch in self.batches]
        form = written_as(version, head | {"steps": [record(s) for s in self.values()]})
        return json.dumps(form, indent=None, allow_nan=False)


def run(step: Step, steps: Mapping[str, Step]) -> np.ndarray:
    """The step's operation on the values its arguments have in `steps`."""
    with np.errstate(all="ignore"):
        return OPS[step.op].forward(*(steps[a].value for a in step.args), **step.attrs)


def checked_array(step: Step, value: np.ndarray, steps: Mapping[str, Step], example: str) -> np.ndarray:
    """A read-only float64 copy, its zeros without a sign, which no reader could make sense of; raises BookError
    naming the step if an entry is infinite or not a number, and why, by its arguments' values in `steps`."""
    array = np.array(value, dtype=np.float64)
    array += 0.0  # -0.0 + 0.0 is 0.0; every other number stays as it is
    if not np.isfinite(array).all():
        raise BookError(f"example {example!r}: step {step.name!r} {_failure(step, array, steps)}.")
    array.setflags(write=False)
    return array


def _failure(step: Step, array: np.ndarray, steps: Mapping[str, Step]) -> str:
    """Why the result is no finite number, and what to do."""
    fails = OPS[step.op].fails if step.op in OPS else None
    why = fails(*(steps[a].value for a in step.args), **step.attrs) if fails else ""
    found = "overflows" if np.isinf(array).any() else "is not a number"
    return why or f"{found}; use smaller values or another activation"
