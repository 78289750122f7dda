"""The encoder block, the decoder block and the tiny GPT, beside PyTorch's own layers and functions."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from .judges import against_differences, against_torch, changed, numbers, refused, tables
from .test_attention import all_heads, fused, half_squared, head

ENCODER, DECODER, GPT = tables("encoder"), tables("decoder"), tables("gpt")
ACTIVATIONS = ("relu", "gelu", "gelu_tanh")


# By functions: every width


def activation(found):
    from functools import partial

    from torch.nn import functional as fn

    gelu = {"gelu": fn.gelu, "gelu_tanh": partial(fn.gelu, approximate="tanh")}
    return {"relu": fn.relu, **gelu}[found["feed_forward"].get("activation", "relu")]


def feed_forward(leaf, found, x):
    from torch.nn.functional import linear

    hidden = activation(found)(linear(x, leaf["ffn.W1"].T, leaf["ffn.b1"][0]))
    return linear(hidden, leaf["ffn.W2"].T, leaf["ffn.b2"][0])


def norm(leaf, n, x):
    from torch.nn.functional import layer_norm

    return layer_norm(x, x.shape[1:], leaf[f"norm{n}.gamma"][0], leaf[f"norm{n}.beta"][0], float(leaf["norm.eps"]))


def block(leaf, found, x, parts, pre):
    """x after the parts, each with a way around it and its norm."""
    for n, part in enumerate(parts, start=1):
        x = x + part(norm(leaf, n, x)) if pre else norm(leaf, n, x + part(x))
    return x


def encoder(leaf, found):
    parts = [lambda x: all_heads(leaf, x), lambda x: feed_forward(leaf, found, x)]
    out = block(leaf, found, leaf["X"], parts, found.get("norm") == "pre")
    return {"J": half_squared(out, leaf["Y"])}


def decoder(leaf, found):
    parts = [
        lambda x: all_heads(leaf, x, "self", causal=True),
        lambda x: all_heads(leaf, x, "cross", leaf["memory"]),
        lambda x: feed_forward(leaf, found, x),
    ]
    out = block(leaf, found, leaf["X"], parts, found.get("norm") == "pre")
    return {"J": half_squared(out, leaf["Y"])}


def gpt(leaf, found):
    import torch
    from torch.nn import functional as fn

    text = torch.tensor(found["tokens"])
    x = fn.embedding(text[:-1], leaf["embedding.WE"]) + leaf["embedding.WP"]
    parts = [lambda u: all_heads(leaf, u, causal=True), lambda u: feed_forward(leaf, found, u)]
    out = norm(leaf, 3, block(leaf, found, x, parts, pre=True))
    logits = fn.linear(out, leaf["embedding.WE"] if found.get("tied", True) else leaf["output.WU"].T)
    each = fn.cross_entropy(logits, text[1:], reduction="none")
    return {"output.L": logits, "output.nll": each, "J": fn.cross_entropy(logits, text[1:])}


# By PyTorch's layers, where all heads together are as wide as a token


def layer_state(leaf, attentions):
    """The weights of a block as torch's layers name them; it has biases where we have none, and they are 0."""
    import torch

    d = leaf["ffn.W2"].shape[1]
    state = {"linear1.weight": leaf["ffn.W1"].T, "linear1.bias": leaf["ffn.b1"][0]}
    state |= {"linear2.weight": leaf["ffn.W2"].T, "linear2.bias": leaf["ffn.b2"][0]}
    for name, (at, heads) in attentions.items():
        state |= {f"{name}.{key}": value for key, value in fused(leaf, at, heads).items()}
        state |= {f"{name}.in_proj_bias": torch.zeros(3 * d), f"{name}.out_proj.bias": torch.zeros(d)}
    for n in range(1, len(attentions) + 2):
        state |= {f"norm{n}.weight": leaf[f"norm{n}.gamma"][0], f"norm{n}.bias": leaf[f"norm{n}.beta"][0]}
    return {key: value.double() for key, value in state.items()}


def options(leaf, found):
    pre, eps = found.get("norm") == "pre", float(leaf["norm.eps"])
    width = leaf["ffn.W1"].shape[1]
    return {
        "dim_feedforward": width, "dropout": 0.0, "activation": activation(found), "layer_norm_eps": eps,
        "batch_first": True, "norm_first": pre,
    }  # fmt: skip


def encoder_layer(leaf, found):
    import torch

    x, count = leaf["X"][None], len(found["heads"])
    heads = ["attention"] if count == 1 else [f"head{h}" for h in range(1, count + 1)]
    layer = torch.nn.TransformerEncoderLayer(x.shape[2], count, **options(leaf, found)).double()
    state = layer_state(leaf, {"self_attn": ("attention", heads)})
    out = torch.func.functional_call(layer, state, (x,))
    return {"J": half_squared(out[0], leaf["Y"])}


