"""Linear, logistic and softmax regression."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.chance import draws

from .judges import against_torch, changed, distribution, exact_gradients, numbers, refused, tables

LINEAR, LOGISTIC, SOFTMAX = (tables(f"{name}-regression") for name in ("linear", "logistic", "softmax"))


def linear(leaf, _):
    from torch.nn import functional as fn

    yhat = fn.linear(leaf["X"], leaf["w"].T, leaf["b"])
    return {"yhat": yhat, "J": fn.mse_loss(yhat, leaf["y"])}


def logistic(leaf, found):
    import torch
    from torch.nn import functional as fn

    z = leaf["X"] @ leaf["w"] + leaf["b"]
    p = torch.sigmoid(z)
    logits = found["weights"].get("logits", True) and found.get("logits", True)
    return {"z": z, "p": p, "J": (fn.binary_cross_entropy_with_logits if logits else fn.binary_cross_entropy)(
        z if logits else p, leaf["y"])}  # fmt: skip


def softmax(leaf, _):
    import torch
    from torch.nn import functional as fn

    Z = leaf["X"] @ leaf["W"] + leaf["b"]
    return {"Z": Z, "P": torch.softmax(Z, 1), "J": fn.cross_entropy(Z, leaf["Y"])}


def random_linear(seed, samples, features):
    random = np.random.default_rng(seed)
    data = {"x": numbers(random, samples, features), "y": numbers(random, samples, 1)}
    return LINEAR | {"data": data, "weights": {"w": numbers(random, features), "b": 0.3}}


def random_logistic(seed, samples, features, logits):
    random = np.random.default_rng(seed)
    data = {"x": numbers(random, samples, features), "y": random.choice([0.0, 0.25, 1.0], (samples, 1)).tolist()}
    return LOGISTIC | {"data": data, "weights": {"w": numbers(random, features), "b": -0.2}, "logits": logits}


def random_softmax(seed, samples, features, classes):
    random = np.random.default_rng(seed)
    y = distribution(random, classes, samples)
    y[0] = np.eye(classes)[0].tolist()
    data = {"x": numbers(random, samples, features), "y": y}
    return SOFTMAX | {
        "data": data,
        "weights": {"W": numbers(random, features, classes), "b": numbers(random, classes)},
    }


@pytest.mark.parametrize(("found", "model"), [(LINEAR, linear), (LOGISTIC, logistic), (SOFTMAX, softmax)])
def test_the_shipped_example_against_pytorch(found, model):
    against_torch(found, model)


@settings(max_examples=draws(20))
@given(st.integers(0, 999), st.integers(1, 5), st.integers(1, 4), st.integers(1, 4), st.booleans())
def test_random_shapes(seed, samples, features, classes, logits):
    for found, model in (
        (random_linear(seed, samples, features), linear),
        (random_logistic(seed, samples, features, logits), logistic),
        (random_softmax(seed, samples, features, classes), softmax),
    ):
        exact_gradients(found)
        against_torch(found, model)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ("data.y=[[1], [2]]", ("data.y: has 2 rows, expected 3", "data.x has 3 rows")),
        ("data.y=[[1, 2], [1, 2], [1, 2]]", ("data.y: has 2 columns, expected 1", "one number per sample")),
        ("weights.w=[1.0]", ("weights.w: has 1 entry, expected 2", "data.x has 2 columns")),
        ("weights.b='x'", ("weights.b: expected a number",)),
        ("data.x=[[1, 2], [3]]", ("data.x: row 2 has 1 numbers",)),
        ("weights.v=[1]", ("weights: unknown key 'v'", "Known: w, b")),
    ],
)
def test_bad_linear(change, words):
    refused(changed(LINEAR, change), *words)


def test_bad_logistic():
    refused(changed(LOGISTIC, "data.y=[[2], [1], [0], [1]]"), "data.y", "targets between 0 and 1")
    refused(changed(LOGISTIC, "logits=1"), "logits")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ("data.y[0]=[0.5, 0.4, 0]", ("data.y[0]", "a distribution", "add up to 1, not 0.9")),
        ("data.y[1]=[-1, 1, 1]", ("data.y[1]", "a distribution")),
        (
            "data.y=[[1, 0], [0, 1]]",
            ("data.y: has 2 columns, expected 3", "(classes), because weights.W has 3 columns"),
        ),
        ("weights.b=[1, 2]", ("weights.b: has 2 entries, expected 3",)),
        ("weights.W=[[1, 2, 3]]", ("weights.W: has 1 row, expected 2", "data.x has 2 columns")),
    ],
)
def test_bad_softmax(change, words):
    refused(changed(SOFTMAX, change), *words)
