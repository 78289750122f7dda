"""Low-rank adaptation against a PyTorch adapter that never forms the changed weights, and its refusals."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.chance import draws

from .judges import against_torch, changed, exact_gradients, numbers, refused, tables, worked

LORA = tables("lora")


def model(leaf, found):
    """As adapters are written: only A and B require a gradient."""
    from torch.nn import functional as fn

    assert [name for name, tensor in leaf.items() if tensor.requires_grad] == ["B", "A"]
    x, scale = leaf["x"].T, found["adapter"]["alpha"] / len(found["adapter"]["A"])
    y_hat = fn.linear(x, leaf["W0"], leaf["b0"][:, 0]) + scale * fn.linear(fn.linear(x, leaf["A"]), leaf["B"])
    return {"y_hat": y_hat.T, "J": ((y_hat - leaf["y"].T) ** 2 / 2).sum(1).mean()}


def random_adapter(seed, inputs, outputs, rank, samples):
    random = np.random.default_rng(seed)
    return LORA | {
        "data": {"x": numbers(random, samples, inputs), "y": numbers(random, samples, outputs)},
        "frozen": {"W0": numbers(random, outputs, inputs), "b": numbers(random, outputs)},
        "adapter": {"A": numbers(random, rank, inputs), "B": numbers(random, outputs, rank), "alpha": 1.5},
    }


def test_the_shipped_example_against_pytorch():
    against_torch(LORA, model)


@settings(max_examples=draws(25))
@given(st.integers(0, 999), st.integers(1, 5), st.integers(1, 5), st.integers(1, 4), st.data())
def test_random_adapters(seed, inputs, outputs, samples, data):
    rank = data.draw(st.integers(1, min(inputs, outputs)))
    found = random_adapter(seed, inputs, outputs, rank, samples)
    exact_gradients(found)
    against_torch(found, model)


def test_zeros_in_one_matrix_stop_the_other():
    trace = worked(changed(LORA, "adapter.B=[[0], [0], [0]]"))
    assert not trace.value("dA").any() and trace.value("dB").any()
    assert np.array_equal(trace.value("W"), trace.value("W0"))


def test_only_the_adapter_is_updated():
    assert set(worked(LORA).updates) == {"A", "B"}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (
            "frozen.W0=[[1.0, 2.0]]",
            ("frozen.W0: has 1 row and 2 columns, expected 3 rows (outputs) and 4 columns (inputs)", "data.x has 4"),
        ),
        ("frozen.b=[1.0]", ("frozen.b: has 1 entry, expected 3", "(outputs), because ")),
        ("adapter.A=[[1.0]]", ("adapter.A: has 1 column, expected 4", "(inputs), because data.x has 4 columns")),
        ("adapter.B=[[1.0]]", ("adapter.B: has 1 row, expected 3", "(outputs), because ")),
        (
            "adapter.B=[[1, 2], [1, 2], [1, 2]]",
            ("adapter.B: has 2 columns, expected 1", "(rank), because adapter.A has 1 row"),
        ),
        ("data.y=[[1, 2, 3]]", ("data.y: has 1 row, expected 2", "(samples), because data.x has 2 rows")),
        ("data.y=[[1], [2]]", ("data.y: has 1 column, expected 3", "(outputs), because ")),
        ("adapter.alpha=0", ("adapter.alpha", "greater than 0")),
    ],
)
def test_refusals(change, words):
    refused(changed(LORA, change), *words)


def test_a_rank_that_is_not_low_is_refused():
    found = changed(LORA, "adapter.A=[[1,2,3,4],[1,2,3,5],[1,2,4,5],[1,3,4,5]]")
    found = changed(found, "adapter.B=[[1,2,3,4],[1,2,3,4],[1,2,3,4]]")
    refused(found, "adapter.A: has 4 rows, so the rank would be 4", "3 × 4 has at most rank 3")


def test_a_large_layer_is_refused():
    found = random_adapter(1, 90, 90, 1, 2)
    refused(found, "frozen.W0: data, parameters and units are", "the limit (size)")
