"""Softmax regression: the probabilities of several classes are softmax(X W + b), judged by cross-entropy.

One sample a row, one class a column; also called multinomial logistic regression.
"""

from pydantic import model_validator

from ..spec.example import Example, Matrix, Model, Vector
from ..spec.shapes import expect_columns, expect_length, expect_rows, expect_targets
from ..tape.tape import Tape


class Data(Model):
    """[data]: x has one row per sample; y one row per sample, a distribution over the classes."""

    x: Matrix
    y: Matrix


class Weights(Model):
    """[weights]: W has one row per feature and one column per class, b one number per class."""

    W: Matrix
    b: Vector


class Spec(Example):
    """A softmax regression."""

    data: Data
    weights: Weights

    @model_validator(mode="after")
    def _shapes_meet(self):
        x, y, classes = self.data.x, self.data.y, len(self.weights.W[0])
        told = f"weights.W has {classes} columns, one for each class"
        expect_rows("weights.W", self.weights.W, len(x[0]), f"data.x has {len(x[0])} features")
        expect_length("weights.b", self.weights.b, classes, told)
        expect_rows("data.y", y, len(x), f"data.x has {len(x)} samples")
        expect_columns("data.y", y, classes, told)
        expect_targets("data.y", y, "cross_entropy_logits")
        return self


def forward(tape: Tape, spec: Spec) -> str:
    """Write the forward pass; returns the name of the loss: the mean over the samples."""
    X, W, b = tape.data("X", spec.data.x), tape.param("W", spec.weights.W), tape.param("b", [spec.weights.b])
    y = tape.data("Y", spec.data.y)
    Z = tape.write("Z", X @ W + b, grad="dZ")
    tape.write("P", Z.softmax(axis=1))
    return tape.write("J", tape.write("E", Z.cross_entropy_logits(y, axis=1)).mean()).name
