"""The convolutional network."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.chance import draws

from .judges import against_torch, changed, distribution, exact_gradients, numbers, refused, tables

ONE, TWO = tables("cnn"), tables("cnn-two-layers")


def cnn(leaf, found):
    import torch
    from torch.nn import functional as fn

    act = {"relu": torch.relu, "tanh": torch.tanh, "identity": lambda z: z, "sigmoid": torch.sigmoid}
    x, told = torch.stack([leaf[f"x{c + 1}"] for c in range(len(found["data"]["x"]))])[None], {}
    for n, layer in enumerate(found["conv"], start=1):
        place = "" if len(found["conv"]) == 1 else f"conv{n}."
        outs, ins = range(1, len(layer["kernels"]) + 1), range(1, x.shape[1] + 1)
        K = torch.stack([torch.stack([leaf[f"{place}map{o}.K{c}"] for c in ins]) for o in outs])
        b = torch.stack([leaf[f"{place}map{o}.b"] for o in outs])
        z = fn.conv2d(x, K, b, layer.get("stride", 1), layer.get("padding", 0), layer.get("dilation", 1))
        x = act[layer.get("activation", "relu")](z)
        if pool := layer.get("pool"):
            pooling = {"max": fn.max_pool2d, "avg": fn.avg_pool2d}[pool["kind"]]
            x = pooling(x, pool["size"], pool.get("stride"))
        told |= {f"{place}map{o}.z": z[0, o - 1] for o in outs}
    o = fn.linear(torch.flatten(x), leaf["dense.W"], leaf["dense.b"][:, 0])
    y = leaf["y"][:, 0]
    J = fn.cross_entropy(o, y) if found["loss"] == "cross_entropy_logits" else fn.mse_loss(o, y, reduction="sum") / 2
    return told | {"dense.o": o, "J": J}


def window(random, size):
    """(kernel, stride, dilation, places) that fit evenly into a map of `size`."""
    fitting = [
        (k, s, d, (size - d * (k - 1) - 1) // s + 1)
        for k in (1, 2, 3) for s in (1, 2, 3) for d in (1, 2)
        if size > d * (k - 1) and (size - d * (k - 1) - 1) % s == 0
    ]  # fmt: skip
    return fitting[random.integers(len(fitting))]


def random_cnn(seed, channels, layers, outputs):
    """Layers of random sizes; pooling where it fits."""
    random, size, conv = np.random.default_rng(seed), int(np.random.default_rng(seed).integers(3, 7)), []
    x, maps = numbers(random, channels, size, size), channels
    for _ in range(layers):
        padding, outs = int(random.integers(0, 2)), int(random.integers(1, 4))
        k, stride, dilation, size = window(random, size + 2 * padding)
        layer = {"kernels": numbers(random, outs, maps, k, k), "b": numbers(random, outs)}
        layer |= {"stride": stride, "padding": padding, "dilation": dilation}
        layer["activation"] = str(random.choice(["relu", "tanh"]))
        p, pool_stride, apart, places = window(random, size)
        if apart == 1 and random.random() < 0.7:
            kind = str(random.choice(["max", "avg"]))
            layer["pool"], size = {"kind": kind, "size": p, "stride": pool_stride}, places
        conv.append(layer)
        maps = outs
    dense = {"W": numbers(random, outputs, maps * size * size), "b": numbers(random, outputs)}
    loss = str(random.choice(["cross_entropy_logits", "half_squared_error"]))
    y = distribution(random, outputs)
    return ONE | {"data": {"x": x, "y": y}, "conv": conv, "dense": dense, "loss": loss}


def test_the_shipped_examples_against_pytorch():
    against_torch(ONE, cnn)
    against_torch(TWO, cnn)


@settings(max_examples=draws(40))
@given(st.integers(0, 9999), st.integers(1, 3), st.integers(1, 3), st.integers(1, 3))
def test_random_shapes(seed, channels, layers, outputs):
    against_torch(random_cnn(seed, channels, layers, outputs), cnn)


@settings(max_examples=draws(10))
@given(st.integers(0, 9999), st.integers(1, 2), st.integers(1, 2))
def test_exact_gradients(seed, channels, layers):
    exact_gradients(random_cnn(seed, channels, layers, 2))


def test_of_equal_entries_pooling_takes_the_first_as_pytorch_does():
    against_torch(changed(ONE, "conv[0].kernels[0]=[[[0, 0], [0, 0]], [[0, 0], [0, 0]]]"), cnn)


K = "conv[0].kernels"


@pytest.mark.parametrize(
    ("found", "change", "words"),
    [
        (ONE, "data.x[1]=[[1, 2]]", ("data.x[1]: has 1 row and 2 columns, expected 5 rows", "data.x[0] has 5 rows")),
        (ONE, f"{K}[1]=[[[1, 2], [3, 4]]]", ("conv[0].kernels[1]: has 1 entry, expected 2", "data.x has 2 entries")),
        (ONE, f"{K}[1][0]=[[1]]", ("conv[0].kernels[1][0]: has 1 row and 1 column, expected 2 rows",)),
        (ONE, "conv[0].b=[1]", ("conv[0].b: has 1 entry, expected 2 (maps)", "conv[0].kernels has 2 entries")),
        (ONE, "conv[0].stride=2", ("conv[0].stride: a window that sees 2 rows and moves by 2 does not fit 5 rows",
                                   "4 or 6 rows would fit")),
        (ONE, "conv[0].dilation=5", ("conv[0].stride: a window that sees 6 rows does not fit 5 rows",)),
        (ONE, "conv[0].pool={kind = 'max', size = 3}", ("conv[0].pool: a window that sees 3 rows and moves by 3",
                                                        "3 or 6 rows would fit")),
        (ONE, "conv[0].pool={kind = 'max', size = 5}", ("conv[0].pool: a window that sees 5 rows does not fit 4",)),
        (ONE, "conv[0].pool={kind = 'mx', size = 2}", ("conv[0].pool.kind", "Did you mean 'max'?")),
        (ONE, "conv[0].padding=-1", ("conv[0].padding",)),
        (ONE, "conv[0].activation='softmax'", ("conv[0].activation: softmax makes a distribution",)),
        (ONE, "dense.W=[[1, 2], [3, 4]]", ("dense.W: has 2 columns, expected 8", "2 × 2 × 2 numbers come out")),
        (ONE, "dense.b=[1]", ("dense.b: has 1 entry, expected 2 (outputs)",)),
        (ONE, "data.y=[1, 0, 0]", ("data.y: has 3 entries, expected 2",)),
        (ONE, "data.y=[1, 1]", ("data.y", "distribution")),
        (ONE, "loss='hinge'", ("loss: unknown loss 'hinge'",)),
        (ONE, "conv[0].b=[1, 2, 3, 4, 5, 6, 7, 8, 9]", ("conv[0].b: has 9 entries, expected 2",)),
    ],
)  # fmt: skip
def test_bad_input(found, change, words):
    refused(changed(found, change), *words)


def test_too_many_maps_and_too_large_pictures():
    refused(ONE | {"data": {"x": [[[1.0]]] * 9, "y": [1.0, 0.0]}}, "data.x: has 9 entries", "limit (maps)")
    many = [{"kernels": np.ones((8, 8, 3, 3)).tolist(), "b": [0.0] * 8}]
    found = {"data": {"x": np.ones((8, 4, 4)).tolist(), "y": [1.0, 0.0]}, "conv": many, "page": {"curve": 10_000}}
    dense = {"W": np.ones((2, 32)).tolist(), "b": [0.0, 0.0]}
    refused(ONE | found | {"dense": dense}, "conv: the loss curve", "GRADBOOK_LIMITS")
    large = {"x": np.ones((2, 95, 95)).tolist(), "y": [1.0, 0.0]}
    dense = {"W": np.ones((2, 2 * 47 * 47)).tolist(), "b": [0.0, 0.0]}
    refused(ONE | {"data": large, "dense": dense}, "data.x: data, parameters and units are", "GRADBOOK_LIMITS")
