"""Self-attention and multi-head attention, beside PyTorch's own functions and modules."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from .judges import against_differences, against_torch, changed, numbers, refused, tables

ONE, SEVERAL = tables("attention"), tables("multihead")


def half_squared(out, target):
    return ((out - target) ** 2).sum() / 2


def attended(leaf, at, x, memory=None, causal=False):
    """One head by torch's own attention."""
    from torch.nn.functional import scaled_dot_product_attention as attention

    memory = x if memory is None else memory
    return attention(x @ leaf[f"{at}.WQ"], memory @ leaf[f"{at}.WK"], memory @ leaf[f"{at}.WV"], is_causal=causal)


def all_heads(leaf, x, at="attention", memory=None, causal=False):
    """The heads of a scope side by side, times W_O."""
    import torch

    heads = [name.removesuffix(".WQ") for name in leaf if name.endswith(".WQ") and name.startswith(("head", at))]
    return torch.cat([attended(leaf, head, x, memory, causal) for head in heads], 1) @ leaf[f"{at}.WO"]


def one_head(leaf, found):
    out = attended(leaf, "attention", leaf["X"], causal=found.get("causal", False))
    return {"attention.O": out, "J": half_squared(out, leaf["Y"])}


def several_heads(leaf, found):
    out = all_heads(leaf, leaf["X"], causal=found.get("causal", False))
    return {"attention.O": out, "J": half_squared(out, leaf["Y"])}


def fused(leaf, at, heads):
    """The weights of the heads of a scope as torch's modules hold them: one row for each number of a query."""
    import torch

    rows = [torch.cat([leaf[f"{head}.W{letter}"] for head in heads], 1).T for letter in "QKV"]
    return {"in_proj_weight": torch.cat(rows), "out_proj.weight": leaf[f"{at}.WO"].T}


def by_the_module(leaf, found):
    """The same through nn.MultiheadAttention, where the heads together are as wide as a token."""
    import torch

    x, heads = leaf["X"][None], [f"head{h}" for h in range(1, len(found["heads"]) + 1)]
    mask = torch.ones(x.shape[1], x.shape[1], dtype=torch.bool).triu(1) if found.get("causal") else None
    module = torch.nn.MultiheadAttention(x.shape[2], len(heads), bias=False, batch_first=True).double()
    out, weights = torch.func.functional_call(
        module, fused(leaf, "attention", heads), (x, x, x), {"attn_mask": mask, "average_attn_weights": False}
    )
    found_weights = {f"{head}.A": weights[0, i] for i, head in enumerate(heads)}
    return found_weights | {"attention.O": out[0], "J": half_squared(out[0], leaf["Y"])}


def head(random, d, d_k, d_v, memory=None):
    """Weights of a head that reads tokens of d numbers, and memories of `memory`."""
    memory = memory or d
    return {"W_Q": numbers(random, d, d_k), "W_K": numbers(random, memory, d_k), "W_V": numbers(random, memory, d_v)}


def random_one(seed, tokens, d, d_k, d_v, causal):
    random = np.random.default_rng(seed)
    data = {"x": numbers(random, tokens, d), "y": numbers(random, tokens, d_v)}
    return {**ONE, "data": data, "weights": head(random, d, d_k, d_v), "causal": causal}


def random_several(seed, tokens, d, d_k, d_v, count, causal, wide=None):
    random, wide = np.random.default_rng(seed), wide or d
    heads = [head(random, d, d_k, d_v) for _ in range(count)]
    data = {"x": numbers(random, tokens, d), "y": numbers(random, tokens, wide)}
    weights = {"W_O": numbers(random, count * d_v, wide)}
    return {**SEVERAL, "data": data, "heads": heads, "weights": weights, "causal": causal}


SMALL = st.integers(1, 4)


