"""Logistic regression: the probability of class 1 is σ(X w + b), judged by binary cross-entropy (Cox 1958)."""

from typing import ClassVar

from pydantic import model_validator

from ..spec.example import Example, Matrix
from ..spec.rules import expect_targets
from ..spec.shapes import shape
from ..spec.targets import Answered, given_gradient
from ..tape.tape import Tape
from .linear_regression import Weights, weighted_sums

BECAUSE = "the model gives one probability per sample"


class Data(Answered):
    """[data]: x has one row per sample and one column per feature; y one row per sample, from 0 to 1."""

    x: Matrix = shape("samples", "features")
    """The inputs: one row per sample, one column per feature."""
    y: Matrix | None = shape("samples", 1, because=BECAUSE, default=None)
    """The targets: one row per sample, with the probability of class 1, from 0 to 1. Left out, only the forward pass
    is worked."""
    upstream: Matrix | None = given_gradient("samples", 1, because=BECAUSE)


class Spec(Example):
    """A logistic regression; with `logits` the loss is computed from z, without from σ(z)."""

    LOSS: ClassVar = "The binary cross-entropy, averaged over the samples."

    data: Data
    """The samples and their targets."""
    weights: Weights
    """What is learned."""
    logits: bool = True
    """`true`: the loss is computed from the weighted sum z, without meeting the logarithm of 0; `false`: from the
    probability σ(z). The value is the same."""

    @model_validator(mode="after")
    def _targets_fit(self):
        """The targets lie between 0 and 1; without targets `logits` is not given."""
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
