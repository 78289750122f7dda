"""The mixture of experts against a PyTorch model that computes the chosen experts only, and its refusals."""

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from gradbook.book.pages.material import Material
from gradbook.book.pages.pages import rendered
from gradbook.book.pages.worked import Worked
from tests.chance import draws

from .judges import against_torch, agree, changed, exact_gradients, numbers, refused, tables, validated, worked

MOE = tables("moe")


def model(leaf, found):
    """As in Mixtral: softmax over all, the k largest, divided by their sum; the others are never computed."""
    import torch
    from torch.nn import functional as fn

    x = leaf["x"].T
    weights, chosen = torch.topk(torch.softmax(fn.linear(x, leaf["gate.W"]), dim=1), found["gate"]["k"], dim=1)
    weights = weights / weights.sum(dim=1, keepdim=True)
    rows = []
    for i in range(len(x)):
        y_hat = 0
        for weight, e in zip(weights[i], chosen[i] + 1, strict=True):
            z = fn.linear(x[i : i + 1], leaf[f"expert{e}.W"], leaf[f"expert{e}.b"][:, 0])
            y_hat = y_hat + weight * getattr(torch, found["activation"])(z)
        rows.append(y_hat)
    y_hat = torch.cat(rows)
    return {"y_hat": y_hat.T, "J": fn.mse_loss(y_hat.T, leaf["y"], reduction="sum") / 2 / len(x)}


def random_mixture(seed, inputs, outputs, count, k, activation):
    random = np.random.default_rng(seed)
    experts = [{"W": numbers(random, outputs, inputs), "b": numbers(random, outputs)} for _ in range(count)]
    return MOE | {
        "data": {"x": numbers(random, inputs), "y": numbers(random, outputs)},
        "gate": {"W": numbers(random, count, inputs), "k": k},
        "experts": experts,
        "activation": activation,
    }


def test_the_shipped_example_against_pytorch():
    against_torch(MOE, model)


@settings(max_examples=draws(25))
@given(st.integers(0, 999), st.integers(1, 4), st.integers(1, 3), st.integers(2, 5), st.data())
def test_random_mixtures(seed, inputs, outputs, count, data):
    k = data.draw(st.integers(1, count))
    found = random_mixture(seed, inputs, outputs, count, k, data.draw(st.sampled_from(["tanh", "sigmoid"])))
    logits = np.sort(np.array(found["gate"]["W"]) @ found["data"]["x"])
    assume(np.diff(logits).min() > 1e-3)
    exact_gradients(found)
    against_torch(found, model)


SAMPLES = MOE | {"data": {"x": [[0.6, -0.4], [-0.3, 0.8], [0.1, 0.5]], "y": [[0.8, 0.3], [0.1, -0.2], [0.4, 0.4]]}}


@pytest.mark.parametrize("k", [1, 2, 3])
def test_several_samples_choose_for_themselves(k):
    found = changed(SAMPLES, f"gate.k={k}")
    trace = against_torch(found, model)
    exact_gradients(found)
    data = zip(found["data"]["x"], found["data"]["y"], strict=True)
    alone = [worked(found | {"data": {"x": x, "y": y}}) for x, y in data]
    for name in ("J", "expert1.dW"):
        agree(trace.value(name), np.mean([one.value(name) for one in alone], axis=0), name)


def test_several_samples_on_the_pages_in_turns_and_without_a_loss():
    assert len(worked(changed(SAMPLES, "update.batch_size=1")).batches) == 3
    given = {"x": SAMPLES["data"]["x"], "upstream": [[1.0, 0.5]] * 3}
    assert exact_gradients(SAMPLES | {"data": given}).value("upstream").shape == (2, 3)
    pages = {
        page.name: page.text for page in rendered(Material(Worked.of(validated(SAMPLES), worked(SAMPLES))), "en")
    }
    assert "g^{(2)}" in pages["forward"] and "chooses for itself" in pages["forward"]
    refused(changed(SAMPLES, "data.x[1]=[0, 0]"), "gate.W: two experts share place 2 at 0 for data.x[1]")
    refused(changed(SAMPLES, "data.y=[[1, 2]]"), "data.y: has 1 row, expected 3 (samples)")


def test_a_single_expert_has_weight_1_and_the_gate_does_not_learn():
    """The output is that of the expert with the largest logit, by plain numpy."""
    found = changed(MOE, "gate.k=1")
    trace = exact_gradients(found)
    x = np.array(found["data"]["x"])
    chosen = int(np.argmax(np.array(found["gate"]["W"]) @ x))
    expert = found["experts"][chosen]
    agree(trace.value("y_hat")[:, 0], np.tanh(np.array(expert["W"]) @ x + expert["b"]), "y_hat")
    assert np.array_equal(trace.value("gate.g")[:, 0], np.eye(3)[chosen])
    assert not trace.value("gate.dW").any()
    pages = {p.name: p.text for p in rendered(Material(Worked.of(validated(found), trace)), "en")}
    assert "so the gate does not learn" in pages["backward"] and "learns by comparing" not in pages["backward"]


def test_an_expert_that_is_not_chosen_does_not_learn():
    trace = worked(MOE)
    mask = trace.value("gate.m")[:, 0]
    assert sorted(mask) == [0, 1, 1]
    for e, chosen in enumerate(mask, start=1):
        for name in (f"expert{e}.W", f"expert{e}.b"):
            assert trace.value(trace.grads[name]).any() == bool(chosen)
            assert np.array_equal(trace.value(name), trace.value(trace.updates[name])) != bool(chosen)
    assert np.array_equal(trace.value("gate.dW").any(axis=1), mask)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ("gate.k=4", ("gate.k: is 4; there are 3 experts to choose from",)),
        ("gate.k=0", ("gate.k: is 0",)),
        ("gate.W=[[1.0, 2.0]]", ("gate.W: has 1 row, expected 3", "experts has 3 entries")),
        ("gate.W=[[1.0], [2.0], [3.0]]", ("gate.W: has 1 column, expected 2", "data.x has 2 entries")),
        ("gate.W=[[0.9, 0], [0.4, 0], [0.4, 0]]", ("gate.W: two experts share place 2 at 0.24", "chance")),
        ("experts[1].W=[[1.0], [2.0]]", ("experts[1].W: has 1 column, expected 2", "data.x has 2 entries")),
        ("experts[2].W=[[1.0, 2.0]]", ("experts[2].W: has 1 row, expected 2", "data.y has 2 entries")),
        ("experts[0].b=[1.0]", ("experts[0].b: has 1 entry, expected 2 (outputs)", "experts[0].W has 2 rows")),
        ("activation='tan'", ("activation", "Did you mean 'tanh'?")),
    ],
)
def test_refusals(change, words):
    refused(changed(MOE, change), *words)


def test_a_large_mixture_is_refused():
    inputs = 900
    experts = [{"W": [[0.1] * inputs] * 10, "b": [0.1] * 10}] * 3
    found = MOE | {"data": {"x": [0.1] * inputs, "y": [0.1] * 10}, "experts": experts}
    refused(found | {"gate": {"W": [[0.1] * inputs, [0.2] * inputs, [0.3] * inputs], "k": 2}}, "the limit (size)")
