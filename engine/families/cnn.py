"""The convolutional network: z = Σ x ∗ K + b for each output map, an activation, pooling; at the end all maps become
one column for dense layers (LeCun et al. 1989).

Every channel is a map of its own on the tape, with a kernel for each pair of an output map and an input map. Where
windows do not fit evenly, the rows and columns at the end that none of them sees are left out on the tape, in a line
of their own, so that every window fits what it slides over.
"""

from collections.abc import Iterator
from typing import Annotated

import numpy as np
from pydantic import Discriminator, Field, Tag, model_validator

from ..layers.dense import affine
from ..layers.windows import Convolution, Fit, Maps, convolution_fits, pool_fits, size_of
from ..ops import OPS
from ..spec.example import Activation, Example, Loss, Matrix, Model, Number, Vector
from ..spec.limits import AtMost
from ..spec.mistakes import LAYER, LAYERS
from ..spec.rules import expect_outputs
from ..spec.shapes import chain, expect, shape
from ..spec.targets import Answered, Target, expect_comparable, one_hot
from ..tape.tape import Expr, Tape, apply


class Data(Answered):
    """[data]: `x` is one sample, a map for each channel; `y` is the target: numbers, or the number of a
    class, counted from 0, if the loss compares distributions."""

    x: Maps = shape("channels", "rows", "columns")
    y: Target | None = shape("outputs", by_number=True, default=None)
    upstream: Vector | None = shape("outputs", default=None)


class Dense(Model):
    """[dense], or [[dense]] for each of several: W has one row per output and one column per number of the flattened
    maps or output of the layer before; b one number per output or is left out."""

    W: Matrix = shape("outputs", "inputs")
    b: Vector | None = shape("outputs", default=None)
    activation: Activation = "identity"


DenseLayers = Annotated[
    Annotated[Dense, Tag(LAYER)]
    | Annotated[Annotated[list[Dense], Field(min_length=1), AtMost("layers")], Tag(LAYERS)],
    Discriminator(lambda value: LAYERS if isinstance(value, list) else LAYER),
]
"""One dense layer, or a list of them."""


class Spec(Example):
    """A cnn example."""

    data: Data
    conv: Annotated[list[Convolution], Field(min_length=1), AtMost("layers")] = chain(
        "channels", "maps", height=None, width=None
    )
    dense: DenseLayers = chain("numbers", "outputs")
    loss: Loss = "cross_entropy_logits"

    @property
    def last(self) -> list[Dense]:
        """The dense layers at the end, one or several."""
        return self.dense if isinstance(self.dense, list) else [self.dense]

    @property
    def gives_logits(self) -> bool:
        """Whether the outputs stand for probabilities; where their gradient is given they stand for themselves."""
        return self.data.upstream is None and OPS[self.last[-1].activation].outputs == "logits"

    @property
    def has_pairs(self) -> bool:
        """Whether a step or a window differs along the rows and along the columns."""
        return any(layer.has_pairs for layer in self.conv)

    def fits(self) -> Iterator[Fit]:
        """The windows of every convolution and pooling, in their order. Raises ValueError if one does not fit."""
        size = size_of(self.data.x[0])
        for i, layer in enumerate(self.conv):
            scope = _scope(self, i + 1)
            yield (fit := convolution_fits(f"conv[{i}].kernels", f"{scope}seen.x<c>", size, layer))
            if layer.pool:
                yield (fit := pool_fits(f"conv[{i}].pool", f"{scope}map<o>.seen", fit.places, layer.pool))
            size = fit.places

    @model_validator(mode="after")
    def _windows_fit(self):
        for i, layer in enumerate(self.conv):
            if not OPS[layer.activation].entrywise:
                raise ValueError(
                    f"conv[{i}].activation: {layer.activation} makes a distribution of a column, and a map is none"
                )
        fits = list(self.fits())
        (rows, columns), maps = fits[-1].places, len(self.conv[-1].kernels)
        because = f"{maps} × {rows} × {columns} numbers come out of the last convolution layer"
        if not all(fit.is_even for fit in fits):
            because += " (rows and columns that no window reaches are left out)"
        place = "dense[0].W" if isinstance(self.dense, list) else "dense.W"
        expect(place, "column", len(self.last[0].W[0]), maps * rows * columns, because)
        return self

    @model_validator(mode="after")
    def _loss_fits(self):
        y, outputs = self.data.y, self.last[-1]
        if y is None:
            self.expect_no("loss")
            return self
        expect_outputs(outputs.activation, self.loss)
        expect_comparable("data.y", [y] if isinstance(y, list) else y, len(outputs.W), self.loss)
        return self


