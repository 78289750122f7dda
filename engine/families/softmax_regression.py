"""Softmax regression: the probabilities of several classes are softmax(X W + b), judged by cross-entropy.

One sample a row, one class a column; also called multinomial logistic regression.
"""

from typing import ClassVar

from pydantic import model_validator

from ..spec.example import Example, Matrix, Model, Vector
from ..spec.shapes import shape
from ..spec.targets import Answered, Targets, expect_comparable, given_gradient, one_hot
from ..tape.tape import Tape


class Data(Answered):
    """[data]: x has one row per sample; y one row per sample, a distribution over the classes, or the
    number of its class, counted from 0."""

    x: Matrix = shape("samples", "features")
    """The inputs: one row per sample, one column per feature."""
    y: Targets | None = shape("samples", "classes", by_number=True, default=None)
    """The targets: one row per sample, a distribution over the classes, or the number of its class, counted from 0.
    Left out, only the forward pass is worked."""
    upstream: Matrix | None = given_gradient("samples", "classes")


class Weights(Model):
    """[weights]: W has one row per feature and one column per class, b one number per class or is left out."""

    W: Matrix = shape("features", "classes")
    """The weights: one row per feature, one column per class."""
    b: Vector | None = shape("classes", default=None)
    """The biases: one number per class; left out, there are none."""


class Spec(Example):
    """A softmax regression."""

    LOSS: ClassVar = "The cross-entropy, averaged over the samples; it is computed before the softmax."

    data: Data
    """The samples and their targets."""
    weights: Weights
    """What is learned."""

    @model_validator(mode="after")
    def _targets_fit(self):
        """Each target is a distribution, numbers of at least 0 that add up to 1, or the number of a class."""
        if self.data.y is not None:
            expect_comparable("data.y", self.data.y, len(self.weights.W[0]), "cross_entropy_logits")
        return self


def forward(tape: Tape, spec: Spec) -> str:
    """Write the forward pass; returns the name of the loss: the mean over the samples."""
    sums = tape.input("X", spec.data.x) @ tape.param("W", spec.weights.W)
    if spec.weights.b is not None:
        sums = sums + tape.param("b", [spec.weights.b])
    Z = tape.write("Z", sums, grad="dZ")
    P = tape.write("P", Z.softmax(axis=1))
    y = tape.target("Y", spec.data, P, lambda y: one_hot(y, len(spec.weights.W[0])))
    return tape.write("J", tape.write("E", Z.cross_entropy_logits(y, axis=1)).mean()).name
