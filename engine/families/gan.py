"""A generative adversarial network: one turn of one player, the other player's parameters frozen.

Goodfellow et al. 2014. The discriminator D learns to tell given samples from generated ones, the generator G to be
taken for real. Each player has a loss of its own, so an example works one turn: the player's weights are
parameters, the other's are data. The generator's loss is the non-saturating one, −ln D(G(z)).
"""

from typing import Annotated

import numpy as np
from pydantic import model_validator

from ..layers.dense import Layers, expect_net, net, net_size
from ..spec.example import Activation, Example, Known, Matrix, Model
from ..spec.shapes import expect_columns, expect_in_time, expect_rows, expect_size
from ..tape.tape import Tape

PLAYERS = ("discriminator", "generator")


class Data(Model):
    """[data]: `x` has one row per real sample, `z` one row of noise per sample to generate: equally many."""

    x: Matrix
    z: Matrix


class Spec(Example):
    """A gan example. [[generator]] and [[discriminator]] are their layers; the last layer of each is linear."""

    player: Annotated[str, Known("player", PLAYERS)]
    data: Data
    generator: Layers
    discriminator: Layers
    activation: Activation = "tanh"

    @model_validator(mode="after")
    def _shapes_meet(self):
        d, features = self.data, len(self.data.x[0])
        expect_rows("data.z", d.z, len(d.x), f"data.x has {len(d.x)} rows: as many are generated as are real")
        made = expect_net("generator", self.generator, len(d.z[0]), f"data.z has {len(d.z[0])} numbers in a row")
        expect_columns("data.x", d.x, made, f"the generator's samples have {made} numbers")
        judged = expect_net("discriminator", self.discriminator, features, f"data.x has {features} numbers in a row")
        if judged != 1:
            raise ValueError(f"discriminator: its last layer has {judged} units, expected 1, how real a sample looks")
        return self

    @model_validator(mode="after")
    def _is_worked_in_time(self):
        samples = len(self.data.x)
        sizes = [net_size(self.generator, samples), net_size(self.discriminator, 2 * samples)]
        parameters, units, work = map(sum, zip(*sizes, strict=True))
        numbers = parameters + 2 * units + samples * (3 * len(self.data.x[0]) + len(self.data.z[0]) + 4)
        expect_size("discriminator", numbers)
        expect_in_time("discriminator", work, parameters, self.page.curve)
        return self


def forward(tape: Tape, spec: Spec) -> str:
    """Write the forward pass of one turn; returns the name of the player's loss, averaged over the samples."""
    count, judges = len(spec.data.x), spec.player == "discriminator"
    given = ("x", "z") if judges else ("z",)
    *real, z = (tape.data(name, np.transpose(getattr(spec.data, name))) for name in given)
    y = tape.data("y", [[1.0] * count + [0.0] * count] if judges else [[1.0] * count])
    makes, tells = (tape.data, tape.param) if judges else (tape.param, tape.data)
    shown = net(tape, "generator", spec.generator, z, spec.activation, "x", makes)
    if judges:
        shown = tape.write("shown", real[0].concat(shown, axis=1))
    s = net(tape, "discriminator", spec.discriminator, shown, spec.activation, "s", tells)
    E = tape.write("E", s.binary_cross_entropy_logits(y))
    return tape.write("J_D" if judges else "J_G", E.sum() / count).name
