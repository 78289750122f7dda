"""The autoencoder and the variational autoencoder."""

from itertools import pairwise

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


def vae(leaf, found):
    import torch

    def through(scope, layers, x, last):
        """x after layers with an activation, but for the last of them if that is so."""
        for n in range(1, len(layers) + 1):
            x = leaf[f"{scope}{n}.W"] @ x + leaf[f"{scope}{n}.b"]
            x = x if last and n == len(layers) else getattr(torch, found.get("activation", "tanh"))(x)
        return x

    h = through("encoder", found.get("encoder", []), leaf["x"], last=False)
    mu = leaf["encoder.W_mu"] @ h + leaf["encoder.b_mu"]
    logvar = leaf["encoder.W_s"] @ h + leaf["encoder.b_s"]
    code = torch.distributions.Normal(mu, torch.exp(0.5 * logvar))
    z = code.loc + code.scale * leaf["noise"]
    if isinstance(found["decoder"], list):
        xhat = through("decoder", found["decoder"], z, last=True)
    else:
        xhat = leaf["decoder.W_xhat"] @ z + leaf["decoder.b_xhat"]
    divergence = torch.distributions.kl_divergence(code, torch.distributions.Normal(0.0, 1.0)).sum()
    R = ((xhat - leaf["x"]) ** 2).sum() / 2
    return {"code.z": z, "loss.R": R, "loss.KL": divergence, "J": (R + divergence) / leaf["x"].shape[1]}


def random_autoencoder(seed, samples, inputs, code):
    random = np.random.default_rng(seed)
    encoder = {"W": numbers(random, code, inputs), "b": numbers(random, code), "activation": "sigmoid"}
    decoder = {"W": numbers(random, inputs, code), "b": numbers(random, inputs), "activation": "tanh"}
    return AUTO | {"data": {"x": numbers(random, samples, inputs)}, "encoder": encoder, "decoder": decoder}


def random_vae(seed, samples, inputs, code, before=(), behind=()):
    """`before` and `behind` are the widths of hidden layers in the encoder and in the decoder."""
    random = np.random.default_rng(seed)
    affine = lambda n, m: {"W": numbers(random, n, m), "b": numbers(random, n)}  # noqa: E731
    data = {"x": numbers(random, samples, inputs), "noise": numbers(random, samples, code)}
    features = [inputs, *before][-1]
    parts = {"mean": affine(code, features), "log_variance": affine(code, features), "decoder": affine(inputs, code)}
    if before:
        parts["encoder"] = [affine(n, m) for m, n in pairwise([inputs, *before])]
    if behind:
        parts["decoder"] = [affine(n, m) for m, n in pairwise([code, *behind, inputs])]
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


@pytest.mark.parametrize(("before", "behind"), [((3,), ()), ((), (3,)), ((4, 2), (3, 4))])
def test_hidden_layers_of_a_variational_autoencoder(before, behind):
    found = random_vae(1, 2, 3, 2, before, behind) | {"activation": "sigmoid"}
    against_torch(found, vae)
    exact_gradients(found)


def test_hidden_layers_that_do_not_meet():
    found = random_vae(1, 2, 3, 2, (4,), (3,))
    refused(
        changed(found, "mean.W=[[1, 2, 3], [1, 2, 3]]"),
        "mean.W: has 3 columns, expected 4 (features), because encoder[0].W has 4 rows",
    )
    refused(changed(found, "encoder[0].W=[[1, 2]]"), "encoder[0].W: has ", "expected 4 rows")
    refused(changed(found, "decoder[1].W=[[1, 2], [1, 2], [1, 2]]"), "decoder[1].W: has 2 columns, expected 3")
    refused(changed(found, "encoder=[]"), "encoder: is empty")
    refused(changed(VAE, "mean.W=[[1, 2, 3]]"), "mean.W: has 3 columns, expected 2 (inputs), because data.x has 2")