@pytest.mark.parametrize("causal", ["true", "false"])
def test_the_shipped_examples_against_pytorch(causal):
    against_torch(changed(ONE, f"causal={causal}"), one_head)
    against_torch(changed(SEVERAL, f"causal={causal}"), several_heads)
    against_torch(changed(SEVERAL, f"causal={causal}"), by_the_module)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 999), SMALL, SMALL, SMALL, SMALL, st.booleans())
def test_random_heads(seed, tokens, d, d_k, d_v, causal):
    found = random_one(seed, tokens, d, d_k, d_v, causal)
    against_torch(found, one_head)
    against_differences(found, 1e-6)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 999), SMALL, SMALL, SMALL, SMALL, st.integers(1, 3), st.booleans(), SMALL)
def test_random_numbers_of_heads(seed, tokens, d, d_k, d_v, count, causal, wide):
    found = random_several(seed, tokens, d, d_k, d_v, count, causal, wide)
    against_torch(found, several_heads)
    against_differences(found, 1e-6)


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 999), SMALL, st.integers(2, 3), st.integers(1, 3), st.booleans())
def test_random_heads_against_the_module(seed, tokens, count, d_k, causal):
    against_torch(random_several(seed, tokens, count * d_k, d_k, d_k, count, causal), by_the_module)


def test_what_is_masked_has_weight_0_and_no_gradient():
    trace = against_differences(ONE)
    hidden = trace.value("M") == 0
    assert hidden.sum() == 3
    assert (trace.value("attention.A")[hidden] == 0).all()
    assert (trace.value("attention.dS")[hidden] == 0).all()
    assert np.abs(trace.value("attention.dS").sum(axis=1)).max() < 1e-15
    assert (trace.value("attention.dS")[0] == 0).all()


@pytest.mark.parametrize(
    ("found", "change", "words"),
    [
        (ONE, "weights.W_Q=[[1, 2]]", ("weights.W_Q: has 1 rows, expected 2", "data.x has 2 numbers in a row")),
        (ONE, "weights.W_K=[[1, 2]]", ("weights.W_K: has 1 rows, expected 2",)),
        (ONE, "weights.W_V=[[1, 2]]", ("weights.W_V: has 1 rows, expected 2",)),
        (ONE, "weights.W_K=[[1], [2]]", ("weights.W_K: has 1 columns, expected 2", "each query is multiplied with")),
        (ONE, "weights.W_V=[[1], [2]]", ("data.y: is 3 × 2, expected 3 × 1", "weights.W_V has 1 columns")),
        (ONE, "data.y=[[1, 2]]", ("data.y: is 1 × 2, expected 3 × 2",)),
        (ONE, "data.x=[[1, 2], [3]]", ("data.x",)),
        (ONE, "casual=true", ("unknown key 'casual'", "Did you mean 'causal'?")),
        (ONE, f"data.x={[[1.0, 2.0]] * 13}", ("data.x: has 13 entries", "the limit (steps) is 12")),
        (SEVERAL, "heads[1].W_Q=[[1], [2], [3], [4]]", ("heads[1].W_Q: has 1 columns, expected 2", "all heads")),
        (SEVERAL, "heads[1].W_V=[[1], [2], [3], [4]]", ("weights.W_O: has 4 rows, expected 3", "W_V of all heads")),
        (SEVERAL, "heads[0].W_K=[[1, 2]]", ("heads[0].W_K: has 1 rows, expected 4",)),
        (SEVERAL, "weights.W_O=[[1], [2], [3], [4]]", ("data.y: is 3 × 4, expected 3 × 1",)),
        (SEVERAL, "heads=[]", ("heads: is empty",)),
    ],
)
def test_one_sentence_says_what_is_wrong(found, change, words):
    refused(changed(found, change), *words)


def test_too_much_work_is_refused():
    wide = np.ones((100, 90)).round(1).tolist()
    weights = {"W_Q": wide, "W_K": wide, "W_V": wide}
    data = {"x": np.ones((2, 100)).tolist(), "y": np.ones((2, 90)).tolist()}
    refused({**ONE, "data": data, "weights": weights}, "data.x: data, parameters and units are", "the limit (size)")
