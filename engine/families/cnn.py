"""The convolutional network: z = Σ x ∗ K + b for each output map, an activation, pooling; at the end all maps become
one column for a dense layer (LeCun et al. 1989).

Every channel is a map of its own on the tape, with a kernel for each pair of an output map and an input map.
"""

from typing import Annotated

import numpy as np
from pydantic import Field, model_validator

from ..ops import OPS
from ..spec.example import Activation, Example, Known, Matrix, Model, Number, Vector
from ..spec.limits import CALL, AtMost
from ..spec.shapes import (
    expect_columns,
    expect_in_time,
    expect_length,
    expect_shape,
    expect_size,
    expect_targets,
    expect_windows,
)
from ..tape.tape import Expr, Tape, apply

LOSSES = ("cross_entropy_logits", "half_squared_error")
Step = Annotated[int, Field(ge=1), AtMost("window")]
Maps = Annotated[list[Matrix], Field(min_length=1), AtMost("maps")]


class Data(Model):
    """[data]: `x` is one sample, a map for each channel; `y` is the target."""

    x: Maps
    y: Vector


class Pool(Model):
    """pool: the largest or the average of each square of `size` × `size`; it moves by `stride`, by default `size`."""

    kind: Annotated[str, Known("kind of pooling", ("max", "avg"))]
    size: Step
    stride: Step | None = None

    @property
    def steps(self) -> dict[str, int]:
        return {"size": self.size, "stride": self.stride or self.size}


class Convolution(Model):
    """[[conv]]: kernels[o][c] reads input map c for output map o, b has one number for each output map; `padding`
    is the number of zeros on each side."""

    kernels: Annotated[list[Maps], Field(min_length=1), AtMost("maps")]
    b: Vector
    stride: Step = 1
    padding: Annotated[int, Field(ge=0), AtMost("window")] = 0
    dilation: Step = 1
    activation: Activation = "relu"
    pool: Pool | None = None

    @property
    def steps(self) -> dict[str, int]:
        return {"stride": self.stride, "dilation": self.dilation}


class Dense(Model):
    """[dense]: W has one row per output and one column per number of the flattened maps."""

    W: Matrix
    b: Vector


class Spec(Example):
    """A cnn example."""

    data: Data
    conv: Annotated[list[Convolution], Field(min_length=1), AtMost("layers")]
    dense: Dense
    loss: Annotated[str, Known("loss", LOSSES)] = LOSSES[0]

    @model_validator(mode="after")
    def _shapes_meet(self):
        shape, maps, cost, size = np.shape(self.data.x[0]), len(self.data.x), 0, 0
        for c, x in enumerate(self.data.x):
            expect_shape(f"data.x[{c}]", x, *shape, "all maps of a layer have one shape")
        for i, layer in enumerate(self.conv):
            shape, places = _shape_after(f"conv[{i}]", layer, maps, shape)
            kernels = len(layer.kernels) * maps
            cost += kernels * np.size(layer.kernels[0][0]) * (places + CALL // 4)
            size += len(layer.kernels) * places * 3 + kernels * np.size(layer.kernels[0][0])
            maps = len(layer.kernels)
        outputs, column = len(self.dense.W), maps * shape[0] * shape[1]
        flat = f"{maps} × {shape[0]} × {shape[1]} numbers come out of the last convolution layer"
        expect_columns("dense.W", self.dense.W, column, flat)
        rows = f"dense.W has {outputs} rows, one for each output"
        expect_length("dense.b", self.dense.b, outputs, rows)
        expect_length("data.y", self.data.y, outputs, rows)
        expect_targets("data.y", [self.data.y], self.loss)
        parameters = size + outputs * (column + 1)
        expect_size("conv", parameters + np.size(self.data.x))
        expect_in_time("conv", cost + outputs * column, parameters, self.page.curve)
        return self


def _shape_after(place: str, layer: Convolution, maps: int, shape: tuple[int, int]) -> tuple[tuple[int, int], int]:
    """(shape of a map after the layer, places of its convolution); everything in the layer must fit."""
    window = np.shape(layer.kernels[0][0])
    for o, kernels in enumerate(layer.kernels):
        expect_length(f"{place}.kernels[{o}]", kernels, maps, f"{maps} maps come in, and each needs a kernel")
        for c, kernel in enumerate(kernels):
            expect_shape(f"{place}.kernels[{o}][{c}]", kernel, *window, "all kernels of a layer have one shape")
    expect_length(f"{place}.b", layer.b, len(layer.kernels), f"there are {len(layer.kernels)} output maps")
    if not OPS[layer.activation].entrywise:
        raise ValueError(
            f"{place}.activation: {layer.activation} makes a distribution of a column, and a map is none"
        )
    axes = list(zip(("rows", "columns"), shape, window, strict=True))
    rows, columns = (
        expect_windows(f"{place}.stride", what, n + 2 * layer.padding, k, layer.stride, layer.dilation)
        for what, n, k in axes
    )
    places = rows * columns
    if layer.pool:
        steps = layer.pool.steps
        rows, columns = (
            expect_windows(f"{place}.pool", what, n, steps["size"], steps["stride"])
            for (what, _, _), n in zip(axes, (rows, columns), strict=True)
        )
    return (rows, columns), places


def forward(tape: Tape, spec: Spec) -> str:
    """Write the forward pass; returns the name of the loss."""
    maps = [tape.data(f"x{c}", x) for c, x in enumerate(spec.data.x, start=1)]
    for n, layer in enumerate(spec.conv, start=1):
        maps = _convolution(tape, "" if len(spec.conv) == 1 else f"conv{n}.", maps, layer)
    columns = [p.reshape(shape=(p.size, 1)) if p.size > 1 else p for p in maps]
    f = columns[0] if len(columns) == 1 else columns[0].concat(*columns[1:], axis=0)
    f = f if f.name else tape.write("dense.f", f, grad="dense.df")
    W, b = tape.param("dense.W", spec.dense.W), tape.param("dense.b", np.reshape(spec.dense.b, (-1, 1)))
    o, y = tape.write("dense.o", W @ f + b, grad="dense.do"), tape.data("y", np.reshape(spec.data.y, (-1, 1)))
    if OPS[spec.loss].outputs != "logits":
        return tape.write("J", tape.write("E", apply(spec.loss, o, y)).sum()).name
    tape.write("dense.p", o.softmax(axis=0))
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
        for o, (kernels, b) in enumerate(zip(layer.kernels, layer.b, strict=True), start=1)
    ]


def _map(tape: Tape, scope: str, maps: list[Expr], kernels: list, b: Number, layer: Convolution) -> Expr:
    """One output map: every input map convolved with a kernel of its own, added up; activation; pooling."""
    K = [tape.param(f"{scope}.K{c}", k) for c, k in enumerate(kernels, start=1)]
    seen = [x.conv(k, **layer.steps) for x, k in zip(maps, K, strict=True)]
    z = tape.write(f"{scope}.z", sum(seen[1:], seen[0]) + tape.param(f"{scope}.b", b), grad=f"{scope}.delta")
    a = tape.write(f"{scope}.a", apply(layer.activation, z), grad=f"{scope}.da")
    if not layer.pool:
        return a
    return tape.write(f"{scope}.p", apply(f"{layer.pool.kind}_pool", a, **layer.pool.steps), grad=f"{scope}.dp")
