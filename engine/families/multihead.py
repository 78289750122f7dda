"""Multi-head attention: several heads look at the same tokens, each in its own way; O = [H⁽¹⁾ H⁽²⁾ …] W^O
(Vaswani et al. 2017)."""

from ..layers import parts, transformer
from ..spec.example import Example
from ..tape.tape import Tape


class Spec(Example):
    """A multihead example. With `causal` a token looks at itself and at those before it only."""

    data: transformer.Data
    heads: transformer.Heads = transformer.side_by_side()
    weights: transformer.Output
    causal: bool = False


def forward(tape: Tape, spec: Spec) -> str:
    """Write the forward pass; returns the name of the loss: half the squared errors, added up."""
    x = tape.input("X", spec.data.x)
    mask = transformer.looking_back(tape, len(spec.data.x)) if spec.causal else None
    heads = transformer.scoped("attention", spec.heads)
    transformer.widths(tape, heads)
    out = parts.multi_head(tape, "attention", heads, spec.weights.W_O, x, mask=mask)
    return transformer.half_squared(tape, out, spec.data)
