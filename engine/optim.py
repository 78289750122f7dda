"""The optimisers: each writes the update of one parameter as an expression in the same operations."""

from .errors import unknown
from .tape import Expr, Tape


def sgd(w: Expr, g: Expr, learning_rate: Expr) -> Expr:
    """Gradient descent: w - alpha g (Cauchy 1847; stochastic: Robbins & Monro 1951)."""
    return w - learning_rate * g


OPTIMIZERS = {"sgd": sgd}


def update(tape: Tape, grads: dict[str, str], optimizer: str, learning_rate: float, frozen=()) -> dict[str, str]:
    """Write the new value of every parameter that is not in `frozen`; returns {parameter: step}.

    Raises BookError if `frozen` names no parameter.
    """
    tape.phase = "update"
    params = [s.name for s in list(tape.steps.values()) if s.op == "param"]
    for name in frozen:
        if name not in params:
            raise unknown(f"example {tape.example!r}: update.frozen", "parameter", name, params)
    alpha = tape.const("learning_rate", learning_rate)
    rule = OPTIMIZERS[optimizer]
    return {
        name: tape.write(f"{name}_new", rule(tape.ref(name), tape.ref(grads[name]), alpha)).name
        for name in params
        if name not in frozen
    }
