"""What recurrent families share: a sequence read step by step with the same weights, outputs of some of its states,
and a loss that compares these with targets.

Names of weights say what they join: W_xh leads from the input to the hidden state, W_hy from there to the output.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Annotated, Any, ClassVar

import numpy as np
from pydantic import Discriminator, Field, Tag, model_validator

from ..ops import OPS
from ..spec.example import Activation, Example, Loss, Matrix, Model, Number, Vector
from ..spec.limits import AtMost
from ..spec.mistakes import SAMPLE, SAMPLES
from ..spec.rules import expect_delta, expect_mask, expect_outputs
from ..spec.samples import by_depth
from ..spec.shapes import counted, expect, shape
from ..spec.targets import Answered, Targets, are_classes, expect_comparable, given_gradient, one_hot
from ..tape.tape import Expr, Tape
from .layout import COLUMNS, Layout, Named


class Sequence(Answered):
    """[data]: `x` has one row per step of time, `y` one row per answer: one for the last step, or one for each step;
    the number of a class, counted from 0, may stand for the row, if the loss compares distributions. `answers` is a
    mask with one number per step, 1 where the step answers: the loss is over these steps, and `y` has a row for
    each of them, or for every step, of which the others are not read. `h0` is the hidden state before the first
    step, 0 if it is not given. Without `y` every step answers that `answers` does not leave out."""

    x: Annotated[Matrix, AtMost("steps")] = shape("steps", "inputs")
    """The sequence: one row per step of time."""
    y: Targets | None = shape("rows", "outputs", by_number=True, default=None)
    """The targets: one row for the last step, or one for each step that answers, or one for each step. The number of
    a class, counted from 0, may stand for a row if the loss compares distributions. Left out, only the forward
    pass is worked."""
    upstream: Matrix | None = given_gradient("rows", "outputs")
    answers: Annotated[list[int], AtMost("steps")] | None = shape("steps", default=None)
    """A mask: 1 for each step that answers, 0 for the others. Left out, the last step answers if there is one row of
    targets, else every step."""
    h0: Vector | None = shape("hidden", default=None)
    """The hidden state before the first step; 0 if it is left out."""

    @property
    def rows_given(self) -> Any:
        """The targets, or the gradients of the outputs in their place; None without both."""
        return self.y if self.upstream is None else self.upstream

    @property
    def sequences(self) -> dict[str, "Sequence"]:
        """The sequence, under what the names of its lines begin with."""
        return {"": self}

    def states(self) -> dict[str, list[float] | None]:
        """What is carried from step to step, with its start: {'h': h0}."""
        return {name.removesuffix("0"): start for name, start in self if name.endswith("0")}

    @property
    def answering(self) -> list[int]:
        """The steps that answer, counted from 1."""
        if self.answers is not None:
            return [t for t, answers in enumerate(self.answers, start=1) if answers]
        only_last = self.rows_given is not None and len(self.rows_given) == 1
        return [len(self.x)] if only_last else list(range(1, len(self.x) + 1))

    def rows(self, targets) -> dict[int, Any]:
        """The target of each step that answers; of targets for every step those of the others are left out."""
        steps = self.answering if len(targets) == len(self.answering) else range(1, len(self.x) + 1)
        return {t: row for t, row in zip(steps, targets, strict=True) if t in self.answering}

    def expect_answers(self, at: str) -> None:
        """Raises ValueError if targets and mask do not fit the steps; `at` stands behind the keys, as '[1]' does."""
        steps = len(self.x)
        if self.answers is not None:
            expect(f"data.answers{at}", "entry", len(self.answers), steps, f"data.x{at} has {counted(steps, 'row')}")
            expect_mask(f"data.answers{at}", [self.answers])
            if not any(self.answers):
                raise ValueError(f"data.answers{at}: holds no 1, so that no step would answer")
        if self.rows_given is None:
            return
        place, rows = f"data.{'y' if self.upstream is None else 'upstream'}{at}", len(self.rows_given)
        if self.answers is None and rows not in (1, steps):
            raise ValueError(
                f"{place}: has {counted(rows, 'row')}, expected 1 (many to one) or {steps}, one for each step; "
                "data.answers says which steps answer, if they are some of them"
            )
        if self.answers is not None and rows not in (sum(self.answers), steps):
            raise ValueError(
                f"{place}: has {counted(rows, 'row')}, expected {sum(self.answers)}, one for each step that answers "
                f"(data.answers{at}), or {steps}, one for each step"
            )


class Sequences(Answered):
    """Several sequences, of equal or of different length: every key is a list with one entry for each, which is what
    the key has where there is but one."""

    ONE: ClassVar[type[Sequence]] = Sequence

    x: Annotated[list[Annotated[Matrix, AtMost("steps")]], AtMost("numbers")] = shape("samples", None, "inputs")
    """The sequences: for each a list with one row per step of time."""
    y: list[Targets] | None = shape("samples", None, "outputs", by_number=True, default=None)
    """The targets of each sequence: one row for its last step, or one for each step that answers, or one for each
    step; numbers of classes, if they stand for rows, in all sequences. Left out, only the forward pass is worked."""
    upstream: list[Matrix] | None = given_gradient("samples", None, "outputs")
    answers: list[Annotated[list[int], AtMost("steps")]] | None = shape("samples", None, default=None)
    """A mask for each sequence: 1 for each step that answers, 0 for the others. Left out, of a sequence with one row
    of targets the last step answers, of another one every step."""
    h0: Matrix | None = shape("samples", "hidden", default=None)
    """The hidden states before the first step: one row for each sequence; 0 if they are left out."""

    @model_validator(mode="after")
    def _answers_alike(self):
        """The targets of all sequences are rows, or those of all are numbers of classes."""
        if len({are_classes(rows) for rows in self.y or []}) > 1:
            raise ValueError("y: has numbers of classes for some sequences and rows for others; write all alike")
        return self

    @property
    def sequences(self) -> dict[str, Sequence]:
        given = {key: value for key, value in self if value is not None}
        each = ({key: value[i] for key, value in given.items()} for i in range(len(self.x)))
        return {f"s{i}.": self.ONE(**said) for i, said in enumerate(each, start=1)}


Sequential = Annotated[
    Annotated[Sequence, Tag(SAMPLE)] | Annotated[Sequences, Tag(SAMPLES)], Discriminator(by_depth(2))
]
"""One sequence, or a list of them."""


class Recurrent(Example):
    """An example of a recurrent family: its weights are hidden × inputs, hidden × hidden and outputs × hidden.
    `layout` says how the numbers of a step stand: in "columns", W x + b, or in "rows", x W + b; with rows the weights
    are inputs × hidden, hidden × hidden and hidden × outputs.

    `loss` compares what each answering step gives with its target; the errors of all of them, in all sequences, are
    added up. `delta` is where `huber` turns from a square to a straight line. `output_activation` makes the output of
    W_hy h + b_y.
    """

    LOSS: ClassVar = "What `loss` says, added up over the outputs of all steps that answer, in all sequences."

    layout: Named = COLUMNS
    """How inputs and states stand, and so which way round W is read: as `columns`, W x + b, or as `rows`, x W + b."""
    data: Sequential
    """The sequence, and what should come out; or several sequences."""
    weights: Model
    """The weights, the same at every step."""
    loss: Loss = "half_squared_error"
    """How an output is compared with its target; the errors of all steps that answer are added up."""
    delta: Annotated[Number, Field(gt=0)] | None = None
    """Where the loss `huber` turns from a square to a straight line; 1 if it is left out."""
    output_activation: Activation = "identity"
    """The function that makes the output of its weighted sum W_hy h + b_y."""

    @property
    def outputs(self) -> int:
        """How many numbers come out: W_hy, which the weights of every recurrent family have, says so."""
        return Layout(self.layout).outputs(dict(self.weights)["W_hy"])

    @property
    def hidden(self) -> int:
        return Layout(self.layout).inputs(dict(self.weights)["W_hy"])

    def placed(self) -> Iterator[tuple[str, Sequence]]:
        """Every sequence, with what stands behind the keys where one of several is meant."""
        for i, (scope, one) in enumerate(self.data.sequences.items()):
            yield f"[{i}]" if scope else "", one

    @model_validator(mode="after")
    def _answers_fit(self):
        """The targets of a sequence have one row, or one for each step that answers, or one for each step; at least
        one step answers."""
        for at, one in self.placed():
            one.expect_answers(at)
        return self

    @model_validator(mode="after")
    def _loss_fits(self):
        """The loss can read what the output activation gives, and can compare with the targets: probabilities,
        distributions, class numbers, −1 or 1. Without targets nothing that speaks of a loss is given."""
        if self.data.y is None:
            self.expect_no("loss", "delta")
            return self
        expect_outputs(self.output_activation, self.loss, key="output_activation")
        for at, one in self.placed():
            expect_comparable(f"data.y{at}", one.target, self.outputs, self.loss)
        expect_delta(self.delta, self.loss)
        return self


@dataclass(frozen=True)
class Parameters:
    """The weights and biases on the tape, and the layout in which they are used."""

    layout: Layout
    leaves: dict[str, Expr]

    @classmethod
    def written(cls, tape: Tape, spec: Recurrent) -> "Parameters":
        layout, given = Layout(spec.layout), [(name, values) for name, values in spec.weights if values is not None]
        return cls(layout, {n: tape.param(n, layout.one(v) if n.startswith("b_") else v) for n, v in given})

    def times(self, name: str, x: Expr) -> Expr:
        """W x or x W."""
        return self.layout.times(x, self.leaves[name])

    def biased(self, sums: Expr, name: str) -> Expr:
        """The sums with these biases, if there are any."""
        return sums + self.leaves[name] if name in self.leaves else sums

    def reads(self, to: str, x: Expr, h: Expr) -> Expr:
        """W_x x + W_h h + b with the weights that lead to `to`; without biases the two products alone."""
        return self.biased(self.times(f"W_x{to}", x) + self.times(f"W_h{to}", h), f"b_{to}")


Cell = Callable[[Tape, Parameters, str, Expr, dict[str, Expr]], dict[str, Expr]]
"""(tape, parameters, scope of the step, input, state before) -> state after: {'h': …}."""


def unrolled(tape: Tape, spec: Recurrent, cell: Cell) -> str:
    """Write all steps, and the outputs of those that answer; returns the name of the loss: the errors of all
    outputs, added up."""
    p = Parameters.written(tape, spec)
    errors = [E for scope, one in spec.data.sequences.items() for E in _errors(tape, spec, cell, p, scope, one)]
    return tape.write("J", sum(errors[1:], errors[0])).name


def _errors(tape: Tape, spec: Recurrent, cell: Cell, p: Parameters, scope: str, d: Sequence) -> list[Expr]:
    """The steps of one sequence; the errors of those that answer, each added up."""
    one = p.layout.one
    x = [tape.input(f"{scope}t{t}.x", one(row)) for t, row in enumerate(d.x, start=1)]
    state = {
        name: tape.data(f"{scope}t0.{name}", one(start or [0.0] * spec.hidden)) for name, start in d.states().items()
    }
    errors = []
    for t in range(1, len(x) + 1):
        at = f"{scope}t{t}"
        state = cell(tape, p, at, x[t - 1], state)
        if t in d.answering:
            out = _output(tape, spec, p, at, state["h"])
            y = tape.target(f"{at}.target", d, out, partial(_answer, spec, d, t))
            errors.append(_judged(tape, spec, at, out, y).sum())
    return errors


def _answer(spec: Recurrent, d: Sequence, t: int, rows: Any) -> np.ndarray:
    """The target of a step that answers, whichever way it was written, or the gradient given for its output."""
    return Layout(spec.layout).one(d.rows(one_hot(rows, spec.outputs))[t])


def _output(tape: Tape, spec: Recurrent, p: Parameters, t: str, h: Expr) -> Expr:
    """What a step answers: y = f(u), u = W_hy h + b_y; where f leaves that sum as it is, y is the sum itself."""
    sums = p.biased(p.times("W_hy", h), "b_y")
    if OPS[spec.output_activation].outputs == "logits":
        return tape.write(f"{t}.y", sums, grad=f"{t}.dy")
    u = tape.write(f"{t}.u", sums, grad=f"{t}.du")
    return tape.write(f"{t}.y", p.layout.apply(spec.output_activation, u), grad=f"{t}.dy")


def _judged(tape: Tape, spec: Recurrent, t: str, out: Expr, y: Expr) -> Expr:
    """The errors of a step. Where the loss reads logits, the probabilities that they stand for have a line too."""
    layout = Layout(spec.layout)
    if OPS[spec.loss].outputs == "logits":
        kind = "softmax" if OPS[spec.loss].accepts(1) == "distribution" else "sigmoid"
        tape.write(f"{t}.p", layout.apply(kind, out))
    return tape.write(f"{t}.E", layout.apply(spec.loss, out, y, **({"delta": spec.delta} if spec.delta else {})))
