"""The multilayer perceptron: z = W a + b, a = f(z), layer after layer, for a batch of samples in columns; or, with
the other layout, z = a W + b for samples in rows."""

from math import sqrt
from random import Random
from typing import Annotated, ClassVar

import numpy as np
from pydantic import Field, model_validator

from ..layers.layout import COLUMNS, Layout, Named
from ..ops import NO_GRADIENT, OPS, of_kind
from ..spec import friendly
from ..spec.example import Activation, Example, Loss, Matrix, Model, Number, Vector
from ..spec.limits import AtMost
from ..spec.rules import expect_delta, expect_kept, expect_mask, expect_outputs, having
from ..spec.shapes import chain, shape
from ..spec.targets import Answered, Targets, expect_comparable, given_gradient, one_hot
from ..tape.tape import Expr, Tape, apply, expr
from .perceptron import perceptron_of


class Data(Answered):
    """[data]: one row per sample; on the tape, and on the page, one column per sample, or one row if the layout
    has samples in rows. In `y` the number of a class, counted from 0, may stand for the row, if the loss compares
    distributions."""

    x: Matrix = shape("samples", "inputs")
    """The inputs: one row per sample; on the page one column, unless the layout has samples in rows."""
    y: Targets | None = shape("samples", "outputs", by_number=True, default=None)
    """The targets: one row per sample. The number of a class, counted from 0, may stand for the row if the loss
    compares distributions. Left out, only the forward pass is worked."""
    upstream: Matrix | None = given_gradient("samples", "outputs")


class Dropout(Model):
    """[layers.dropout]: the given mask, one row per sample, 1 where a neuron stays; `keep`, the share that stays."""

    mask: Matrix = shape("samples", "outputs")
    """The mask: one row per sample, 1 where a neuron stays and 0 where it is left out."""
    keep: Annotated[Number, Field(gt=0, le=1)]
    """The share of neurons that stays, by which the others are divided."""

    @property
    def keeps_all(self) -> bool:
        """Whether nothing is left out or scaled."""
        return self.keep == 1 and all(all(row) for row in self.mask)


class Layer(Model):
    """[[layers]]: W has one row per neuron and one column per input or, with samples in rows, one column per neuron
    and one row per input; b has one number per neuron, and a layer without b has no biases.

    `slope` is leaky_relu's on the left, `alpha` elu's; `residual` adds the layer's input to its output.
    """

    W: Matrix = shape("outputs", "inputs", laid=COLUMNS)
    """The weights: one row per neuron, one column per input; with rows for a layout it is the other way round."""
    b: Vector | None = shape("outputs", default=None)
    """The biases: one number per neuron; left out, the layer has none."""
    activation: Activation
    """The function that makes the output of a neuron of its weighted sum."""
    slope: Annotated[Number, Field(gt=0, lt=1)] | None = None
    """The slope of `leaky_relu` left of 0; 0.01 if it is left out."""
    alpha: Annotated[Number, Field(gt=0)] | None = None
    """How far `elu` goes down; 1 if it is left out."""
    residual: bool = False
    """`true` adds the input of the layer to its output, behind activation and dropout."""
    dropout: Dropout | None = None
    """Leaves out some neurons, behind the activation and before the residual link."""

    @property
    def attrs(self) -> dict:
        """What the activation needs besides its argument."""
        return {key: value for key in PARAMETERS if (value := getattr(self, key)) is not None}


PARAMETERS = ("slope", "alpha")
"""The keys of a layer that are a parameter of its activation."""


class Penalty(Model):
    """[penalty]: l1 times the sum of the sizes of all weights, l2 times the sum of their squares; no biases."""

    l1: Annotated[Number, Field(ge=0)] = 0
    """The factor of the sum of the sizes of all weights; biases are free."""
    l2: Annotated[Number, Field(ge=0)] = 0
    """The factor of the sum of the squares of all weights; biases are free."""


