"""What examples with attention say alike: heads, a feed-forward network, norms; and the rules for their shapes.

Glossary. d: how many numbers a token has. d_k: how many a query and a key have. d_v: how many a value has.
"""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Annotated

import numpy as np
from pydantic import BaseModel, Field

from ..spec.example import Example, Known, Matrix, Model, Number, Vector
from ..spec.limits import CALL, AtMost
from ..spec.shapes import expect_columns, expect_in_time, expect_length, expect_rows, expect_shape, expect_size
from ..tape.tape import Expr, Tape
from . import parts
from .norms import expect_several

LINES = 8
"""A sub-layer makes about so many arrays of the size of its input, in as many calls as that many layers."""


class Head(Model):
    """One head of attention: W_Q and W_K have d_k columns, W_V has d_v; one row for each number of a token."""

    W_Q: Matrix
    W_K: Matrix
    W_V: Matrix


Heads = Annotated[list[Head], Field(min_length=1), AtMost("layers")]


class Data(Model):
    """[data]: `x` has one row per token; so has `y`, what the tokens should become."""

    x: Annotated[Matrix, AtMost("steps")]
    y: Matrix


class Output(Model):
    """[weights]: W_O makes one row of numbers of what all heads give; it has one row for each number of theirs."""

    W_O: Matrix


class FeedForward(Model):
    """[feed_forward]: W_1 (d × hidden), b_1, W_2 (hidden × d), b_2, and the activation between them."""

    W_1: Matrix
    b_1: Vector
    W_2: Matrix
    b_2: Vector
    activation: Annotated[str, Known("activation", ("relu", "gelu", "gelu_tanh"))] = "relu"


class Norm(Model):
    """One of [[norms]]: gamma stretches, beta shifts; one number for each number of a token."""

    gamma: Vector
    beta: Vector


class Block(Example):
    """A block of sub-layers: `norm` says whether each norm stands after the sum ("post") or before the layer."""

    feed_forward: FeedForward
    norms: Annotated[list[Norm], AtMost("layers")]
    norm: Annotated[str, Known("place of the norm", ("post", "pre"))] = "post"
    eps: Annotated[Number, Field(gt=0)] = 1e-5


# Rules for what an example says


def expect_heads(
    heads: Sequence[tuple[str, Head]], d: int, because: str, memory: tuple[int, str] | None = None
) -> None:
    """Every head (with its place) reads tokens of d numbers, and memories of as many, or of `memory` numbers."""
    d_k = len(heads[0][1].W_Q[0])
    for place, head in heads:
        expect_rows(f"{place}W_Q", head.W_Q, d, because)
        expect_columns(f"{place}W_Q", head.W_Q, d_k, f"{heads[0][0]}W_Q has {d_k}, and all heads are alike")
        expect_rows(f"{place}W_K", head.W_K, *(memory or (d, because)))
        expect_columns(f"{place}W_K", head.W_K, d_k, f"{place}W_Q has {d_k}: each query is multiplied with each key")
        expect_rows(f"{place}W_V", head.W_V, *(memory or (d, because)))


def expect_output(place: str, W_O: Matrix, heads: Sequence[Head], d: int | None = None, because: str = "") -> None:
    """W_O takes what the heads give side by side; it gives d numbers where something is added to them."""
    wide = sum(len(head.W_V[0]) for head in heads)
    whose = "W_V has" if len(heads) == 1 else "the W_V of all heads have"
    expect_rows(place, W_O, wide, f"{whose} {wide} columns")
    if d is not None:
        expect_columns(place, W_O, d, because)


def expect_block(spec: Block, d: int, why: str, sublayers: tuple[str, ...]) -> None:
    """The feed-forward network and the norms, one for each of `sublayers`, fit tokens of d numbers."""
    layers, hidden = spec.feed_forward, len(spec.feed_forward.W_1[0])
    units = f"feed_forward.W_1 has {hidden} columns, one for each hidden unit"
    expect_rows("feed_forward.W_1", layers.W_1, d, why)
    expect_length("feed_forward.b_1", layers.b_1, hidden, units)
    expect_shape("feed_forward.W_2", layers.W_2, hidden, d, f"{units}, and {why}")
    expect_length("feed_forward.b_2", layers.b_2, d, why)
    expect_length("norms", spec.norms, len(sublayers), f"there is one for each of: {', '.join(sublayers)}")
    expect_several("norms", d, "number for each token", "normalization over a row")
    for i, norm in enumerate(spec.norms):
        expect_length(f"norms[{i}].gamma", norm.gamma, d, why)
        expect_length(f"norms[{i}].beta", norm.beta, d, why)


def expect_small(spec: Example, place: str, tokens: int, *learned) -> None:
    """What is `learned` (tables of the example) and the tokens are few enough for the book."""
    parameters = sum(map(numbers, learned))
    expect_size(place, tokens * (parameters + tokens))
    expect_in_time(place, tokens * parameters + LINES * len(learned) * CALL, parameters, spec.page.curve)


def numbers(table) -> int:
    """How many numbers a table, or a list of tables, holds."""
    if isinstance(table, BaseModel):
        return sum(numbers(value) for _, value in table)
    return sum(map(numbers, table)) if isinstance(table, list) else isinstance(table, float)


def places(heads: Sequence[Head]) -> list[tuple[str, Head]]:
    """Each head with its place in the file."""
    return [(f"heads[{i}].", head) for i, head in enumerate(heads)]


# Lines that the families write alike


def looking_back(tape: Tape, tokens: int) -> Expr:
    """The causal mask: 1 where a token (row) may look at a token (column), that is at itself and at those before."""
    return tape.data("M", np.tril(np.ones((tokens, tokens))))


def norms(tape: Tape, spec: Block) -> list[Callable[[Expr], Expr]]:
    """The block's norms, each a function that writes its lines and gives its result."""
    eps = tape.const("norm.eps", spec.eps)

    def normalize(n: int, norm: Norm, x: Expr) -> Expr:
        gamma, beta = tape.param(f"norm{n}.gamma", [norm.gamma]), tape.param(f"norm{n}.beta", [norm.beta])
        return parts.layer_norm(tape, f"norm{n}", x, gamma, beta, eps)

    return [partial(normalize, n, norm) for n, norm in enumerate(spec.norms, start=1)]


def half_squared(tape: Tape, out: Expr, y: Matrix) -> str:
    """The loss against the targets y: half the squared errors, added up over all tokens and numbers."""
    E = tape.write("E", out.half_squared_error(tape.data("Y", y)))
    return tape.write("J", E.sum()).name
