"""The graph convolutional network against PyTorch's dense matrices, and its refusals."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.chance import draws

from .judges import against_torch, changed, distribution, exact_gradients, numbers, refused, tables, worked

GCN = tables("gcn")


def model(leaf, found):
    import torch
    from torch.nn import functional as fn

    A = leaf["graph.A"]
    A = A + torch.eye(len(A), dtype=torch.float64) if found.get("self_loops", bool((A == A.T).all())) else A
    D = torch.diag(A.sum(1).pow(-0.5))
    A_hat = A / A.sum(1, keepdim=True) if found.get("normalization") == "rows" else D @ A @ D
    h, last = leaf["x"], len(found["layers"])
    for i in range(1, last + 1):
        h = A_hat @ (h @ leaf[f"layer{i}.W"])
        h = fn.relu(h) if i < last else h
    seen = torch.tensor(found["data"].get("labelled") or [any(row) for row in found["data"]["y"]]) == 1
    return {"graph.A_hat": A_hat, f"layer{last}.Z": h, "J": fn.cross_entropy(h[seen], leaf["y"][seen])}


def random_graph(seed, nodes, widths):
    random = np.random.default_rng(seed)
    upper = np.triu(random.integers(0, 2, (nodes, nodes)), 1)
    labelled = random.integers(0, 2, nodes)
    labelled[0] = 1
    data = {
        "adjacency": (upper + upper.T).tolist(),
        "x": numbers(random, nodes, widths[0]),
        "y": distribution(random, widths[-1], nodes),
        "labelled": labelled.tolist(),
    }
    layers = [{"W": numbers(random, m, n)} for m, n in pairwise(widths)]
    return GCN | {"data": data, "layers": layers}


def test_the_shipped_example_against_pytorch():
    against_torch(GCN, model)


@settings(max_examples=draws(25))
@given(st.integers(0, 999), st.integers(1, 6), st.lists(st.integers(1, 4), min_size=2, max_size=4))
def test_random_graphs(seed, nodes, widths):
    found = random_graph(seed, nodes, widths)
    exact_gradients(found)
    against_torch(found, model)


DIRECTED = {"adjacency": [[0, 1, 0, 1], [0, 0, 2, 1], [0, 0.5, 0, 0], [1, 0, 1, 0]]}


@pytest.mark.parametrize("loops", [True, False])
def test_directed_weighted_edges_are_normalised_by_rows(loops):
    data = GCN["data"] | DIRECTED | {"y": [[1, 0], [0, 0], [0, 0], [0, 1]]}
    del data["labelled"]
    found = GCN | {"data": data, "normalization": "rows", "self_loops": loops}
    trace = against_torch(found, model)
    exact_gradients(found)
    assert trace.value("graph.A_hat").sum(axis=1) == pytest.approx(np.ones(4))
    del found["normalization"], found["self_loops"]
    assert (worked(found).value("J") == trace.value("J")) != loops, "taken as it is written"
    found |= {"self_loops": loops}
    numbered = worked(found | {"data": data | {"y": [0, -1, -1, 1]}})
    assert numbered.value("J") == trace.value("J") and (numbered.value("y") == trace.value("y")).all()


def test_a_weighted_graph_without_edges_to_themselves():
    heavier = changed(GCN, "data.adjacency[0][1]=2.5", "data.adjacency[1][0]=2.5", "self_loops=false")
    against_torch(heavier, model)
    against_torch(changed(heavier, 'normalization="rows"'), model)


def test_a_label_that_may_not_be_seen_changes_nothing():
    other = changed(GCN, "data.y[1]=[0, 1]")
    assert worked(other).value("J") == worked(GCN).value("J")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (
            "data.adjacency=[[0, 1], [1, 0], [0, 0]]",
            ("data.adjacency: has 3 rows and 2 columns, expected 4 rows (nodes)", "and 4 columns"),
        ),
        ("data.adjacency[0][1]=-2", ("data.adjacency[0][1]: the weight of an edge is at least 0, not -2",)),
        ("normalization=columns", ("normalization", "symmetric", "rows")),
        ("data.y[0]=[0, 0]", ("data.labelled[0]: node 1 has no label in data.y",)),
        ("data.y=[0, -2, 1, 1]", ("data.y[1]: is -2; there are 2 classes",)),
        ("data.adjacency[2][2]=1", ("data.adjacency: node 3 has an edge to itself",)),
        ("data.x=[[1.0, 2.0]]", ("data.x: has 1 row, expected 4", "(nodes), because data.adjacency has 4 rows")),
        ("data.labelled=[1, 0]", ("data.labelled: has 2 entries, expected 4",)),
        ("data.labelled=[0.5, 0, 0, 1]", ("data.labelled: is a mask", "not 0.5")),
        ("data.labelled=[0, 0, 0, 0]", ("data.labelled: no node is labelled",)),
        ("data.y[0]=[0.5, 0.4]", ("data.y[0]", "a distribution", "not 0.9")),
        ("layers[0].W=[[1.0, 2.0, 3.0]]", ("layers[0].W: has 1 row, expected 2", "data.x has 2 columns")),
        ("layers[1].W=[[1.0, 2.0]]", ("layers[1].W: has 1 row, expected 3", "layers[0].W has 3 columns")),
        ("layers[1].W=[[1.0], [2.0], [3.0]]", ("layers[1].W: has 1 column, expected 2", "data.y has 2 columns")),
    ],
)
def test_refusals(change, words):
    refused(changed(GCN, change), *words)


def test_a_directed_graph_is_not_symmetric_and_without_edges_there_is_no_average():
    one_way = changed(GCN, "data.adjacency[0][3]=1", 'normalization="symmetric"')
    refused(one_way, "data.adjacency: is not symmetric: row 1, column 4 says 1", "says 0", 'normalization = "rows"')
    alone = changed(
        GCN, "data.adjacency=[[0, 0, 0, 0], [1, 0, 0, 0], [1, 0, 0, 0], [1, 0, 0, 0]]", "self_loops=false"
    )
    refused(alone, "data.adjacency[0]: node 1 has no edge")


def test_a_large_graph_is_refused():
    nodes = 99
    data = {"adjacency": np.zeros((nodes, nodes)).tolist(), "x": [[1.0]] * nodes, "y": [[1.0]] * nodes}
    found = GCN | {"data": data | {"labelled": [1] * nodes}, "layers": [{"W": [[1.0]]}]}
    refused(found, "data.adjacency: data, parameters and units are", "the limit (size)")
