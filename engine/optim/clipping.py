"""Clipping of gradients, as expressions: entry by entry, or all gradients together by their length."""

from collections.abc import Callable, Mapping

from ..tape.tape import Expr, Tape, expr
from .place import Place, attached

CLIP_EPS = 1e-6
"""Keeps the clipping of gradients that are all zero from dividing by zero; PyTorch's number."""


def clipping(
    tape: Tape, params: list[str], grads: Mapping[str, str], value: float | None, norm: float | None
) -> Callable[[Place, Expr], Expr]:
    """How a gradient is clipped: by `value`, by `norm`, not at all, or by both: first every entry, then the length of
    what that leaves, as PyTorch's `clip_grad_value_` and then its `clip_grad_norm_`."""
    if value is not None and norm is not None:
        cut = {name: attached("cut", name) for name in params}
        for name in params:
            tape.write(cut[name], tape.ref(grads[name]).clip(low=-value, high=value))
        factor = shrink(tape, params, cut, norm)
        return lambda p, g: p.line("c", factor * tape.ref(cut[p.name]))
    if value is not None:
        return lambda p, g: p.line("c", g.clip(low=-value, high=value))
    if norm is not None:
        factor = shrink(tape, params, grads, norm)
        return lambda p, g: p.line("c", factor * g)
    return lambda p, g: g


def shrink(tape: Tape, params: list[str], grads: Mapping[str, str], norm: float) -> Expr:
    """The factor that brings the length of all gradients together down to `norm` (Pascanu et al. 2013)."""
    most = tape.const("clip_norm", norm)
    squares = [tape.write(attached("q", name), tape.ref(grads[name]).square().sum()) for name in params]
    total = squares[0]
    for square in squares[1:]:
        total = total + square
    length = tape.write("norm", total.sqrt())
    return tape.write("shrink", (most / (length + CLIP_EPS)).minimum(expr(1.0)))
