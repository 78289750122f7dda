"""Multi-head attention."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gradbook.book.pages.material import Material
from gradbook.book.pages.pages import rendered
from gradbook.book.pages.worked import Worked
from tests.chance import draws

from .judges import against_torch, agree, changed, exact_gradients, numbers, refused, tables, validated, worked
from .layers import COLUMN, NARROW, attend_all, half_squared, head, held, hidden_later, scopes

MULTIHEAD = tables("multihead")
SIZE = st.integers(1, 3)


def multihead(leaf, found):
    lines = {}
    out = attend_all(leaf, lines, "attention", leaf["X"], causal=found.get("causal", False))
    return lines | {"J": half_squared(out, leaf["Y"])}


def by_the_module(leaf, found):
    """nn.MultiheadAttention, where the heads together are as wide as a token."""
    import torch

    x, heads = leaf["X"][None], len(found["heads"])
    module = torch.nn.MultiheadAttention(x.shape[2], heads, batch_first=True, dtype=torch.float64)
    mask = hidden_later(x.shape[1]) if found.get("causal") else None
    out, A = torch.func.functional_call(
        module, held(leaf, "attention"), (x, x, x), {"attn_mask": mask, "average_attn_weights": False}
    )
    lines = {f"{scope}.A": A[0, i] for i, scope in enumerate(scopes(leaf, "attention"))}
    return lines | {"attention.O": out[0], "J": half_squared(out[0], leaf["Y"])}


def random_multihead(seed, tokens, d, d_k, widths, wide, causal):
    """One head for each of `widths`: how many numbers its values have."""
    random = np.random.default_rng(seed)
    data = {"x": numbers(random, tokens, d), "y": numbers(random, tokens, wide)}
    heads = [head(random, d, d_k, d_v) for d_v in widths]
    return MULTIHEAD | {
        "data": data,
        "heads": heads,
        "weights": {"W_O": numbers(random, sum(widths), wide)},
        "causal": causal,
    }


@pytest.mark.parametrize("widths", [(1, 2), (3, 2, 3)])
def test_heads_whose_queries_differ_in_length(widths):
    """Each head divides by the root of its own length; by plain numpy."""
    found = random_multihead(5, 3, 2, 1, [2] * len(widths), 2, False)
    random = np.random.default_rng(6)
    found = found | {"heads": [head(random, 2, d_k, 2) for d_k in widths]}
    trace, x, out = exact_gradients(found), np.array(found["data"]["x"]), []
    for h, one in enumerate(found["heads"], start=1):
        Q, K, V = (x @ np.array(one[key]) for key in ("W_Q", "W_K", "W_V"))
        scores = np.exp(Q @ K.T / np.sqrt(widths[h - 1]))
        out.append(scores / scores.sum(axis=1, keepdims=True) @ V)
        assert trace.value(f"head{h}.d_k") == widths[h - 1]
    assert "d_k" not in trace
    agree(trace.value("attention.O"), np.hstack(out) @ np.array(found["weights"]["W_O"]), "attention.O")
    pages = {page.name: page.text for page in rendered(Material(Worked.of(validated(found), trace)), "en")}
    assert "d_k^{(2)}" in pages["forward"] and "d_k^{(2)}" in pages["index"]


@pytest.mark.parametrize("change", ["causal=true", "causal=false"])
def test_the_shipped_example_against_pytorch(change):
    exact_gradients(changed(MULTIHEAD, change))
    against_torch(changed(MULTIHEAD, change), multihead)
    against_torch(changed(MULTIHEAD, change), by_the_module)


@settings(max_examples=draws(20))
@given(st.integers(0, 999), SIZE, SIZE, SIZE, st.lists(SIZE, min_size=1, max_size=3), SIZE, st.booleans())
def test_random_shapes(seed, tokens, d, d_k, widths, wide, causal):
    found = random_multihead(seed, tokens, d, d_k, widths, wide, causal)
    exact_gradients(found)
    against_torch(found, multihead)


@settings(max_examples=draws(20))
@given(st.integers(0, 999), SIZE, SIZE, SIZE, st.booleans())
def test_random_shapes_against_the_module(seed, tokens, heads, d_k, causal):
    found = random_multihead(seed, tokens, heads * d_k, d_k, [d_k] * heads, heads * d_k, causal)
    against_torch(found, by_the_module)


def test_heads_do_not_mix_before_the_output():
    before = worked(MULTIHEAD)
    after = worked(changed(MULTIHEAD, f"heads[1].W_V={[[0.0, 0.0]] * 4}"))
    assert (before.value("head1.H") == after.value("head1.H")).all()
    assert (after.value("attention.H")[:, 2:] == 0).all()
    assert (after.value("attention.dWO")[2:] == 0).all()


ONE = MULTIHEAD | {"heads": MULTIHEAD["heads"][:1], "weights": {"W_O": MULTIHEAD["weights"]["W_O"][:2]}}


def test_one_head_alone_works_in_the_scope_itself():
    trace = against_torch(ONE, multihead)
    exact_gradients(ONE)
    assert "attention.WQ" in trace and "head1.WQ" not in trace


@pytest.mark.parametrize(
    ("found", "change", "words"),
    [
        (MULTIHEAD, f"heads[0].W_Q={NARROW}", ("heads[0].W_Q: has 1 row", "expected 4 (d)", "data.x has 4 columns")),
        (MULTIHEAD, f"heads[1].W_K={NARROW}", ("heads[1].W_K: has 1 row", "expected 4 rows", "data.x has 4 columns")),
        (MULTIHEAD, f"heads[1].W_V={NARROW}", ("heads[1].W_V: has 1 row, expected 4", "data.x has 4 columns")),
        (
            MULTIHEAD,
            f"heads[1].W_Q={COLUMN}",
            ("heads[1].W_K: has 2 columns, expected 1 (d_k of heads[1])", "heads[1].W_Q has 1 column"),
        ),
        (
            MULTIHEAD,
            f"heads[1].W_K={COLUMN}",
            ("heads[1].W_K: has 1 column, expected 2", "(d_k of heads[1]), because heads[1].W_Q has 2 columns"),
        ),
        (
            MULTIHEAD,
            f"heads[0].W_V={COLUMN}",
            ("weights.W_O: has 4 rows, expected 3", "heads[0].W_V and heads[1].W_V are 3 together"),
        ),
        (
            MULTIHEAD,
            f"weights.W_O={NARROW}",
            ("weights.W_O: has 1 row, expected 4", "heads[0].W_V and heads[1].W_V are 4 together"),
        ),
        (ONE, f"weights.W_O={NARROW}", ("weights.W_O: has 1 row, expected 2", "W_V has 2 columns")),
        (MULTIHEAD, f"weights.W_O={COLUMN}", ("weights.W_O: has 1 column, expected 4", "data.y has 4 columns")),
        (MULTIHEAD, f"data.y={NARROW}", ("data.y: has 1 row, expected 3", "data.x has 3 rows")),
        (MULTIHEAD, "heads=[]", ("heads: is empty",)),
        (MULTIHEAD, "heads[1]={W_Q = [[1]], W_K = [[1]]}", ("heads[1].W_V: is missing",)),
        (MULTIHEAD, "heads[0].W_O=[[1]]", ("heads[0]: unknown key 'W_O'", "Known: W_Q, W_K, W_V")),
        (MULTIHEAD, "weights.W_U=[[1]]", ("weights: unknown key 'W_U'", "Known: W_O")),
        (MULTIHEAD, f"data.x={[[0.1, 0.2, 0.3, 0.4]] * 13}", ("data.x: has 13 entries", "the limit (steps) is 12")),
    ],
)
def test_bad_input(found, change, words):
    refused(changed(found, change), *words)


def test_more_than_the_book_can_take():
    found = random_multihead(0, 2, 60, 60, [60, 60], 60, True)
    refused(found, "heads: data, parameters and units are", "the limit (size)")
    refused(random_multihead(0, 1, 1, 1, [1] * 31, 1, True), "heads: has 31 entries", "the limit (layers) is 30")
