"""Learning-rate schedules: the learning rate of one update, as an expression of the counter of updates.

Glossary. alpha: the learning rate of the example file. t: how many updates were made before this one. n: the number
of this one, t + 1. k: the numbers of the schedule's table, named as there; `k.lowest` None where it is 0.
"""

from ..tape.tape import Expr


def step(alpha: Expr, t: Expr, n: Expr, k) -> Expr:
    """After every `steps` updates times `factor`."""
    return alpha * k.factor.power((t / k.steps).floor())


def exponential(alpha: Expr, t: Expr, n: Expr, k) -> Expr:
    """After every update times `factor`."""
    return alpha * k.factor.power(t)


def cosine(alpha: Expr, t: Expr, n: Expr, k) -> Expr:
    """Along half a cosine down to `lowest` after `steps` updates, where it stays (Loshchilov & Hutter 2017)."""
    share = (1 + (k.pi * (t.minimum(k.steps) / k.steps)).cos()) / 2
    return alpha * share if k.lowest is None else k.lowest + (alpha - k.lowest) * share


def inverse_sqrt(alpha: Expr, t: Expr, n: Expr, k) -> Expr:
    """Divided by the root of the number of the update."""
    return alpha / n.sqrt()


def warmup(alpha: Expr, t: Expr, n: Expr, k) -> Expr:
    """In equal steps up to alpha, which it has from update number `steps` on."""
    return alpha * (n / k.steps).minimum(1)


SCHEDULES = {
    "constant": lambda alpha, t, n, k: alpha,
    "step": step,
    "exponential": exponential,
    "cosine": cosine,
    "inverse_sqrt": inverse_sqrt,
    "warmup": warmup,
}
KEYS = {
    "constant": (),
    "step": ("steps", "factor"),
    "exponential": ("factor",),
    "cosine": ("steps", "lowest"),
    "inverse_sqrt": (),
    "warmup": ("steps",),
}
"""The keys of each kind's table; all but `lowest` must be given."""
