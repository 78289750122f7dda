"""The autoencoder and the variational autoencoder."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.chance import draws

from .judges import against_torch, changed, exact_gradients, numbers, refused, tables

AUTO, VAE = tables("autoencoder"), tables("vae")


def autoencoder(leaf, found):
    import torch
    from torch.nn import functional as fn

    act = {"tanh": torch.tanh, "identity": lambda z: z, "sigmoid": torch.sigmoid}
    h = act[found["encoder"]["activation"]](leaf["encoder.W"] @ leaf["x"] + leaf["encoder.b"])
    xhat = act[found["decoder"]["activation"]](leaf["decoder.W"] @ h + leaf["decoder.b"])
    return {"encoder.h": h, "decoder.xhat": xhat, "J": fn.mse_loss(xhat, leaf["x"])}


def vae(leaf, _):
    import torch

    mu = leaf["encoder.W_mu"] @ leaf["x"] + leaf["encoder.b_mu"]
    logvar = leaf["encoder.W_s"] @ leaf["x"] + leaf["encoder.b_s"]
    code = torch.distributions.Normal(mu, torch.exp(0.5 * logvar))
    z = code.loc + code.scale * leaf["noise"]
    xhat = leaf["decoder.W_xhat"] @ z + leaf["decoder.b_xhat"]
    divergence = torch.distributions.kl_divergence(code, torch.distributions.Normal(0.0, 1.0)).sum()
    R = ((xhat - leaf["x"]) ** 2).sum() / 2
    return {"code.z": z, "loss.R": R, "loss.KL": divergence, "J": (R + divergence) / leaf["x"].shape[1]}


def random_autoencoder(seed, samples, inputs, code):
    random = np.random.default_rng(seed)
    encoder = {"W": numbers(random, code, inputs), "b": numbers(random, code), "activation": "sigmoid"}
    decoder = {"W": numbers(random, inputs, code), "b": numbers(random, inputs), "activation": "tanh"}
    return AUTO | {"data": {"x": numbers(random, samples, inputs)}, "encoder": encoder, "decoder": decoder}


def random_vae(seed, samples, inputs, code):
    random = np.random.default_rng(seed)
    affine = lambda n, m: {"W": numbers(random, n, m), "b": numbers(random, n)}  # noqa: E731
    data = {"x": numbers(random, samples, inputs), "noise": numbers(random, samples, code)}
    parts = {"mean": affine(code, inputs), "log_variance": affine(code, inputs), "decoder": affine(inputs, code)}
    return VAE | {"data": data} | parts


def test_the_shipped_examples_against_pytorch():
    against_torch(AUTO, autoencoder)
    against_torch(VAE, vae)


@settings(max_examples=draws(20))
@given(st.integers(0, 999), st.integers(1, 4), st.integers(1, 4), st.integers(1, 3))
def test_random_shapes(seed, samples, inputs, code):
    for found, model in ((random_autoencoder(seed, samples, inputs, code), autoencoder),
                         (random_vae(seed, samples, inputs, code), vae)):  # fmt: skip
        exact_gradients(found)
        against_torch(found, model)


@pytest.mark.parametrize(
    ("found", "change", "words"),
    [
        (AUTO, "decoder.W=[[1, 2], [3, 4]]", ("decoder.W: has 2 rows, expected 3", "data.x has 3 columns")),
        (
            AUTO,
            "decoder.W=[[1], [2], [3]]",
            ("decoder.W: has 1 column, expected 2", "(code)", "encoder.W has 2 rows"),
        ),
        (
            AUTO,
            "encoder.W=[[1, 2]]",
            ("encoder.W: has 1 row and 2 columns, expected 2 rows (code) and 3 columns (inputs)",),
        ),
        (AUTO, "encoder.activation='softmx'", ("encoder.activation", "Did you mean 'softmax'?")),
        (VAE, "data.noise=[[0.1, 0.2]]", ("data.noise: has 2 columns, expected 1", "mean.W has 1 row")),
        (VAE, "data.noise=[[0.1], [0.2]]", ("data.noise: has 2 rows, expected 1", "data.x has 1 row")),
        (VAE, "log_variance.b=[1, 2]", ("log_variance.b: has 2 entries, expected 1",)),
        (VAE, "decoder.b=[1]", ("decoder.b: has 1 entry, expected 2",)),
    ],
)
def test_bad_input(found, change, words):
    refused(changed(found, change), *words)
