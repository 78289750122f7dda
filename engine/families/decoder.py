"""The decoder block of the transformer: causal self-attention, attention to what an encoder has made (the memory), a
feed-forward network, each with a way around it and a layer norm (Vaswani et al. 2017)."""

from collections.abc import Sequence
from typing import Annotated

from pydantic import model_validator

from ..layers import parts, transformer
from ..spec.example import Matrix, Model
from ..spec.limits import AtMost
from ..spec.shapes import shape, table
from ..tape.tape import Tape


class WithMemory(transformer.Data):
    """[data]: the decoder's own tokens `x`, the targets `y`, and `memory`, one row per token of the encoder."""

    memory: Annotated[Matrix, AtMost("steps")] = shape("memory", "seen")
    """What an encoder has made, and the cross-attention looks into: one row per token."""


class Attention(Model):
    """[self_attention] and [cross_attention]: W_Q, W_K and W_V of a single head, or `heads`, each with its own; W_O
    makes tokens of what all heads give."""

    W_O: Matrix = shape("values", "d")
    """Makes the output of what all heads give side by side: one row for each number of theirs."""
    W_Q: Matrix | None = shape("d", "d_k", default=None)
    """Makes the queries of a single head: what each token looks for."""
    W_K: Matrix | None = shape("seen", "d_k", default=None)
    """Makes the keys of a single head: what each token is found by."""
    W_V: Matrix | None = shape("seen", "values", default=None)
    """Makes the values of a single head: what each token gives to those that look at it."""
    heads: transformer.Heads | None = table(d_k=None, d_v="+values", default=None)
    """Several heads, each with matrices of its own, in the place of W_Q, W_K and W_V; left out, there is a single
    one."""

    @model_validator(mode="after")
    def _has_one_head_or_several(self):
        """There are the matrices of a single head, or heads, each with its own."""
        for key in transformer.Head.model_fields:
            if self.heads is None and getattr(self, key) is None:
                raise ValueError(f"{key}: is missing")
            if self.heads is not None and getattr(self, key) is not None:
                raise ValueError(f"{key}: belongs to a single head, and there are `heads`, each with its own {key}")
        return self

    def by_scope(self, scope: str) -> dict[str, transformer.Head]:
        """The heads by the scopes in which they work: 'self', or 'self.head1', 'self.head2'."""
        alone: Sequence = [self]
        return transformer.scoped(scope, self.heads or alone, within=f"{scope}.")


class Spec(transformer.Block):
    """A decoder example."""

    data: WithMemory = table(outputs="d")
    """The tokens of the decoder, what they should become, and what the encoder has made."""
    self_attention: Attention = table(seen="d", d_k=None, values=None)
    """The attention with which the tokens look at themselves and at those before them: it is causal."""
    cross_attention: Attention = table(d_k=None, values=None)
    """The attention with which the tokens look at the memory: its queries are made of the tokens, its keys and values
    of the memory."""
    norms: transformer.Norms = transformer.one_each("self-attention", "cross-attention", "feed-forward network")
    """The layer norms: those of the self-attention, of the cross-attention, of the feed-forward network."""


def forward(tape: Tape, spec: Spec) -> str:
    """Write the forward pass; returns the name of the loss: half the squared errors, added up."""
    x, memory, first = tape.input("X", spec.data.x), tape.input("memory", spec.data.memory), spec.norm == "pre"
    mask = transformer.looking_back(tape, len(spec.data.x))
    heads = {"self": spec.self_attention.by_scope("self"), "cross": spec.cross_attention.by_scope("cross")}
    transformer.widths(tape, heads["self"] | heads["cross"])
    norm1, norm2, norm3 = transformer.norms(tape, spec)

    def attend(scope, W_O, *others):
        return lambda u: parts.multi_head(tape, scope, heads[scope], W_O, u, *others)

    x = parts.sublayer(tape, "self", x, norm1, first, attend("self", spec.self_attention.W_O, None, mask))
    x = parts.sublayer(tape, "cross", x, norm2, first, attend("cross", spec.cross_attention.W_O, memory))
    x = parts.sublayer(tape, "ffn", x, norm3, first, lambda u: parts.feed_forward(tape, "ffn", spec.feed_forward, u))
    return transformer.half_squared(tape, x, spec.data)
