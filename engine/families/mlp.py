"""The multilayer perceptron: z = W a + b, a = f(z), layer after layer, for a batch of samples in columns."""

from typing import Annotated

import numpy as np
from pydantic import Field, model_validator

from ..example import LIMITS, Activation, Example, Loss, Matrix, Model, Vector
from ..tape import Tape, apply


class Data(Model):
    """[data]: one row per sample; on the tape, and on the page, one column per sample."""

    x: Matrix
    y: Matrix


class Layer(Model):
    """[[layers]]: W has one row per neuron and one column per input, b one number per neuron."""

    W: Matrix
    b: Vector
    activation: Activation


class Spec(Example):
    """An mlp example."""

    data: Data
    layers: Annotated[list[Layer], Field(min_length=1, max_length=50)]
    loss: Loss = "half_squared_error"

    @model_validator(mode="after")
    def _shapes_meet(self):
        width = len(self.data.x[0])
        before = f"data.x has {width} numbers in a row"
        for i, layer in enumerate(self.layers):
            if len(layer.W[0]) != width:
                raise ValueError(f"layers[{i}].W: has {len(layer.W[0])} columns, expected {width}, because {before}")
            if len(layer.b) != len(layer.W):
                raise ValueError(
                    f"layers[{i}].b: has {len(layer.b)} numbers, expected {len(layer.W)}, one for each row of W"
                )
            if len(layer.W) * len(self.data.x) > LIMITS["numbers"]:
                raise ValueError(
                    f"layers[{i}].W: {len(layer.W)} neurons for {len(self.data.x)} samples are "
                    f"{len(layer.W) * len(self.data.x)} numbers; the limit (numbers) is {LIMITS['numbers']}"
                )
            width, before = len(layer.W), f"layers[{i}] has {len(layer.W)} neurons"
        if len(self.data.y) != len(self.data.x):
            raise ValueError(f"data.y: has {len(self.data.y)} rows, expected {len(self.data.x)}, one for each sample")
        if len(self.data.y[0]) != width:
            raise ValueError(
                f"data.y: has {len(self.data.y[0])} numbers in a row, expected {width}, because {before}"
            )
        return self

    @model_validator(mode="after")
    def _loss_fits(self):
        if self.loss == "binary_cross_entropy":
            if self.layers[-1].activation != "sigmoid":
                raise ValueError("loss: binary_cross_entropy needs outputs between 0 and 1; end with a sigmoid layer")
            if not all(0 <= v <= 1 for row in self.data.y for v in row):
                raise ValueError("data.y: binary_cross_entropy needs targets between 0 and 1")
        return self


def forward(tape: Tape, spec: Spec) -> str:
    """Write the forward pass; returns the name of the loss: the sum over outputs, averaged over the batch."""
    a = tape.data("x", np.transpose(spec.data.x))
    for i, layer in enumerate(spec.layers, start=1):
        W = tape.param(f"layer{i}.W", layer.W)
        b = tape.param(f"layer{i}.b", np.reshape(layer.b, (-1, 1)))
        z = tape.write(f"layer{i}.z", W @ a + b, grad=f"layer{i}.delta")
        a = tape.write(f"layer{i}.a", apply(layer.activation, z))
    y = tape.data("y", np.transpose(spec.data.y))
    E = tape.write("E", apply(spec.loss, a, y))
    return tape.write("J", E.sum() / len(spec.data.x)).name
