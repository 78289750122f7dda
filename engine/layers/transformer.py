"""What examples with attention say alike: heads, a feed-forward network, norms.

Glossary. d: how many numbers a token has. d_k: how many a query and a key have. d_v: how many a value has. seen: how
many numbers each token has that a head looks at.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Annotated, Any, ClassVar

import numpy as np
from pydantic import Field, model_validator

from ..spec.example import Example, Known, Matrix, Model, Vector
from ..spec.limits import AtMost
from ..spec.rules import expect_several
from ..spec.shapes import shape, table
from ..spec.targets import Answered, given_gradient
from ..tape.tape import Expr, Tape
from . import parts
from .layout import IN_ROWS, ROWS, Layout


class Head(Model):
    """One head of attention: W_Q and W_K have d_k columns, W_V has d_v; one row for each number of a token. Where a
    layout has tokens in columns, their rows are columns."""

    W_Q: Matrix = shape("d", "d_k", laid=ROWS)
    """Makes the queries: what each token looks for."""
    W_K: Matrix = shape("seen", "d_k", laid=ROWS)
    """Makes the keys: what each token is found by."""
    W_V: Matrix = shape("seen", "d_v", laid=ROWS)
    """Makes the values: what each token gives to those that look at it."""


Heads = Annotated[list[Head], Field(min_length=1), AtMost("layers")]


def side_by_side() -> Any:
    """A field with heads that look at the same tokens; their values side by side are what W_O reads."""
    return table(seen="d", d_k=None, d_v="+values")


class Data(Answered):
    """[data]: `x` has one row per token; so has `y`, what the tokens should become."""

    x: Annotated[Matrix, AtMost("steps")] = shape("tokens", "d")
    """The tokens: one row for each."""
    y: Matrix | None = shape("tokens", "outputs", default=None)
    """The targets: what each token should become, one row per token. Left out, only the forward pass is worked."""
    upstream: Matrix | None = given_gradient("tokens", "outputs")


class Output(Model):
    """[weights]: W_O makes one row of numbers of what all heads give; it has one row for each number of theirs."""

    W_O: Matrix = shape("values", "outputs")
    """Makes the output of what all heads give side by side: one row for each number of theirs."""


class FeedForward(Model):
    """[feed_forward]: W_1 (d × hidden), b_1, W_2 (hidden × d), b_2, and the activation between them. Each of
    the biases may be left out."""

    W_1: Matrix = shape("d", "hidden")
    """The weights of the first layer: one row for each number of a token."""
    b_1: Vector | None = shape("hidden", default=None)
    """The biases of the first layer; left out, it has none."""
    W_2: Matrix = shape("hidden", "d")
    """The weights of the second layer, which leads back to the width of a token."""
    b_2: Vector | None = shape("d", default=None)
    """The biases of the second layer; left out, it has none."""
    activation: Annotated[str, Known("activation", ("relu", "gelu", "gelu_tanh"))] = "relu"
    """The function between the two layers. `gelu_tanh` is gelu by its usual approximation."""


class Norm(Model):
    """One of [[norms]]: gamma stretches, beta shifts; one number for each number of a token."""

    gamma: Vector = shape("d")
    """Stretches what is normalised: one factor for each number of a token."""
    beta: Vector = shape("d")
    """Shifts it: one number to add for each."""


Norms = Annotated[list[Norm], AtMost("layers")]


def one_each(*sublayers: str) -> Any:
    """A field with a norm for each of these."""
    return table(len(sublayers), because=f"there is one for each of: {', '.join(sublayers)}")


class Block(Example):
    """A block of sub-layers: `norm` says whether each norm stands after the sum ("post") or before the layer."""

    LOSS: ClassVar = "Half the squared errors, added up over all tokens and numbers."

    feed_forward: FeedForward
    """The network that works on each token by itself: two layers with a function between them."""
    norms: Norms
    """The layer norms, one for each sub-layer in their order, and a last one where the model has one."""
    norm: Annotated[str, Known("place of the norm", ("post", "pre"))] = "post"
    """Where the norms stand: `"post"`, after the sum of a sub-layer and its input, norm(x + layer(x)); `"pre"`,
    before the sub-layer, x + layer(norm(x))."""
    eps: parts.Eps = 1e-5
    """The small number under the root of each norm; 0 leaves it out."""

    @model_validator(mode="after")
    def _has_several_features(self):
        """A token has at least two numbers: a norm over one number forgets it."""
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


def looking_back(tape: Tape, tokens: int, layout: Layout = IN_ROWS) -> Expr:
    """The causal mask: 1 where a token (row) may look at a token (column), that is at itself and at those before;
    with tokens in columns, where a token (column) may look at a token (row)."""
    return tape.data("M", layout.samples(np.tril(np.ones((tokens, tokens)))))


def norms(tape: Tape, spec: Block) -> list[Callable[[Expr], Expr]]:
    """The block's norms, each a function that writes its lines and gives its result."""
    eps = parts.small(tape, spec.eps)

    def normalize(n: int, norm: Norm, x: Expr) -> Expr:
        gamma, beta = tape.param(f"norm{n}.gamma", [norm.gamma]), tape.param(f"norm{n}.beta", [norm.beta])
        return parts.layer_norm(tape, f"norm{n}", x, gamma, beta, eps)

    return [partial(normalize, n, norm) for n, norm in enumerate(spec.norms, start=1)]


def half_squared(tape: Tape, out: Expr, data: Data, layout: Layout = IN_ROWS) -> str:
    """The loss against the targets: half the squared errors, added up over all tokens and numbers."""
    E = tape.write("E", out.half_squared_error(tape.target("Y", data, out, layout.samples)))
    return tape.write("J", E.sum()).name
