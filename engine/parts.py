"""Parts that several families are built of: each writes its lines under a scope and returns the last of them."""

from .tape import Expr, Tape


def layer_norm(tape: Tape, scope: str, x: Expr, gamma: Expr, beta: Expr, eps: Expr, axis: int = 1) -> Expr:
    """y = γ ⊙ x̂ + β with x̂ = (x − μ) / √(σ² + ε): along the rows (axis 1) layer normalization (Ba, Kiros &
    Hinton 2016), along the columns (axis 0) batch normalization in training (Ioffe & Szegedy 2015).

    x is (samples, features), gamma and beta are (1, features), eps is a number on the tape.
    """
    return tape.write(f"{scope}.y", gamma * standardized(tape, scope, x, eps, axis) + beta, grad=f"{scope}.dy")


def standardized(tape: Tape, scope: str, x: Expr, eps: Expr, axis: int = 1) -> Expr:
    """x̂: mean 0 and, but for ε, variance 1 along the axis. The variance is divided by n, not by n − 1."""
    mu = tape.write(f"{scope}.mu", x.mean_axis(axis=axis), grad=f"{scope}.dmu")
    c = tape.write(f"{scope}.c", x - mu, grad=f"{scope}.dc")
    var = tape.write(f"{scope}.var", c.square().mean_axis(axis=axis), grad=f"{scope}.dvar")
    s = tape.write(f"{scope}.s", (var + eps).sqrt(), grad=f"{scope}.ds")
    return tape.write(f"{scope}.xhat", c / s, grad=f"{scope}.dxhat")


def rms_norm(tape: Tape, scope: str, x: Expr, gamma: Expr, eps: Expr) -> Expr:
    """y = γ ⊙ x̂ with x̂ = x / √(mean of x² + ε), row by row (Zhang & Sennrich 2019): no mean is taken away."""
    ms = tape.write(f"{scope}.ms", x.square().mean_axis(axis=1), grad=f"{scope}.dms")
    s = tape.write(f"{scope}.s", (ms + eps).sqrt(), grad=f"{scope}.ds")
    xhat = tape.write(f"{scope}.xhat", x / s, grad=f"{scope}.dxhat")
    return tape.write(f"{scope}.y", gamma * xhat, grad=f"{scope}.dy")
