"""The decoder block of the transformer."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gradbook.book.pages.material import Material
from gradbook.book.pages.pages import rendered
from gradbook.book.pages.worked import Worked
from tests.chance import draws

from .judges import against_torch, changed, exact_gradients, numbers, refused, tables, validated, worked
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

DECODER = tables("decoder")
PLACES = ("post", "pre")
SIZE, WIDTH = st.integers(1, 3), st.integers(2, 5)
WIDTHS = SIZE | st.lists(SIZE, min_size=1, max_size=3)


def decoder(leaf, found):
    lines = {}
    out = block(
        leaf, lines, found, leaf["X"],
        self=lambda u: attend_all(leaf, lines, "self", u, causal=True),
        cross=lambda u: attend_all(leaf, lines, "cross", u, leaf["memory"]),
        ffn=lambda u: feed_forward(leaf, lines, found, u),
    )  # fmt: skip
    return lines | {"J": half_squared(out, leaf["Y"])}


def by_the_layer(leaf, found):
    """nn.TransformerDecoderLayer, where the heads together are as wide as a token, and the memory has any width."""
    import torch

    x, memory, first = leaf["X"][None], leaf["memory"][None], found.get("norm") == "pre"
    d, wide = x.shape[2], memory.shape[2]
    heads = len(found["self_attention"].get("heads", [1]))
    module = layer("Decoder", leaf, found, d, heads, first)
    module.multihead_attn = torch.nn.MultiheadAttention(
        d, heads, kdim=wide, vdim=wide, batch_first=True, dtype=torch.float64
    )
    weights = held_block(leaf, 3, self_attn=held(leaf, "self"), multihead_attn=held(leaf, "cross", d == wide))
    out = torch.func.functional_call(module, weights, (x, memory), {"tgt_mask": hidden_later(x.shape[1])})
    return {"ffn.X" if first else "norm3.y": out[0], "J": half_squared(out[0], leaf["Y"])}


def random_decoder(seed, tokens, d, others, wide, d_k, widths, hidden, place):
    """`others` tokens of `wide` numbers are the memory; `widths` has, for both attentions, the width of the values,
    or a list of these, one for each head."""
    random = np.random.default_rng(seed)
    data = {"x": numbers(random, tokens, d), "y": numbers(random, tokens, d), "memory": numbers(random, others, wide)}
    one, two = (attention(random, d, d_k, d_v, m) for d_v, m in zip(widths, (d, wide), strict=True))
    said = {"data": data, "self_attention": one, "cross_attention": two, "norm": place}
    return DECODER | said | rest(random, d, hidden, 3)


def attention(random, d, d_k, d_v, wide):
    """The table of one attention: of a single head, or of one for each of the widths `d_v`."""
    if isinstance(d_v, int):
        return head(random, d, d_k, d_v, wide) | {"W_O": numbers(random, d_v, d)}
    return {"heads": [head(random, d, d_k, one, wide) for one in d_v], "W_O": numbers(random, sum(d_v), d)}


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("name", ACTIVATIONS)
def test_the_shipped_example_against_pytorch(place, name):
    found = changed(DECODER, f"norm={place}", f"feed_forward.activation={name}")
    exact_gradients(found)
    against_torch(found, decoder)


def test_exact_gradients_as_it_is_shipped():
    exact_gradients(DECODER)


@settings(max_examples=draws(20))
@given(
    st.integers(0, 999), SIZE, WIDTH, SIZE, SIZE, SIZE, st.tuples(WIDTHS, WIDTHS), SIZE, st.sampled_from(PLACES)
)  # fmt: skip
def test_random_shapes(seed, tokens, d, others, wide, d_k, widths, hidden, place):
    found = random_decoder(seed, tokens, d, others, wide, d_k, widths, hidden, place)
    exact_gradients(found)
    against_torch(found, decoder)


@settings(max_examples=draws(20))
@given(st.integers(0, 999), SIZE, WIDTH, SIZE, SIZE, WIDTH, SIZE, st.sampled_from(PLACES))
def test_random_shapes_against_the_layer(seed, tokens, d_k, heads, others, wide, hidden, place):
    widths, d = [d_k] * heads, d_k * heads
    found = random_decoder(seed, tokens, d, others, wide, d_k, (widths, widths), hidden, place)
    against_torch(found, by_the_layer)


def test_a_token_sees_all_of_the_memory_and_nothing_of_later_tokens():
    before, after = worked(DECODER), worked(changed(DECODER, "data.x[2]=[1, -1, 2, 0]"))
    assert (before.value("norm3.y")[:2] == after.value("norm3.y")[:2]).all()
    assert (before.value("norm3.y")[2] != after.value("norm3.y")[2]).any()
    assert (before.value("cross.A") > 0).all()
    assert (before.value("self.A")[np.triu_indices(3, 1)] == 0).all()


@bad_blocks
def test_bad_block(change, words):
    refused(changed(DECODER, change), *words)


WIDE = [[1.0, 2.0, 3.0]] * 4


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        (
            (f"self_attention.W_Q={NARROW}",),
            ("self_attention.W_Q: has 1 row", "expected 4 (d)", "data.x has 4 columns"),
        ),
        (
            (f"self_attention.W_K={NARROW}",),
            ("self_attention.W_K: has 1 row", "expected 4 rows", "data.x has 4 columns"),
        ),
        (
            (f"self_attention.W_V={NARROW}",),
            ("self_attention.W_V: has 1 row", "expected 4 rows", "data.x has 4 columns"),
        ),
        (
            (f"self_attention.W_K={COLUMN}",),
            (
                "self_attention.W_K: has 1 column, expected 2",
                "(d_k of self_attention), because self_attention.W_Q has 2 columns",
            ),
        ),
        ((f"self_attention.W_V={COLUMN}",), ("self_attention.W_V: has 1 column, expected 2", "W_O has 2 rows")),
        (("self_attention.W_O=[[1], [2]]",), ("self_attention.W_O: has 1 column, expected 4", "data.x has 4")),
        (
            (f"cross_attention.W_Q={NARROW}",),
            ("cross_attention.W_Q: has 1 row", "expected 4 (d)", "data.x has 4 columns"),
        ),
        (
            (f"cross_attention.W_K={NARROW}",),
            ("cross_attention.W_K: has 1 row", "expected 4 rows", "data.memory has 4 columns"),
        ),
        (
            (f"cross_attention.W_V={NARROW}",),
            ("cross_attention.W_V: has 1 row", "expected 4 rows", "data.memory has 4 columns"),
        ),
        (
            (f"cross_attention.W_K={WIDE}",),
            ("cross_attention.W_K: has 3 columns, expected 2", "because cross_attention.W_Q has 2 columns"),
        ),
        (
            ("cross_attention.W_O=[[1, 2, 3, 4]]",),
            ("cross_attention.W_V: has 2 columns, expected 1", "W_O has 1 row"),
        ),
        (("cross_attention.W_O=[[1], [2]]",), ("cross_attention.W_O: has 1 column, expected 4", "data.x has 4")),
        (("data.memory=[[1, 2, 3]]",), ("data.memory: has 3 columns, expected 4", "cross_attention.W_K has 4 rows")),
        (("data.memory=[[1, 2, 3, 4], [5]]",), ("data.memory: row 2 has 1 numbers, row 1 has 4",)),
        ((f"data.memory={[[1, 2, 3, 4]] * 13}",), ("data.memory: has 13 entries", "the limit (steps) is 12")),
        ((f"data.y={NARROW}",), ("data.y: has 1 row, expected 3 (tokens)", "data.x has 3 rows")),
        (("heads=[]",), ("unknown key 'heads'",)),
    ],
)
def test_bad_input(changes, words):
    refused(changed(DECODER, *changes), *words)


def test_what_is_missing():
    refused(DECODER | {"data": {k: DECODER["data"][k] for k in "xy"}}, "data.memory: is missing")


@pytest.mark.parametrize("count", [1, 2, 4])
def test_the_wrong_number_of_norms(count):
    found = DECODER | {"norms": DECODER["norms"][:1] * count}
    refused(found, f"norms: has {count} entr", "expected 3", "self-attention, cross-attention, feed-forward network")


def test_a_single_feature():
    found = random_decoder(0, 2, 1, 2, 3, 1, (1, 1), 1, "pre")
    refused(found, "norms: has 1 number for each token, expected at least 2")


def test_more_than_the_book_can_take():
    found = random_decoder(0, 2, 50, 2, 50, 50, (50, 50), 50, "pre")
    refused(found, "feed_forward.W_1: data, parameters and units are", "the limit (size)")


def test_several_heads_have_symbols_and_words():
    """Each attention counts its own heads; one alone works in the attention's scope."""
    found = random_decoder(3, 2, 4, 3, 3, 2, ([2, 1], 2), 3, "post")
    trace = exact_gradients(found)
    assert "self.head2.WQ" in trace and "self.WQ" not in trace and "cross.WQ" in trace
    pages = {page.name: page.text for page in rendered(Material(Worked.of(validated(found), trace)), "en")}
    assert "Self-attention, head 2" in pages["forward"] and "H^{(1,2)}" in pages["forward"]
    assert "put side by side" in pages["forward"] and "cut apart again" in pages["backward"]


def test_an_attention_has_one_head_or_several():
    one = DECODER["self_attention"]
    mine = head(np.random.default_rng(0), 4, 2, 2)
    refused(DECODER | {"self_attention": one | {"heads": [mine]}}, "self_attention: W_Q: belongs to a single head")
    refused(
        DECODER | {"cross_attention": {"heads": [mine, mine], "W_O": [[1.0] * 4] * 3}},
        "cross_attention.W_O: has 3 rows, expected 4",
        "cross_attention.heads[0].W_V and cross_attention.heads[1].W_V are 4 together",
    )
    refused(DECODER | {"self_attention": {k: v for k, v in one.items() if k != "W_K"}}, "W_K: is missing")


def test_the_two_attentions_may_have_queries_of_their_own_length():
    found = changed(DECODER, f"cross_attention.W_Q={WIDE}", f"cross_attention.W_K={WIDE}")
    trace = exact_gradients(found)
    assert (trace.value("self.d_k"), trace.value("cross.d_k")) == (2, 3)
    scores = trace.value("cross.Q") @ trace.value("cross.K").T
    np.testing.assert_allclose(trace.value("cross.S"), scores / np.sqrt(3), rtol=1e-12)
