"""Networks of dense layers, which several families are built of: samples in columns, the last layer linear."""

from collections.abc import Callable, Sequence
from typing import Annotated

import numpy as np
from pydantic import Discriminator, Field, Tag

from ..spec.example import Matrix, Model, Vector
from ..spec.limits import AtMost
from ..spec.mistakes import LAYER, LAYERS
from ..spec.shapes import shape
from ..tape.tape import Expr, Tape, apply


class Dense(Model):
    """A dense layer: W has one row per unit and one column per input, b one number per unit or is left out."""

    W: Matrix = shape("outputs", "inputs")
    """The weights: one row per unit, one column per input."""
    b: Vector | None = shape("outputs", default=None)
    """The biases: one number per unit; left out, the layer has none."""


Layers = Annotated[list[Dense], Field(min_length=1), AtMost("layers")]

OneOrMore = Annotated[
    Annotated[Dense, Tag(LAYER)] | Annotated[Layers, Tag(LAYERS)],
    Discriminator(lambda value: LAYERS if isinstance(value, list) else LAYER),
]
"""A dense layer, or a list of them."""


def column(values: Sequence[float]) -> np.ndarray:
    return np.reshape(values, (-1, 1))


def net(tape: Tape, scope: str, layers: Sequence[Dense], x: Expr, activation: str, out: str, leaf: Callable) -> Expr:
    """Dense layers, an activation after each but the last: 'layer1.z', 'layer1.h', 'layer2.<out>'.

    `x` has one column per sample; `leaf` writes the weights: `tape.param`, or `tape.data` where they are frozen.
    """
    last = len(layers)
    x = hidden(tape, scope, layers[:-1], x, activation, leaf)
    sums = affine(leaf, f"{scope}{last}", x, layers[-1].W, layers[-1].b)
    return tape.write(f"{scope}{last}.{out}", sums, grad=f"{scope}{last}.d{out}")


def hidden(tape: Tape, scope: str, layers: Sequence[Dense], x: Expr, activation: str, leaf: Callable) -> Expr:
    """Dense layers with an activation after each: 'layer1.z', 'layer1.h', 'layer2.z', 'layer2.h'."""
    for i, layer in enumerate(layers, start=1):
        z = tape.write(f"{scope}{i}.z", affine(leaf, f"{scope}{i}", x, layer.W, layer.b), grad=f"{scope}{i}.delta")
        x = tape.write(f"{scope}{i}.h", apply(activation, z))
    return x


def affine(leaf: Callable, scope: str, x: Expr, W: Matrix, b: Vector | None, index: str = "") -> Expr:
    """W x + b, whose weights are leaves called 'scope.W' and 'scope.b' with the index behind; without biases W x."""
    z = leaf(f"{scope}.W{index}", W) @ x
    return z if b is None else z + leaf(f"{scope}.b{index}", column(b))
