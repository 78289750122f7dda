"""The example that the four normalizations share: x = u W, a normalization of x, and half the squared distance of
what it gives from the target, averaged over the batch. Samples stand in rows, as in PyTorch."""

from collections.abc import Callable
from typing import ClassVar

from ..spec.example import Example, Matrix, Model, Vector
from ..spec.shapes import shape
from ..spec.targets import Answered, given_gradient
from ..tape.tape import Expr, Tape
from .parts import Eps, small


class Data(Answered):
    """[data]: `u` has one row per sample, `t` the targets, one row per sample."""

    u: Matrix = shape("samples", "inputs")
    """The inputs: one row per sample. A layer without biases makes of them what is normalised, x = u W."""
    t: Matrix | None = shape("samples", "features", default=None)
    """The targets: one row per sample. Left out, only the forward pass is worked."""
    upstream: Matrix | None = given_gradient("samples", "features")
    TARGET: ClassVar[str] = "t"


class Weights(Model):
    """[weights]: W has one row per input and one column per feature. A bias would be in vain: the mean takes it."""

    W: Matrix = shape("inputs", "features")
    """The weights in front of the normalization: one row per input, one column per feature."""


class Scale(Model):
    """[norm]: gamma stretches the features, one number for each; eps keeps the root away from 0 and may be 0
    where the root is not."""

    gamma: Vector = shape("features")
    """Stretches what is normalised: one factor per feature."""
    eps: Eps = 1e-5
    """The small number under the root, which keeps the divisor away from 0; it may be 0 where the root is not."""


class ScaleAndShift(Scale):
    """beta shifts the features, one number for each."""

    beta: Vector = shape("features")
    """Shifts what is normalised: one number to add per feature."""


class Normed(Example):
    """What the examples of all normalizations say."""

    LOSS: ClassVar = "Half the squared errors, added up over the features and averaged over the samples."

    data: Data
    """The samples and their targets."""
    weights: Weights
    """The layer in front of the normalization."""
    norm: Scale
    """The normalization: its own parameters, and the small number under its root."""

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
