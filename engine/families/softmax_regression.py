"""Softmax regression: the probabilities of several classes are softmax(X W + b), judged by cross-entropy.

One sample a row, one class a column; also called multinomial logistic regression. With the other layout W X + b, one
sample a column.
"""

from typing import ClassVar

from pydantic import model_validator

from ..layers.layout import ROWS, Layout, Named
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
    """[weights]: W has one row per feature and one column per class or, with samples in columns, one column per
    feature and one row per class; b has one number per class or is left out."""

    W: Matrix = shape("features", "classes", laid=ROWS)
    """The weights: one row per feature, one column per class; with columns for a layout it is the other way round."""
    b: Vector | None = shape("classes", default=None)
    """The biases: one number per class; left out, there are none."""


class Spec(Example):
    """A softmax regression."""

    LOSS: ClassVar = "The cross-entropy, averaged over the samples; it is computed before the softmax."

    layout: Named = ROWS
    """Where samples stand, and so which way round W is read: in `rows`, X W + b, or in `columns`, W X + b."""
    data: Data
    """The samples and their targets."""
    weights: Weights
    """What is learned."""

    @model_validator(mode="after")
    def _targets_fit(self):
        """Each target is a distribution, numbers of at least 0 that add up to 1, or the number of a class."""
        if self.data.y is not None:
            classes = Layout(self.layout).outputs(self.weights.W)
            expect_comparable("data.y", self.data.y, classes, "cross_entropy_logits")
        return self


def forward(tape: Tape, spec: Spec) -> str:
    """Write the forward pass; returns the name of the loss: the mean over the samples."""
    layout, weights = Layout(spec.layout), spec.weights
    sums = layout.times(tape.input("X", layout.samples(spec.data.x)), tape.param("W", weights.W))
    if weights.b is not None:
        sums = sums + tape.param("b", layout.one(weights.b))
    Z = tape.write("Z", sums, grad="dZ")
    P = tape.write("P", layout.apply("softmax", Z))
    y = tape.target("Y", spec.data, P, lambda y: layout.samples(one_hot(y, layout.outputs(weights.W))))
    return tape.write("J", tape.write("E", layout.apply("cross_entropy_logits", Z, y)).mean()).name
