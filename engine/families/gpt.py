"""A tiny GPT: embeddings of tokens and of positions, one block with causal attention and norms first, one more norm,
and for every token the logits of the next (Radford et al. 2018, 2019)."""

from typing import Annotated, ClassVar

import numpy as np
from pydantic import Field, model_validator

from ..layers import parts, transformer
from ..spec.example import Known, Matrix, Model
from ..spec.limits import AtMost
from ..spec.rules import expect_index
from ..spec.shapes import shape, table
from ..tape.tape import Tape

Token = Annotated[int, Field(ge=0)]


class Embedding(Model):
    """[embedding]: W_E has one row per token of the vocabulary, W_P one row per position."""

    W_E: Matrix = shape("vocabulary", "d")
    """The vectors of the tokens: one row for each token of the vocabulary."""
    W_P: Matrix = shape("positions", "d")
    """The vectors of the positions, which are added to those of the tokens: one row for each that is read."""


class Weights(transformer.Output):
    """[weights]: W_O after the heads; W_U, which makes the logits, unless W_E does (`tied`)."""

    W_U: Matrix | None = shape("d", "vocabulary", default=None)
    """Makes the logits, one for each token of the vocabulary; with `tied = true` it must not be there."""


class Spec(transformer.Block):
    """A gpt example. `tokens` are numbers of tokens, counted from 0; every token but the last is read, every token
    but the first is a target."""

    LOSS: ClassVar = "The cross-entropy of the next token, −ln p, averaged over the tokens that are read."

    tokens: Annotated[list[Token], Field(min_length=2), AtMost("steps")] = shape("positions+1")
    """The text as numbers of tokens, counted from 0. All but the last are read, all but the first are targets: each
    token is to tell the next."""
    embedding: Embedding
    """The vectors of tokens and positions."""
    heads: transformer.Heads = transformer.side_by_side()
    """The heads of the self-attention, which is causal."""
    weights: Weights = table(outputs="d")
    """What makes one output of the heads, and what makes the logits."""
    norms: transformer.Norms = transformer.one_each("attention", "feed-forward network", "logits")
    """The layer norms: that of the attention, that of the feed-forward network, that before the logits."""
    tied: bool = True
    """`true`: the logits are made by the transposed vectors of the tokens, so that `embedding.W_E` learns from both
    its uses; `false`: by `weights.W_U`."""
    norm: Annotated[str, Known("place of the norm", ("pre",))] = "pre"
    """Where the norms stand: always before the sub-layer, x + layer(norm(x))."""

    @model_validator(mode="after")
    def _tokens_are_known(self):
        """Each token is in the vocabulary, of which `embedding.W_E` has a row for each; `weights.W_U` is there if
        `tied = false`, and only then."""
        count = len(self.embedding.W_E)
        for i, token in enumerate(self.tokens):
            expect_index(f"tokens[{i}]", token, count, "tokens in the vocabulary (rows of embedding.W_E)")
        if self.tied == (self.weights.W_U is not None):
            raise ValueError("weights.W_U: " + ("must not be there if tied = true" if self.tied else "is missing"))
        return self


def forward(tape: Tape, spec: Spec) -> str:
    """Write the forward pass; returns the name of the loss: the mean over the tokens of −ln p(the next token)."""
    *read, _ = spec.tokens
    W_E, W_P = tape.param("embedding.WE", spec.embedding.W_E), tape.param("embedding.WP", spec.embedding.W_P)
    mask = transformer.looking_back(tape, len(read))
    heads = transformer.scoped("attention", spec.heads)
    transformer.widths(tape, heads)
    norm1, norm2, norm3 = transformer.norms(tape, spec)
    E = tape.write("embedding.E", W_E.gather(rows=read))
    x = tape.write("embedding.X", E + W_P, grad="embedding.dX")
    x = parts.sublayer(
        tape, "attention", x, norm1, True,
        lambda u: parts.multi_head(tape, "attention", heads, spec.weights.W_O, u, mask=mask),
    )  # fmt: skip
    x = parts.sublayer(tape, "ffn", x, norm2, True, lambda u: parts.feed_forward(tape, "ffn", spec.feed_forward, u))
    W_U = W_E.T if spec.weights.W_U is None else tape.param("output.WU", spec.weights.W_U)
    L = tape.write("output.L", norm3(x) @ W_U, grad="output.dL")
    y = tape.data("Y", np.eye(len(spec.embedding.W_E))[spec.tokens[1:]])
    loss = tape.write("output.nll", L.cross_entropy_logits(y, axis=1))
    return tape.write("J", loss.sum() / len(read)).name
