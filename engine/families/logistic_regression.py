"""Logistic regression: the probability of class 1 is σ(X w + b), judged by binary cross-entropy (Cox 1958)."""

from pydantic import model_validator

from ..spec.example import Example, Matrix, Model
from ..spec.shapes import expect_columns, expect_length, expect_rows, expect_targets
from ..tape.tape import Tape
from .linear_regression import Weights


class Data(Model):
    """[data]: x has one row per sample and one column per feature; y one row per sample, from 0 to 1."""

    x: Matrix
    y: Matrix


class Spec(Example):
    """A logistic regression; with `logits` the loss is computed from z, without from σ(z)."""

    data: Data
    weights: Weights
    logits: bool = True

    @model_validator(mode="after")
    def _shapes_meet(self):
        x, y = self.data.x, self.data.y
        expect_rows("data.y", y, len(x), f"data.x has {len(x)} samples")
        expect_columns("data.y", y, 1, "the model gives one probability per sample")
        expect_targets("data.y", y, "binary_cross_entropy")
        expect_length("weights.w", self.weights.w, len(x[0]), f"data.x has {len(x[0])} features")
        return self


def forward(tape: Tape, spec: Spec) -> str:
    """Write the forward pass; returns the name of the loss: the mean over the samples."""
    X = tape.data("X", spec.data.x)
    w, b = tape.param("w", [[v] for v in spec.weights.w]), tape.param("b", spec.weights.b)
    y = tape.data("y", spec.data.y)
    z = tape.write("z", X @ w + b, grad="dz")
    p = tape.write("p", z.sigmoid())
    errors = z.binary_cross_entropy_logits(y) if spec.logits else p.binary_cross_entropy(y)
    return tape.write("J", tape.write("E", errors).mean()).name
