"""The autoencoder: an encoder makes a short code h of x, a decoder makes x̂ of it, and x itself is the target.

One sample a column. Rumelhart, Hinton & Williams 1986; Hinton & Salakhutdinov 2006.
"""

from typing import ClassVar

import numpy as np

from ..layers.dense import affine
from ..spec.example import Activation, Example, Matrix, Model, Vector
from ..spec.shapes import shape, table
from ..tape.tape import Expr, Tape, apply


class Data(Model):
    """[data]: one row per sample; on the tape one column per sample."""

    x: Matrix = shape("samples", "inputs")
    """The inputs, which are their own targets: one row per sample, on the page one column."""


class Layer(Model):
    """[encoder] or [decoder]: W has one row per unit and one column per input, b one number per unit; it may be
    left out."""

    W: Matrix = shape("outputs", "inputs")
    """The weights: one row per unit, one column per input."""
    b: Vector | None = shape("outputs", default=None)
    """The biases: one number per unit; left out, the layer has none."""
    activation: Activation
    """The function of the layer."""


class Spec(Example):
    """An autoencoder with one layer on each side of its code."""

    LOSS: ClassVar = "The squared error of the output from the input, averaged over all entries of all samples."

    data: Data
    """The samples."""
    encoder: Layer = table(outputs="code")
    """The layer that makes the code."""
    decoder: Layer = table(inputs="code", outputs="inputs")
    """The layer that makes the input again of the code."""


def forward(tape: Tape, spec: Spec) -> str:
    """Write the forward pass; returns the name of the loss: the mean squared error over all entries."""
    x = tape.input("x", np.transpose(spec.data.x))
    h = _layer(tape, "encoder", spec.encoder, x, "h")
    xhat = _layer(tape, "decoder", spec.decoder, h, "xhat")
    return tape.write("J", tape.write("E", xhat.squared_error(x)).mean()).name


def _layer(tape: Tape, scope: str, layer: Layer, x: Expr, out: str) -> Expr:
    z = tape.write(f"{scope}.z", affine(tape.param, scope, x, layer.W, layer.b), grad=f"{scope}.delta")
    return tape.write(f"{scope}.{out}", apply(layer.activation, z))
