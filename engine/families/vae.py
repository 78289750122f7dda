"""The variational autoencoder: the encoder gives a mean and a variance, noise picks a code, the decoder gives x back.

z = μ + σ ⊙ ε with given noise ε; loss: squared error plus the divergence of the code from a standard normal
distribution, −½ Σ (1 + ln σ² − μ² − σ²). One sample a column. Kingma & Welling 2013.
"""

import numpy as np

from ..layers.dense import Dense, Layers, OneOrMore, affine, hidden, net
from ..spec.example import Activation, Example, Matrix, Model
from ..spec.shapes import chain, shape, table
from ..tape.tape import Expr, Tape


class Data(Model):
    """[data]: x and the noise, one row per sample; on the tape one column per sample."""

    x: Matrix = shape("samples", "inputs")
    noise: Matrix = shape("samples", "code")


class Spec(Example):
    """A vae: [mean] and [log_variance] encode, behind the hidden layers of [[encoder]], if there are any; [decoder]
    or the layers of [[decoder]] decode, of which the last is linear. `activation` is that of all hidden layers."""

    data: Data
    encoder: Layers | None = chain("inputs", "features", default=None)
    mean: Dense = table(inputs="features", outputs="code")
    log_variance: Dense = table(inputs="features", outputs="code")
    decoder: OneOrMore = chain("code", "inputs")
    activation: Activation = "tanh"


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
    total = R + KL
    return tape.write("J", total / len(spec.data.x) if len(spec.data.x) > 1 else total).name


def _affine(tape: Tape, scope: str, out: str, part: Dense, x: Expr) -> Expr:
    return tape.write(
        f"{scope}.{out}", affine(tape.param, scope, x, part.W, part.b, f"_{out}"), grad=f"{scope}.d{out}"
    )
