"""The optimisers: each writes the update of one parameter as expressions in the same operations.

Glossary. w: the parameter. g: its gradient, clipped and decayed if the example says so. p: the parameter's place on
the tape, where its state and its lines are written. k: the numbers of the update: `k.rate` the learning rate, `k.t`
the number of this update, counted from 1, `k.weight_decay` None where there is none.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import SimpleNamespace

import numpy as np

from .errors import unknown
from .schedule import KEYS, SCHEDULES
from .tape import Expr, Tape, expr
from .trace import Trace


class Place:
    """The place of one parameter in the update: 'layer1.m_W' is the state m of 'layer1.W'."""

    def __init__(self, tape: Tape, name: str, updates: dict[str, str]):
        self.tape, self.name, self.updates = tape, name, updates

    def line(self, letter: str, expression: Expr) -> Expr:
        """A line of its own: 'layer1.mhat_W'."""
        return self.tape.write(attached(letter, self.name), expression)

    def state(self, letter: str, rule: Callable[[Expr], Expr]) -> Expr:
        """A number kept from update to update, zero at the start; returns its new value, `rule(old)`."""
        old = self.tape.state(attached(letter, self.name), np.zeros(self.tape.steps[self.name].value.shape))
        return self.renewed(old, rule(old))

    def renewed(self, old: Expr, expression: Expr) -> Expr:
        new = self.tape.write(f"{old.name}_new", expression)
        self.updates[old.name] = new.name
        return new


def attached(letter: str, parameter: str) -> str:
    """'layer1.W' -> 'layer1.m_W': the name of what belongs to a parameter."""
    scope, dot, last = parameter.rpartition(".")
    return f"{scope}{dot}{letter}_{last}"


def detached(trace: Trace, name: str) -> tuple[str, str] | None:
    """'layer1.m_W' or 'layer1.m_W_new' -> ('m', 'layer1.W'); None for what belongs to no parameter."""
    scope, dot, last = name.removesuffix("_new").rpartition(".")
    letter, _, rest = last.partition("_")
    step = trace.get(f"{scope}{dot}{rest}")
    return (letter, step.name) if step and step.op == "param" else None


# The optimisers


def sgd(p: Place, w: Expr, g: Expr, k) -> Expr:
    """Gradient descent: w - alpha g (Cauchy 1847; stochastic: Robbins & Monro 1951)."""
    return w - k.rate * g


def momentum(p: Place, w: Expr, g: Expr, k) -> Expr:
    """The heavy ball (Polyak 1964), as PyTorch writes it: m = mu m + g, w - alpha m."""
    return w - k.rate * p.state("m", lambda m: k.momentum * m + g)


def nesterov(p: Place, w: Expr, g: Expr, k) -> Expr:
    """Nesterov's momentum (1983) in the form of Sutskever et al. 2013 and PyTorch: w - alpha (g + mu m)."""
    m = p.state("m", lambda m: k.momentum * m + g)
    return w - k.rate * (g + k.momentum * m)


def adagrad(p: Place, w: Expr, g: Expr, k) -> Expr:
    """Duchi, Hazan & Singer 2011: s adds up the squares, w - alpha g / (sqrt(s) + eps)."""
    s = p.state("s", lambda s: s + g.square())
    return w - k.rate * (g / (s.sqrt() + k.eps))


def rmsprop(p: Place, w: Expr, g: Expr, k) -> Expr:
    """Tieleman & Hinton 2012: v is a running mean of the squares."""
    v = p.state("v", lambda v: _mean(k.decay, v, g.square()))
    return w - k.rate * (g / (v.sqrt() + k.eps))


def adam(p: Place, w: Expr, g: Expr, k) -> Expr:
    """Kingma & Ba 2015, algorithm 1."""
    return w - k.rate * _adam_step(p, g, k)


def adamw(p: Place, w: Expr, g: Expr, k) -> Expr:
    """Adam with decoupled weight decay (Loshchilov & Hutter 2019)."""
    return w - k.rate * _decayed(_adam_step(p, g, k), w, k)


def lion(p: Place, w: Expr, g: Expr, k) -> Expr:
    """The sign of an interpolated momentum (Chen et al. 2023, algorithm 2); weight decay is decoupled."""
    m = p.tape.state(attached("m", p.name), np.zeros(w.shape))
    u = p.line("u", _mean(k.beta1, m, g))
    p.renewed(m, _mean(k.beta2, m, g))
    return w - k.rate * _decayed(u.sign(), w, k)


def _mean(beta: Expr, old: Expr, new: Expr) -> Expr:
    """One more value in a running mean that keeps the share `beta` of what it was."""
    return beta * old + (1 - beta) * new


def _adam_step(p: Place, g: Expr, k) -> Expr:
    m = p.state("m", lambda m: _mean(k.beta1, m, g))
    v = p.state("v", lambda v: _mean(k.beta2, v, g.square()))
    mhat = p.line("mhat", m / (1 - k.beta1.power(k.t)))
    vhat = p.line("vhat", v / (1 - k.beta2.power(k.t)))
    return mhat / (vhat.sqrt() + k.eps)


def _decayed(step: Expr, w: Expr, k) -> Expr:
    return step if k.weight_decay is None else step + k.weight_decay * w


