"""The graph convolutional network: H = relu(Â X W), layer after layer; Â averages each node with its neighbours.

Kipf & Welling 2017: Â = D^(-1/2) (A + I) D^(-1/2), where D holds the degrees of A + I; normalised by rows it is
D^(-1) (A + I), for directed graphs too. One row per node; the loss compares labelled nodes only.
"""

from collections.abc import Sequence
from functools import partial
from typing import Annotated, ClassVar, cast

import numpy as np
from pydantic import Field, model_validator

from ..spec.example import Example, Known, Matrix, Model, Vector
from ..spec.limits import AtMost
from ..spec.rules import expect_distribution, expect_mask
from ..spec.shapes import chain, shape
from ..spec.targets import Answered, Targets, expect_comparable, given_gradient, is_class, one_hot
from ..tape.tape import Tape

LOSS = "cross_entropy_logits"
NO_CLASS = -1
"""In the place of a class number: the node has no label."""


class Data(Answered):
    """[data]: one row per node in `x` and `y`, where the number of a class, counted from 0, may stand for
    the row; −1 or a row of zeros says that a node has no label. Row i of `adjacency` has the weights of the edges by
    which node i takes from others, 0 where there is none. `labelled` is 1 for nodes whose label the training may
    see; left out, it sees every label."""

    adjacency: Matrix = shape("nodes", "nodes")
    """The weights of the edges: row i has those by which node i takes from others, 0 where there is none."""
    x: Matrix = shape("nodes", "inputs")
    """The features: one row per node."""
    y: Targets | None = shape("nodes", "classes", by_number=True, default=None)
    """The labels: one row per node, or the number of its class, counted from 0; −1 or a row of zeros says that a node
    has none. Left out, only the forward pass is worked."""
    upstream: Matrix | None = given_gradient("nodes", "classes")
    labelled: Vector | None = shape("nodes", default=None)
    """1 for each node whose label enters the loss, else 0; left out, every label does."""

    def has_label(self, node: int) -> bool:
        target = self.target[node]
        return target != NO_CLASS if isinstance(target, int) else any(target)

    @property
    def seen(self) -> list[int]:
        """1 for each node whose label enters the loss, else 0."""
        return [int(m) for m in self.labelled or map(self.has_label, range(len(self.target)))]


class Layer(Model):
    """[[layers]]: W has one row per feature that comes in and one column per feature that goes out."""

    W: Matrix = shape("inputs", "outputs")
    """The weights: one row per feature that comes in, one column per feature that goes out."""


class Spec(Example):
    """A gcn example. Left out, `normalization` is symmetric and each node gets an edge to itself; a directed graph is
    normalised by rows, as it is written."""

    LOSS: ClassVar = "The cross-entropy, computed before the softmax, averaged over the labelled nodes."

    normalization: Annotated[str, Known("normalization", ("symmetric", "rows"))] | None = None
    """How the edges are normalised: `"symmetric"`, each edge divided by the roots of the degrees at its ends;
    `"rows"`, each row divided by its sum. Left out, a directed graph is normalised by rows, any other
    symmetrically."""
    self_loops: bool | None = None
    """Whether every node gets an edge to itself; left out, an undirected graph does, and a directed one is taken as
    it is written."""
    data: Data
    """The graph, its features and labels."""
    layers: Annotated[list[Layer], Field(min_length=1), AtMost("layers")] = chain("inputs", "classes")
    """The layers, from input to output; behind each but the last stands relu."""

    @property
    def by_rows(self) -> bool:
        return self.normalization == "rows" or (
            self.normalization is None and one_way(self.data.adjacency) is not None
        )

    @property
    def adds_loops(self) -> bool:
        return one_way(self.data.adjacency) is None if self.self_loops is None else self.self_loops

    @model_validator(mode="after")
    def _has_something_to_learn(self):
        """At least one node with a label enters the loss, and none without one does; a label is a class or a
        distribution."""
        d, classes = self.data, len(self.layers[-1].W[0])
        if d.y is None:
            if d.labelled is not None:
                raise ValueError(
                    "data.labelled: says which labels of data.y the training may see, and that is missing"
                )
            return self
        if d.labelled:
            expect_mask("data.labelled", [d.labelled])
        if not any(d.seen):
            raise ValueError("data.labelled: no node is labelled, so there is nothing to learn from")
        for i, (target, seen) in enumerate(zip(d.y, d.seen, strict=True)):
            if d.has_label(i):
                if is_class(target):
                    expect_comparable(f"data.y[{i}]", target, classes, LOSS)
                else:
                    expect_distribution(f"data.y[{i}]", cast(Vector, target), LOSS)
            elif seen:
                raise ValueError(f"data.labelled[{i}]: node {i + 1} has no label in data.y, so it cannot be seen")
        return self

    @model_validator(mode="after")
    def _is_a_graph(self):
        """Weights of edges are not negative; nodes have no edges to themselves where the layer adds these, and at
        least one edge where it does not; symmetric normalization needs a symmetric matrix."""
        A = self.data.adjacency
        for i, row in enumerate(A):
            if least := min(0, *row):
                place = f"data.adjacency[{i}][{row.index(least)}]"
                raise ValueError(f"{place}: the weight of an edge is at least 0, not {least:g}")
            if self.adds_loops and row[i]:
                raise ValueError(f"data.adjacency: node {i + 1} has an edge to itself; the layer adds these edges")
            if not self.adds_loops and not any(row):
                raise ValueError(f"data.adjacency[{i}]: node {i + 1} has no edge; without self_loops each needs one")
        if self.normalization == "symmetric" and (found := one_way(A)):
            i, j = found
            raise ValueError(
                f"data.adjacency: is not symmetric: row {j + 1}, column {i + 1} says {A[j][i]:g}, "
                f'row {i + 1}, column {j + 1} says {A[i][j]:g}; a directed graph takes normalization = "rows"'
            )
        return self


