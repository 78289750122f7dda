"""What examples with attention say alike: heads, a feed-forward network, norms.

Glossary. d: how many numbers a token has. d_k: how many a query and a key have. d_v: how many a value has. seen: how
many numbers each token has that a head looks at.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Annotated, Any

import numpy as np
from pydantic import Field, model_validator

from ..spec.example import Example, Known, Matrix, Model, Vector
from ..spec.limits import AtMost
from ..spec.rules import expect_several
from ..spec.shapes import shape, table
from ..spec.targets import Answered
from ..tape.tape import Expr, Tape
from . import parts


class Head(Model):
    """One head of attention: W_Q and W_K have d_k columns, W_V has d_v; one row for each number of a token."""

    W_Q: Matrix = shape("d", "d_k")
    W_K: Matrix = shape("seen", "d_k")
    W_V: Matrix = shape("seen", "d_v")


Heads = Annotated[list[Head], Field(min_length=1), AtMost("layers")]


def side_by_side() -> Any:
    """A field with heads that look at the same tokens; their values side by side are what W_O reads."""
    return table(seen="d", d_k=None, d_v="+values")


class Data(Answered):
    """[data]: `x` has one row per token; so has `y`, what the tokens should become."""

    x: Annotated[Matrix, AtMost("steps")] = shape("tokens", "d")
    y: Matrix | None = shape("tokens", "outputs", default=None)
    upstream: Matrix | None = shape("tokens", "outputs", default=None)


class Output(Model):
    """[weights]: W_O makes one row of numbers of what all heads give; it has one row for each number of theirs."""

    W_O: Matrix = shape("values", "outputs")


class FeedForward(Model):
    """[feed_forward]: W_1 (d × hidden), b_1, W_2 (hidden × d), b_2, and the activation between them. Each of
    the biases may be left out."""

    W_1: Matrix = shape("d", "hidden")
    b_1: Vector | None = shape("hidden", default=None)
    W_2: Matrix = shape("hidden", "d")
    b_2: Vector | None = shape("d", default=None)
    activation: Annotated[str, Known("activation", ("relu", "gelu", "gelu_tanh"))] = "relu"


class Norm(Model):
    """One of [[norms]]: gamma stretches, beta shifts; one number for each number of a token."""

    gamma: Vector = shape("d")
    beta: Vector = shape("d")


Norms = Annotated[list[Norm], AtMost("layers")]


def one_each(*sublayers: str) -> Any:
    """A field with a norm for each of these."""
    return table(len(sublayers), because=f"there is one for each of: {', '.join(sublayers)}")


class Block(Example):
    """A block of sub-layers: `norm` says whether each norm stands after the sum ("post") or before the layer."""

    feed_forward: FeedForward
    norms: Norms
    norm: Annotated[str, Known("place of the norm", ("post", "pre"))] = "post"
    eps: parts.Eps = 1e-5

    @model_validator(mode="after")
    def _has_several_features(self):
        expect_several("norms", len(self.feed_forward.W_2[0]), "number for each token", "normalization over a row")
        return self


# Lines that the families write alike


def widths(tape: Tape, heads: Mapping[str, Head]) -> None:
    """The number d_k, by which scope: one for all heads, or one for each where they differ."""
    found = {scope: len(head.W_Q[0]) for scope, head in heads.items()}
    for scope, d_k in found.items() if len(set(found.values())) > 1 else [("", next(iter(found.values())))]:
        tape.const(f"{scope}.d_k" if scope else "d_k", d_k)


def scoped(scope: str, heads: Sequence, within: str = "") -> dict[str, Head]:
    """The heads by the scopes in which they work: 'head1', 'head2', `within` before them; one alone in `scope`."""
    return (
        {f"{within}head{h}": head for h, head in enumerate(heads, start=1)} if len(heads) > 1 else {scope: heads[0]}
    )


def looking_back(tape: Tape, tokens: int) -> Expr:
    """The causal mask: 1 where a token (row) may look at a token (column), that is at itself and at those before."""
    return tape.data("M", np.tril(np.ones((tokens, tokens))))


def norms(tape: Tape, spec: Block) -> list[Callable[[Expr], Expr]]:
    """The block's norms, each a function that writes its lines and gives its result."""
    eps = parts.small(tape, spec.eps)

    def normalize(n: int, norm: Norm, x: Expr) -> Expr:
        gamma, beta = tape.param(f"norm{n}.gamma", [norm.gamma]), tape.param(f"norm{n}.beta", [norm.beta])
        return parts.layer_norm(tape, f"norm{n}", x, gamma, beta, eps)

    return [partial(normalize, n, norm) for n, norm in enumerate(spec.norms, start=1)]


def half_squared(tape: Tape, out: Expr, data: Data) -> str:
    """The loss against the targets: half the squared errors, added up over all tokens and numbers."""
    E = tape.write("E", out.half_squared_error(tape.target("Y", data, out)))
    return tape.write("J", E.sum()).name
