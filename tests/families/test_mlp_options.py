"""What the perceptron can have beyond layers: every activation, every loss, dropout, residual links, penalties."""

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gradbook.engine import work
from gradbook.engine.load import validate
from gradbook.engine.ops import of_kind
from tests.chance import draws

from .judges import against_torch, changed, distribution, exact_gradients, numbers, refused, tables

MANY = tables("regularised")
LAST = {
    "binary_cross_entropy": "sigmoid", "cross_entropy": "softmax", "kl_divergence": "softmax",
    "binary_cross_entropy_logits": "identity", "cross_entropy_logits": "identity",
}  # fmt: skip
"""The last activation that a loss asks for."""


def activations(torch):
    fn = torch.nn.functional
    return {
        "identity": lambda z, _: z, "sigmoid": lambda z, _: torch.sigmoid(z), "tanh": lambda z, _: torch.tanh(z),
        "relu": lambda z, _: torch.relu(z), "leaky_relu": lambda z, y: fn.leaky_relu(z, y.get("slope", 0.01)),
        "elu": lambda z, y: fn.elu(z, y.get("alpha", 1.0)), "softplus": lambda z, _: fn.softplus(z, threshold=1e9),
        "silu": lambda z, _: fn.silu(z), "gelu": lambda z, _: fn.gelu(z),
        "gelu_tanh": lambda z, _: fn.gelu(z, approximate="tanh"), "softmax": lambda z, _: torch.softmax(z, 0),
    }  # fmt: skip


def losses(torch):
    fn = torch.nn.functional
    return {
        "half_squared_error": lambda a, y, _: fn.mse_loss(a, y, reduction="sum") / 2,
        "squared_error": lambda a, y, _: fn.mse_loss(a, y, reduction="sum"),
        "absolute_error": lambda a, y, _: fn.l1_loss(a, y, reduction="sum"),
        "huber": lambda a, y, d: fn.huber_loss(a, y, reduction="sum", delta=d),
        "binary_cross_entropy": lambda a, y, _: fn.binary_cross_entropy(a, y, reduction="sum"),
        "binary_cross_entropy_logits": lambda z, y, _: fn.binary_cross_entropy_with_logits(z, y, reduction="sum"),
        "cross_entropy": lambda a, y, _: -(y * torch.log(a)).sum(),
        "cross_entropy_logits": lambda z, y, _: fn.cross_entropy(z.T, y.T, reduction="sum"),
        "kl_divergence": lambda a, y, _: fn.kl_div(torch.log(a), y, reduction="sum"),
        "hinge": lambda a, y, _: torch.relu(1 - y * a).sum(),
    }  # fmt: skip


def mlp(leaf, found):
    import torch

    a, weights = leaf["x"], []
    for i, layer in enumerate(found["layers"], start=1):
        before, W = a, leaf[f"layer{i}.W"]
        a = activations(torch)[layer["activation"]](W @ a + leaf[f"layer{i}.b"], layer)
        if "dropout" in layer:
            a = a * leaf[f"layer{i}.m"] / layer["dropout"]["keep"]
        a = a + before if layer.get("residual") else a
        weights.append(W)
    loss = losses(torch)[found["loss"]](a, leaf["y"], found.get("delta", 1.0)) / leaf["x"].shape[1]
    penalty = found.get("penalty", {})
    loss = loss + penalty.get("l1", 0) * sum(W.abs().sum() for W in weights)
    return {"J": loss + penalty.get("l2", 0) * sum((W**2).sum() for W in weights)}


def targets(random, loss, samples, outputs):
    if loss in ("cross_entropy", "kl_divergence", "cross_entropy_logits"):
        return distribution(random, outputs, samples)
    if loss == "hinge":
        return random.choice([-1.0, 1.0], (samples, outputs)).tolist()
    return random.uniform(0.1, 0.9, (samples, outputs)).tolist()


def net(seed, samples, widths, middle, loss, options=True):
    """A random net of `widths`, its hidden activations `middle`, with every option on where `options` says so."""
    random = np.random.default_rng(seed)
    layers = []
    for i, (before, width) in enumerate(pairwise(widths)):
        last = i == len(widths) - 2
        activation = LAST.get(loss, "tanh") if last else middle
        layer = {"W": numbers(random, width, before), "b": numbers(random, width), "activation": activation}
        if options and not last:
            layer["residual"] = width == before
            layer["dropout"] = {"mask": random.choice([0, 1], (samples, width), p=[0.3, 0.7]).tolist(), "keep": 0.7}
        layers.append(layer)
    data = {"x": numbers(random, samples, widths[0]), "y": targets(random, loss, samples, widths[-1])}
    found = {key: value for key, value in MANY.items() if key != "penalty"}
    return (
        found
        | {"loss": loss, "data": data, "layers": layers}
        | ({"penalty": {"l1": 0.02, "l2": 0.05}} if options else {})
    )


def test_the_shipped_example_against_pytorch():
    against_torch(MANY, mlp)


