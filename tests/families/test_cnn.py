"""The convolutional network."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gradbook.book.formula.said import family_words
from gradbook.book.pages.material import Material
from gradbook.book.pages.pages import rendered
from gradbook.book.pages.worked import Worked
from gradbook.engine import work
from gradbook.engine.load import validate
from tests.chance import draws

from .judges import against_torch, changed, distribution, exact_gradients, numbers, refused, tables, validated, worked

ONE, TWO = tables("cnn"), tables("cnn-two-layers")


def cnn(leaf, found):
    import torch
    from torch.nn import functional as fn

    act = {"relu": torch.relu, "tanh": torch.tanh, "identity": lambda z: z, "sigmoid": torch.sigmoid}
    losses = {
        "cross_entropy_logits": fn.cross_entropy,
        "half_squared_error": lambda o, y: fn.mse_loss(o, y, reduction="sum") / 2,
        "binary_cross_entropy": lambda o, y: fn.binary_cross_entropy(o, y, reduction="sum"),
    }
    samples = [f"s{i + 1}." for i in range(len(found["data"]["x"]))] if is_batch(found) else [""]
    channels = len(found["data"]["x"][0] if is_batch(found) else found["data"]["x"])
    x = torch.stack([torch.stack([leaf[f"{s}x{c + 1}"] for c in range(channels)]) for s in samples])
    told = {}
    for n, layer in enumerate(found["conv"], start=1):
        place = "" if len(found["conv"]) == 1 else f"conv{n}."
        outs, ins = range(1, len(layer["kernels"]) + 1), range(1, x.shape[1] + 1)
        K = torch.stack([torch.stack([leaf[f"{place}map{o}.K{c}"] for c in ins]) for o in outs])
        b = torch.stack([leaf[f"{place}map{o}.b"] for o in outs])
        z = fn.conv2d(padded(x, layer.get("padding", 0)), K, b, layer.get("stride", 1), 0, layer.get("dilation", 1))
        x = act[layer.get("activation", "relu")](z)
        if pool := layer.get("pool"):
            pooling = {"max": fn.max_pool2d, "avg": fn.avg_pool2d}[pool["kind"]]
            x = pooling(x, pool["size"], pool.get("stride"))
        told |= {f"{s}{place}map{o}.z": z[i, o - 1] for i, s in enumerate(samples) for o in outs}
    o = torch.flatten(x, 1)
    layers = found["dense"] if isinstance(found["dense"], list) else [found["dense"]]
    for n, layer in enumerate(layers, start=1):
        scope = "dense" if len(layers) == 1 else f"dense{n}"
        b = leaf[f"{scope}.b"][:, 0] if "b" in layer else None
        o = act[layer.get("activation", "identity")](fn.linear(o, leaf[f"{scope}.W"], b))
    told[f"{scope}.o"] = o.T
    loss = losses[found["loss"]](o, leaf["y"].T)
    return told | {"J": loss if found["loss"] == "cross_entropy_logits" else loss / len(samples)}


def is_batch(found):
    return np.ndim(found["data"]["x"]) == 4


def padded(x, zeros):
    """The maps with zeros around them: so many on each side, or for rows and columns, or for each of the four."""
    from torch.nn.functional import pad

    rows = zeros[:2] if isinstance(zeros, list) and len(zeros) == 4 else sides(zeros)[:1] * 2
    columns = zeros[2:] if isinstance(zeros, list) and len(zeros) == 4 else sides(zeros)[1:] * 2
    return pad(x, (*columns, *rows))


def sides(number):
    return number if isinstance(number, list) else [number, number]


def window(random, size):
    """(kernel, stride, dilation, places) of windows that fit into a map of `size`, evenly or not."""
    fitting = [
        (k, s, d, (size - d * (k - 1) - 1) // s + 1)
        for k in (1, 2, 3) for s in (1, 2, 3) for d in (1, 2)
        if size > d * (k - 1)
    ]  # fmt: skip
    return fitting[random.integers(len(fitting))]


def windows(random, size):
    """The same for rows and columns, each drawn for itself."""
    return [list(steps) for steps in zip(*(window(random, n) for n in size), strict=True)]


def random_cnn(seed, channels, layers, outputs, several=False, samples=0):
    """Layers of random sizes; pooling where it fits; one dense layer, or several. Equal steps along
    rows and columns are written once. Without a number of `samples` there is one, and no list of them."""
    random, conv = np.random.default_rng(seed), []
    size = random.integers(3, 7, 2).tolist()
    x, maps = numbers(random, *([samples] if samples else []), channels, *size), channels
    for _ in range(layers):
        padding, outs = random.integers(0, 2, 4).tolist(), int(random.integers(1, 4))
        k, stride, dilation, size = windows(random, [n + sum(padding[2 * i : 2 * i + 2]) for i, n in enumerate(size)])
        layer = {"kernels": numbers(random, outs, maps, *k), "b": numbers(random, outs)}
        layer |= {"stride": once(stride), "padding": once(padding), "dilation": once(dilation)}
        layer["activation"] = str(random.choice(["relu", "tanh"]))
        p, pool_stride, apart, places = windows(random, size)
        if apart == [1, 1] and random.random() < 0.9:
            kind = str(random.choice(["max", "avg"]))
            layer["pool"], size = {"kind": kind, "size": once(p), "stride": once(pool_stride)}, places
        conv.append(layer)
        maps = outs
    numbers_out = maps * size[0] * size[1]
    dense = {"W": numbers(random, outputs, numbers_out), "b": numbers(random, outputs)}
    loss = str(random.choice(["cross_entropy_logits", "half_squared_error"]))
    if several:
        hidden = {"W": numbers(random, 3, numbers_out), "activation": str(random.choice(["relu", "tanh"]))}
        ends = {"W": numbers(random, outputs, 3), "b": numbers(random, outputs)}
        if loss == "half_squared_error":
            loss = str(random.choice([loss, "binary_cross_entropy"]))
            ends["activation"] = "sigmoid"
        dense = [hidden, ends]
    y = distribution(random, outputs, samples or None)
    return ONE | {"data": {"x": x, "y": y}, "conv": conv, "dense": dense, "loss": loss}


def once(steps):
    return steps[0] if len(set(steps)) == 1 else steps


def test_the_shipped_examples_against_pytorch():
    against_torch(ONE, cnn)
    against_torch(TWO, cnn)


@settings(max_examples=draws(40))
@given(
    st.integers(0, 9999), st.integers(1, 3), st.integers(1, 3), st.integers(1, 3), st.booleans(), st.integers(0, 3)
)  # fmt: skip
def test_random_shapes(seed, channels, layers, outputs, several, samples):
    against_torch(random_cnn(seed, channels, layers, outputs, several, samples), cnn)


@settings(max_examples=draws(10))
@given(st.integers(0, 9999), st.integers(1, 2), st.integers(1, 2))
def test_exact_gradients(seed, channels, layers):
    exact_gradients(random_cnn(seed, channels, layers, 2))


def test_of_equal_entries_pooling_takes_the_first_as_pytorch_does():
    against_torch(changed(ONE, "conv[0].kernels[0]=[[[0, 0], [0, 0]], [[0, 0], [0, 0]]]"), cnn)


def left_out(found, lang="en"):
    """What the family's words say of windows that do not fit evenly."""
    trace = work(validate(found, Path("cnn.toml")))
    return [words for key, words in family_words(trace, "cnn", lang).why_forward.items() if "PyTorch" in words]


