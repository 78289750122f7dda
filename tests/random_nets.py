"""Random networks for the tests: examples of any depth, width, batch, activation and loss."""

from pathlib import Path

import numpy as np
from hypothesis import strategies as st

from gradbook.engine import work
from gradbook.engine.load import validate
from tests.chance import remember

ACTIVATIONS = ["identity", "sigmoid", "tanh", "relu"]
LOSSES = ["half_squared_error", "squared_error", "binary_cross_entropy"]


def tables(widths, activations, batch, loss, seed=0, learning_rate=0.3):
    """The tables of an example whose weights keep clear of saturation."""
    random = np.random.default_rng(seed)
    layers = []
    for width, before, activation in zip(widths[1:], widths[:-1], activations, strict=True):
        W = random.uniform(0.1, 0.9, (width, before)) * random.choice([-1, 1], (width, before)) / before
        b = random.uniform(0.2, 0.5, width) * random.choice([-1, 1], width)
        layers.append({"W": W.tolist(), "b": b.tolist(), "activation": activation})
    x, y = random.uniform(-0.9, 0.9, (batch, widths[0])), random.uniform(0.1, 0.9, (batch, widths[-1]))
    return {
        "family": "mlp", "title": {"en": "Random"}, "loss": loss, "data": {"x": x.tolist(), "y": y.tolist()},
        "layers": layers, "update": {"learning_rate": learning_rate},
    }  # fmt: skip


def worked(net):
    remember(net)
    return work(validate(net, Path("random.toml")))


@st.composite
def nets(draw):
    """The tables of a random net."""
    widths = draw(st.lists(st.integers(1, 5), min_size=2, max_size=6))
    activations = [draw(st.sampled_from(ACTIVATIONS)) for _ in widths[1:]]
    loss = draw(st.sampled_from(LOSSES))
    if loss == "binary_cross_entropy":
        activations[-1] = "sigmoid"
    return tables(widths, activations, draw(st.integers(1, 6)), loss, draw(st.integers(0, 10_000)))
