"""The convolutional network: z = Σ x ∗ K + b for each output map, an activation, pooling; at the end all maps become
one column for dense layers (LeCun et al. 1989).

Every channel is a map of its own on the tape, with a kernel for each pair of an output map and an input map. Where
windows do not fit evenly, the rows and columns at the end that none of them sees are left out on the tape, in a line
of their own, so that every window fits what it slides over.
"""

from collections.abc import Iterator, Sequence
from typing import Annotated, ClassVar, NamedTuple

import numpy as np
from pydantic import Discriminator, Field, Tag, model_validator

from ..layers.dense import affine
from ..ops import OPS
from ..ops.convolution import reach, seen
from ..spec.example import Activation, Example, Known, Loss, Matrix, Model, Number, Vector
from ..spec.limits import AtMost
from ..spec.mistakes import LAYER, LAYERS
from ..spec.rules import expect_outputs, expect_window
from ..spec.shapes import chain, expect, shape
from ..spec.targets import Answered, Target, expect_comparable, given_gradient, one_hot
from ..tape.tape import Expr, Tape, apply

Step = Annotated[int, Field(ge=1), AtMost("window")]
Maps = Annotated[list[Matrix], Field(min_length=1), AtMost("maps")]
Size = tuple[int, int]
"""How many rows and columns a map has."""


class Data(Answered):
    """[data]: `x` is one sample, a map for each channel; `y` is the target: numbers, or the number of a
    class, counted from 0, if the loss compares distributions."""

    x: Maps = shape("channels", "rows", "columns")
    """The sample, a picture: a map of numbers for each channel."""
    y: Target | None = shape("outputs", by_number=True, default=None)
    """The target: one number per output, or the number of a class, counted from 0, if the loss compares
    distributions. Left out, only the forward pass is worked."""
    upstream: Vector | None = given_gradient("outputs")


class Pool(Model):
    """pool: the largest or the average of each square of `size` × `size`; it moves by `stride`, by default `size`.
    Rows and columns at the end that no square reaches are left out."""

    kind: Annotated[str, Known("kind of pooling", ("max", "avg"))]
    """What is taken of each square: its largest number (`"max"`) or the average (`"avg"`)."""
    size: Step
    """The side of the square."""
    stride: Step | None = None
    """How far the square moves; left out, by its own side."""

    @property
    def steps(self) -> dict[str, int]:
        return {"size": self.size, "stride": self.stride or self.size}


class Convolution(Model):
    """[[conv]]: kernels[o][c] reads input map c for output map o, b has one number for each output map or is
    left out; `padding` is the number of zeros on each side. Rows and columns at the end that no kernel reaches are
    left out."""

    kernels: Annotated[list[Maps], Field(min_length=1), AtMost("maps")] = shape(
        "outputs", "inputs", "height", "width"
    )
    """The kernels: `kernels[o][c]` reads input map c for output map o; what all input maps give is added up."""
    b: Vector | None = shape("outputs", default=None)
    """The biases: one number per output map; left out, the layer has none."""
    stride: Step = 1
    """How far the kernel moves from one place to the next."""
    padding: Annotated[int, Field(ge=0), AtMost("window")] = 0
    """How many rows and columns of zeros are put around each map, on every side. Rows and columns at the end that no
    window reaches are left out, as in PyTorch."""
    dilation: Step = 1
    """How far apart the entries that the kernel reads lie; 1 is side by side."""
    activation: Activation = "relu"
    """The function of each entry of a map."""
    pool: Pool | None = None
    """The pooling behind the activation; left out, there is none. Rows and columns at the end that no square reaches
    are left out."""

    @property
    def steps(self) -> dict[str, int]:
        return {"stride": self.stride, "dilation": self.dilation}

    @property
    def biases(self) -> Sequence[Number | None]:
        """One for each output map, None where the layer has none."""
        return self.b or [None] * len(self.kernels)


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


class Fit(NamedTuple):
    """Windows over maps of one size: where the part that they see is on the tape, how many rows and columns the maps
    have, those zeros among them that `padding` has put on each side, how many are seen, and how many places found."""

    step: str
    size: Size
    seen: Size
    places: Size
    padding: int = 0

    @property
    def is_even(self) -> bool:
        return self.size == self.seen

    @property
    def leaves_out_zeros(self) -> bool:
        """Whether all that is left out are zeros that were put around the maps."""
        return all(n - kept <= self.padding for n, kept in zip(self.size, self.seen, strict=True))


class Spec(Example):
    """A cnn example."""

    LOSS: ClassVar = "What `loss` says, added up over the outputs."

    data: Data
    """The picture and its target."""
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

    def fits(self) -> Iterator[Fit]:
        """The windows of every convolution and pooling, in their order. Raises ValueError if one does not fit."""
        size = _shape(self.data.x[0])
        for i, layer in enumerate(self.conv):
            scope = _scope(self, i + 1)
            padded = size[0] + 2 * layer.padding, size[1] + 2 * layer.padding
            window = _shape(layer.kernels[0][0])
            yield (fit := _fit(f"conv[{i}].kernels", f"{scope}seen.x<c>", padded, window, layer.steps, layer.padding))
            if layer.pool:
                window, steps = (layer.pool.size,) * 2, {"stride": layer.pool.steps["stride"]}
                yield (fit := _fit(f"conv[{i}].pool", f"{scope}map<o>.seen", fit.places, window, steps))
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
        y, outputs = self.data.y, self.last[-1]
        if y is None:
            self.expect_no("loss")
            return self
        expect_outputs(outputs.activation, self.loss)
        expect_comparable("data.y", [y] if isinstance(y, list) else y, len(outputs.W), self.loss)
        return self


def _shape(matrix: Matrix) -> Size:
    return len(matrix), len(matrix[0])


def _scope(spec: Spec, layer: int) -> str:
    """What all names of a convolution layer, counted from 1, begin with."""
    return "" if len(spec.conv) == 1 else f"conv{layer}."


def _fit(place: str, step: str, size: Size, window: Size, steps: dict[str, int], padding: int = 0) -> Fit:
    """How windows slide over maps of `size`; at least one must fit."""
    for what, n, m in zip(("rows", "columns"), size, window, strict=True):
        expect_window(place, what, n, m, steps.get("dilation", 1))
    kept = seen(size[0], window[0], **steps), seen(size[1], window[1], **steps)
    places = reach(kept[0], window[0], **steps), reach(kept[1], window[1], **steps)
    return Fit(step, size, kept, places, padding)


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
    if layer.padding:
        widths = [[layer.padding] * 2] * 2
        maps = [
            tape.write(f"{place}pad.x{c}", x.pad(widths=widths), grad=f"{place}pad.dx{c}")
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
