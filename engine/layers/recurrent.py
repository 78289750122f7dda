"""What recurrent families share: a sequence read step by step with the same weights, and an output of each state.

Names of weights say what they join: W_xh leads from the input to the hidden state, W_hy from there to the output.
"""

from collections.abc import Callable
from functools import partial
from typing import Annotated, Any

import numpy as np
from pydantic import model_validator

from ..spec.example import Example, Matrix, Model, Vector
from ..spec.limits import AtMost
from ..spec.shapes import shape
from ..spec.targets import Answered
from ..tape.tape import Expr, Tape


class Sequence(Answered):
    """[data]: `x` has one row per step of time, `y` one row per output: one, or one per step; `h0` is the hidden
    state before the first step, 0 if it is not given."""

    x: Annotated[Matrix, AtMost("steps")] = shape("steps", "inputs")
    y: Matrix | None = shape("answers", "outputs", default=None)
    upstream: Matrix | None = shape("answers", "outputs", default=None)
    h0: Vector | None = shape("hidden", default=None)

    @property
    def answers(self) -> Matrix:
        """One row for each output: those of `y` or `upstream`; without both an output is given at every step."""
        return self.y or self.upstream or self.x

    def states(self) -> dict[str, list[float] | None]:
        """What is carried from step to step, with its start: {'h': h0}."""
        return {name.removesuffix("0"): start for name, start in self if name.endswith("0")}


class Recurrent(Example):
    """An example of a recurrent family: its weights are hidden × inputs, hidden × hidden and outputs × hidden."""

    data: Sequence
    weights: Model

    @property
    def output(self) -> list[list[float]]:
        """W_hy, which the weights of every recurrent family have: one row for each output."""
        return dict(self.weights)["W_hy"]

    @property
    def hidden(self) -> int:
        return len(self.output[0])

    @model_validator(mode="after")
    def _answers_once_or_always(self):
        x, y = self.data.x, self.data.answers
        if len(y) not in (1, len(x)):
            place = "y" if self.data.upstream is None else "upstream"
            raise ValueError(
                f"data.{place}: has {len(y)} rows, expected 1 (many to one) or {len(x)}, one for each step"
            )
        return self


def column(values) -> np.ndarray:
    return np.reshape(values, (-1, 1))


Parameters = dict[str, Expr]
Cell = Callable[[Tape, Parameters, str, Expr, dict[str, Expr]], dict[str, Expr]]
"""(tape, parameters, scope of the step, input, state before) -> state after: {'h': …}."""


def unrolled(tape: Tape, spec: Recurrent, cell: Cell) -> str:
    """Write all steps and their outputs, y = W_hy h + b_y; returns the name of the loss: half the squared errors,
    added up over all outputs."""
    d = spec.data
    x = [tape.input(f"t{t}.x", column(row)) for t, row in enumerate(d.x, start=1)]
    state = {
        name: tape.data(f"t0.{name}", column(start or [0.0] * spec.hidden)) for name, start in d.states().items()
    }
    p = {name: _parameter(tape, name, values) for name, values in spec.weights if values is not None}
    answered = range(1, len(x) + 1) if len(d.answers) > 1 else [len(x)]
    errors = []
    for t in range(1, len(x) + 1):
        state = cell(tape, p, f"t{t}", x[t - 1], state)
        if t in answered:
            out = tape.write(f"t{t}.y", biased(p["W_hy"] @ state["h"], p.get("b_y")), grad=f"t{t}.dy")
            y = tape.target(f"t{t}.target", d, out, partial(_answer, answered.index(t)))
            errors.append(tape.write(f"t{t}.E", out.half_squared_error(y)).sum())
    return tape.write("J", sum(errors[1:], errors[0])).name


def _answer(i: int, rows: Matrix) -> np.ndarray:
    return column(rows[i])


def reads(p: Parameters, to: str, x: Expr, h: Expr) -> Expr:
    """W_x x + W_h h + b with the weights that lead to `to`; without biases the two products alone."""
    return biased(p[f"W_x{to}"] @ x + p[f"W_h{to}"] @ h, p.get(f"b_{to}"))


def biased(sums: Expr, b: Expr | None) -> Expr:
    """The sums with their biases, if they have any."""
    return sums if b is None else sums + b


def _parameter(tape: Tape, name: str, values: Any) -> Expr:
    return tape.param(name, column(values) if name.startswith("b_") else values)
