"""The recurrent network: h_t = f(W_xh x_t + W_hh h_{t-1} + b_h), the same weights at every step of time; f is tanh
if nothing else is said.

A sequence of vectors goes in; an output y_t = W_hy h_t + b_y comes out at the last step (many to one), at
every step (many to many) or at some. Elman 1990; back through time: Werbos 1990.
"""

from functools import partial
from typing import Annotated

from ..layers.recurrent import Recurrent, Sequential, reads, unrolled
from ..spec.example import Known, Matrix, Model, Vector
from ..spec.shapes import shape
from ..tape.tape import Tape, apply

ACTIVATIONS = ("tanh", "sigmoid", "relu", "identity")


class Weights(Model):
    """[weights]: W_xh (hidden × inputs), W_hh (hidden × hidden), b_h; W_hy (outputs × hidden), b_y. Each of
    the biases may be left out."""

    W_xh: Matrix = shape("hidden", "inputs")
    W_hh: Matrix = shape("hidden", "hidden")
    b_h: Vector | None = shape("hidden", default=None)
    W_hy: Matrix = shape("outputs", "hidden")
    b_y: Vector | None = shape("outputs", default=None)


class Spec(Recurrent):
    """An rnn example. `activation` makes the hidden state of its weighted sums."""

    data: Sequential
    weights: Weights
    activation: Annotated[str, Known("activation", ACTIVATIONS)] = "tanh"


def forward(tape: Tape, spec: Spec) -> str:
    return unrolled(tape, spec, partial(cell, spec.activation))


def cell(activation: str, tape: Tape, p: dict, t: str, x, state: dict) -> dict:
    z = tape.write(f"{t}.z", reads(p, "h", x, state["h"]), grad=f"{t}.delta")
    return {"h": tape.write(f"{t}.h", apply(activation, z), grad=f"{t}.dh")}
