"""The convolutional network: z = Σ x ∗ K + b for each output map, an activation, pooling; at the end all maps become
one column for dense layers (LeCun et al. 1989).

Every channel is a map of its own on the tape, with a kernel for each pair of an output map and an input map. Where
windows do not fit evenly, the rows and columns at the end that none of them sees are left out on the tape, in a line
of their own, so that every window fits what it slides over.
"""

from collections.abc import Iterator
from functools import partial
from typing import Annotated, Any, ClassVar

import numpy as np
from pydantic import Discriminator, Field, Tag, model_validator

from ..layers.dense import affine
from ..layers.windows import Convolution, Fit, Maps, convolution_fits, pool_fits, size_of
from ..ops import OPS
from ..spec.example import Activation, Example, Loss, Matrix, Model, Number, Vector
from ..spec.limits import AtMost
from ..spec.mistakes import LAYER, LAYERS, SAMPLE, SAMPLES
from ..spec.rules import expect_outputs
from ..spec.samples import by_depth
from ..spec.shapes import chain, expect, shape
from ..spec.targets import Answered, Target, Targets, expect_comparable, given_gradient, one_hot
from ..tape.tape import Expr, Tape, apply


class Data(Answered):
    """[data]: `x` is one sample, a map for each channel; `y` is the target: numbers, or the number of a
    class, counted from 0, if the loss compares distributions."""

    x: Maps = shape("channels", "rows", "columns")
    """The sample, a picture: a map of numbers for each channel."""
    y: Target | None = shape("outputs", by_number=True, default=None)
    """The target: one number per output, or the number of a class, counted from 0, if the loss compares
    distributions. Left out, only the forward pass is worked."""
    upstream: Vector | None = given_gradient("outputs")

    @property
    def samples(self) -> dict[str, list[Matrix]]:
        """The maps of the sample, under what the names of its lines begin with."""
        return {"": self.x}

    def expect_comparable(self, outputs: int, loss: str) -> None:
        """Raises ValueError if the loss cannot compare with the target."""
        y = self.target
        expect_comparable("data.y", [y] if isinstance(y, list) else y, outputs, loss)


class Batch(Answered):
    """Several samples: of each a map for each channel, and a row of targets or the number of a class."""

    x: Annotated[list[Maps], Field(min_length=1), AtMost("numbers")] = shape("samples", "channels", "rows", "columns")
    """The samples, pictures of one size: for each a map of numbers for each channel."""
    y: Targets | None = shape("samples", "outputs", by_number=True, default=None)
    """The targets: one row per sample, or the number of a class, counted from 0, for each, if the loss compares
    distributions. Left out, only the forward pass is worked."""
    upstream: Matrix | None = given_gradient("samples", "outputs")

    @property
    def samples(self) -> dict[str, list[Matrix]]:
        return {f"s{i}.": x for i, x in enumerate(self.x, start=1)}

    def expect_comparable(self, outputs: int, loss: str) -> None:
        expect_comparable("data.y", self.target, outputs, loss)


class Dense(Model):
    """[dense], or [[dense]] for each of several: W has one row per output and one column per number of the flattened
    maps or output of the layer before; b one number per output or is left out."""

    W: Matrix = shape("outputs", "inputs")
    """The weights: one row per output, one column per number that comes in; of the maps these are the numbers of all
    maps, row by row, one map after the other."""
    b: Vector | None = shape("outputs", default=None)
    """The biases: one number per output; left out, the layer has none."""
    activation: Activation = "identity"
    """The function of the layer."""


DenseLayers = Annotated[
    Annotated[Dense, Tag(LAYER)]
    | Annotated[Annotated[list[Dense], Field(min_length=1), AtMost("layers")], Tag(LAYERS)],
    Discriminator(lambda value: LAYERS if isinstance(value, list) else LAYER),
]
"""One dense layer, or a list of them."""


class Spec(Example):
    """A cnn example."""

    LOSS: ClassVar = "What `loss` says, added up over the outputs; of several samples the mean over them."

    data: Annotated[Annotated[Data, Tag(SAMPLE)] | Annotated[Batch, Tag(SAMPLES)], Discriminator(by_depth(3))]
    """The picture and its target; or several pictures."""
    conv: Annotated[list[Convolution], Field(min_length=1), AtMost("layers")] = chain(
        "channels", "maps", height=None, width=None
    )
    """The convolution layers, from input to output."""
    dense: DenseLayers = chain("numbers", "outputs")
    """The dense layers at the end: one (`[dense]`), or several, one behind the other (`[[dense]]`)."""
    loss: Loss = "cross_entropy_logits"
    """How the outputs are compared with the target."""

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
        samples = self.data.samples
        size, sample = size_of(next(iter(samples.values()))[0]), "" if "" in samples else "s<i>."
        for i, layer in enumerate(self.conv):
            scope = sample + _scope(self, i + 1)
            yield (fit := convolution_fits(f"conv[{i}].kernels", f"{scope}seen.x<c>", size, layer))
            if layer.pool:
                yield (fit := pool_fits(f"conv[{i}].pool", f"{scope}map<o>.seen", fit.places, layer.pool))
            size = fit.places

    @model_validator(mode="after")
    def _windows_fit(self):
        """Every window fits at least once into its map; the activation of a convolution works entry by entry; the
        first dense layer has a column for each number that the last maps hold."""
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
        """The loss can read what the last layer gives, and can compare with the target."""
        outputs = self.last[-1]
        if self.data.y is None:
            self.expect_no("loss")
            return self
        expect_outputs(outputs.activation, self.loss)
        self.data.expect_comparable(len(outputs.W), self.loss)
        return self


