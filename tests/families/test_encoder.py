"""The encoder block of the transformer."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.chance import draws

from .judges import against_torch, changed, exact_gradients, numbers, refused, tables, worked
from .layers import (
    ACTIVATIONS,
    COLUMN,
    NARROW,
    attend_all,
    bad_blocks,
    block,
    feed_forward,
    half_squared,
    head,
    held,
    held_block,
    hidden_later,
    layer,
    rest,
)

ENCODER = tables("encoder")
PLACES = ("post", "pre")
SIZE, WIDTH = st.integers(1, 3), st.integers(2, 5)


def encoder(leaf, found):
    lines = {}
    out = block(
        leaf, lines, found, leaf["X"],
        attention=lambda u: attend_all(leaf, lines, "attention", u, causal=found.get("causal", False)),
        ffn=lambda u: feed_forward(leaf, lines, found, u),
    )  # fmt: skip
    return lines | {"J": half_squared(out, leaf["Y"])}


def by_the_layer(leaf, found):
    """nn.TransformerEncoderLayer, where the heads together are as wide as a token."""
    import torch

    x, first = leaf["X"][None], found.get("norm") == "pre"
    module = layer("Encoder", leaf, found, x.shape[2], len(found["heads"]), first)
    weights = held_block(leaf, 2, self_attn=held(leaf, "attention"))
    mask = hidden_later(x.shape[1]) if found.get("causal") else None
    out = torch.func.functional_call(module, weights, (x,), {"src_mask": mask})
    return {"ffn.X" if first else "norm2.y": out[0], "J": half_squared(out[0], leaf["Y"])}


def random_encoder(seed, tokens, d, d_k, widths, hidden, place, causal=False):
    """One head for each of `widths`: how many numbers its values have."""
    random = np.random.default_rng(seed)
    data = {"x": numbers(random, tokens, d), "y": numbers(random, tokens, d)}
    heads, weights = [head(random, d, d_k, d_v) for d_v in widths], {"W_O": numbers(random, sum(widths), d)}
    said = {"data": data, "heads": heads, "weights": weights, "norm": place, "causal": causal}
    return ENCODER | said | rest(random, d, hidden, 2)


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("name", ACTIVATIONS)
def test_the_shipped_example_against_pytorch(place, name):
    found = changed(ENCODER, f"norm={place}", f"feed_forward.activation={name}")
    exact_gradients(found)
    against_torch(found, encoder)


def test_exact_gradients_as_it_is_shipped():
    exact_gradients(ENCODER)


def test_what_is_not_said():
    """The norms come after the sums, ε is 10⁻⁵, the activation is relu."""
    found = {key: value for key, value in ENCODER.items() if key not in ("norm", "eps")}
    found["feed_forward"] = {key: value for key, value in ENCODER["feed_forward"].items() if key != "activation"}
    trace = against_torch(found, encoder)
    assert trace.value("norm.eps") == 1e-5
    assert (trace.value("ffn.U") == np.maximum(trace.value("ffn.Z"), 0)).all()
    assert "norm1.mu" in trace and list(trace).index("norm1.mu") > list(trace).index("attention.X")


@settings(max_examples=draws(20))
@given(
    st.integers(0, 999), SIZE, WIDTH, SIZE, st.lists(SIZE, min_size=1, max_size=3), SIZE, st.sampled_from(PLACES),
    st.booleans(),
)  # fmt: skip
def test_random_shapes(seed, tokens, d, d_k, widths, hidden, place, causal):
    found = random_encoder(seed, tokens, d, d_k, widths, hidden, place, causal)
    exact_gradients(found)
    against_torch(found, encoder)


@settings(max_examples=draws(20))
@given(st.integers(0, 999), SIZE, SIZE, SIZE, SIZE, st.sampled_from(PLACES), st.booleans())
def test_random_shapes_against_the_layer(seed, tokens, heads, d_k, hidden, place, causal):
    d_k += heads == 1  # a single feature is not normalized
    found = random_encoder(seed, tokens, heads * d_k, d_k, [d_k] * heads, hidden, place, causal)
    against_torch(found, by_the_layer)


def test_tokens_in_another_order_give_the_same_in_that_order():
    order = [2, 0, 1]
    data = {key: [rows[i] for i in order] for key, rows in ENCODER["data"].items()}
    one, other = worked(ENCODER), worked(ENCODER | {"data": data})
    np.testing.assert_allclose(other.value("norm2.y"), one.value("norm2.y")[order], rtol=1e-12)
    np.testing.assert_allclose(other.value("attention.dWQ"), one.value("attention.dWQ"), rtol=1e-11)


@bad_blocks
def test_bad_block(change, words):
    refused(changed(ENCODER, change), *words)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (f"heads[0].W_Q={NARROW}", ("heads[0].W_Q: has 1 row, expected 4", "data.x has 4 columns")),
        (f"heads[0].W_K={NARROW}", ("heads[0].W_K: has 1 row", "expected 4 rows")),
        (f"heads[0].W_V={NARROW}", ("heads[0].W_V: has 1 row, expected 4",)),
        (f"heads[0].W_K={COLUMN}", ("heads[0].W_K: has 1 column, expected 2", "heads[0].W_Q has 2 columns")),
        (f"heads[0].W_V={COLUMN}", ("weights.W_O: has 2 rows, expected 1", "heads[0].W_V has 1 column")),
        ("weights.W_O=[[1], [2]]", ("weights.W_O: has 1 column, expected 4", "data.x has 4 columns")),
        (f"data.y={NARROW}", ("data.y: has 1 row, expected 3 (tokens)", "data.x has 3 rows")),
        ("data.y=[[1], [2], [3]]", ("data.y: has 1 column, expected 4 (d)", "data.x has 4 columns")),
        ("heads=[]", ("heads: is empty",)),
        (f"data.x={[[0.1, 0.2, 0.3, 0.4]] * 13}", ("data.x: has 13 entries", "the limit (steps) is 12")),
        ("causal=yes", ("causal: expected true or false, found 'yes'",)),
    ],
)
def test_bad_input(change, words):
    refused(changed(ENCODER, change), *words)


def test_heads_that_are_not_alike():
    found = random_encoder(0, 2, 3, 2, [1, 1], 2, "post")
    refused(
        changed(found, "heads[1].W_Q=[[1], [2], [3]]"),
        "heads[1].W_K: has 2 columns, expected 1 (d_k of heads[1])",
        "heads[1].W_Q has 1 column",
    )


@pytest.mark.parametrize("count", [1, 3])
def test_the_wrong_number_of_norms(count):
    found = ENCODER | {"norms": ENCODER["norms"][:1] * count}
    refused(found, f"norms: has {count} entr", "expected 2", "one for each of: attention, feed-forward network")


def test_a_single_feature():
    refused(random_encoder(0, 3, 1, 1, [1], 1, "post"), "norms: has 1 number for each token, expected at least 2")


def test_more_than_the_book_can_take():
    found = random_encoder(0, 2, 60, 60, [60], 60, "pre")
    refused(found, "heads: data, parameters and units are", "the limit (size)")