def decoder_layer(leaf, found):
    import torch

    x, memory = leaf["X"][None], leaf["memory"][None]
    layer = torch.nn.TransformerDecoderLayer(x.shape[2], 1, **options(leaf, found)).double()
    state = layer_state(leaf, {"self_attn": ("self", ["self"]), "multihead_attn": ("cross", ["cross"])})
    mask = torch.ones(x.shape[1], x.shape[1], dtype=torch.bool).triu(1)
    out = torch.func.functional_call(layer, state, (x, memory), {"tgt_mask": mask})
    return {"J": half_squared(out[0], leaf["Y"])}


# Random examples


def rest(random, d, hidden, norms):
    layers = {"W_1": numbers(random, d, hidden), "b_1": numbers(random, hidden)}
    layers |= {"W_2": numbers(random, hidden, d), "b_2": numbers(random, d)}
    each = [{"gamma": numbers(random, d), "beta": numbers(random, d)} for _ in range(norms)]
    return {"feed_forward": layers | {"activation": str(random.choice(ACTIVATIONS))}, "norms": each}


def random_encoder(seed, tokens, d, count, d_k, hidden, pre):
    random = np.random.default_rng(seed)
    data = {"x": numbers(random, tokens, d), "y": numbers(random, tokens, d)}
    heads = [head(random, d, d_k, d_k) for _ in range(count)]
    said = {"data": data, "heads": heads, "weights": {"W_O": numbers(random, count * d_k, d)}}
    return {**ENCODER, **said, **rest(random, d, hidden, 2), "norm": "pre" if pre else "post"}


def random_decoder(seed, tokens, others, d, wide, d_k, hidden, pre):
    random = np.random.default_rng(seed)
    data = {"x": numbers(random, tokens, d), "y": numbers(random, tokens, d), "memory": numbers(random, others, wide)}
    one, two = (head(random, d, d_k, d_k, m) | {"W_O": numbers(random, d_k, d)} for m in (d, wide))
    said = {"data": data, "self_attention": one, "cross_attention": two}
    return {**DECODER, **said, **rest(random, d, hidden, 3), "norm": "pre" if pre else "post"}


def random_gpt(seed, read, count, d, heads, d_k, hidden, tied):
    random = np.random.default_rng(seed)
    text = random.integers(0, count, read + 1).tolist()
    weights = {"W_O": numbers(random, heads * d_k, d)} | ({} if tied else {"W_U": numbers(random, d, count)})
    said = {"embedding": {"W_E": numbers(random, count, d), "W_P": numbers(random, read, d)}, "weights": weights}
    said |= {"tokens": text, "heads": [head(random, d, d_k, d_k) for _ in range(heads)], "tied": tied}
    return {**GPT, **said, **rest(random, d, hidden, 3)}


SIZE, WIDTH = st.integers(1, 3), st.integers(3, 5)


@pytest.mark.parametrize("norm", ["post", "pre"])
@pytest.mark.parametrize("act", ACTIVATIONS)
def test_the_shipped_blocks_against_pytorch(norm, act):
    change = f"norm={norm}", f"feed_forward.activation={act}"
    against_torch(changed(ENCODER, *change), encoder)
    against_torch(changed(DECODER, *change), decoder)


@pytest.mark.parametrize("act", ACTIVATIONS)
def test_the_shipped_gpt_against_pytorch(act):
    against_torch(changed(GPT, f"feed_forward.activation={act}"), gpt)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 999), SIZE, WIDTH, SIZE, SIZE, SIZE, st.booleans())
def test_random_encoders(seed, tokens, d, count, d_k, hidden, pre):
    found = random_encoder(seed, tokens, d, count, d_k, hidden, pre)
    against_torch(found, encoder)
    if found["feed_forward"]["activation"] != "relu":  # a difference across the corner is no slope
        against_differences(found, 1e-5)


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 999), SIZE, SIZE, st.integers(2, 3), SIZE, st.booleans())
def test_random_encoders_against_the_layer(seed, tokens, count, d_k, hidden, pre):
    against_torch(random_encoder(seed, tokens, count * d_k, count, d_k, hidden, pre), encoder_layer)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 999), SIZE, SIZE, WIDTH, WIDTH, SIZE, SIZE, st.booleans())
def test_random_decoders(seed, tokens, others, d, wide, d_k, hidden, pre):
    found = random_decoder(seed, tokens, others, d, wide, d_k, hidden, pre)
    against_torch(found, decoder)
    if found["feed_forward"]["activation"] != "relu":
        against_differences(found, 1e-5)


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 999), SIZE, SIZE, WIDTH, SIZE, st.booleans())
def test_random_decoders_against_the_layer(seed, tokens, others, d, hidden, pre):
    against_torch(random_decoder(seed, tokens, others, d, d, d, hidden, pre), decoder_layer)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 999), SIZE, st.integers(2, 4), WIDTH, st.integers(1, 2), SIZE, SIZE, st.booleans())
def test_random_gpts(seed, read, count, d, heads, d_k, hidden, tied):
    found = random_gpt(seed, read, count, d, heads, d_k, hidden, tied)
    against_torch(found, gpt)
    if found["feed_forward"]["activation"] != "relu":
        against_differences(found, 1e-5)