class Spec(Example):
    """An mlp example."""

    LOSS: ClassVar = (
        "What `loss` says, added up over the outputs and averaged over the samples; then the penalty is added, if"
        " there is one."
    )

    @classmethod
    def read_as(cls, tables: dict) -> dict:
        """A network of one layer that is a step is a perceptron, whose rule is its own."""
        return perceptron_of(tables)

    layout: Named = COLUMNS
    """Where samples stand, and so which way round W is read: in `columns`, z = W x + b, or in `rows`, z = x W + b."""
    data: Data
    """The samples and their targets."""
    layers: Annotated[list[Layer], Field(min_length=1), AtMost("layers")] = chain("inputs", "outputs")
    """The layers, from input to output."""
    loss: Loss = "half_squared_error"
    """How the outputs are compared with the targets."""
    delta: Annotated[Number, Field(gt=0)] | None = None
    """Where the loss `huber` turns from a square to a straight line; 1 if it is left out."""
    penalty: Penalty | None = None
    """What is added to the loss, so that weights stay small."""

    @model_validator(mode="after")
    def _loss_fits(self):
        """The loss can read what the last layer gives and can compare with the targets; nothing comes between a
        softmax and a loss that reads its probabilities, no residual link and no dropout. Without targets nothing
        that speaks of a loss is given."""
        if self.data.y is None:
            self.expect_no("loss", "delta", "penalty")
            return self
        expect_outputs(self.layers[-1].activation, self.loss)
        self._expect_kept(f"layers[{len(self.layers) - 1}]", self.layers[-1])
        width = Layout(self.layout).outputs(self.layers[-1].W)
        expect_comparable("data.y", self.data.y, width, self.loss)
        expect_delta(self.delta, self.loss)
        return self

    def _expect_kept(self, place: str, last: Layer) -> None:
        """The loss reads what the last activation gives, where it needs just that."""
        if last.residual:
            expect_kept(f"{place}.residual", last.activation, self.loss, "with the input of the layer added")
        if last.dropout and not last.dropout.keeps_all:
            expect_kept(f"{place}.dropout", last.activation, self.loss, "where some are left out or all scaled up")

    @model_validator(mode="after")
    def _options_fit(self):
        """`slope` and `alpha` belong to the activations that read them; a layer with a residual link is as wide as
        its input; a dropout mask holds nothing but 0 and 1."""
        inputs = len(self.data.x[0])
        for i, layer in enumerate(self.layers):
            place = f"layers[{i}]"
            for key in PARAMETERS:
                if getattr(layer, key) is not None and key not in OPS[layer.activation].attrs:
                    owner = having("activation", key)
                    raise ValueError(f"{place}.{key}: belongs to the activation {owner}, not {layer.activation}")
            outputs = Layout(self.layout).outputs(layer.W)
            if layer.residual and outputs != inputs:
                raise ValueError(f"{place}.residual: the layer gives {outputs} numbers, its input has {inputs}")
            if layer.dropout:
                expect_mask(f"{place}.dropout.mask", layer.dropout.mask)
            inputs = outputs
        return self


def forward(tape: Tape, spec: Spec) -> str:
    """Write the forward pass; returns the name of the loss: the sum over outputs, averaged over the batch."""
    layout = Layout(spec.layout)
    a = tape.input("x", layout.samples(spec.data.x))
    weights: list[Expr] = []
    for i, layer in enumerate(spec.layers, start=1):
        a = _written(tape, f"layer{i}", layout, layer, a, weights)
    width = layout.outputs(spec.layers[-1].W)
    y = tape.target("y", spec.data, a, lambda y: layout.samples(one_hot(y, width)))
    E = tape.write("E", layout.apply(spec.loss, a, y, **({"delta": spec.delta} if spec.delta else {})))
    L = E.sum() / len(spec.data.x)
    penalty = spec.penalty or Penalty()
    if not (penalty.l1 or penalty.l2):
        return tape.write("J", L).name
    return tape.write("J", tape.write("L", L) + _penalty(tape, penalty, weights)).name


def _written(tape: Tape, scope: str, layout: Layout, layer: Layer, before: Expr, weights: list[Expr]) -> Expr:
    z = tape.write(f"{scope}.z", layout.affine(tape.param, scope, before, layer.W, layer.b), grad=f"{scope}.delta")
    weights.append(tape.ref(f"{scope}.W"))
    a = tape.write(f"{scope}.a", layout.apply(layer.activation, z, **layer.attrs))
    if layer.dropout:
        mask = tape.data(f"{scope}.m", layout.samples(layer.dropout.mask))
        a = tape.write(f"{scope}.d", a * mask / layer.dropout.keep)
    return tape.write(f"{scope}.r", a + before) if layer.residual else a


def _penalty(tape: Tape, penalty: Penalty, weights: list[Expr]) -> Expr:
    """λ₁ Σ|w| + λ₂ Σ w², layer by layer."""
    terms: list[Expr] = []
    if penalty.l1:
        scale = tape.const("lambda1", penalty.l1)
        terms += [scale * W.abs().sum() for W in weights]
    if penalty.l2:
        scale = tape.const("lambda2", penalty.l2)
        terms += [scale * W.square().sum() for W in weights]
    return tape.write("R", sum(terms[1:], terms[0]))


