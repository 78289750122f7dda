"""The variational autoencoder: the encoder gives a mean and a variance, noise picks a code, the decoder gives x back.

z = μ + σ ⊙ ε with given noise ε; loss: squared error plus the divergence of the code from a standard normal
distribution, −½ Σ (1 + ln σ² − μ² − σ²). One sample a column. Kingma & Welling 2013.
"""

from typing import ClassVar

import numpy as np

from ..layers.dense import Dense, Layers, OneOrMore, affine, hidden, net
from ..spec.example import Activation, Example, Matrix, Model
from ..spec.shapes import chain, shape, table
from ..tape.tape import Expr, Tape


class Data(Model):
    """[data]: x and the noise, one row per sample; on the tape one column per sample."""

    x: Matrix = shape("samples", "inputs")
    """The inputs, which are their own targets: one row per sample, on the page one column."""
    noise: Matrix = shape("samples", "code")
    """The noise that picks the code: one row per sample, usually drawn from a standard normal distribution."""


class Spec(Example):
    """A vae: [mean] and [log_variance] encode, behind the hidden layers of [[encoder]], if there are any; [decoder]
    or the layers of [[decoder]] decode, of which the last is linear. `activation` is that of all hidden layers."""

    LOSS: ClassVar = (
        "Half the squared errors of the output from the input, plus the divergence of the code from a standard "
        "normal distribution, −½ Σ (1 + ln σ² − μ² − σ²), both added up over a sample and averaged over the "
        "samples."
    )

    data: Data
    """The samples and the noise."""
    encoder: Layers | None = chain("inputs", "features", default=None)
    """The hidden layers of the encoder, which mean and variance are made of; left out, there are none."""
    mean: Dense = table(inputs="features", outputs="code")
    """The layer that gives the mean of the code."""
    log_variance: Dense = table(inputs="features", outputs="code")
    """The layer that gives the logarithm of the variance of the code."""
    decoder: OneOrMore = chain("code", "inputs")
    """The layers that make the input again of the code: one (`[decoder]`), or several, one behind the other
    (`[[decoder]]`), of which the last is linear."""
    activation: Activation = "tanh"
    """The function of every hidden layer."""


def forward(tape: Tape, spec: Spec) -> str:
    """Write the forward pass; returns the name of the loss: reconstruction and divergence, averaged over samples."""
    x, noise = tape.input("x", np.transpose(spec.data.x)), tape.data("noise", np.transpose(spec.data.noise))
    h = hidden(tape, "encoder", spec.encoder or [], x, spec.activation, tape.param)
    mean = _affine(tape, "encoder", "mu", spec.mean, h)
    s = _affine(tape, "encoder", "s", spec.log_variance, h)
    sigma = tape.write("code.sigma", (s / 2).exp())
    z = tape.write("code.z", mean + sigma * noise, grad="code.dz")
    if isinstance(spec.decoder, list):
        xhat = net(tape, "decoder", spec.decoder, z, spec.activation, "xhat", tape.param)
    else:
        xhat = _affine(tape, "decoder", "xhat", spec.decoder, z)
    R = tape.write("loss.R", tape.write("loss.E", xhat.half_squared_error(x)).sum())
    terms = tape.write("loss.D", mean.square() + sigma.square() - s - 1, grad="loss.dD")
    KL = tape.write("loss.KL", terms.sum() / 2)
    samples = len(spec.data.x)
    return tape.write("J", R / samples + KL / samples).name


def _affine(tape: Tape, scope: str, out: str, part: Dense, x: Expr) -> Expr:
    return tape.write(
        f"{scope}.{out}", affine(tape.param, scope, x, part.W, part.b, f"_{out}"), grad=f"{scope}.d{out}"
    )
