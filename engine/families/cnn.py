"""The convolutional network: z = Σ x ∗ K + b for each output map, an activation, pooling; at the end all maps become
one column for a dense layer (LeCun et al. 1989).

Every channel is a map of its own on the tape, with a kernel for each pair of an output map and an input map.
"""

from collections.abc import Sequence
from typing import Annotated

import numpy as np
from pydantic import Field, model_validator

from ..layers.dense import affine
from ..ops import OPS
from ..spec.example import Activation, Example, Known, Matrix, Model, Number, Vector
from ..spec.limits import AtMost
from ..spec.rules import expect_windows
from ..spec.shapes import chain, expect, shape
from ..spec.targets import Answered, Target, expect_comparable, one_hot
from ..tape.tape import Expr, Tape, apply

LOSSES = ("cross_entropy_logits", "half_squared_error")
Step = Annotated[int, Field(ge=1), AtMost("window")]
Maps = Annotated[list[Matrix], Field(min_length=1), AtMost("maps")]


class Data(Answered):
    """[data]: `x` is one sample, a map for each channel; `y` is the target: numbers, or the number of a
    class, counted from 0, if the loss compares distributions."""

    x: Maps = shape("channels", "rows", "columns")
    y: Target | None = shape("outputs", by_number=True, default=None)
    upstream: Vector | None = shape("outputs", default=None)


class Pool(Model):
    """pool: the largest or the average of each square of `size` × `size`; it moves by `stride`, by default `size`."""

    kind: Annotated[str, Known("kind of pooling", ("max", "avg"))]
    size: Step
    stride: Step | None = None

    @property
    def steps(self) -> dict[str, int]:
        return {"size": self.size, "stride": self.stride or self.size}


class Convolution(Model):
    """[[conv]]: kernels[o][c] reads input map c for output map o, b has one number for each output map or is
    left out; `padding` is the number of zeros on each side."""

    kernels: Annotated[list[Maps], Field(min_length=1), AtMost("maps")] = shape(
        "outputs", "inputs", "height", "width"
    )
    b: Vector | None = shape("outputs", default=None)
    stride: Step = 1
    padding: Annotated[int, Field(ge=0), AtMost("window")] = 0
    dilation: Step = 1
    activation: Activation = "relu"
    pool: Pool | None = None

    @property
    def steps(self) -> dict[str, int]:
        return {"stride": self.stride, "dilation": self.dilation}

    @property
    def biases(self) -> Sequence[Number | None]:
        """One for each output map, None where the layer has none."""
        return self.b or [None] * len(self.kernels)


class Dense(Model):
    """[dense]: W has one row per output and one column per number of the flattened maps; b one number per output or
    is left out."""

    W: Matrix = shape("outputs", "numbers")
    b: Vector | None = shape("outputs", default=None)


class Spec(Example):
    """A cnn example."""

    data: Data
    conv: Annotated[list[Convolution], Field(min_length=1), AtMost("layers")] = chain(
        "channels", "maps", height=None, width=None
    )
    dense: Dense
    loss: Annotated[str, Known("loss", LOSSES)] = LOSSES[0]

    @model_validator(mode="after")
    def _windows_fit(self):
        size: tuple[int, ...] = np.shape(self.data.x[0])
        for i, layer in enumerate(self.conv):
            if not OPS[layer.activation].entrywise:
                raise ValueError(
                    f"conv[{i}].activation: {layer.activation} makes a distribution of a column, and a map is none"
                )
            size = _size_after(f"conv[{i}]", layer, size)
        maps = len(self.conv[-1].kernels)
        because = f"{maps} × {size[0]} × {size[1]} numbers come out of the last convolution layer"
        expect("dense.W", "column", len(self.dense.W[0]), maps * size[0] * size[1], because)
        y = self.data.y
        if y is None:
            self.expect_no("loss")
            return self
        expect_comparable("data.y", [y] if isinstance(y, list) else y, len(self.dense.W), self.loss)
        return self


def _size_after(place: str, layer: Convolution, size: tuple[int, ...]) -> tuple[int, ...]:
    """How many rows and columns a map has after the layer, which had `size`; all windows must fit."""
    axes, window = ("rows", "columns"), np.shape(layer.kernels[0][0])
    size = tuple(
        expect_windows(f"{place}.stride", what, n + 2 * layer.padding, k, **layer.steps)
        for what, n, k in zip(axes, size, window, strict=True)
    )
    if not layer.pool:
        return size
    return tuple(
        expect_windows(f"{place}.pool", what, n, **layer.pool.steps) for what, n in zip(axes, size, strict=True)
    )


def forward(tape: Tape, spec: Spec) -> str:
    """Write the forward pass; returns the name of the loss."""
    maps = [tape.input(f"x{c}", x) for c, x in enumerate(spec.data.x, start=1)]
    for n, layer in enumerate(spec.conv, start=1):
        maps = _convolution(tape, "" if len(spec.conv) == 1 else f"conv{n}.", maps, layer)
    columns = [p.reshape(shape=(p.size, 1)) if p.size > 1 else p for p in maps]
    f = columns[0] if len(columns) == 1 else columns[0].concat(*columns[1:], axis=0)
    f = f if f.name else tape.write("dense.f", f, grad="dense.df")
    o = tape.write("dense.o", affine(tape.param, "dense", f, spec.dense.W, spec.dense.b), grad="dense.do")
    logits = OPS[spec.loss].outputs == "logits"
    out = tape.write("dense.p", o.softmax(axis=0)) if logits else o
    y = tape.target("y", spec.data, out, lambda y: np.reshape(one_hot([y], len(spec.dense.W)), (-1, 1)))
    if not logits:
        return tape.write("J", tape.write("E", apply(spec.loss, o, y)).sum()).name
    return tape.write("J", apply(spec.loss, o, y, axis=0).sum()).name


def _convolution(tape: Tape, place: str, maps: list[Expr], layer: Convolution) -> list[Expr]:
    """The output maps of a layer; `place` is what all its names begin with."""
    if layer.padding:
        widths = [[layer.padding] * 2] * 2
        maps = [
            tape.write(f"{place}pad.x{c}", x.pad(widths=widths), grad=f"{place}pad.dx{c}")
            for c, x in enumerate(maps, start=1)
        ]
    return [
        _map(tape, f"{place}map{o}", maps, kernels, b, layer)
        for o, (kernels, b) in enumerate(zip(layer.kernels, layer.biases, strict=True), start=1)
    ]


def _map(tape: Tape, scope: str, maps: list[Expr], kernels: list, b: Number | None, layer: Convolution) -> Expr:
    """One output map: every input map convolved with a kernel of its own, added up; activation; pooling."""
    K = [tape.param(f"{scope}.K{c}", k) for c, k in enumerate(kernels, start=1)]
    seen = [x.conv(k, **layer.steps) for x, k in zip(maps, K, strict=True)]
    found = sum(seen[1:], seen[0])
    found = found if b is None else found + tape.param(f"{scope}.b", b)
    z = tape.write(f"{scope}.z", found, grad=f"{scope}.delta")
    a = tape.write(f"{scope}.a", apply(layer.activation, z), grad=f"{scope}.da")
    if not layer.pool:
        return a
    return tape.write(f"{scope}.p", apply(f"{layer.pool.kind}_pool", a, **layer.pool.steps), grad=f"{scope}.dp")
