"""The recurrent network: h_t = f(W_xh x_t + W_hh h_{t-1} + b_h), the same weights at every step of time; f is tanh
if nothing else is said.

A sequence of vectors goes in; an output y_t = W_hy h_t + b_y comes out at the last step (many to one), at
every step (many to many) or at some. Elman 1990; back through time: Werbos 1990.
"""

from functools import partial
from typing import Annotated

from ..layers.layout import COLUMNS
from ..layers.recurrent import Parameters, Recurrent, Sequential, unrolled
from ..spec.example import Known, Matrix, Model, Vector
from ..spec.shapes import shape
from ..tape.tape import Tape, apply

ACTIVATIONS = ("tanh", "sigmoid", "relu", "identity")


class Weights(Model):
    """[weights]: W_xh (hidden × inputs), W_hh (hidden × hidden), b_h; W_hy (outputs × hidden), b_y. With
    rows for a layout each W stands the other way round. Each of the biases may be left out."""

    W_xh: Matrix = shape("hidden", "inputs", laid=COLUMNS)
    """The weights from the input to the hidden state."""
    W_hh: Matrix = shape("hidden", "hidden", laid=COLUMNS)
    """The weights from the hidden state to the hidden state."""
    b_h: Vector | None = shape("hidden", default=None)
    """The biases of the hidden state; left out, it has none."""
    W_hy: Matrix = shape("outputs", "hidden", laid=COLUMNS)
    """The weights from the hidden state to the output."""
    b_y: Vector | None = shape("outputs", default=None)
    """The biases of the output; left out, it has none."""


class Spec(Recurrent):
    """An rnn example. `activation` makes the hidden state of its weighted sums."""

    data: Sequential
    """The sequence, and what should come out; or several sequences."""
    weights: Weights
    """The weights of the hidden state and of the output, the same at every step."""
    activation: Annotated[str, Known("activation", ACTIVATIONS)] = "tanh"
    """The function that makes the hidden state of its weighted sum."""


def forward(tape: Tape, spec: Spec) -> str:
    return unrolled(tape, spec, partial(cell, spec.activation))


def cell(activation: str, tape: Tape, p: Parameters, t: str, x, state: dict) -> dict:
    z = tape.write(f"{t}.z", p.reads("h", x, state["h"]), grad=f"{t}.delta")
    return {"h": tape.write(f"{t}.h", apply(activation, z), grad=f"{t}.dh")}