# A new example: candidates, unit by unit, until each is alive.

TRIES = 400

ACTIVATION = "sigmoid"
"""The activation of a new example, if none is asked for."""


def new(widths: list[int], activation: str, samples: int, random: Random) -> dict | None:
    """The tables of one candidate for an example of these widths (input first), or None if it came to nothing.

    An activation that looks at a whole layer stands in the last one. If it gives a distribution, that is compared
    with one class for each sample; raises ValueError if it has no two classes to choose from.
    """
    if _chooses(activation) and widths[-1] < 2:
        raise ValueError(f"{activation} chooses between outputs, so the last layer needs at least 2")
    x = friendly.matrix(random, samples, widths[0], -0.9 if samples > 1 else 0.1, 0.9)
    a, layers = np.transpose(x), []
    for i, width in enumerate(widths[1:], start=2):
        kind = activation if i == len(widths) else OPS[activation].hidden or activation
        if (units := _layer(random, a, width, kind)) is None:
            return None
        layers.append({"W": [w for w, _, _ in units], "b": [b for _, b, _ in units], "activation": kind})
        a = OPS[kind].forward(np.array([z for _, _, z in units]))
    y = _targets(random, samples, widths[-1], activation)
    if np.abs(np.transpose(y) - a).min() < min(0.02, 0.1 / a.size):
        return None
    fitting = [name for name in of_kind("loss") if OPS[name].outputs == OPS[activation].outputs]
    loss = {"loss": fitting[0]} if _chooses(activation) else {}
    return {"data": {"x": x, "y": y}, "layers": layers, **loss}


def _chooses(activation: str) -> bool:
    return OPS[activation].outputs == "distribution"


def _targets(random: Random, samples: int, width: int, activation: str) -> list[list[float]]:
    """One row per sample: a class if the outputs are a distribution, else numbers that they can reach."""
    if _chooses(activation):
        classes = friendly.spread(random, samples, width)
        return [[float(j == c) for j in range(width)] for c in classes]
    return friendly.matrix(random, samples, width, *OPS[activation].aims)


def _layer(random: Random, a: np.ndarray, width: int, activation: str) -> list[tuple] | None:
    """The units of a layer that reads `a`; no two weights are equal if there are numbers enough."""
    reach, size = min(0.9, 2 / sqrt(len(a))), width * len(a)
    pool = friendly.choices(-reach, reach, size + len(a))
    units: list[tuple] = []
    enough = len(pool) >= size
    while len(units) < width:
        if (unit := _unit(random, pool, a, activation, [z for _, _, z in units])) is None:
            return None
        units.append(unit)
        pool = [v for v in pool if v not in unit[0]] if enough else pool
    return units


def _unit(random: Random, pool: list[float], a: np.ndarray, activation: str, others: list) -> tuple | None:
    """Weights from the pool, a bias and the pre-activations of a unit that is alive and like none of the `others`."""

    def out(z):  # an activation that looks at a whole layer says nothing of a unit by itself
        return OPS[activation].forward(z) if OPS[activation].entrywise else z

    for _ in range(TRIES):
        w = random.sample(pool, len(a))
        b = random.choice(friendly.choices(-0.6, 0.6, 10))
        z = np.array(w) @ a + b
        if _alive(z, activation) and all(np.abs(out(z) - out(o)).max() > 1e-3 for o in others):
            return w, b, z
    return None


def _alive(z: np.ndarray, activation: str) -> bool:
    """Whether a unit's pre-activations are inside its lively range for every sample; where its slope is 0, as that of
    a relu, it may rest for some."""
    near, far = OPS[activation].lively
    near = min(near, 1 / z.size)
    inside = (np.abs(z) >= near).all() and (np.abs(z) <= far).all()
    return bool(inside and (_slopes(z, activation) != 0).mean() >= 0.5)


def _slopes(z: np.ndarray, activation: str) -> np.ndarray:
    """The activation's slope at each pre-activation, if it works entry by entry; else 1."""
    rule = OPS[activation].vjp(0)
    if rule is NO_GRADIENT or not OPS[activation].entrywise:
        return np.ones(z.shape)
    at = expr(z)
    return rule(expr(1.0), apply(activation, at), at).value
