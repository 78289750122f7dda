"""The encoder block of the transformer: self-attention, then a feed-forward network, each with a way around it and a
layer norm (Vaswani et al. 2017; with the norms first: Xiong et al. 2020)."""

from ..layers import parts, transformer
from ..spec.shapes import table
from ..tape.tape import Tape


class Spec(transformer.Block):
    """An encoder example. With `causal` a token looks at itself and at those before it only."""

    data: transformer.Data = table(outputs="d")
    """The tokens, and what they should become."""
    heads: transformer.Heads = transformer.side_by_side()
    """The heads of the self-attention; of each only queries and keys must be equally wide."""
    weights: transformer.Output = table(outputs="d")
    """What makes one output of the heads."""
    norms: transformer.Norms = transformer.one_each("attention", "feed-forward network")
    """The layer norms: that of the attention, that of the feed-forward network."""
    causal: bool = False
    """`true`: a token looks at itself and at those before it, not at those behind."""


def forward(tape: Tape, spec: Spec) -> str:
    """Write the forward pass; returns the name of the loss: half the squared errors, added up."""
    x, first = tape.input("X", spec.data.x), spec.norm == "pre"
    mask = transformer.looking_back(tape, len(spec.data.x)) if spec.causal else None
    heads = transformer.scoped("attention", spec.heads)
    transformer.widths(tape, heads)
    norm1, norm2 = transformer.norms(tape, spec)
    x = parts.sublayer(
        tape,
        "attention",
        x,
        norm1,
        first,
        lambda u: parts.multi_head(tape, "attention", heads, spec.weights.W_O, u, mask=mask),
    )
    x = parts.sublayer(tape, "ffn", x, norm2, first, lambda u: parts.feed_forward(tape, "ffn", spec.feed_forward, u))
    return transformer.half_squared(tape, x, spec.data)
