"""Word vectors by skip-gram with negative samples."""

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


@pytest.mark.parametrize(("change", "words"), BAD, ids=[change[:22] for change, _ in BAD])
def test_bad_input(change, words):
    refused(changed(WORDS, change), words)