@dataclass(frozen=True)
class Optimizer:
    """`settings` are its own numbers with their usual values. `counts` says that it reads the number of the update;
    `decoupled` that weight decay acts on the parameter itself, not through the gradient."""

    rule: Callable[[Place, Expr, Expr, SimpleNamespace], Expr]
    settings: Mapping[str, float] = field(default_factory=dict)
    counts: bool = False
    decoupled: bool = False


BETAS = {"beta1": 0.9, "beta2": 0.999}
OPTIMIZERS = {
    "sgd": Optimizer(sgd),
    "momentum": Optimizer(momentum, {"momentum": 0.9}),
    "nesterov": Optimizer(nesterov, {"momentum": 0.9}),
    "adagrad": Optimizer(adagrad, {"eps": 1e-10}),
    "rmsprop": Optimizer(rmsprop, {"decay": 0.9, "eps": 1e-8}),
    "adam": Optimizer(adam, BETAS | {"eps": 1e-8}, counts=True),
    "adamw": Optimizer(adamw, BETAS | {"eps": 1e-8, "weight_decay": 0.01}, counts=True, decoupled=True),
    "lion": Optimizer(lion, {"beta1": 0.9, "beta2": 0.99}, decoupled=True),
}

CLIP_EPS = 1e-6
"""Keeps the clipping of gradients that are all zero from dividing by zero; PyTorch's number."""


def update(
    tape: Tape,
    grads: Mapping[str, str],
    optimizer: str,
    learning_rate: float,
    frozen=(),
    schedule: Mapping | None = None,
    clip_value: float | None = None,
    clip_norm: float | None = None,
    **settings: float,
) -> dict[str, str]:
    """Write the new value of every parameter that is not in `frozen`, and of the state that the optimiser keeps;
    returns {leaf: the step with its new value}.

    `schedule` is the table of a learning-rate schedule (engine.schedule), `settings` the optimiser's own numbers
    and weight_decay. Raises BookError if `frozen` names no parameter.
    """
    tape.phase = "update"
    params = _parameters(tape, frozen)
    entry = OPTIMIZERS[optimizer]
    updates: dict[str, str] = {}
    k = _numbers(tape, learning_rate, {"weight_decay": 0.0, **entry.settings, **settings})
    _count(tape, k, entry.counts, schedule, updates)
    clipped = _clipping(tape, params, grads, clip_value, clip_norm)
    for name in params:
        p, w = Place(tape, name, updates), tape.ref(name)
        g = clipped(p, tape.ref(grads[name]))
        if k.weight_decay is not None and not entry.decoupled:
            g = p.line("g", g + k.weight_decay * w)
        p.renewed(w, entry.rule(p, w, g, k))
    return updates


def _parameters(tape: Tape, frozen) -> list[str]:
    params = [s.name for s in tape.steps.values() if s.op == "param"]
    for name in frozen:
        if name not in params:
            raise unknown(f"example {tape.example!r}: update.frozen", "parameter", name, params)
    return [name for name in params if name not in frozen]


def _numbers(tape: Tape, learning_rate: float, settings: Mapping[str, float]) -> SimpleNamespace:
    """The constants of the update; no weight decay is no constant."""
    alpha = tape.const("learning_rate", learning_rate)
    decays = settings["weight_decay"] != 0
    named = {key: tape.const(key, value) for key, value in settings.items() if key != "weight_decay" or decays}
    return SimpleNamespace(**{"weight_decay": None, "rate": alpha, "t": None} | named)


def _count(tape: Tape, k, counts: bool, schedule: Mapping | None, updates: dict[str, str]) -> None:
    """The counter of updates and the learning rate of this one, as far as they are needed."""
    kind = schedule["kind"] if schedule else "constant"
    if not counts and kind == "constant":
        return
    t = tape.state("t", 0.0)
    k.t = tape.write("t_new", t + 1)
    updates["t"] = "t_new"
    if schedule and kind != "constant":
        table = {key: tape.const(f"schedule.{key}", schedule[key]) for key in KEYS[kind] if schedule[key]}
        pi = tape.const("const.pi", np.pi) if kind == "cosine" else None
        numbers = SimpleNamespace(**{"lowest": None, "pi": pi} | table)
        k.rate = tape.write("rate", SCHEDULES[kind](k.rate, t, k.t, numbers))


# Clipping


def _clipping(tape: Tape, params, grads, value: float | None, norm: float | None) -> Callable[[Place, Expr], Expr]:
    """How a gradient is clipped: entry by entry, or all gradients together by their length."""
    if value is not None:
        return lambda p, g: p.line("c", g.clip(low=-value, high=value))
    if norm is not None:
        shrink = _shrink(tape, params, grads, norm)
        return lambda p, g: p.line("c", shrink * g)
    return lambda p, g: g


def _shrink(tape: Tape, params, grads, norm: float) -> Expr:
    """The factor that brings the length of all gradients together down to `norm` (Pascanu et al. 2013)."""
    most = tape.const("clip_norm", norm)
    squares = [tape.write(attached("q", name), tape.ref(grads[name]).square().sum()) for name in params]
    total = squares[0]
    for square in squares[1:]:
        total = total + square
    length = tape.write("norm", total.sqrt())
    return tape.write("shrink", (most / (length + CLIP_EPS)).minimum(expr(1.0)))
