"""Batch, layer, RMS and group normalization."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gradbook.book.pages.material import Material
from gradbook.book.pages.pages import rendered
from gradbook.book.pages.worked import Worked
from tests.chance import draws

from .judges import against_torch, agree, changed, exact_gradients, numbers, refused, tables, validated

NORMS = ("batch_norm", "layer_norm", "rms_norm", "group_norm")
BATCH, LAYER, RMS, GROUP = (tables(name.replace("_", "-")) for name in NORMS)


def normed(leaf, found):
    from torch.nn import functional as fn

    norm, eps, x = found["family"], found["norm"]["eps"], leaf["u"] @ leaf["W"]
    gamma = leaf["norm.gamma"][0]
    beta = leaf["norm.beta"][0] if "norm.beta" in leaf else None
    if norm == "batch_norm":
        y = fn.batch_norm(x, None, None, gamma, beta, training=True, eps=eps)
    elif norm == "layer_norm":
        y = fn.layer_norm(x, x.shape[1:], gamma, beta, eps)
    elif norm == "rms_norm":
        y = fn.rms_norm(x, x.shape[1:], gamma, eps)
    else:
        y = fn.group_norm(x, found["norm"]["groups"], gamma, beta, eps)
    return {"x": x, "norm.y": y, "J": fn.mse_loss(y, leaf["target"], reduction="sum") / 2 / len(x)}


def random_norm(norm, seed, samples, inputs, size, groups):
    random, features = np.random.default_rng(seed), size * (groups if norm == "group_norm" else 1)
    said = {"gamma": numbers(random, features), "eps": float(random.choice([1e-5, 0.01, 0.5]))}
    if norm != "rms_norm":
        said["beta"] = numbers(random, features)
    if norm == "group_norm":
        said["groups"] = groups
    data = {"u": numbers(random, samples, inputs), "t": numbers(random, samples, features)}
    found = {"family": norm, "data": data, "weights": {"W": numbers(random, inputs, features)}, "norm": said}
    return {**BATCH, **found}


@pytest.mark.parametrize("found", [BATCH, LAYER, RMS, GROUP], ids=NORMS)
def test_the_shipped_examples_against_pytorch(found):
    against_torch(found, normed)


@settings(max_examples=draws(40))
@given(
    st.sampled_from(NORMS), st.integers(0, 999), st.integers(3, 5), st.integers(2, 3), st.integers(3, 5),
    st.integers(1, 3),
)  # fmt: skip
def test_random_shapes(norm, seed, samples, inputs, size, groups):
    found = random_norm(norm, seed, samples, inputs, size, groups)
    exact_gradients(found)
    against_torch(found, normed)


@pytest.mark.parametrize("found", [BATCH, LAYER, RMS, GROUP], ids=NORMS)
def test_without_a_small_number_under_the_root(found):
    """By plain numpy, and no symbol and no word of what is not there."""
    found = changed(found, "norm.eps=0")
    trace = exact_gradients(found)
    assert "norm.eps" not in trace
    x, k, axis = trace.value("x"), found["norm"].get("groups", 1), 0 if found["family"] == "batch_norm" else 2
    parts = x.reshape(len(x), k, -1)
    centred = parts if found["family"] == "rms_norm" else parts - parts.mean(axis, keepdims=True)
    xhat = centred / np.sqrt((centred**2).mean(axis, keepdims=True))
    agree(trace.value("norm.xhat"), xhat.reshape(x.shape), "norm.xhat")
    for page in rendered(Material(Worked.of(validated(found), trace)), "en"):
        assert "ε" not in page.text and "varepsilon" not in page.text


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (BATCH, "eps is 0, and so is norm.var in column 1, where all numbers are equal"),
        (LAYER, "eps is 0, and so is norm.var in row 1, where all numbers are equal"),
        (RMS, "eps is 0, and so is norm.ms in row 1, where all numbers are 0"),
        (GROUP, "eps is 0, and so is group1.var in row 1, where all numbers are equal"),
    ],
)
def test_a_root_of_zero_is_named(found, words):
    u = np.zeros(np.shape(found["data"]["u"])).tolist()
    flat = changed(found, "norm.eps=0", f"data.u={u}")
    refused(flat, words, "divide by zero")
    exact_gradients(changed(found, f"data.u={u}"))


@pytest.mark.parametrize(("found", "axis"), [(BATCH, 0), (LAYER, 1), (GROUP, 1)], ids=("batch", "layer", "group"))
def test_the_gradient_adds_up_to_zero_where_the_mean_was_taken(found, axis):
    """What the pages ask a reader to check."""
    trace = exact_gradients(found)
    assert np.abs(trace.value("dx").sum(axis=axis)).max() < 1e-15


@pytest.mark.parametrize(
    ("found", "change", "words"),
    [
        (LAYER, "weights.W=[[1], [2]]", ("weights.W: has 1 column, expected 3 (features)",)),
        (LAYER, "norm.gamma=[1, 2]", ("norm.gamma: has 2 entries, expected 3", "(features)")),
        (LAYER, "norm.beta=[1]", ("norm.beta: has 1 entry, expected 3",)),
        (LAYER, "weights.W=[[1, 2, 3]]", ("weights.W: has 1 row, expected 2", "data.u has 2 columns")),
        (LAYER, "data.t=[[1, 2, 3]]", ("data.t: has 1 row, expected 2 (samples)", "data.u has 2 rows")),
        (LAYER, "norm.eps=-0.1", ("norm.eps: expected a number of at least 0",)),
        (LAYER, "norm.epsilon=0.1", ("norm: unknown key 'epsilon'",)),
        (RMS, "norm.beta=[1, 2, 3]", ("norm: unknown key 'beta'",)),
        (GROUP, "norm.groups=4", ("norm.groups: 6 features cannot be cut into 4 equal groups; 1, 2, 3 can",)),
        (GROUP, "norm.groups=6", ("norm.groups: has 1 feature in each group, expected at least 2",)),
        (GROUP, "norm.groups=0", ("norm.groups",)),
    ],
)
def test_bad_input(found, change, words):
    refused(changed(found, change), *words)


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (BATCH | {"data": {"u": [[1.0, 2.0]], "t": [[1.0, 2.0]]}}, ("data.u: has 1 row", "over a batch")),
        (random_norm("layer_norm", 0, 2, 2, 1, 1), ("weights.W: has 1 column", "over a row")),
        (random_norm("rms_norm", 0, 2, 2, 1, 1), ("weights.W: has 1 column", "over a row")),
        (random_norm("layer_norm", 0, 60, 4, 60, 1) | {"page": {"curve": 100_000}}, ("data.t: the loss curve",)),
        (random_norm("layer_norm", 0, 99, 2, 99, 1), ("data.t: data, parameters and units are 49896 numbers",)),
    ],
)
def test_nothing_to_normalize_over_and_too_much(found, words):
    refused(found, *words)
