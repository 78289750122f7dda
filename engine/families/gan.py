"""A generative adversarial network: one turn of one player, the other player's parameters frozen.

Goodfellow et al. 2014. The discriminator D learns to tell given samples from generated ones, the generator G to be
taken for real. Each player has a loss of its own, so an example works one turn: the player's weights are
parameters, the other's are data. The generator's loss is the non-saturating one, −ln D(G(z)).
"""

from typing import Annotated, ClassVar

import numpy as np

from ..layers.dense import Layers, net
from ..spec.example import Activation, Example, Known, Matrix, Model
from ..spec.shapes import chain, shape
from ..tape.tape import Tape

PLAYERS = ("discriminator", "generator")


class Data(Model):
    """[data]: `x` has one row per real sample, `z` one row of noise per sample to generate: equally many."""

    x: Matrix = shape("samples", "features")
    """The real samples: one row for each."""
    z: Matrix = shape("samples", "noise")
    """The noise of which samples are made: one row for each, as many as real ones."""


class Spec(Example):
    """A gan example. [[generator]] and [[discriminator]] are their layers; the last layer of each is linear."""

    LOSS: ClassVar = (
        "The cross-entropy of real and made, averaged over the samples: the discriminator's is −ln D(x) − ln(1 − "
        "D(G(z))), the generator's, which does not saturate, −ln D(G(z))."
    )

    player: Annotated[str, Known("player", PLAYERS)]
    """Whose turn it is: the weights of this player learn, those of the other are frozen."""
    data: Data
    """The real samples and the noise."""
    generator: Layers = chain("noise", "features")
    """The layers that make a sample of noise, the last one linear."""
    discriminator: Layers = chain("features", 1, because="it says how real a sample looks")
    """The layers that say how real a sample looks, in one number before the sigmoid; the last one is linear."""
    activation: Activation = "tanh"
    """The function behind every layer but the last, in both networks."""


def forward(tape: Tape, spec: Spec) -> str:
    """Write the forward pass of one turn; returns the name of the player's loss, averaged over the samples."""
    count, judges = len(spec.data.x), spec.player == "discriminator"
    given = ("x", "z") if judges else ("z",)
    *real, z = (tape.input(name, np.transpose(getattr(spec.data, name))) for name in given)
    y = tape.data("y", [[1.0] * count + [0.0] * count] if judges else [[1.0] * count])
    makes, tells = (tape.data, tape.param) if judges else (tape.param, tape.data)
    shown = net(tape, "generator", spec.generator, z, spec.activation, "x", makes)
    if judges:
        shown = tape.write("shown", real[0].concat(shown, axis=1))
    s = net(tape, "discriminator", spec.discriminator, shown, spec.activation, "s", tells)
    E = tape.write("E", s.binary_cross_entropy_logits(y))
    return tape.write("J_D" if judges else "J_G", E.sum() / count).name
