"""The tiny GPT."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.chance import draws

from .judges import against_torch, agree, changed, exact_gradients, numbers, refused, tables
from .layers import (
    ACTIVATIONS,
    COLUMN,
    NARROW,
    attend_all,
    bad_blocks,
    block,
    feed_forward,
    head,
    held,
    held_block,
    hidden_later,
    layer,
    normalize,
    rest,
)

GPT = tables("gpt")
SIZE, WIDTH = st.integers(1, 3), st.integers(2, 5)


def embedded(leaf, found):
    import torch
    from torch.nn import functional as fn

    text = torch.tensor(found["tokens"])
    E = fn.embedding(text[:-1], leaf["embedding.WE"])
    return text[1:], {"embedding.E": E, "embedding.X": E + leaf["embedding.WP"]}


def answered(leaf, lines, found, x, following):
    """The last norm, the logits and the loss."""
    from torch.nn import functional as fn

    W_U = leaf["embedding.WE"] if found.get("tied", True) else leaf["output.WU"].T
    L = fn.linear(normalize(leaf, lines, 3, x), W_U)
    nll = fn.cross_entropy(L, following, reduction="none")
    return lines | {"output.L": L, "output.nll": nll, "J": fn.cross_entropy(L, following)}


def gpt(leaf, found):
    following, lines = embedded(leaf, found)
    x = block(
        leaf, lines, found, lines["embedding.X"],
        attention=lambda u: attend_all(leaf, lines, "attention", u, causal=True),
        ffn=lambda u: feed_forward(leaf, lines, found, u),
    )  # fmt: skip
    return answered(leaf, lines, found, x, following)


def by_the_layer(leaf, found):
    """A causal nn.TransformerEncoderLayer, where the heads together are as wide as a token."""
    import torch

    following, lines = embedded(leaf, found)
    x = lines["embedding.X"][None]
    module = layer("Encoder", leaf, found, x.shape[2], len(found["heads"]), True)
    weights = held_block(leaf, 2, self_attn=held(leaf, "attention"))
    out = torch.func.functional_call(module, weights, (x,), {"src_mask": hidden_later(x.shape[1])})
    return answered(leaf, lines | {"ffn.X": out[0]}, found, out[0], following)


def random_gpt(seed, read, vocabulary, d, d_k, widths, hidden, tied):
    """One head for each of `widths`: how many numbers its values have."""
    random = np.random.default_rng(seed)
    tokens = random.integers(0, vocabulary, read + 1).tolist()
    weights = {"W_O": numbers(random, sum(widths), d)} | ({} if tied else {"W_U": numbers(random, d, vocabulary)})
    embedding = {"W_E": numbers(random, vocabulary, d), "W_P": numbers(random, read, d)}
    heads = [head(random, d, d_k, d_v) for d_v in widths]
    said = {"tokens": tokens, "embedding": embedding, "heads": heads, "weights": weights, "tied": tied}
    return GPT | said | rest(random, d, hidden, 3)


def free(found, W_U=None):
    """The tables with an output of its own: the embeddings unless it is given."""
    W_U = np.transpose(found["embedding"]["W_E"]).tolist() if W_U is None else W_U
    return found | {"tied": False, "weights": found["weights"] | {"W_U": W_U}}


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_the_shipped_example_against_pytorch(name):
    found = changed(GPT, f"feed_forward.activation={name}")
    for each in (found, free(found)):
        exact_gradients(each)
        against_torch(each, gpt)


def test_exact_gradients_as_it_is_shipped():
    exact_gradients(GPT)


def test_what_is_not_said():
    """The output is tied, ε is 10⁻⁵, the activation is relu; norms come first."""
    found = {key: value for key, value in GPT.items() if key not in ("tied", "eps", "norm")}
    found["feed_forward"] = {key: value for key, value in GPT["feed_forward"].items() if key != "activation"}
    trace = against_torch(found, gpt)
    assert trace.value("norm.eps") == 1e-5 and "output.WU" not in trace


@settings(max_examples=draws(20))
@given(
    st.integers(0, 999), SIZE, st.integers(1, 4), WIDTH, SIZE, st.lists(SIZE, min_size=1, max_size=3), SIZE,
    st.booleans(),
)  # fmt: skip
def test_random_shapes(seed, read, vocabulary, d, d_k, widths, hidden, tied):
    found = random_gpt(seed, read, vocabulary, d, d_k, widths, hidden, tied)
    exact_gradients(found)
    against_torch(found, gpt)


@settings(max_examples=draws(20))
@given(st.integers(0, 999), SIZE, st.integers(1, 4), SIZE, SIZE, SIZE, st.booleans())
def test_random_shapes_against_the_layer(seed, read, vocabulary, heads, d_k, hidden, tied):
    d_k += heads == 1  # a single feature is not normalized
    found = random_gpt(seed, read, vocabulary, heads * d_k, d_k, [d_k] * heads, hidden, tied)
    against_torch(found, by_the_layer)


@pytest.mark.parametrize("tokens", [[1, 1, 1, 1], [0, 3, 0, 3], [2, 2, 0, 0]])
def test_repeated_tokens(tokens):
    found = changed(GPT, f"tokens={tokens}")
    for each in (found, free(found)):
        against_torch(each, gpt)
        trace = exact_gradients(each)
    uses = [trace.value("embedding.dX")[[t == n for t in tokens[:-1]]].sum(axis=0) for n in range(4)]
    agree(trace.value("embedding.dWE"), np.array(uses), "embedding.dWE")


def test_tied_weights_learn_from_both_of_their_uses():
    one, two = against_torch(GPT, gpt), against_torch(free(GPT), gpt)
    assert 3 not in GPT["tokens"] and (two.value("embedding.dWE")[3] == 0).all()
    agree(one.value("J"), two.value("J"), "J")
    agree(one.value("embedding.dWE"), two.value("embedding.dWE") + two.value("output.dWU").T, "embedding.dWE")


@bad_blocks
def test_bad_block(change, words):
    refused(changed(GPT, change), *words)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ("tokens=[0, 1, 2, 4]", ("tokens[3]: is 4; there are 4 tokens in the vocabulary", "counted from 0 to 3")),
        ("tokens=[9, 1, 2, 0]", ("tokens[0]: is 9; there are 4 tokens", "rows of embedding.W_E")),
        ("tokens=[0, -1, 2, 0]", ("tokens[1]: expected a number of at least 0, found -1",)),
        ("tokens=[0, 1.5, 2, 0]", ("tokens[1]: expected a whole number, found 1.5",)),
        ("tokens=[]", ("tokens: is empty",)),
        ("tokens=[0]", ("tokens: has 1 entries; at least 2 are needed",)),
        (f"tokens={[0] * 13}", ("tokens: has 13 entries", "the limit (steps) is 12")),
        ("tokens=[0, 1]", ("embedding.W_P: has 3 rows, expected 1", "(positions), because tokens has ")),
        ("tokens=[0, 1, 2, 0, 1]", ("embedding.W_P: has 3 rows, expected 4", "(positions), because tokens has ")),
        ("embedding.W_P=[[1], [2], [3]]", ("embedding.W_P: has 1 column, expected 4", "embedding.W_E has 4 columns")),
        ("embedding.W_E[0]=[1]", ("embedding.W_E: row 2 has 4 numbers, row 1 has 1",)),
        (f"heads[0].W_Q={NARROW}", ("heads[0].W_Q: has 1 row, expected 4", "embedding.W_E has 4 columns")),
        (f"heads[0].W_K={NARROW}", ("heads[0].W_K: has 1 row", "expected 4 rows", "embedding.W_E has 4 columns")),
        (f"heads[0].W_V={NARROW}", ("heads[0].W_V: has 1 row, expected 4", "embedding.W_E has 4 columns")),
        (f"heads[0].W_K={COLUMN}", ("heads[0].W_K: has 1 column, expected 2", "heads[0].W_Q has 2")),
        (f"heads[0].W_V={COLUMN}", ("weights.W_O: has 2 rows, expected 1", "heads[0].W_V has 1 column")),
        ("weights.W_O=[[1], [2]]", ("weights.W_O: has 1 column, expected 4", "embedding.W_E has 4 columns")),
        ("heads=[]", ("heads: is empty",)),
        ("norm=post", ("norm: unknown place of the norm 'post'", "Known: pre")),
        ("tied=false", ("weights.W_U: is missing",)),
        (f"weights.W_U={[[1, 2, 3, 4]] * 4}", ("weights.W_U: must not be there if tied = true",)),
        ("tied=1", ("tied",)),
        ("data.x=[[1]]", ("unknown key 'data'",)),
    ],
)
def test_bad_input(change, words):
    refused(changed(GPT, change), *words)


@pytest.mark.parametrize(("rows", "columns"), [(4, 3), (3, 4)])
def test_an_output_of_the_wrong_shape(rows, columns):
    found = free(GPT, [[0.5] * columns] * rows)
    differs = "rows, expected 4 (d)" if rows == 3 else "columns, expected 4 (vocabulary)"
    refused(found, f"weights.W_U: has 3 {differs}, because embedding.W_E has 4")


def test_heads_that_are_not_alike():
    found = random_gpt(0, 2, 3, 3, 2, [1, 1], 2, True)
    refused(
        changed(found, "heads[1].W_Q=[[1], [2], [3]]"),
        "heads[1].W_K: has 2 columns, expected 1 (d_k of heads[1])",
        "heads[1].W_Q has 1 column",
    )


@pytest.mark.parametrize("count", [1, 2, 4])
def test_the_wrong_number_of_norms(count):
    found = GPT | {"norms": GPT["norms"][:1] * count}
    refused(found, f"norms: has {count} entr", "expected 3", "attention, feed-forward network, logits")


def test_a_single_feature():
    refused(random_gpt(0, 2, 3, 1, 1, [1], 1, True), "norms: has 1 number for each token, expected at least 2")


def test_more_than_the_book_can_take():
    refused(random_gpt(0, 2, 3, 60, 60, [60], 60, True), "heads: data, parameters and units are", "the limit (size)")
