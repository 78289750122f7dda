"""Parts that several families are built of: each writes its lines under a scope and returns the last of them."""

from collections.abc import Mapping
from typing import Annotated

import numpy as np
from pydantic import Field

from ..errors import BookError
from ..spec.example import Number
from ..tape.tape import Expr, Tape, apply
from .layout import IN_ROWS, Layout

Eps = Annotated[Number, Field(ge=0)]
"""A small number under the root of a norm; 0 where it is left out."""


def small(tape: Tape, eps: float) -> Expr | None:
    """The small number under the root; None if it is 0."""
    return tape.const("norm.eps", eps) if eps else None


def layer_norm(tape: Tape, scope: str, x: Expr, gamma: Expr, beta: Expr, eps: Expr | None, axis: int = 1) -> Expr:
    """y = γ ⊙ x̂ + β with x̂ = (x − μ) / √(σ² + ε): along the rows (axis 1) layer normalization (Ba, Kiros &
    Hinton 2016), along the columns (axis 0) batch normalization in training (Ioffe & Szegedy 2015).

    x is (samples, features), gamma and beta are (1, features), eps is a number on the tape or None.
    """
    return tape.write(f"{scope}.y", gamma * standardized(tape, scope, x, eps, axis) + beta, grad=f"{scope}.dy")


def standardized(tape: Tape, scope: str, x: Expr, eps: Expr | None, axis: int = 1) -> Expr:
    """x̂: mean 0 and, but for ε, variance 1 along the axis. The variance is divided by n, not by n − 1."""
    mu = tape.write(f"{scope}.mu", x.mean_axis(axis=axis), grad=f"{scope}.dmu")
    c = tape.write(f"{scope}.c", x - mu, grad=f"{scope}.dc")
    var = tape.write(f"{scope}.var", c.square().mean_axis(axis=axis), grad=f"{scope}.dvar")
    s = tape.write(f"{scope}.s", _root(tape, var, eps), grad=f"{scope}.ds")
    return tape.write(f"{scope}.xhat", c / s, grad=f"{scope}.dxhat")


def _root(tape: Tape, squares: Expr, eps: Expr | None) -> Expr:
    """The root of mean squares, with eps under it. Raises BookError if there is no eps and an entry is zero."""
    if eps is not None:
        return (squares + eps).sqrt()
    if not squares.value.all():
        rows, (row, column) = squares.shape[1] == 1, np.argwhere(squares.value == 0)[0]
        place = f"row {row + 1}" if rows else f"column {column + 1}"
        what = "all numbers are 0" if squares.name.endswith(".ms") else "all numbers are equal"
        raise BookError(
            f"example {tape.example!r}: eps is 0, and so is {squares.name} in {place}, where {what}: the "
            "normalization would divide by zero; use a small number such as 1e-5."
        )
    return squares.sqrt()


def rms_norm(tape: Tape, scope: str, x: Expr, gamma: Expr, eps: Expr | None) -> Expr:
    """y = γ ⊙ x̂ with x̂ = x / √(mean of x² + ε), row by row (Zhang & Sennrich 2019): no mean is taken away."""
    ms = tape.write(f"{scope}.ms", x.square().mean_axis(axis=1), grad=f"{scope}.dms")
    s = tape.write(f"{scope}.s", _root(tape, ms, eps), grad=f"{scope}.ds")
    xhat = tape.write(f"{scope}.xhat", x / s, grad=f"{scope}.dxhat")
    return tape.write(f"{scope}.y", gamma * xhat, grad=f"{scope}.dy")


def attention(
    tape: Tape,
    scope: str,
    head,
    x: Expr,
    memory: Expr | None = None,
    mask=None,
    out: str = "H",
    layout: Layout = IN_ROWS,
) -> Expr:
    """softmax(Q Kᵀ / √d_k) V with Q = x W^Q, K = m W^K, V = m W^V, tokens in rows (Vaswani et al. 2017); with tokens
    in columns V softmax(Kᵀ Q / √d_k).

    `head` holds W_Q, W_K and W_V, `memory` is what is looked into, x itself if it is not given; where `mask` is 0
    nothing may be looked at. The number d_k must be on the tape, for all heads or as one of the scope.
    """
    memory = x if memory is None else memory
    d_k = tape.ref(f"{scope}.d_k" if f"{scope}.d_k" in tape.steps else "d_k")
    Q, K, V = (
        tape.write(
            f"{scope}.{letter}", layout.times(source, tape.param(f"{scope}.W{letter}", W)), grad=f"{scope}.d{letter}"
        )
        for letter, source, W in (("Q", x, head.W_Q), ("K", memory, head.W_K), ("V", memory, head.W_V))
    )
    R = tape.write(f"{scope}.R", layout.times(Q, K.T), grad=f"{scope}.dR")
    S = tape.write(f"{scope}.S", R / d_k.sqrt(), grad=f"{scope}.dS")
    weights = S.softmax(axis=layout.axis) if mask is None else S.masked_softmax(mask, axis=layout.axis)
    A = tape.write(f"{scope}.A", weights, grad=f"{scope}.dA")
    return tape.write(f"{scope}.{out}", layout.times(A, V), grad=f"{scope}.d{out}")


def multi_head(tape: Tape, scope: str, heads: Mapping, W_O, x: Expr, memory: Expr | None = None, mask=None) -> Expr:
    """The outputs of all heads side by side, times W^O; `heads` has them by the scopes in which they work."""
    found = [attention(tape, place, head, x, memory, mask) for place, head in heads.items()]
    H = found[0]
    if len(found) > 1:
        H = tape.write(f"{scope}.H", found[0].concat(*found[1:], axis=1), grad=f"{scope}.dH")
    return tape.write(f"{scope}.O", H @ tape.param(f"{scope}.WO", W_O), grad=f"{scope}.dO")


def feed_forward(tape: Tape, scope: str, layers, x: Expr) -> Expr:
    """F = f(x W⁽¹⁾ + b⁽¹⁾) W⁽²⁾ + b⁽²⁾, every row by itself; `layers` holds W_1, b_1, W_2, b_2 and the activation."""
    Z = tape.write(f"{scope}.Z", _affine(tape, scope, "1", x, layers.W_1, layers.b_1), grad=f"{scope}.dZ")
    U = tape.write(f"{scope}.U", apply(layers.activation, Z), grad=f"{scope}.dU")
    F = _affine(tape, scope, "2", U, layers.W_2, layers.b_2)
    return tape.write(f"{scope}.F", F, grad=f"{scope}.dF")


def _affine(tape: Tape, scope: str, n: str, x: Expr, W, b) -> Expr:
    """x W + b with the weights of layer `n`, the same row of biases for each row of x; without biases x W."""
    sums = x @ tape.param(f"{scope}.W{n}", W)
    return sums if b is None else sums + tape.param(f"{scope}.b{n}", [b])


def sublayer(tape: Tape, scope: str, x: Expr, norm, first: bool, work) -> Expr:
    """A layer around which x also goes straight on: x + work(norm(x)) if the norm comes `first` (pre-norm, as in
    GPT-2), else norm(x + work(x)) (post-norm, as in the first transformer)."""
    result = work(norm(x) if first else x)
    X = tape.write(f"{scope}.X", x + result, grad=f"{scope}.dX")
    return X if first else norm(X)
