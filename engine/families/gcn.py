"""The graph convolutional network: H = relu(Â X W), layer after layer; Â averages each node with its neighbours.

Kipf & Welling 2017: Â = D^(-1/2) (A + I) D^(-1/2), where D holds the degrees of A + I. One row per node; the loss
compares labelled nodes only.
"""

from typing import Annotated

import numpy as np
from pydantic import Field, model_validator

from ..spec.example import Example, Matrix, Model, Vector
from ..spec.limits import AtMost
from ..spec.rules import expect_mask
from ..spec.shapes import chain, shape
from ..spec.targets import Answered, Targets, expect_comparable, one_hot
from ..tape.tape import Tape


class Data(Answered):
    """[data]: one row per node in `x` and `y`, where the number of a class, counted from 0, may stand for
    the row; `adjacency` is symmetric, 1 where two nodes have an edge; `labelled`
    is 1 for nodes whose label the training may see."""

    adjacency: Matrix = shape("nodes", "nodes")
    x: Matrix = shape("nodes", "inputs")
    y: Targets | None = shape("nodes", "classes", by_number=True, default=None)
    upstream: Matrix | None = shape("nodes", "classes", default=None)
    labelled: Vector | None = shape("nodes", default=None)


class Layer(Model):
    """[[layers]]: W has one row per feature that comes in and one column per feature that goes out."""

    W: Matrix = shape("inputs", "outputs")


class Spec(Example):
    """A gcn example."""

    data: Data
    layers: Annotated[list[Layer], Field(min_length=1), AtMost("layers")] = chain("inputs", "classes")

    @model_validator(mode="after")
    def _has_something_to_learn(self):
        labelled = self.data.labelled
        if (labelled is None) != (self.data.y is None):
            missing, other = ("labelled", "y") if labelled is None else ("y", "labelled")
            raise ValueError(f"data.{missing}: is missing; data.{other} is there, and says nothing without it")
        if labelled is None:
            return self
        expect_mask("data.labelled", [labelled])
        if not any(labelled):
            raise ValueError("data.labelled: no node is labelled, so there is nothing to learn from")
        expect_comparable("data.y", self.data.y, len(self.layers[-1].W[0]), "cross_entropy_logits")
        return self

    @model_validator(mode="after")
    def _is_a_graph(self):
        A, nodes = self.data.adjacency, len(self.data.adjacency)
        expect_mask("data.adjacency", A)
        for i in range(nodes):
            if A[i][i]:
                raise ValueError(f"data.adjacency: node {i + 1} has an edge to itself; the layer adds these edges")
            for j in range(i):
                if A[i][j] != A[j][i]:
                    raise ValueError(
                        f"data.adjacency: is not symmetric: row {j + 1}, column {i + 1} says {A[j][i]:g}, "
                        f"row {i + 1}, column {j + 1} says {A[i][j]:g}"
                    )
        return self


def forward(tape: Tape, spec: Spec) -> str:
    """Write the forward pass; returns the name of the loss: the mean cross-entropy of the labelled nodes."""
    d = spec.data
    A_hat = normalised(tape, tape.data("graph.A", d.adjacency))
    h = tape.input("x", d.x)
    for i, layer in enumerate(spec.layers, start=1):
        W = tape.param(f"layer{i}.W", layer.W)
        M = tape.write(f"layer{i}.M", A_hat @ h, grad=f"layer{i}.dM")
        h = tape.write(f"layer{i}.Z", M @ W, grad=f"layer{i}.dZ")
        if i < len(spec.layers):
            h = tape.write(f"layer{i}.H", h.relu(), grad=f"layer{i}.dH")
    y = tape.target("y", d, h, lambda y: one_hot(y, len(spec.layers[-1].W[0])))
    E = tape.write("E", h.cross_entropy_logits(y, axis=1))
    if d.labelled is None:
        return tape.write("J", E).name
    m = tape.data("m", np.reshape(d.labelled, (-1, 1)))
    return tape.write("J", (m * E).sum() / sum(d.labelled)).name


def normalised(tape: Tape, A):
    """D^(-1/2) (A + I) D^(-1/2): each edge divided by the roots of the degrees at its two ends."""
    eye = tape.data("graph.I", np.eye(A.shape[0]))
    A_tilde = tape.write("graph.A_tilde", A + eye)
    degrees = tape.write("graph.d", A_tilde.sum_axis(axis=1))
    D = tape.write("graph.root", eye * degrees.power(-0.5))
    S = tape.write("graph.S", D @ A_tilde)
    return tape.write("graph.A_hat", S @ D)
