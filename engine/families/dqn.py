"""Deep Q-learning: the temporal-difference loss of a batch of transitions (s, a, r, s', done).

Mnih et al. 2015. A network gives Q(s, a) for every action; the target y = r + γ (1 − done) max Q̂(s', a') comes from
a second network whose weights are frozen, so no gradient passes through it.
"""

from typing import Annotated, ClassVar

import numpy as np
from pydantic import Field, model_validator

from ..layers.dense import Layers, net
from ..spec.example import Activation, Example, Known, Matrix, Model, Number, Vector
from ..spec.limits import AtMost
from ..spec.rules import expect_index, expect_mask
from ..spec.shapes import chain, shape
from ..tape.tape import Expr, Tape, apply


class Data(Model):
    """[data]: one row, or entry, per transition: state `s`, action `a` (counted from 0), reward `r`, the state after
    it, and whether the episode ended there (1) or goes on (0)."""

    s: Matrix = shape("transitions", "inputs")
    """The states: one row per transition."""
    a: Annotated[list[int], Field(min_length=1), AtMost("numbers")] = shape("transitions")
    """The actions that were taken, each by its number, counted from 0."""
    r: Vector = shape("transitions")
    """The rewards: one number per transition."""
    s_next: Matrix = shape("transitions", "inputs")
    """The states that followed: one row per transition."""
    done: Vector = shape("transitions")
    """1 where the episode ended with the transition, so that nothing more is to be expected, else 0."""


class Spec(Example):
    """A dqn example. [[layers]] are the Q-network, [[target]] the layers of the target network; both end linear."""

    LOSS: ClassVar = (
        "What `loss` says of the value Q(s, a) and its target r + γ (1 − done) max Q̂(s′, a′), averaged over the "
        "transitions."
    )

    data: Data
    """The transitions of the batch."""
    layers: Layers = chain("inputs", "actions")
    """The Q-network, which learns: dense layers, the last one linear, with one output per action."""
    target: Layers = chain("inputs", "actions", like="layers")
    """The target network, of the same shape, which is frozen: the targets are made with it, and no gradient passes
    through it."""
    gamma: Annotated[Number, Field(ge=0, le=1)]
    """The discount: how much the best value of the next state counts."""
    activation: Activation = "tanh"
    """The function behind every layer but the last, in both networks."""
    loss: Annotated[str, Known("loss", ("huber", "half_squared_error"))] = "huber"
    """How a value is compared with its target."""

    @model_validator(mode="after")
    def _actions_are_known(self):
        """`data.done` holds nothing but 0 and 1, and each action is one for which the last layer has an output."""
        expect_mask("data.done", [self.data.done])
        for i, a in enumerate(self.data.a):
            expect_index(f"data.a[{i}]", a, len(self.layers[-1].W), "actions")
        return self


def forward(tape: Tape, spec: Spec) -> str:
    """Write the forward pass; returns the name of the loss, averaged over the batch."""
    d = spec.data
    s, taken = tape.input("s", np.transpose(d.s)), tape.data("A", np.eye(len(spec.layers[-1].W))[:, d.a])
    r, s_next, done = tape.data("r", [d.r]), tape.data("s_next", np.transpose(d.s_next)), tape.data("done", [d.done])
    y = td_target(tape, spec, r, s_next, done, tape.const("gamma", spec.gamma))
    Q = net(tape, "layer", spec.layers, s, spec.activation, "Q", tape.param)
    q = tape.write("q", (Q * taken).sum_axis(axis=0), grad="dq")
    E = tape.write("E", apply(spec.loss, q, y))
    return tape.write("J", E.sum() / len(d.s)).name


def td_target(tape: Tape, spec: Spec, r: Expr, s_next: Expr, done: Expr, gamma: Expr) -> Expr:
    """r + γ (1 − done) max Q̂(s', a'): one entry per transition; its weights are data, so it is a constant."""
    Q = net(tape, "target", spec.target, s_next, spec.activation, "Q", tape.data)
    v = tape.write("td.v", Q.max_axis(axis=0))
    return tape.write("td.y", r + gamma * ((1 - done) * v))
