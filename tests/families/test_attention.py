"""Self-attention with one head."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.chance import draws

from .judges import against_torch, agree, changed, exact_gradients, numbers, refused, tables, worked
from .layers import attend, half_squared, head

ATTENTION = tables("attention")
SIZE = st.integers(1, 4)


def attention(leaf, found):
    lines = {}
    out = attend(leaf, lines, "attention", leaf["X"], causal=found.get("causal", False), out="O")
    return lines | {"J": half_squared(out, leaf["Y"])}


def by_multi_head_attention(leaf, found):
    """PyTorch's module, whose last weights are the identity."""
    import torch

    from .layers import held, hidden_later

    x, d = leaf["X"][None], leaf["X"].shape[1]
    module = torch.nn.MultiheadAttention(d, 1, batch_first=True, dtype=torch.float64)
    weights = held({**leaf, "attention.WO": torch.eye(d).double()}, "attention")
    mask = hidden_later(len(leaf["X"])) if found.get("causal") else None
    out, A = torch.func.functional_call(module, weights, (x, x, x), {"attn_mask": mask})
    return {"attention.A": A[0], "attention.O": out[0], "J": half_squared(out[0], leaf["Y"])}


def random_attention(seed, tokens, d, d_k, d_v, causal):
    random = np.random.default_rng(seed)
    data = {"x": numbers(random, tokens, d), "y": numbers(random, tokens, d_v)}
    return ATTENTION | {"data": data, "weights": head(random, d, d_k, d_v), "causal": causal}


@pytest.mark.parametrize("change", ["causal=true", "causal=false"])
def test_the_shipped_example_against_pytorch(change):
    exact_gradients(changed(ATTENTION, change))
    against_torch(changed(ATTENTION, change), attention)
    against_torch(changed(ATTENTION, change), by_multi_head_attention)


def test_without_a_word_about_it_attention_is_not_causal():
    found = {key: value for key, value in ATTENTION.items() if key != "causal"}
    trace = against_torch(found, attention)
    assert (trace.value("attention.A") > 0).all()


@settings(max_examples=draws(20))
@given(st.integers(0, 999), SIZE, SIZE, SIZE, SIZE, st.booleans())
def test_random_shapes(seed, tokens, d, d_k, d_v, causal):
    found = random_attention(seed, tokens, d, d_k, d_v, causal)
    exact_gradients(found)
    against_torch(found, attention)


@settings(max_examples=draws(20))
@given(st.integers(0, 999), SIZE, SIZE, st.booleans())
def test_random_shapes_against_the_module(seed, tokens, d, causal):
    against_torch(random_attention(seed, tokens, d, d, d, causal), by_multi_head_attention)


def test_a_token_sees_nothing_of_those_after_it():
    before = worked(ATTENTION)
    after = worked(changed(ATTENTION, "data.x[2]=[5, -5]"))
    A, dS = before.value("attention.A"), before.value("attention.dS")
    assert (A[np.triu_indices(3, 1)] == 0).all() and (dS[np.triu_indices(3, 1)] == 0).all()
    assert (before.value("attention.O")[:2] == after.value("attention.O")[:2]).all()
    assert (before.value("attention.O")[2] != after.value("attention.O")[2]).all()


def test_questions_that_ask_nothing_take_the_mean_of_what_is_seen():
    found = changed(ATTENTION, "weights.W_Q=[[0, 0], [0, 0]]")
    trace = against_torch(found, attention)
    V = trace.value("attention.V")
    agree(trace.value("attention.O"), np.array([V[: n + 1].mean(axis=0) for n in range(3)]), "attention.O")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ("weights.W_Q=[[1, 2]]", ("weights.W_Q: has 1 row, expected 2", "data.x has 2 columns")),
        ("weights.W_K=[[1, 2]]", ("weights.W_K: has 1 row, expected 2", "data.x has 2 columns")),
        ("weights.W_V=[[1, 2]]", ("weights.W_V: has 1 row, expected 2", "data.x has 2 columns")),
        ("weights.W_Q=[[1], [2]]", ("weights.W_K: has 2 columns, expected 1", "weights.W_Q has 1 column")),
        ("weights.W_K=[[1], [2]]", ("weights.W_K: has 1 column, expected 2", "weights.W_Q has 2")),
        ("weights.W_V=[[1], [2]]", ("weights.W_V: has 1 column, expected 2", "data.y has 2 columns")),
        ("data.y=[[1, 2], [3, 4]]", ("data.y: has 2 rows, expected 3", "data.x has 3 rows")),
        ("data.x=[[1, 2], [3], [4, 5]]", ("data.x: row 2 has 1 numbers, row 1 has 2",)),
        ("data.x=[]", ("data.x: is empty",)),
        (f"data.x={[[0.1, 0.2]] * 13}", ("data.x: has 13 entries", "the limit (steps) is 12")),
        ("data.memory=[[1, 2]]", ("data: unknown key 'memory'",)),
        ("weights.W_O=[[1, 2], [3, 4]]", ("weights: unknown key 'W_O'", "Known: W_Q, W_K, W_V")),
        ("weights.W_Q='x'", ("weights.W_Q: expected a list",)),
        ("causal=1", ("causal",)),
        ("causl=true", ("unknown key 'causl'", "Did you mean 'causal'?")),
    ],
)
def test_bad_input(change, words):
    refused(changed(ATTENTION, change), *words)


def test_what_is_missing():
    refused(
        ATTENTION | {"weights": {k: v for k, v in ATTENTION["weights"].items() if k != "W_V"}},
        "weights.W_V: is missing",
    )


def test_more_than_the_book_can_take():
    refused(
        random_attention(0, 2, 90, 90, 90, True), "weights.W_Q: data, parameters and units are", "the limit (size)"
    )