@pytest.mark.parametrize("activation", of_kind("activation"))
def test_every_activation(activation):
    against_torch(net(1, 2, [2, 3, 2], activation, "squared_error"), mlp)


@pytest.mark.parametrize("loss", of_kind("loss"))
def test_every_loss(loss):
    against_torch(net(2, 3, [2, 2, 3], "tanh", loss), mlp)


def test_parameters_of_activations_and_losses():
    found = changed(MANY, "layers[0].slope=0.3", "loss=huber", "delta=0.4")
    found["layers"][1] |= {"activation": "elu", "alpha": 0.7}
    against_torch(found, mlp)


@settings(max_examples=draws(40))
@given(
    st.integers(0, 999), st.integers(1, 3), st.lists(st.integers(1, 4), min_size=2, max_size=4),
    st.sampled_from(of_kind("activation")), st.sampled_from(of_kind("loss")), st.booleans(),
)  # fmt: skip
def test_random_nets(seed, samples, widths, middle, loss, options):
    found = net(seed, samples, widths, middle, loss, options)
    exact_gradients(found)
    against_torch(found, mlp)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (
            "layers[1].dropout.mask=[[1, 1], [0, 1]]",
            ("layers[1].dropout.mask: has 2 columns, expected 3 (outputs of layers[1])",),
        ),
        ("layers[1].dropout.mask[0]=[1, 0.5, 1]", ("layers[1].dropout.mask", "holds only 0 and 1, not 0.5")),
        ("layers[1].dropout.keep=0", ("layers[1].dropout.keep", "greater than 0")),
        ("layers[1].residual=true", ("layers[1].residual: the layer gives 3 numbers, its input has 2",)),
        ("layers[1].slope=0.1", ("layers[1].slope: belongs to the activation leaky_relu, not gelu",)),
        ("layers[0].slope=2", ("layers[0].slope", "less than 1")),
        ("penalty.l1=-1", ("penalty.l1", "at least 0")),
        ("delta=1.0", ("delta: belongs to the loss huber",)),
        ("data.y[0]=[1, 1, 0]", ("data.y[0]: ", "a distribution", "add up to 1, not 2")),
        ("data.y[0]=[1.2, -0.2, 0]", ("data.y[0][1]: ", "numbers of at least 0 that add up to 1, not -0.2")),
        ("data.y[0]=[0.5, 0.499999999, 0]", ("data.y[0]: ", "add up to 1, not 0.999999999")),
        ("data.y[0]=[0.5, 0.50000001, 0]", ("data.y[0]: ", "add up to 1, not 1.00000001")),
        ("layers[2].activation=softmax", ("cross_entropy_logits needs logits; end with an identity layer",)),
        ("loss=hinge", ("hinge needs targets of −1 or 1",)),
        ("loss=kl_divergence", ("kl_divergence needs probabilities", "softmax layer")),
    ],
)
def test_bad_input(change, words):
    refused(changed(MANY, change), *words)


READ = {
    "family": "mlp", "title": {"en": "t"}, "data": {"x": [[0.5, 1.0]], "y": [[1, 0]]}, "loss": "cross_entropy",
    "layers": [{"W": [[0.5, -0.3], [0.2, 0.9]], "b": [0.1, 0.2], "activation": "softmax"}],
    "update": {"learning_rate": 0.1},
}  # fmt: skip
ADDED, DROPPED = {"residual": True}, {"dropout": {"mask": [[1, 1]], "keep": 0.5}}


@pytest.mark.parametrize("loss", ["cross_entropy", "kl_divergence"])
@pytest.mark.parametrize(("option", "place"), [
    (ADDED, "layers[0].residual"), (DROPPED, "layers[0].dropout"),
    ({"dropout": {"mask": [[1, 0]], "keep": 1}}, "layers[0].dropout"),
])  # fmt: skip
def test_a_loss_of_a_distribution_reads_a_distribution(loss, option, place):
    """Softmax plus something is none, and the loss of it was negative: −0.825."""
    found = READ | {"loss": loss, "layers": [READ["layers"][0] | option]}
    refused(found, f"{place}: {loss} needs probabilities that add up to 1", "could become negative")


@pytest.mark.parametrize(("loss", "activation", "layers"), [
    ("cross_entropy", "softmax", [ADDED, {}]),
    ("cross_entropy", "softmax", [DROPPED, {}]),
    ("cross_entropy", "softmax", [{"dropout": {"mask": [[1, 1]], "keep": 1}}]),
    ("cross_entropy_logits", "identity", [ADDED]),
    ("half_squared_error", "softmax", [ADDED]),
])  # fmt: skip
def test_what_keeps_a_distribution_or_needs_none_is_worked(loss, activation, layers):
    made = [READ["layers"][0] | {"activation": activation} | option for option in layers]
    assert work(validate(READ | {"loss": loss, "layers": made}, Path("t.toml"))).value("J") > 0