def _scope(spec: Spec, layer: int) -> str:
    """What all names of a convolution layer, counted from 1, begin with."""
    return "" if len(spec.conv) == 1 else f"conv{layer}."


def forward(tape: Tape, spec: Spec) -> str:
    """Write the forward pass; returns the name of the loss."""
    features = [_features(tape, spec, place, x) for place, x in spec.data.samples.items()]
    f, count = features[0], len(features)
    if count > 1:
        f = tape.write("dense.f", f.concat(*features[1:], axis=1), grad="dense.df")
    o, scope = _dense(tape, spec.last, f)
    y = tape.target("y", spec.data, o, partial(_columns, count=len(spec.last[-1].W), one="" in spec.data.samples))
    if OPS[spec.loss].outputs != "logits" or OPS[spec.loss].accepts(1) != "distribution":
        E = tape.write("E", apply(spec.loss, o, y))
    else:
        if spec.gives_logits:
            tape.write(f"{scope}.p", o.softmax(axis=0))
        E = apply(spec.loss, o, y, axis=0)
    return tape.write("J", E.sum() / count if count > 1 else E.sum()).name


def _columns(targets: Any, count: int, one: bool) -> np.ndarray:
    """The targets, or what is given in their place, one column for each sample."""
    return np.transpose(one_hot([targets] if one else targets, count))


def _features(tape: Tape, spec: Spec, sample: str, x: list[Matrix]) -> Expr:
    """The maps of a sample as one column, when they have passed all convolution layers."""
    maps, fits = [tape.input(f"{sample}x{c}", channel) for c, channel in enumerate(x, start=1)], spec.fits()
    for n, layer in enumerate(spec.conv, start=1):
        maps = _convolution(tape, sample, _scope(spec, n), maps, layer, fits)
    columns = [p.reshape(shape=(p.size, 1)) if p.size > 1 else p for p in maps]
    f, scope = columns[0] if len(columns) == 1 else columns[0].concat(*columns[1:], axis=0), sample or "dense."
    return f if f.name else tape.write(f"{scope}f", f, grad=f"{scope}df")


def _convolution(
    tape: Tape, sample: str, place: str, maps: list[Expr], layer: Convolution, fits: Iterator[Fit]
) -> list[Expr]:
    """The output maps of a layer. The names of its weights begin with `place`, those of the lines with that of the
    sample before it. Takes the layer's own from `fits`."""
    if any(map(any, layer.widths)):
        maps = [
            tape.write(f"{sample}{place}pad.x{c}", x.pad(widths=layer.widths), grad=f"{sample}{place}pad.dx{c}")
            for c, x in enumerate(maps, start=1)
        ]
    fit = next(fits)
    maps = [_seen(tape, f"{sample}{place}seen", f"x{c}", x, fit) for c, x in enumerate(maps, start=1)]
    pooled = next(fits) if layer.pool else None
    return [
        _map(tape, sample, f"{place}map{o}", maps, kernels, b, layer, pooled)
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
    tape: Tape,
    sample: str,
    scope: str,
    maps: list[Expr],
    kernels: list[Matrix],
    b: Number | None,
    layer: Convolution,
    pooled: Fit | None,
) -> Expr:
    """One output map: every input map convolved with a kernel of its own, added up; activation; pooling."""
    K = [_shared(tape, f"{scope}.K{c}", k) for c, k in enumerate(kernels, start=1)]
    found = [x.conv(k, **layer.steps) for x, k in zip(maps, K, strict=True)]
    z = sum(found[1:], found[0])
    z = z if b is None else z + _shared(tape, f"{scope}.b", b)
    scope = sample + scope
    z = tape.write(f"{scope}.z", z, grad=f"{scope}.delta")
    a = tape.write(f"{scope}.a", apply(layer.activation, z), grad=f"{scope}.da")
    if not layer.pool or not pooled:
        return a
    a = _seen(tape, scope, "seen", a, pooled)
    return tape.write(f"{scope}.p", apply(f"{layer.pool.kind}_pool", a, **layer.pool.steps), grad=f"{scope}.dp")


def _shared(tape: Tape, name: str, value: Any) -> Expr:
    """A parameter that every sample meets."""
    return tape.ref(name) if name in tape.steps else tape.param(name, value)


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