UNEVEN = changed(changed(ONE, "conv[0].pool={kind = 'avg', size = 3}"), "dense.W=[[1, 2], [3, 4]]")


def test_what_windows_do_not_reach_is_left_out_and_named():
    trace = work(validate(UNEVEN, Path("cnn.toml")))
    assert trace["map1.seen"].value.tolist() == trace["map1.a"].value[:3, :3].tolist()
    gone = trace[trace.grads["map1.a"]].value
    assert not gone[3:].any() and not gone[:, 3:].any() and gone[:3, :3].all()
    assert left_out(ONE) == []
    assert left_out(UNEVEN) == [
        "Where windows do not fit evenly, what lies beyond the last of them is left out, as in PyTorch: "
        "here row 4 and column 4."
    ]
    assert left_out(UNEVEN, "zh")[0].endswith("这里舍去的是第 4 行和第 4 列。")


def test_which_rows_and_columns_are_left_out_in_each_case():
    wide = {"data": {"x": [[[1.0] * 6] * 3], "y": [1.0]}, "loss": "half_squared_error"}
    layer = {"kernels": [[[[0.5, 0.1, 0.2]]]], "stride": 4}
    dense = {"W": [[0.1]]}
    (words,) = left_out(ONE | wide | {"conv": [layer], "dense": dense})
    assert words.endswith("rows 2 to 3 and columns 4 to 6.")
    (words,) = left_out(ONE | wide | {"conv": [layer | {"stride": 2}], "dense": {"W": [[0.1] * 4]}})
    assert words.endswith("here column 6.")
    twice = [layer | {"stride": 2, "padding": 1}] * 2
    (one,) = left_out(ONE | wide | {"conv": twice, "dense": {"W": [[0.1] * 6]}})
    assert one.endswith("here column 8. Only zeros that were put around the map are lost.")


