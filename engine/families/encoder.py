"""The encoder block of the transformer: self-attention, then a feed-forward network, each with a way around it and a
layer norm (Vaswani et al. 2017; with the norms first: Xiong et al. 2020)."""

from pydantic import model_validator

from ..layers import parts, transformer
from ..spec.shapes import expect_shape
from ..tape.tape import Tape


class Spec(transformer.Block):
    """An encoder example."""

    data: transformer.Data
    heads: transformer.Heads
    weights: transformer.Output

    @model_validator(mode="after")
    def _shapes_meet(self):
        tokens, d = len(self.data.x), len(self.data.x[0])
        why = f"data.x has {d} numbers in a row"
        transformer.expect_heads(transformer.places(self.heads), d, why)
        transformer.expect_output("weights.W_O", self.weights.W_O, self.heads, d, why)
        transformer.expect_block(self, d, why, ("attention", "feed-forward network"))
        expect_shape("data.y", self.data.y, tokens, d, "data.x is so, and a block keeps the shape")
        transformer.expect_small(self, "data.x", tokens, self.heads, self.weights, self.feed_forward, self.norms)
        return self


def forward(tape: Tape, spec: Spec) -> str:
    """Write the forward pass; returns the name of the loss: half the squared errors, added up."""
    x, first = tape.data("X", spec.data.x), spec.norm == "pre"
    tape.const("d_k", len(spec.heads[0].W_Q[0]))
    norm1, norm2 = transformer.norms(tape, spec)
    x = parts.sublayer(
        tape,
        "attention",
        x,
        norm1,
        first,
        lambda u: parts.multi_head(tape, "attention", spec.heads, spec.weights.W_O, u),
    )
    x = parts.sublayer(tape, "ffn", x, norm2, first, lambda u: parts.feed_forward(tape, "ffn", spec.feed_forward, u))
    return transformer.half_squared(tape, x, spec.data.y)
