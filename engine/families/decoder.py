"""The decoder block of the transformer: causal self-attention, attention to what an encoder has made (the memory), a
feed-forward network, each with a way around it and a layer norm (Vaswani et al. 2017). One head each."""

from typing import Annotated

from ..layers import parts, transformer
from ..spec.example import Matrix
from ..spec.limits import AtMost
from ..spec.shapes import shape, table
from ..tape.tape import Tape


class WithMemory(transformer.Data):
    """[data]: the decoder's own tokens `x`, the targets `y`, and `memory`, one row per token of the encoder."""

    memory: Annotated[Matrix, AtMost("steps")] = shape("memory", "seen")
    """What an encoder has made, and the cross-attention looks into: one row per token."""


class Attention(transformer.Head):
    """[self_attention] and [cross_attention]: W_Q, W_K, W_V and W_O."""

    W_O: Matrix = shape("d_v", "d")
    """Makes the output of what the head gives."""


class Spec(transformer.Block):
    """A decoder example."""

    data: WithMemory = table(outputs="d")
    """The tokens of the decoder, what they should become, and what the encoder has made."""
    self_attention: Attention = table(seen="d", d_k=None, d_v=None)
    """The head with which the tokens look at themselves and at those before them: it is causal."""
    cross_attention: Attention = table(d_k=None, d_v=None)
    """The head with which the tokens look at the memory: its queries are made of the tokens, its keys and values of
    the memory."""
    norms: transformer.Norms = transformer.one_each("self-attention", "cross-attention", "feed-forward network")
    """The layer norms: those of the self-attention, of the cross-attention, of the feed-forward network."""


def forward(tape: Tape, spec: Spec) -> str:
    """Write the forward pass; returns the name of the loss: half the squared errors, added up."""
    x, memory, first = tape.input("X", spec.data.x), tape.input("memory", spec.data.memory), spec.norm == "pre"
    mask = transformer.looking_back(tape, len(spec.data.x))
    transformer.widths(tape, {"self": spec.self_attention, "cross": spec.cross_attention})
    norm1, norm2, norm3 = transformer.norms(tape, spec)

    def attend(scope, head, *others):
        return lambda u: parts.multi_head(tape, scope, [head], head.W_O, u, *others)

    x = parts.sublayer(tape, "self", x, norm1, first, attend("self", spec.self_attention, None, mask))
    x = parts.sublayer(tape, "cross", x, norm2, first, attend("cross", spec.cross_attention, memory))
    x = parts.sublayer(tape, "ffn", x, norm3, first, lambda u: parts.feed_forward(tape, "ffn", spec.feed_forward, u))
    return transformer.half_squared(tape, x, spec.data)