def test_rows_and_columns_with_steps_of_their_own():
    """A pair is written under the sign, and padding of four sides beside it; two equal numbers are one."""
    layer = {"kernels": [[[[0.5, 0.1, 0.2]]]], "stride": [1, 2], "padding": [1, 0, 0, 2], "activation": "identity"}
    layer["pool"] = {"kind": "max", "size": [2, 1], "stride": [1, 1]}
    wide = {"data": {"x": [[[0.1, 0.4, -0.2, 0.3], [0.7, -0.5, 0.6, 0.2]]], "y": [1.0]}, "dense": {"W": [[0.1] * 4]}}
    found = ONE | wide | {"conv": [layer], "loss": "half_squared_error"}
    trace = against_torch(found | {"conv": [layer | {"b": [0.3]}]}, cnn)
    assert trace["map1.p"].attrs == {"size": (2, 1), "stride": 1}
    pages = {page.name: page.text for page in rendered(Material(Worked.of(validated(found), worked(found))), "en")}
    for sign in (r"\ast_{1 \times 2}", r"\operatorname{pad}_{1,0,0,2}", r"\operatorname{maxpool}_{2 \times 1,1}"):
        assert sign in pages["forward"], sign
    assert "with a × between them" in pages["forward"]


SAMPLES = [ONE["data"]["x"], [[[-v for v in row] for row in channel] for channel in ONE["data"]["x"]]]
BATCH = ONE | {"data": {"x": SAMPLES, "y": [0, 1]}}


def test_several_samples_share_the_kernels():
    """The loss is the mean of what each sample has by itself; each update may read some of them."""
    trace = against_torch(BATCH | {"data": {"x": SAMPLES, "y": [[1, 0], [0, 1]]}}, cnn)
    alone = [worked(ONE | {"data": {"x": x, "y": i}}) for i, x in enumerate(SAMPLES)]
    np.testing.assert_allclose(trace.value("J"), np.mean([one.value("J") for one in alone]), rtol=1e-12)
    np.testing.assert_allclose(trace.value("map1.dK1"), np.mean([one.value("map1.dK1") for one in alone], 0), 1e-12)
    second = worked(changed(BATCH, "update.batch_size=1", "update.order=[1, 0]"))
    assert second.value("J") == alone[1].value("J") and len(second.batches) == 2
    told = {key: value for key, value in BATCH.items() if key != "loss"}
    given = exact_gradients(told | {"data": {"x": SAMPLES, "upstream": [[1.0, 0.5], [-0.5, 2.0]]}})
    assert given.value("upstream").tolist() == [[1.0, -0.5], [0.5, 2.0]]
    pages = {page.name: page.text for page in rendered(Material(Worked.of(validated(BATCH), worked(BATCH))), "en")}
    assert r"\approx" not in pages["forward"]  # sums that cancel are redone on paper, not by float64
    assert "Sample 2, map 1" in pages["forward"] and "side by side" in pages["forward"]
    assert "z^{(2,1)}" in pages["forward"] and "The same kernel has looked at every sample" in pages["backward"]


K = "conv[0].kernels"


