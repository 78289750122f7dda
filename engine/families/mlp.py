"""The multilayer perceptron: z = W a + b, a = f(z), layer after layer, for a batch of samples in columns."""

from math import sqrt
from random import Random
from typing import Annotated

import numpy as np
from pydantic import Field, model_validator

from .. import friendly
from ..example import Activation, Example, Loss, Matrix, Model, Vector
from ..limits import CALL, LIMITS, AtMost
from ..ops import OPS
from ..shapes import expect_in_time, expect_size
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
    layers: Annotated[list[Layer], Field(min_length=1), AtMost("layers")]
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
            if (numbers := len(layer.W) * len(self.data.x)) > LIMITS["numbers"]:
                raise ValueError(
                    f"layers[{i}].W: {len(layer.W)} neurons for {len(self.data.x)} samples are "
                    f"{numbers} numbers; {LIMITS.rule('numbers', numbers)}"
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
    def _is_worked_in_time(self):
        """Refuses a network that would take too long or too much memory, before any of it is computed."""
        samples = len(self.data.x)
        parameters = sum(len(layer.W) * (len(layer.W[0]) + 1) for layer in self.layers)
        size = parameters + samples * (len(self.data.x[0]) + sum(len(layer.W) for layer in self.layers))
        expect_size("layers", size)
        forward = sum(len(layer.W) * len(layer.W[0]) * samples + CALL for layer in self.layers)
        expect_in_time("layers", forward, parameters, self.page.curve)
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


# A new example: candidates, unit by unit, until each is alive.

ALIVE = {"sigmoid": (0.05, 2.0), "tanh": (0.05, 1.5), "relu": (0.1, 3.0), "identity": (0.05, 3.0)}
"""How far from 0 a pre-activation is wanted: beyond it a unit is saturated, nearer it passes nothing on."""

TARGETS = {"sigmoid": (0.05, 0.95), "tanh": (-0.9, 0.9), "relu": (0.1, 1.5), "identity": (-1.0, 1.0)}
"""What the outputs of a last layer can reach."""

TRIES = 400


def new(widths: list[int], activation: str, samples: int, random: Random) -> dict | None:
    """The tables of one candidate for an example of these widths (input first), or None if it came to nothing."""
    x = friendly.matrix(random, samples, widths[0], -0.9 if samples > 1 else 0.1, 0.9)
    a, layers = np.transpose(x), []
    for width in widths[1:]:
        if (units := _layer(random, a, width, activation)) is None:
            return None
        layers.append({"W": [w for w, _, _ in units], "b": [b for _, b, _ in units], "activation": activation})
        a = np.array([out for _, _, out in units])
    y = friendly.matrix(random, samples, widths[-1], *TARGETS[activation])
    if np.abs(np.transpose(y) - a).min() < min(0.02, 0.1 / a.size):
        return None
    return {"data": {"x": x, "y": y}, "layers": layers}


def _layer(random: Random, a: np.ndarray, width: int, activation: str) -> list[tuple] | None:
    """The units of a layer that reads `a`; no two weights are equal if there are numbers enough."""
    reach, size = min(0.9, 2 / sqrt(len(a))), width * len(a)
    pool, units = friendly.choices(-reach, reach, size + len(a)), []
    enough = len(pool) >= size
    while len(units) < width:
        if (unit := _unit(random, pool, a, activation, [out for _, _, out in units])) is None:
            return None
        units.append(unit)
        pool = [v for v in pool if v not in unit[0]] if enough else pool
    return units


def _unit(random: Random, pool: list[float], a: np.ndarray, activation: str, others: list) -> tuple | None:
    """Weights from the pool, a bias and the activations of a unit that is alive and like none of the `others`."""
    for _ in range(TRIES):
        w = random.sample(pool, len(a))
        b = random.choice(friendly.choices(-0.6, 0.6, 10))
        z = np.array(w) @ a + b
        out = OPS[activation].forward(z)
        if _alive(z, activation) and all(np.abs(out - other).max() > 1e-3 for other in others):
            return w, b, out
    return None


def _alive(z: np.ndarray, activation: str) -> bool:
    """Whether a unit's pre-activations are inside its lively range for every sample; a relu may rest for some."""
    near, far = min(ALIVE[activation][0], 1 / z.size), ALIVE[activation][1]
    awake = activation != "relu" or (z > 0).mean() >= 0.5
    return bool(awake and (np.abs(z) >= near).all() and (np.abs(z) <= far).all())
