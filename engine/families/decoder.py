"""The decoder block of the transformer: causal self-attention, attention to what an encoder has made (the memory), a
feed-forward network, each with a way around it and a layer norm (Vaswani et al. 2017). One head each."""

from typing import Annotated

from pydantic import model_validator

from ..layers import parts, transformer
from ..spec.example import Matrix
from ..spec.limits import AtMost
from ..spec.shapes import expect_shape
from ..tape.tape import Tape


class WithMemory(transformer.Data):
    """[data]: the decoder's own tokens `x`, the targets `y`, and `memory`, one row per token of the encoder."""

    memory: Annotated[Matrix, AtMost("steps")]


class Attention(transformer.Head, transformer.Output):
    """[self_attention] and [cross_attention]: W_Q, W_K, W_V and W_O."""


class Spec(transformer.Block):
    """A decoder example."""

    data: WithMemory
    self_attention: Attention
    cross_attention: Attention

    @model_validator(mode="after")
    def _shapes_meet(self):
        d, wide = len(self.data.x[0]), len(self.data.memory[0])
        why = f"data.x has {d} numbers in a row"
        there = (wide, f"data.memory has {wide} numbers in a row")
        for place, head, memory in (("self", self.self_attention, None), ("cross", self.cross_attention, there)):
            transformer.expect_heads([(f"{place}_attention.", head)], d, why, memory)
            transformer.expect_output(f"{place}_attention.W_O", head.W_O, [head], d, why)
        if len(self.self_attention.W_Q[0]) != len(self.cross_attention.W_Q[0]):
            raise ValueError("cross_attention.W_Q: must have as many columns as self_attention.W_Q: there is one d_k")
        transformer.expect_block(self, d, why, ("self-attention", "cross-attention", "feed-forward network"))
        expect_shape("data.y", self.data.y, len(self.data.x), d, "data.x is so, and a block keeps the shape")
        tokens = max(len(self.data.x), len(self.data.memory))
        transformer.expect_small(
            self, "data.x", tokens, self.self_attention, self.cross_attention, self.feed_forward, self.norms
        )
        return self


def forward(tape: Tape, spec: Spec) -> str:
    """Write the forward pass; returns the name of the loss: half the squared errors, added up."""
    x, memory, first = tape.data("X", spec.data.x), tape.data("memory", spec.data.memory), spec.norm == "pre"
    mask = transformer.looking_back(tape, len(spec.data.x))
    tape.const("d_k", len(spec.self_attention.W_Q[0]))
    norm1, norm2, norm3 = transformer.norms(tape, spec)

    def attend(scope, head, *others):
        return lambda u: parts.multi_head(tape, scope, [head], head.W_O, u, *others)

    x = parts.sublayer(tape, "self", x, norm1, first, attend("self", spec.self_attention, None, mask))
    x = parts.sublayer(tape, "cross", x, norm2, first, attend("cross", spec.cross_attention, memory))
    x = parts.sublayer(tape, "ffn", x, norm3, first, lambda u: parts.feed_forward(tape, "ffn", spec.feed_forward, u))
    return transformer.half_squared(tape, x, spec.data.y)
