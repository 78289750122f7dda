"""The example that the four normalizations share: x = u W, a normalization of x, and half the squared distance of
what it gives from the target, averaged over the batch. Samples stand in rows, as in PyTorch."""

from collections.abc import Callable
from typing import ClassVar

from ..spec.example import Example, Matrix, Model, Vector
from ..spec.shapes import shape
from ..spec.targets import Answered
from ..tape.tape import Expr, Tape
from .parts import Eps, small


class Data(Answered):
    """[data]: `u` has one row per sample, `t` the targets, one row per sample."""

    u: Matrix = shape("samples", "inputs")
    t: Matrix | None = shape("samples", "features", default=None)
    upstream: Matrix | None = shape("samples", "features", default=None)
    TARGET: ClassVar[str] = "t"


class Weights(Model):
    """[weights]: W has one row per input and one column per feature. A bias would be in vain: the mean takes it."""

    W: Matrix = shape("inputs", "features")


class Scale(Model):
    """[norm]: gamma stretches the features, one number for each; eps keeps the root away from 0 and may be 0
    where the root is not."""

    gamma: Vector = shape("features")
    eps: Eps = 1e-5


class ScaleAndShift(Scale):
    """beta shifts the features, one number for each."""

    beta: Vector = shape("features")


class Normed(Example):
    """What the examples of all normalizations say."""

    data: Data
    weights: Weights
    norm: Scale

    def learned(self) -> dict[str, list[float]]:
        """The normalization's own parameters."""
        return {key: value for key, value in self.norm if isinstance(value, list)}


def forward(tape: Tape, spec: Normed, normalize: Callable[..., Expr]) -> str:
    """Write the forward pass around `normalize(x, *parameters, eps)`; returns the name of the loss."""
    u, W = tape.input("u", spec.data.u), tape.param("W", spec.weights.W)
    x = tape.write("x", u @ W, grad="dx")
    learned = [tape.param(f"norm.{key}", [values]) for key, values in spec.learned().items()]
    y = normalize(x, *learned, small(tape, spec.norm.eps))
    E = tape.write("E", y.half_squared_error(tape.target("target", spec.data, y)))
    return tape.write("J", E.sum() / len(spec.data.u)).name
