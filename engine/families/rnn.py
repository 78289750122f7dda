"""The recurrent network: h_t = tanh(W_xh x_t + W_hh h_{t-1} + b_h), the same weights at every step of time.

A sequence of vectors goes in; an output y_t = W_hy h_t + b_y comes out at the last step (many to one) or at every
step (many to many). Elman 1990; back through time: Werbos 1990.
"""

from typing import Annotated

import numpy as np
from pydantic import model_validator

from ..example import Example, Matrix, Model, Vector
from ..limits import AtMost
from ..shapes import expect_columns, expect_length, expect_rows
from ..tape import Tape


class Data(Model):
    """[data]: `x` has one row per step of time, `y` one row per output: one, or one per step; `h0` starts."""

    x: Annotated[Matrix, AtMost("steps")]
    y: Matrix
    h0: Vector | None = None


class Weights(Model):
    """[weights]: W_xh (hidden × inputs), W_hh (hidden × hidden), b_h; W_hy (outputs × hidden), b_y."""

    W_xh: Matrix
    W_hh: Matrix
    b_h: Vector
    W_hy: Matrix
    b_y: Vector


class Spec(Example):
    """An rnn example."""

    data: Data
    weights: Weights

    @model_validator(mode="after")
    def _shapes_meet(self):
        w, d = self.weights, self.data
        hidden, outputs = len(w.W_xh), len(w.W_hy)
        units = f"weights.W_xh has {hidden} rows, one for each hidden unit"
        expect_columns("weights.W_xh", w.W_xh, len(d.x[0]), f"data.x has {len(d.x[0])} numbers in a row")
        expect_rows("weights.W_hh", w.W_hh, hidden, units)
        expect_columns("weights.W_hh", w.W_hh, hidden, units)
        expect_length("weights.b_h", w.b_h, hidden, units)
        expect_columns("weights.W_hy", w.W_hy, hidden, units)
        expect_length("weights.b_y", w.b_y, outputs, f"weights.W_hy has {outputs} rows, one for each output")
        expect_columns("data.y", d.y, outputs, f"weights.W_hy has {outputs} rows, one for each output")
        if d.h0 is not None:
            expect_length("data.h0", d.h0, hidden, units)
        if len(d.y) not in (1, len(d.x)):
            raise ValueError(
                f"data.y: has {len(d.y)} rows, expected 1 (many to one) or {len(d.x)}, one for each step"
            )
        return self


def column(values) -> np.ndarray:
    return np.reshape(values, (-1, 1))


def forward(tape: Tape, spec: Spec) -> str:
    """Write the forward pass; returns the name of the loss: half the squared errors, added up over all outputs."""
    d, w = spec.data, spec.weights
    x = [tape.data(f"t{t}.x", column(row)) for t, row in enumerate(d.x, start=1)]
    h = tape.data("t0.h", column(d.h0 or [0.0] * len(w.W_xh)))
    W_xh, W_hh, b_h = tape.param("W_xh", w.W_xh), tape.param("W_hh", w.W_hh), tape.param("b_h", column(w.b_h))
    W_hy, b_y = tape.param("W_hy", w.W_hy), tape.param("b_y", column(w.b_y))
    errors, steps = [], len(x)
    for t in range(1, steps + 1):
        z = tape.write(f"t{t}.z", W_xh @ x[t - 1] + W_hh @ h + b_h, grad=f"t{t}.delta")
        h = tape.write(f"t{t}.h", z.tanh(), grad=f"t{t}.dh")
        if t == steps or len(d.y) > 1:
            y = tape.data(f"t{t}.target", column(d.y[t - 1 if len(d.y) > 1 else 0]))
            out = tape.write(f"t{t}.y", W_hy @ h + b_y, grad=f"t{t}.dy")
            errors.append(tape.write(f"t{t}.E", out.half_squared_error(y)).sum())
    return tape.write("J", sum(errors[1:], errors[0])).name
