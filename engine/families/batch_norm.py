"""Batch normalization in training: every feature is brought to mean 0 and variance 1 over the samples of the batch
(Ioffe & Szegedy 2015)."""

from pydantic import model_validator

from ..layers.norms import Normed, ScaleAndShift
from ..layers.norms import forward as around
from ..layers.parts import layer_norm
from ..spec.rules import expect_several
from ..tape.tape import Tape


class Spec(Normed):
    """A batch_norm example."""

    norm: ScaleAndShift
    """The normalization: its own parameters, and the small number under its root."""

    @model_validator(mode="after")
    def _has_a_batch(self):
        """There are at least two samples: over a batch of one every feature would become 0."""
        expect_several("data.u", len(self.data.u), "row", "normalization over a batch")
        return self


def forward(tape: Tape, spec: Spec) -> str:
    """Write the forward pass; returns the name of the loss. Statistics run down the columns."""
    return around(tape, spec, lambda x, gamma, beta, eps: layer_norm(tape, "norm", x, gamma, beta, eps, axis=0))