@pytest.mark.parametrize(
    ("found", "change", "words"),
    [
        (ONE, "data.x[1]=[[1, 2]]", ("data.x[1]: has 1 row and 2 columns, expected 5 rows", "data.x[0] has 5 rows")),
        (ONE, f"{K}[1]=[[[1, 2], [3, 4]]]", ("conv[0].kernels[1]: has 1 entry, expected 2", "data.x has 2 entries")),
        (ONE, f"{K}[1][0]=[[1]]", ("conv[0].kernels[1][0]: has 1 row and 1 column, expected 2 rows",)),
        (ONE, "conv[0].b=[1]", ("conv[0].b: has 1 entry, expected 2 (maps)", "conv[0].kernels has 2 entries")),
        (ONE, "conv[0].dilation=5", ("conv[0].kernels: a window that sees 6 rows does not fit 5 rows",)),
        (ONE, "conv[0].pool={kind = 'max', size = 3}", ("dense.W: has 8 columns, expected 2", "2 × 1 × 1 numbers",
                                                        "(rows and columns that no window reaches are left out)")),
        (ONE, "conv[0].pool={kind = 'max', size = 5}", ("conv[0].pool: a window that sees 5 rows does not fit 4",)),
        (ONE, "conv[0].pool={kind = 'mx', size = 2}", ("conv[0].pool.kind", "Did you mean 'max'?")),
        (ONE, "conv[0].padding=-1", ("conv[0].padding",)),
        (ONE, "conv[0].padding=[1, 2, 3]", ("conv[0].padding: expected a number, or two, ", "or four", "found 3")),
        (ONE, "conv[0].padding=[0, -1]", ("conv[0].padding[1]: expected a number of at least 0",)),
        (BATCH, "data.x[1][0]=[[1, 2]]", ("data.x[1][0]: has 1 row and 2 columns", "data.x[0][0] has 5 rows")),
        (BATCH, "data.y=[1]", ("data.y: has 1 entry, expected 2 (samples)", "data.x has 2 entries")),
        (BATCH, "data.y=[0, 2]", ("data.y[1]: is 2; there are 2 classes",)),
        (BATCH, "data.x=[]", ("data.x: is empty",)),
        (ONE, "conv[0].stride=[1]", ("conv[0].stride: expected a number, or two of them", "found 1")),
        (ONE, "conv[0].dilation=[1, 5]", ("conv[0].kernels: a window that sees 6 columns does not fit 5 columns",)),
        (ONE, "conv[0].pool={kind = 'max', size = [2, 5]}", ("conv[0].pool: a window that sees 5 columns",)),
        (ONE, "conv[0].activation='softmax'", ("conv[0].activation: softmax makes a distribution",)),
        (ONE, "dense.W=[[1, 2], [3, 4]]", ("dense.W: has 2 columns, expected 8", "2 × 2 × 2 numbers come out")),
        (ONE, "dense.b=[1]", ("dense.b: has 1 entry, expected 2 (outputs)",)),
        (ONE, "data.y=[1, 0, 0]", ("data.y: has 3 entries, expected 2",)),
        (ONE, "data.y=[1, 1]", ("data.y", "distribution")),
        (ONE, "loss='hing'", ("loss: unknown loss 'hing'. Did you mean 'hinge'?",)),
        (ONE, "dense.activation='tanh'", ("loss: cross_entropy_logits needs", "end with an identity layer")),
        (ONE, "dense.activation='tan'", ("dense.activation: unknown activation 'tan'",)),
        (ONE, "dense=3", ("dense: expected a table, found 3",)),
        (ONE, "dense=[]", ("dense: is empty",)),
        (ONE, "dense=[{W = [[1, 2], [3, 4]]}]", ("dense[0].W: has 2 columns, expected 8", "2 × 2 × 2 numbers")),
        (ONE, f"dense=[{{W = [{[1] * 8}], b = [1]}}, {{W = [[1, 2], [3, 4]]}}]",
         ("dense[1].W: has 2 columns, expected 1", "because dense[0].W has 1 row")),
        (ONE, f"dense=[{{W = [{[1] * 8}]}}, {{V = [[1, 2]]}}]", ("dense[1]: unknown key 'V'", "W, b, activation")),
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
