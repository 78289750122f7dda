"""Word vectors by skip-gram and CBOW, with negative samples and with the softmax over the whole vocabulary."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.chance import draws

from .judges import against_torch, changed, exact_gradients, numbers, refused, tables

WORDS = tables("word2vec")


def skip_gram(leaf, found):
    """As a user of PyTorch writes it: embeddings and the logarithm of a sigmoid."""
    import torch
    from torch.nn import functional as fn

    d = found["data"]
    v = fn.embedding(torch.tensor(d["center"]), leaf["V"])
    u = fn.embedding(torch.tensor(d["context"]), leaf["U"])
    negatives = fn.embedding(torch.tensor(d["negatives"]), leaf["U"])
    loss = -fn.logsigmoid(u @ v) - fn.logsigmoid(-(negatives @ v)).sum()
    return {"v_c": v, "u_o": u, "s_o": u @ v, "s_neg": negatives @ v, "J": loss}


def classifier(leaf, found):
    """As logistic regression: 1 for the true pair, 0 for every other."""
    import torch

    d = found["data"]
    asked = [d["context"], *d["negatives"]]
    wanted = torch.zeros(len(asked), dtype=torch.float64)
    wanted[0] = 1
    scores = leaf["U"][asked] @ leaf["V"][d["center"]]
    loss = torch.nn.functional.binary_cross_entropy_with_logits(scores, wanted, reduction="sum")
    return {"J": loss}


def full_softmax(leaf, found):
    """As a user of PyTorch writes it: a linear layer without biases, and the cross-entropy."""
    import torch
    from torch.nn import functional as fn

    d, cbow = found["data"], found.get("architecture") == "cbow"
    read = torch.tensor(d["context"] if cbow else [d["center"]]).reshape(1, -1)
    v = fn.embedding_bag(read, leaf["V"], mode="mean")
    scores = v @ leaf["U"].T
    told = torch.tensor([d["center"] if cbow else d["context"]])
    return {"h" if cbow else "v_c": v.T, "s": scores.T, "p": scores.softmax(1).T, "J": fn.cross_entropy(scores, told)}


def bag(leaf, found):
    """CBOW with negative samples."""
    import torch
    from torch.nn import functional as fn

    d = found["data"]
    h = leaf["V"][d["context"]].mean(0)
    told, drawn = leaf["U"][d["center"]], leaf["U"][torch.tensor(d["negatives"])]
    return {"h": h, "J": -fn.logsigmoid(told @ h) - fn.logsigmoid(-(drawn @ h)).sum()}


FULL = WORDS | {"data": {"center": 1, "context": 0}}
CBOW = WORDS | {"architecture": "cbow", "data": {"center": 1, "context": [0, 4, 0]}}
BAG = CBOW | {"data": CBOW["data"] | {"negatives": [2, 3, 2]}}


@pytest.mark.parametrize(("found", "model"), [(FULL, full_softmax), (CBOW, full_softmax), (BAG, bag)])
def test_the_other_forms_against_pytorch(found, model):
    trace = against_torch(found, model)
    exact_gradients(found)
    touched = np.flatnonzero(trace.value(trace.grads["U"]).any(axis=1))
    assert len(touched) == (3 if model is bag else 5)  # the softmax touches every word


def test_a_context_of_one_word():
    against_torch(CBOW | {"data": {"center": 1, "context": [3]}}, full_softmax)
    against_torch(CBOW | {"data": {"center": 1, "context": 3}}, full_softmax)


def at_random(seed, words, size, count):
    """Few words and many samples, so that words are drawn twice."""
    random = np.random.default_rng(seed)
    context = int(random.integers(words))
    others = [word for word in range(words) if word != context]
    negatives = [int(word) for word in random.choice(others, count)]
    data = {"center": int(random.integers(words)), "context": context, "negatives": negatives}
    weights = {name: numbers(random, words, size) for name in "VU"}
    return WORDS | {"data": data, "weights": weights}


def test_the_shipped_example_against_pytorch():
    for model in (skip_gram, classifier):
        trace = against_torch(WORDS, model)
    assert len(set(WORDS["data"]["negatives"])) < len(WORDS["data"]["negatives"])
    touched = np.flatnonzero(trace.value(trace.grads["U"]).any(axis=1))
    assert set(touched) == {WORDS["data"]["context"], *WORDS["data"]["negatives"]}


@settings(max_examples=draws(25))
@given(st.integers(0, 999), st.integers(2, 5), st.integers(1, 4), st.integers(1, 6))
def test_random_words(seed, words, size, count):
    found = at_random(seed, words, size, count)
    exact_gradients(found)
    for model in (skip_gram, classifier):
        against_torch(found, model)


BAD = [
    ("data.center=5", "data.center: is 5; there are 5 words in the vocabulary, counted from 0 to 4"),
    ("data.context=-1", "data.context: is -1; there are 5 words"),
    ("data.negatives=[2, 7]", "data.negatives[1]: is 7; there are 5 words"),
    ("data.negatives=[2, 0]", "data.negatives[1]: is 0, the context word itself"),
    ("data.negatives=[]", "data.negatives: is empty"),
    ("data.negatives=" + str([2] * 13), "data.negatives: has 13 entries; the limit (steps) is 12"),
    ("weights.U=[[1, 2], [3, 4]]", "weights.U: has 2 rows, expected 5 (words), because weights.V has 5 rows"),
    ("data.center=1.5", "data.center: expected a whole number, found 1.5"),
]


def test_bad_input_of_the_other_forms():
    refused(changed(FULL, "data.context=[0, 2]"), "data.context: skip-gram tells one word of the context; write its")
    refused(changed(CBOW, "data.context=[0, 5]"), "data.context[1]: is 5; there are 5 words")
    refused(changed(CBOW, "data.context=[]"), "data.context: is empty")
    refused(changed(BAG, "data.negatives=[1]"), "data.negatives[0]: is 1, the centre word itself")
    refused(changed(CBOW, "architecture='bow'"), "unknown architecture 'bow'. Did you mean 'cbow'")


@pytest.mark.parametrize(("change", "words"), BAD, ids=[change[:22] for change, _ in BAD])
def test_bad_input(change, words):
    refused(changed(WORDS, change), words)
