"""The example that the four normalizations share: x = u W, a normalization of x, and half the squared distance of
what it gives from the target, averaged over the batch. Samples stand in rows, as in PyTorch."""

from collections.abc import Callable
from typing import Annotated

from pydantic import Field, model_validator

from ..spec.example import Example, Matrix, Model, Number, Vector
from ..spec.limits import CALL
from ..spec.shapes import expect_in_time, expect_length, expect_rows, expect_shape, expect_size
from ..tape.tape import Expr, Tape

LINES = 4
"""A normalization makes so many arrays of the size of x, in as many layers' worth of calls."""


class Data(Model):
    """[data]: `u` has one row per sample, `t` the targets, one row per sample."""

    u: Matrix
    t: Matrix


class Weights(Model):
    """[weights]: W has one row per input and one column per feature. A bias would be in vain: the mean takes it."""

    W: Matrix


class Scale(Model):
    """[norm]: gamma stretches the features, one number for each; eps keeps the root away from 0."""

    gamma: Vector
    eps: Annotated[Number, Field(gt=0)] = 1e-5


class ScaleAndShift(Scale):
    """beta shifts the features, one number for each."""

    beta: Vector


class Normed(Example):
    """What the examples of all normalizations say."""

    data: Data
    weights: Weights
    norm: Scale

    @model_validator(mode="after")
    def _shapes_meet(self):
        u, W, features = self.data.u, self.weights.W, len(self.weights.W[0])
        columns = f"weights.W has {features} columns, one for each feature"
        expect_rows("weights.W", W, len(u[0]), f"data.u has {len(u[0])} numbers in a row")
        for key, values in self.learned().items():
            expect_length(f"norm.{key}", values, features, columns)
        expect_shape(
            "data.t", self.data.t, len(u), features, f"data.u has {len(u)} rows, one for each sample, and {columns}"
        )
        parameters = len(u[0]) * features + sum(map(len, self.learned().values()))
        expect_size("data.u", len(u) * (len(u[0]) + LINES * features) + parameters)
        expect_in_time("data.u", len(u) * parameters + LINES * CALL, parameters, self.page.curve)
        return self

    def learned(self) -> dict[str, list[float]]:
        """The normalization's own parameters."""
        return {key: value for key, value in self.norm if isinstance(value, list)}


def expect_several(place: str, count: int, what: str, norm: str) -> None:
    """There is more than one number to normalize over."""
    if count < 2:
        raise ValueError(f"{place}: has {count} {what}, expected at least 2, because {norm} of one number forgets it")


def forward(tape: Tape, spec: Normed, normalize: Callable[..., Expr]) -> str:
    """Write the forward pass around `normalize(x, *parameters, eps)`; returns the name of the loss."""
    u, W = tape.data("u", spec.data.u), tape.param("W", spec.weights.W)
    x = tape.write("x", u @ W, grad="dx")
    learned = [tape.param(f"norm.{key}", [values]) for key, values in spec.learned().items()]
    y = normalize(x, *learned, tape.const("norm.eps", spec.norm.eps))
    E = tape.write("E", y.half_squared_error(tape.data("target", spec.data.t)))
    return tape.write("J", E.sum() / len(spec.data.u)).name
