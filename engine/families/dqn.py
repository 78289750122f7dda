"""Deep Q-learning: the temporal-difference loss of a batch of transitions (s, a, r, s', done).

Mnih et al. 2015. A network gives Q(s, a) for every action; the target y = r + γ (1 − done) max Q̂(s', a') comes from
a second network whose weights are frozen, so no gradient passes through it.
"""

from typing import Annotated

import numpy as np
from pydantic import Field, model_validator

from ..layers.dense import Layers, expect_net, net, net_size
from ..spec.example import Activation, Example, Known, Matrix, Model, Number, Vector
from ..spec.limits import AtMost
from ..spec.shapes import (
    expect_columns,
    expect_in_time,
    expect_index,
    expect_length,
    expect_mask,
    expect_rows,
    expect_shape,
    expect_size,
)
from ..tape.tape import Expr, Tape, apply


class Data(Model):
    """[data]: one row, or entry, per transition: state `s`, action `a` (counted from 0), reward `r`, the state after
    it, and whether the episode ended there (1) or goes on (0)."""

    s: Matrix
    a: Annotated[list[int], Field(min_length=1), AtMost("numbers")]
    r: Vector
    s_next: Matrix
    done: Vector


class Spec(Example):
    """A dqn example. [[layers]] are the Q-network, [[target]] the layers of the target network; both end linear."""

    data: Data
    layers: Layers
    target: Layers
    gamma: Annotated[Number, Field(ge=0, le=1)]
    activation: Activation = "tanh"
    loss: Annotated[str, Known("loss", ("huber", "half_squared_error"))] = "huber"

    @model_validator(mode="after")
    def _shapes_meet(self):
        d, count, width = self.data, len(self.data.s), len(self.data.s[0])
        each = f"data.s has {count} rows, one for each transition"
        because = f"data.s has {width} numbers in a row"
        for name in ("a", "r", "done"):
            expect_length(f"data.{name}", getattr(d, name), count, each)
        expect_rows("data.s_next", d.s_next, count, each)
        expect_columns("data.s_next", d.s_next, width, because)
        expect_mask("data.done", [d.done])
        actions = expect_net("layers", self.layers, width, because)
        for i, a in enumerate(d.a):
            expect_index(f"data.a[{i}]", a, actions, "actions")
        expect_net("target", self.target, width, because)
        expect_length("target", self.target, len(self.layers), f"the Q-network has {len(self.layers)} layers")
        for i, layer in enumerate(self.layers):
            expect_shape(f"target[{i}].W", self.target[i].W, *np.shape(layer.W), f"layers[{i}].W is")
        return self

    @model_validator(mode="after")
    def _is_worked_in_time(self):
        count, width = np.shape(self.data.s)
        parameters, units, work = net_size(self.layers, count)
        numbers = 2 * (parameters + 2 * units) + count * (2 * width + 6)
        expect_size("layers", numbers)
        expect_in_time("layers", 2 * work, parameters, self.page.curve)
        return self


def forward(tape: Tape, spec: Spec) -> str:
    """Write the forward pass; returns the name of the loss, averaged over the batch."""
    d = spec.data
    s, taken = tape.data("s", np.transpose(d.s)), tape.data("A", np.eye(len(spec.layers[-1].W))[:, d.a])
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
