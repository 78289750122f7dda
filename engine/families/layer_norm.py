"""Layer normalization: every sample is brought to mean 0 and variance 1 over its features (Ba, Kiros & Hinton
2016)."""

from pydantic import model_validator

from ..layers import parts
from ..layers.norms import Normed, ScaleAndShift
from ..layers.norms import forward as around
from ..spec.rules import expect_several
from ..tape.tape import Tape


class Spec(Normed):
    """A layer_norm example."""

    norm: ScaleAndShift
    """The normalization: its own parameters, and the small number under its root."""

    @model_validator(mode="after")
    def _has_features(self):
        """There are at least two features: over one alone every sample would become 0."""
        expect_several("weights.W", len(self.weights.W[0]), "column", "normalization over a row")
        return self


def forward(tape: Tape, spec: Spec) -> str:
    """Write the forward pass; returns the name of the loss. Statistics run along the rows."""
    return around(tape, spec, lambda x, gamma, beta, eps: parts.layer_norm(tape, "norm", x, gamma, beta, eps))