def one_way(A: Matrix) -> tuple[int, int] | None:
    """The first place of an edge that is not as heavy the other way."""
    return next(((i, j) for i in range(len(A)) for j in range(i) if A[i][j] != A[j][i]), None)


def forward(tape: Tape, spec: Spec) -> str:
    """Write the forward pass; returns the name of the loss: the mean cross-entropy of the labelled nodes."""
    d = spec.data
    A_hat = normalised(tape, spec)
    h = tape.input("x", d.x)
    for i, layer in enumerate(spec.layers, start=1):
        W = tape.param(f"layer{i}.W", layer.W)
        M = tape.write(f"layer{i}.M", A_hat @ h, grad=f"layer{i}.dM")
        h = tape.write(f"layer{i}.Z", M @ W, grad=f"layer{i}.dZ")
        if i < len(spec.layers):
            h = tape.write(f"layer{i}.H", h.relu(), grad=f"layer{i}.dH")
    y = tape.target("y", d, h, partial(labels, spec))
    E = tape.write("E", h.cross_entropy_logits(y, axis=1))
    if d.y is None:
        return E.name
    m = tape.data("m", np.reshape(d.seen, (-1, 1)))
    return tape.write("J", (m * E).sum() / sum(d.seen)).name


def labels(spec: Spec, given: Sequence) -> np.ndarray:
    """One row for each node; where it has no label the first class holds its place, and the mask leaves it out."""
    classes = len(spec.layers[-1].W[0])
    rows = np.array(one_hot(given, classes), dtype=float)
    if spec.data.y is not None:
        rows[[not spec.data.has_label(i) for i in range(len(rows))]] = np.eye(classes)[0]
    return rows


def normalised(tape: Tape, spec: Spec):
    """D^(-1/2) (A + I) D^(-1/2): each edge divided by the roots of the degrees at its two ends; or D^(-1) (A + I):
    each row divided by its sum. A alone where the example adds no edges from nodes to themselves."""
    A = tape.data("graph.A", spec.data.adjacency)
    eye = tape.data("graph.I", np.eye(A.shape[0]))
    A_tilde = tape.write("graph.A_tilde", A + eye) if spec.adds_loops else A
    degrees = tape.write("graph.d", A_tilde.sum_axis(axis=1))
    if spec.by_rows:
        D = tape.write("graph.inverse", eye * degrees.power(-1.0))
        return tape.write("graph.A_hat", D @ A_tilde)
    D = tape.write("graph.root", eye * degrees.power(-0.5))
    S = tape.write("graph.S", D @ A_tilde)
    return tape.write("graph.A_hat", S @ D)
