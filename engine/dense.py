"""Networks of dense layers, which several families are built of: samples in columns, the last layer linear."""

from collections.abc import Callable, Sequence
from typing import Annotated

import numpy as np
from pydantic import Field

from .example import Matrix, Model, Vector
from .limits import CALL, AtMost
from .shapes import expect_columns, expect_length
from .tape import Expr, Tape, apply


class Dense(Model):
    """A dense layer: W has one row per unit and one column per input, b one number per unit."""

    W: Matrix
    b: Vector


Layers = Annotated[list[Dense], Field(min_length=1), AtMost("layers")]


def column(values: Sequence[float]) -> np.ndarray:
    return np.reshape(values, (-1, 1))


def expect_net(place: str, layers: Sequence[Dense], width: int, because: str) -> int:
    """The layers of `place` fit to each other and to `width` inputs; returns how many outputs they have."""
    for i, layer in enumerate(layers):
        name, units = f"{place}[{i}]", len(layer.W)
        expect_columns(f"{name}.W", layer.W, width, because)
        expect_length(f"{name}.b", layer.b, units, f"{name}.W has {units} rows, one for each unit")
        width, because = units, f"{name} has {units} units"
    return width


def net_size(layers: Sequence[Dense], samples: int) -> tuple[int, int, int]:
    """(parameters, units for all samples, multiplications of a forward pass)."""
    units = sum(len(layer.W) for layer in layers)
    weights = sum(len(layer.W) * len(layer.W[0]) for layer in layers)
    return weights + units, units * samples, weights * samples + CALL * len(layers)


def net(tape: Tape, scope: str, layers: Sequence[Dense], x: Expr, activation: str, out: str, leaf: Callable) -> Expr:
    """Dense layers, an activation after each but the last: 'layer1.z', 'layer1.h', 'layer2.<out>'.

    `x` has one column per sample; `leaf` writes the weights: `tape.param`, or `tape.data` where they are frozen.
    """
    for i, layer in enumerate(layers, start=1):
        W, b = leaf(f"{scope}{i}.W", layer.W), leaf(f"{scope}{i}.b", column(layer.b))
        if i == len(layers):
            return tape.write(f"{scope}{i}.{out}", W @ x + b, grad=f"{scope}{i}.d{out}")
        z = tape.write(f"{scope}{i}.z", W @ x + b, grad=f"{scope}{i}.delta")
        x = tape.write(f"{scope}{i}.h", apply(activation, z))
