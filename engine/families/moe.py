"""A mixture of experts: a gate chooses k of several small networks for an input and weighs their outputs.

Shazeer et al. 2017: the k largest of the logits W_g x are kept and softmax is taken of them alone; the same as
taking it of all and dividing what is kept by its sum. Every expert is worked here; one that is not chosen has
weight 0, so nothing of it reaches the loss, and nothing comes back.
"""

from typing import Annotated, ClassVar

import numpy as np
from pydantic import Field, model_validator

from ..layers.dense import Dense, affine, column
from ..spec.example import Activation, Example, Matrix, Model, Vector
from ..spec.limits import AtMost
from ..spec.shapes import shape, table
from ..spec.targets import Answered, given_gradient
from ..tape.tape import Tape, apply


class Data(Answered):
    """[data]: one input and its target."""

    x: Vector = shape("inputs")
    """The input: one sample, a list of numbers."""
    y: Vector | None = shape("outputs", default=None)
    """The target: a list of numbers. Left out, only the forward pass is worked."""
    upstream: Vector | None = given_gradient("outputs")


class Gate(Model):
    """[gate]: W has one row per expert; `k` experts are chosen. The weight of a single one is 1, and the gate does
    not learn."""

    W: Matrix = shape("experts", "inputs")
    """The weights of the gate: one row per expert."""
    k: int
    """How many experts are chosen: those of the largest scores. With 1 the chosen one has the weight 1, and the gate
    does not learn."""


class Spec(Example):
    """A moe example."""

    LOSS: ClassVar = "Half the squared errors, added up over the outputs."

    data: Data
    """The input and its target."""
    experts: Annotated[list[Dense], Field(min_length=2), AtMost("layers")] = table("experts")
    """The experts: one dense layer each."""
    gate: Gate
    """What chooses among the experts."""
    activation: Activation = "tanh"
    """The function of every expert."""

    @model_validator(mode="after")
    def _gate_chooses(self):
        """`gate.k` is at least 1 and at most the number of experts, and no tie decides which are chosen."""
        k, count = self.gate.k, len(self.experts)
        if not 1 <= k <= count:
            raise ValueError(f"gate.k: is {k}; there are {count} experts to choose from")
        z = np.sort(np.array(self.gate.W) @ self.data.x)[::-1]
        if k < count and z[k - 1] == z[k]:
            raise ValueError(f"gate.W: two experts share place {k} at {z[k]:g}; which is chosen would be chance")
        return self


def forward(tape: Tape, spec: Spec) -> str:
    """Write the forward pass; returns the name of the loss: half the squared errors of the mixed output."""
    x = tape.input("x", column(spec.data.x))
    g = gate(tape, x, spec.gate)
    outputs = [expert(tape, f"expert{e}", x, one, spec.activation) for e, one in enumerate(spec.experts, start=1)]
    O = tape.write("O", outputs[0].concat(*outputs[1:], axis=1), grad="dO")  # noqa: E741 (the outputs' name on the page)
    y_hat = tape.write("y_hat", O @ g, grad="dy_hat")
    y = tape.target("y", spec.data, y_hat, column)
    E = tape.write("E", y_hat.half_squared_error(y))
    return tape.write("J", E.sum()).name


def gate(tape: Tape, x, spec: Gate):
    """The weights of the experts, in a column: k of them are above 0 and add up to 1."""
    W = tape.param("gate.W", spec.W)
    s = tape.write("gate.s", W @ x, grad="gate.ds")
    chosen = tape.write("gate.m", s.topk_mask(k=spec.k, axis=0))
    return tape.write("gate.g", s.masked_softmax(chosen, axis=0), grad="gate.dg")


def expert(tape: Tape, scope: str, x, spec: Dense, activation: str):
    z = tape.write(f"{scope}.z", affine(tape.param, scope, x, spec.W, spec.b), grad=f"{scope}.delta")
    return tape.write(f"{scope}.o", apply(activation, z), grad=f"{scope}.do")
