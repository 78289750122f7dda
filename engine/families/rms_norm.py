"""RMS normalization: every sample is divided by the root of the mean of its squares (Zhang & Sennrich 2019)."""

from pydantic import model_validator

from ..layers import parts
from ..layers.norms import Normed, Scale
from ..layers.norms import forward as around
from ..spec.rules import expect_several
from ..tape.tape import Tape


class Spec(Normed):
    """An rms_norm example."""

    norm: Scale
    """The normalization: its own parameters, and the small number under its root."""

    @model_validator(mode="after")
    def _has_features(self):
        """There are at least two features: of one alone nothing but the sign would be left."""
        expect_several("weights.W", len(self.weights.W[0]), "column", "normalization over a row")
        return self


def forward(tape: Tape, spec: Spec) -> str:
    """Write the forward pass; returns the name of the loss. Nothing is taken away and nothing is added."""
    return around(tape, spec, lambda x, gamma, eps: parts.rms_norm(tape, "norm", x, gamma, eps))
