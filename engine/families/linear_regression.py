"""Linear regression: ŷ = X w + b, one sample a row, judged by the mean squared error (Legendre 1805)."""

from typing import ClassVar

from ..spec.example import Example, Matrix, Model, Number, Vector
from ..spec.shapes import shape
from ..spec.targets import Answered, given_gradient
from ..tape.tape import Expr, Tape

BECAUSE = "the model gives one number per sample"


class Data(Answered):
    """[data]: x has one row per sample and one column per feature, y one row per sample."""

    x: Matrix = shape("samples", "features")
    """The inputs: one row per sample, one column per feature."""
    y: Matrix | None = shape("samples", 1, because=BECAUSE, default=None)
    """The targets: one row per sample. Left out, only the forward pass is worked."""
    upstream: Matrix | None = given_gradient("samples", 1, because=BECAUSE)


class Weights(Model):
    """[weights]: w has one number per feature, b is one number or is left out."""

    w: Vector = shape("features")
    """The weights: one number per feature."""
    b: Number | None = None
    """The bias: one number; left out, there is none."""


class Spec(Example):
    """A linear regression."""

    LOSS: ClassVar = "The squared error, averaged over the samples."

    data: Data
    """The samples and their targets."""
    weights: Weights
    """What is learned."""


def forward(tape: Tape, spec: Spec) -> str:
    """Write the forward pass; returns the name of the loss: the mean of the squared errors."""
    sums = weighted_sums(tape, spec.data.x, spec.weights)
    yhat = tape.write("yhat", sums, grad="dyhat")
    y = tape.target("y", spec.data, yhat)
    return tape.write("J", tape.write("E", yhat.squared_error(y)).mean()).name


def weighted_sums(tape: Tape, x: Matrix, weights: Weights) -> Expr:
    """X w + b, one number for each sample; without a bias X w."""
    z = tape.input("X", x) @ tape.param("w", [[v] for v in weights.w])
    return z if weights.b is None else z + tape.param("b", weights.b)
