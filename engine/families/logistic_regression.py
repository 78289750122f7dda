"""Logistic regression: the probability of class 1 is σ(X w + b), judged by binary cross-entropy (Cox 1958)."""

from pydantic import model_validator

from ..spec.example import Example, Matrix
from ..spec.rules import expect_targets
from ..spec.shapes import shape
from ..spec.targets import Answered
from ..tape.tape import Tape
from .linear_regression import Weights, weighted_sums

BECAUSE = "the model gives one probability per sample"


class Data(Answered):
    """[data]: x has one row per sample and one column per feature; y one row per sample, from 0 to 1."""

    x: Matrix = shape("samples", "features")
    y: Matrix | None = shape("samples", 1, because=BECAUSE, default=None)
    upstream: Matrix | None = shape("samples", 1, because=BECAUSE, default=None)


class Spec(Example):
    """A logistic regression; with `logits` the loss is computed from z, without from σ(z)."""

    data: Data
    weights: Weights
    logits: bool = True

    @model_validator(mode="after")
    def _targets_fit(self):
        if self.data.y is None:
            self.expect_no("logits")
        else:
            expect_targets("data.y", self.data.y, "binary_cross_entropy")
        return self


def forward(tape: Tape, spec: Spec) -> str:
    """Write the forward pass; returns the name of the loss: the mean over the samples."""
    sums = weighted_sums(tape, spec.data.x, spec.weights)
    z = tape.write("z", sums, grad="dz")
    p = tape.write("p", z.sigmoid())
    y = tape.target("y", spec.data, p)
    errors = z.binary_cross_entropy_logits(y) if spec.logits else p.binary_cross_entropy(y)
    return tape.write("J", tape.write("E", errors).mean()).name