def _scope(spec: Spec, layer: int) -> str:
    """What all names of a convolution layer, counted from 1, begin with."""
    return "" if len(spec.conv) == 1 else f"conv{layer}."


def forward(tape: Tape, spec: Spec) -> str:
    """Write the forward pass; returns the name of the loss."""
    maps, fits = [tape.input(f"x{c}", x) for c, x in enumerate(spec.data.x, start=1)], spec.fits()
    for n, layer in enumerate(spec.conv, start=1):
        maps = _convolution(tape, _scope(spec, n), maps, layer, fits)
    columns = [p.reshape(shape=(p.size, 1)) if p.size > 1 else p for p in maps]
    f = columns[0] if len(columns) == 1 else columns[0].concat(*columns[1:], axis=0)
    f = f if f.name else tape.write("dense.f", f, grad="dense.df")
    o, scope = _dense(tape, spec.last, f)
    y = tape.target("y", spec.data, o, lambda y: np.reshape(one_hot([y], len(spec.last[-1].W)), (-1, 1)))
    if OPS[spec.loss].outputs != "logits" or OPS[spec.loss].accepts(1) != "distribution":
        return tape.write("J", tape.write("E", apply(spec.loss, o, y)).sum()).name
    if spec.gives_logits:
        tape.write(f"{scope}.p", o.softmax(axis=0))
    return tape.write("J", apply(spec.loss, o, y, axis=0).sum()).name


def _convolution(tape: Tape, place: str, maps: list[Expr], layer: Convolution, fits: Iterator[Fit]) -> list[Expr]:
    """The output maps of a layer; `place` is what all its names begin with. Takes the layer's own from `fits`."""
    if any(map(any, layer.widths)):
        maps = [
            tape.write(f"{place}pad.x{c}", x.pad(widths=layer.widths), grad=f"{place}pad.dx{c}")
            for c, x in enumerate(maps, start=1)
        ]
    fit = next(fits)
    maps = [_seen(tape, f"{place}seen", f"x{c}", x, fit) for c, x in enumerate(maps, start=1)]
    pooled = next(fits) if layer.pool else None
    return [
        _map(tape, f"{place}map{o}", maps, kernels, b, layer, pooled)
        for o, (kernels, b) in enumerate(zip(layer.kernels, layer.biases, strict=True), start=1)
    ]


def _seen(tape: Tape, scope: str, name: str, x: Expr, fit: Fit) -> Expr:
    """The part of a map that windows see; the map itself if that is all of it."""
    if fit.is_even:
        return x
    for axis, (n, kept) in enumerate(zip(fit.size, fit.seen, strict=True)):
        x = x if n == kept else x.slice(axis=axis, start=0, stop=kept)
    return tape.write(f"{scope}.{name}", x, grad=f"{scope}.d{name}")


def _map(
    tape: Tape, scope: str, maps: list[Expr], kernels: list, b: Number | None, layer: Convolution, pooled: Fit | None
) -> Expr:
    """One output map: every input map convolved with a kernel of its own, added up; activation; pooling."""
    K = [tape.param(f"{scope}.K{c}", k) for c, k in enumerate(kernels, start=1)]
    found = [x.conv(k, **layer.steps) for x, k in zip(maps, K, strict=True)]
    z = sum(found[1:], found[0])
    z = z if b is None else z + tape.param(f"{scope}.b", b)
    z = tape.write(f"{scope}.z", z, grad=f"{scope}.delta")
    a = tape.write(f"{scope}.a", apply(layer.activation, z), grad=f"{scope}.da")
    if not layer.pool or not pooled:
        return a
    a = _seen(tape, scope, "seen", a, pooled)
    return tape.write(f"{scope}.p", apply(f"{layer.pool.kind}_pool", a, **layer.pool.steps), grad=f"{scope}.dp")


def _dense(tape: Tape, layers: list[Dense], x: Expr) -> tuple[Expr, str]:
    """The outputs of the last of the dense layers, and what its names begin with."""
    scope = "dense"
    for n, layer in enumerate(layers, start=1):
        scope = "dense" if len(layers) == 1 else f"dense{n}"
        z, is_last = affine(tape.param, scope, x, layer.W, layer.b), n == len(layers)
        if OPS[layer.activation].outputs == "logits":  # the sums as they are
            out, grad = ("o", "do") if is_last else ("z", "delta")
            x = tape.write(f"{scope}.{out}", z, grad=f"{scope}.{grad}")
        else:
            z, out = tape.write(f"{scope}.z", z, grad=f"{scope}.delta"), "o" if is_last else "a"
            x = tape.write(f"{scope}.{out}", apply(layer.activation, z), grad=f"{scope}.d{out}")
    return x, scope