def test_a_token_that_is_not_read_learns_only_from_tied_weights():
    never = len(GPT["embedding"]["W_E"]) - 1
    assert never not in GPT["tokens"][:-1]
    tied = against_differences(GPT)
    free = against_differences(
        changed(GPT, "tied=false", f"weights.W_U={np.transpose(GPT['embedding']['W_E']).tolist()}")
    )
    assert (tied.value("embedding.dWE")[never] != 0).all()
    assert (free.value("embedding.dWE")[never] == 0).all()
    assert free.value("J") == pytest.approx(tied.value("J"), rel=1e-15)
    uses = free.value("embedding.dWE") + free.value("output.dWU").T
    np.testing.assert_allclose(tied.value("embedding.dWE"), uses, rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize(
    ("found", "change", "words"),
    [
        (ENCODER, "norm=middle", ("norm: unknown place of the norm 'middle'", "Known: post, pre")),
        (ENCODER, "eps=0.0", ("eps: expected a number greater than 0",)),
        (ENCODER, "feed_forward.activation=sigmoid", ("feed_forward.activation: unknown activation 'sigmoid'",)),
        (ENCODER, "weights.W_O=[[1, 2, 3], [4, 5, 6]]", ("weights.W_O: has 3 columns, expected 4",)),
        (ENCODER, "weights.W_O=[[1, 2, 3, 4]]", ("weights.W_O: has 1 rows, expected 2", "W_V has 2 columns")),
        (ENCODER, "feed_forward.W_1=[[1], [2]]", ("feed_forward.W_1: has 2 rows, expected 4",)),
        (ENCODER, "feed_forward.b_1=[1]", ("feed_forward.b_1: has 1 entries, expected 3", "each hidden unit")),
        (ENCODER, "feed_forward.W_2=[[1, 2, 3, 4]]", ("feed_forward.W_2: is 1 × 4, expected 3 × 4",)),
        (ENCODER, "feed_forward.b_2=[1]", ("feed_forward.b_2: has 1 entries, expected 4",)),
        (ENCODER, "norms[1].gamma=[1]", ("norms[1].gamma: has 1 entries, expected 4",)),
        (ENCODER, "norms[0].beta=[1]", ("norms[0].beta: has 1 entries, expected 4",)),
        (ENCODER, "norms=[]", ("norms: has 0 entries, expected 2", "attention, feed-forward network")),
        (ENCODER, "data.y=[[1, 2, 3, 4]]", ("data.y: is 1 × 4, expected 3 × 4", "a block keeps the shape")),
        (DECODER, "data.memory=[[1, 2], [3, 4]]", ("cross_attention.W_K: has 4 rows, expected 2", "data.memory")),
        (DECODER, "self_attention.W_K=[[1, 2]]", ("self_attention.W_K: has 1 rows, expected 4", "data.x")),
        (DECODER, "cross_attention.W_O=[[1, 2]]", ("cross_attention.W_O: has 1 rows, expected 2",)),
        (DECODER, "data.y=[[1, 2, 3, 4]]", ("data.y: is 1 × 4, expected 3 × 4",)),
        (GPT, "tokens=[0, 1, 4]", ("tokens[2]: is 4; there are 4 tokens in the vocabulary", "from 0 to 3")),
        (GPT, "tokens=[0, -1, 2]", ("tokens[1]: expected a number of at least 0",)),
        (GPT, "tokens=[0]", ("tokens",)),
        (GPT, "tokens=[0, 1]", ("embedding.W_P: has 3 rows, expected 1", "1 of the tokens are read")),
        (GPT, "embedding.W_P=[[1], [2], [3]]", ("embedding.W_P: has 1 columns, expected 4",)),
        (GPT, "norm=post", ("norm: unknown place of the norm 'post'",)),
        (GPT, "tied=false", ("weights.W_U: is missing",)),
        (GPT, "weights.W_U=[[1]]", ("weights.W_U: must not be there if tied = true",)),
    ],
)
def test_one_sentence_says_what_is_wrong(found, change, words):
    refused(changed(found, change), *words)


def test_weights_of_the_output_have_one_column_for_each_token():
    refused(changed(GPT, "tied=false", "weights.W_U=[[1], [2], [3], [4]]"), "weights.W_U: is 4 × 1, expected 4 × 4")


def test_both_attentions_of_a_decoder_have_one_length_of_queries():
    narrow = [[1.0], [2.0], [3.0], [4.0]]
    found = {**DECODER, "cross_attention": DECODER["cross_attention"] | {"W_Q": narrow, "W_K": narrow}}
    refused(found, "cross_attention.W_Q: must have as many columns as self_attention.W_Q")


def test_a_single_number_cannot_be_normalized():
    found = random_encoder(1, 2, 1, 1, 1, 1, False)
    refused(found, "norms: has 1 number for each token, expected at least 2")
