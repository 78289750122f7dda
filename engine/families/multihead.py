"""Multi-head attention: several heads look at the same tokens, each in its own way; O = [H⁽¹⁾ H⁽²⁾ …] W^O
(Vaswani et al. 2017)."""

from typing import ClassVar

from ..layers import parts, transformer
from ..spec.example import Example
from ..tape.tape import Tape


class Spec(Example):
    """A multihead example. With `causal` a token looks at itself and at those before it only."""

    LOSS: ClassVar = "Half the squared errors, added up over all tokens and numbers."

    data: transformer.Data
    """The tokens, and what they should become."""
    heads: transformer.Heads = transformer.side_by_side()
    """The heads, which look at the same tokens, each with matrices of its own."""
    weights: transformer.Output
    """What makes one output of the heads."""
    causal: bool = False
    """`true`: a token looks at itself and at those before it, not at those behind."""


def forward(tape: Tape, spec: Spec) -> str:
    """Write the forward pass; returns the name of the loss: half the squared errors, added up."""
    x = tape.input("X", spec.data.x)
    mask = transformer.looking_back(tape, len(spec.data.x)) if spec.causal else None
    heads = transformer.scoped("attention", spec.heads)
    transformer.widths(tape, heads)
    out = parts.multi_head(tape, "attention", heads, spec.weights.W_O, x, mask=mask)
    return transformer.half_squared(tape, out, spec.data)
