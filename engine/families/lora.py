"""Low-rank adaptation: y = (W0 + (alpha/r) B A) x + b; W0 and b are frozen, only the thin matrices A and B learn.

Hu et al. 2022. A has r rows, B has r columns; together they hold far fewer numbers than W0.
"""

from typing import Annotated, ClassVar

import numpy as np
from pydantic import Field, model_validator

from ..layers.dense import column
from ..spec.example import Example, Matrix, Model, Number, Vector
from ..spec.shapes import shape
from ..spec.targets import Answered, given_gradient
from ..tape.tape import Tape


class Data(Answered):
    """[data]: one row per sample; on the tape, and on the page, one column per sample."""

    x: Matrix = shape("samples", "inputs")
    """The inputs: one row per sample, on the page one column."""
    y: Matrix | None = shape("samples", "outputs", default=None)
    """The targets: one row per sample. Left out, only the forward pass is worked."""
    upstream: Matrix | None = given_gradient("samples", "outputs")


class Frozen(Model):
    """[frozen]: the layer as it was trained before; it gets no update. W0 (outputs × inputs), b, which may be left
    out."""

    W0: Matrix = shape("outputs", "inputs")
    """The weights as they were trained before: one row per output."""
    b: Vector | None = shape("outputs", default=None)
    """The biases, which stay as they are; left out, the layer has none."""


class Adapter(Model):
    """[adapter]: what learns. A (r × inputs), B (outputs × r); B A is scaled by alpha / r."""

    A: Matrix = shape("rank", "inputs")
    """The thin matrix that reads the input: as many rows as the rank."""
    B: Matrix = shape("outputs", "rank")
    """The thin matrix that writes the output: as many columns as the rank."""
    alpha: Annotated[Number, Field(gt=0)]
    """The scale: the change of the weights is B A times alpha / rank."""


class Spec(Example):
    """A lora example."""

    LOSS: ClassVar = "Half the squared errors, added up over the outputs and averaged over the samples."

    data: Data
    """The samples and their targets."""
    frozen: Frozen
    """The layer that was trained before and gets no update."""
    adapter: Adapter
    """What learns: a change of low rank."""

    @model_validator(mode="after")
    def _rank_is_low(self):
        """The rank is at most the smaller side of `frozen.W0`."""
        (outputs, inputs), rank = np.shape(self.frozen.W0), len(self.adapter.A)
        if rank > (most := min(inputs, outputs)):
            raise ValueError(
                f"adapter.A: has {rank} rows, so the rank would be {rank}; a matrix of {outputs} × {inputs} has at "
                f"most rank {most}"
            )
        return self


def forward(tape: Tape, spec: Spec) -> str:
    """Write the forward pass; returns the name of the loss: half the squared errors, averaged over the batch."""
    x = tape.input("x", np.transpose(spec.data.x))
    W0 = tape.data("W0", spec.frozen.W0)
    b = None if spec.frozen.b is None else tape.data("b0", column(spec.frozen.b))
    B, A = tape.param("B", spec.adapter.B), tape.param("A", spec.adapter.A)
    alpha, r = tape.const("alpha", spec.adapter.alpha), tape.const("r", float(len(spec.adapter.A)))
    P = tape.write("P", B @ A, grad="dP")
    change = tape.write("change", (alpha / r) * P)
    W = tape.write("W", W0 + change, grad="dW")
    y_hat = tape.write("y_hat", W @ x if b is None else W @ x + b, grad="delta")
    y = tape.target("y", spec.data, y_hat, np.transpose)
    E = tape.write("E", y_hat.half_squared_error(y))
    return tape.write("J", E.sum() / len(spec.data.x)).name
