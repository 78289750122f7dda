"""Every operation: its gradient against judges that know nothing of its rule, its dtype, its written form.

Nothing here is told of an operation what its entry in engine/ops says: how many arguments, what they may hold, which
attributes go with them. Only shapes that must fit each other are listed, and PyTorch's way to write it where that has
another name.
"""

from functools import cache
from math import prod
from zlib import crc32

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gradbook.book.i18n.words import TEMPLATES, environment
from gradbook.engine import check_gradients
from gradbook.engine.ops import CALL, NO_GRADIENT, OPS, POWER, PRODUCT, SUM, of_kind, worked_first
from gradbook.engine.ops.convolution import pair
from gradbook.engine.ops.table import DOMAINS
from gradbook.engine.tape.backward import backward
from gradbook.engine.tape.tape import Tape, apply, expr
from tests.chance import draws, remember
from tests.judges import exact_gradients, roundings

NAMES = list(OPS)
SLOPED = [name for name, entry in OPS.items() if entry.kind != "mask"]
"""The operations that some gradient passes through."""


# What an operation is tried on


def inputs(name, shapes, attrs, seed=0):
    """Arrays that hold what the operation's entry says: distinct numbers, away from 0 where kinks and poles are."""
    random = np.random.default_rng(crc32(name.encode()) + seed)
    return [_holding(OPS[name].accepts(i), shape, attrs.get("axis", 0), random) for i, shape in enumerate(shapes)]


def _holding(domain, shape, axis, random):
    size = random.uniform(0.2, 1.5, shape)
    if domain == "mask":
        mask = np.asarray(random.integers(0, 2, shape), dtype=np.float64)
        np.put_along_axis(mask, np.argmax(size, axis=axis, keepdims=True), 1.0, axis)  # something is left to look at
        return mask
    kinds = {
        "real": lambda: size * random.choice([1.0, -1.0], shape),
        "positive": lambda: size,
        "unit": lambda: random.uniform(0.2, 0.8, shape),
        "distribution": lambda: _shares(shape, axis, random),
        "sign": lambda: random.choice([1.0, -1.0], shape),
    }
    return np.array(kinds[domain]())


def _shares(shape, axis, random):
    """Numbers above 0 that add up to 1 along the axis, exactly: what a loss of logits takes for granted."""
    if not shape:
        return 1.0
    count = shape[axis]
    rest = [n for i, n in enumerate(shape) if i != axis]
    shares = 1 + random.multinomial(64 - count, np.full(count, 1 / count), rest)
    return np.moveaxis(shares / 64, -1, axis)


@st.composite
def cases(draw, names=SLOPED):
    """(operation, arrays, attributes): shapes, and attributes that have to do with shapes, at random."""
    name = draw(st.sampled_from(names))
    shapes, attrs = SHAPES.get(name, _by_kind(name))(draw)
    attrs = {**OPS[name].attrs, **attrs}
    return name, inputs(name, shapes, attrs, draw(st.integers(0, 1000))), attrs


def _by_kind(name):
    entry = OPS[name]
    if "axis" in entry.attrs:
        return along_an_axis(len(entry.sample), several=name in SEVERAL_AXES)
    if (entry.kind == "arithmetic" and len(entry.sample) == 2) or name == "power":
        return broadcasting
    return lambda draw: ([draw(st.sampled_from([_matrix(draw), _matrix(draw), ()]))] * len(entry.sample), {})


SEVERAL_AXES = {"sum_axis", "mean_axis", "variance_axis"}
few, some = st.integers(1, 2), st.integers(1, 4)
either = st.integers(1, 3) | st.tuples(st.integers(1, 3), few)


def _matrix(draw):
    return draw(some), draw(some)


def along_an_axis(arguments, several):
    def shapes(draw):
        shape = draw(st.sampled_from([_matrix(draw), (draw(few), *_matrix(draw))]))
        axes = [*range(len(shape)), *([(0, 1)] if several else [])]
        return [shape] * arguments, {"axis": draw(st.sampled_from(axes))}

    return shapes


def tops(draw):
    shapes, attrs = along_an_axis(1, several=False)(draw)
    return shapes, {**attrs, "k": draw(st.integers(1, shapes[0][attrs["axis"]]))}


def broadcasting(draw):
    rows, columns = _matrix(draw)
    narrow = st.sampled_from([(rows, columns), (rows, 1), (1, columns), (1, 1), ()])
    return [draw(narrow), draw(narrow)], {}


def products(draw):
    rows, inner, columns = draw(some), draw(some), draw(some)
    batch = draw(st.sampled_from([(), (), (2,), (3,)]))
    return [(*batch, rows, inner), (*batch, inner, columns)], {}


def copies(draw):
    rows, columns = _matrix(draw)
    return [draw(st.sampled_from([(rows, 1), (1, columns), (1, 1), ()]))], {"shape": (rows, columns)}


def concatenations(draw):
    axis, common = draw(st.integers(0, 1)), draw(some)
    lengths = draw(st.lists(some, min_size=2, max_size=4))
    return [(n, common) if axis == 0 else (common, n) for n in lengths], {"axis": axis}


def slices(draw):
    shape, axis = _matrix(draw), draw(st.integers(0, 1))
    start = draw(st.integers(0, shape[axis] - 1))
    return [shape], {"axis": axis, "start": start, "stop": draw(st.integers(start + 1, shape[axis]))}


def reshapes(draw):
    rows, columns = _matrix(draw)
    return [(rows, columns)], {"shape": draw(st.sampled_from([(rows * columns, 1), (columns, rows)]))}


def paddings(draw):
    return [_matrix(draw)], {"widths": [[draw(st.integers(0, 2)) for _ in "ab"] for _ in "ij"]}


def lookups(draw):
    count, width = _matrix(draw)
    return [(count, width)], {"rows": draw(st.lists(st.integers(0, count - 1), min_size=1, max_size=5))}


def scatterings(draw):
    count, rows = draw(some), draw(some)
    targets = draw(st.lists(st.integers(0, count - 1), min_size=rows, max_size=rows))
    return [(rows, draw(some))], {"rows": targets, "count": count}


def _seen(places, size, stride, dilation=1):
    """The map that a window of this size sees whole from so many places."""
    steps = zip(places, pair(size), pair(stride), pair(dilation), strict=True)
    return tuple(d * (m - 1) + 1 + s * (n - 1) for n, m, s, d in steps)


def convolutions(back):
    def shapes(draw):
        places, kernel, stride, dilation = _matrix(draw), _matrix(draw), draw(either), draw(either)
        seen, attrs = _seen(places, kernel, stride, dilation), {"stride": stride, "dilation": dilation}
        return ([places, kernel], {**attrs, "shape": seen}) if back else ([seen, kernel], attrs)

    return shapes


def poolings(*which):
    """The shapes of the arguments: 's' is what the window sees, 'p' one entry for each of its places."""

    def shapes(draw):
        places, size, stride = (draw(few), draw(few)), draw(either), draw(either)
        seen = _seen(places, size, stride)
        attrs = {"size": size, "stride": stride, **({"shape": seen} if which == ("p",) else {})}
        return [seen if one == "s" else places for one in which], attrs

    return shapes


SHAPES = {
    "matmul": products,
    "outer": lambda draw: ([(draw(some), 1), (draw(some), 1)], {}),
    "scale": lambda draw: ([(), _matrix(draw)], {}),
    "transpose": lambda draw: ([draw(st.sampled_from([_matrix(draw), (2, *_matrix(draw))]))], {}),
    "broadcast": copies, "concat": concatenations, "slice": slices, "reshape": reshapes, "pad": paddings,
    "gather": lookups, "topk_mask": tops, "scatter": scatterings, "conv": convolutions(False),
    "conv_transpose": convolutions(True),
    "max_pool": poolings("s"), "max_pool_back": poolings("p", "s"), "max_pool_pick": poolings("s", "s"),
    "avg_pool": poolings("s"), "avg_pool_back": poolings("p"),
}  # fmt: skip
"""The operations whose arguments, or attributes, must fit each other."""


def scored(name, arrays, attrs):
    """A trace whose loss is the operation's result weighted by fixed numbers; its arguments are parameters."""
    arguments = [np.asarray(a).tolist() for a in arrays]
    remember({"operation": name, "arguments": arguments, "attributes": dict(attrs)}, "operation.toml")
    tape = Tape(name)
    args = [tape.param(f"p{i}", a) for i, a in enumerate(arrays)]
    out = tape.write("out", apply(name, *args, **attrs))
    weights = np.random.default_rng(1).uniform(0.5, 1.5, out.shape)
    score = tape.write("score", apply("mul", out, tape.data("weights", weights)))
    loss = tape.write("J", score.sum()).name if score.shape else "score"
    grads = backward(tape, loss)
    return tape.finish(loss, grads, {}), weights


@cache
def sample(name):
    arrays = inputs(name, OPS[name].sample, OPS[name].attrs)
    return scored(name, arrays, OPS[name].attrs), arrays


def sloped(name, arrays):
    """The places of the arguments that a gradient passes to."""
    return [i for i in range(len(arrays)) if OPS[name].vjp(i) is not NO_GRADIENT]


def agrees(value, other, carried=0.0):
    """Each entry to 1e-13 of itself, or as near as roundings leave two ways to work it out."""
    assert value.shape == other.shape
    assert (np.abs(value - other) <= np.maximum(1e-13 * np.abs(other), carried)).all(), (value, other)


# Judge 1: 50 digits, exact at every kink; and the central differences that a page shows


@settings(max_examples=draws(400, 100))
@given(cases())
def test_exact_gradients_of_random_shapes(case):
    exact(*case)


def exact(name, arrays, attrs):
    trace, _ = scored(name, arrays, attrs)
    exact_gradients(trace, [f"p{i}" for i in sloped(name, arrays)])


@pytest.mark.parametrize("name", SLOPED)
def test_central_differences(name):
    (trace, _), arrays = sample(name)
    checks = check_gradients(trace)
    assert [c.parameter for c in checks] == [f"p{i}" for i in sloped(name, arrays)]
    assert max(c.relative_error for c in checks) < 1e-8


# Judge 2: the complex step, exact to rounding (Squire & Trapp 1998)


@pytest.mark.parametrize("name", [n for n in SLOPED if OPS[n].smooth])
def test_complex_step(name):
    (trace, weights), arrays = sample(name)
    for i, array in enumerate(arrays):
        slopes = np.empty_like(array)
        for index in np.ndindex(array.shape):
            moved = [a.astype(complex) for a in arrays]
            moved[i][index] += 1e-30j
            slopes[index] = np.sum(weights * OPS[name].forward(*moved, **OPS[name].attrs)).imag / 1e-30
        step = trace.grads[f"p{i}"]
        agrees(trace.value(step), slopes, roundings(trace)[step])


# Judge 3: PyTorch, with each operation written as PyTorch writes it


def torch_forms(torch):
    F = torch.nn.functional

    def image(function):
        """PyTorch's maps have a sample and a channel before their rows."""
        return lambda *maps, **attrs: function(*(m[None, None] for m in maps), **attrs)[0, 0]

    def kept(function):
        return lambda a, axis: function(a, dim=axis, keepdim=True)

    def slope_of(function, z):
        (slope,) = torch.autograd.grad(function(z).sum(), z, create_graph=True)
        return slope

    def top(a, k, axis):
        order = torch.sort(a, dim=axis, descending=True, stable=True).indices.narrow(axis, 0, k)
        return torch.zeros_like(a).scatter(axis, order, 1.0)

    def max_pool_back(g, x, size, stride):
        y = F.max_pool2d((x := x.detach().requires_grad_())[None], size, stride)
        return torch.autograd.grad(y, x, g[None], create_graph=True)[0]

    def max_pool_pick(h, x, size, stride):
        places = F.max_pool2d(x[None, None], size, stride, return_indices=True)[1][0, 0]
        return h.flatten()[places]

    def cross_entropy_logits(z, y, axis=0):
        classes_last = (t.movedim(axis, -1).reshape(-1, t.shape[axis]) for t in (z, y))
        return F.cross_entropy(*classes_last, reduction="none").reshape(torch.sum(z, axis, keepdim=True).shape)

    same = {name: getattr(F, name) for name in NAMES if hasattr(F, name)}
    return same | {
        "add": torch.add, "sub": torch.sub, "neg": torch.neg, "mul": torch.mul, "scale": torch.mul,
        "div": torch.div, "reciprocal": torch.reciprocal, "square": torch.square, "power": torch.pow,
        "sqrt": torch.sqrt, "exp": torch.exp, "log": torch.log, "cos": torch.cos, "sin": torch.sin,
        "abs": torch.abs, "sign": torch.sign, "floor": torch.floor,
        "heaviside": lambda z: (z > 0).to(z.dtype), "unit_step": lambda z, at: (z >= 0 if at else z > 0).to(z.dtype),
        "maximum": torch.maximum, "minimum": torch.minimum,
        "clip": lambda a, low, high: torch.clamp(a, low, high),
        "within": lambda a, low, high: ((a >= low) & (a <= high)).to(a.dtype),

        "matmul": torch.matmul, "outer": lambda a, b: torch.outer(a[:, 0], b[:, 0]),
        "transpose": lambda a: a.mT, "reshape": torch.reshape, "concat": lambda *a, axis: torch.cat(a, dim=axis),
        "slice": lambda a, axis, start, stop: torch.narrow(a, axis, start, stop - start),
        "pad": lambda a, widths: F.pad(a, [n for pair in reversed(widths) for n in pair]),
        "gather": lambda table, rows: F.embedding(torch.tensor(rows), table),
        "scatter": lambda g, rows, count: torch.zeros(count, g.shape[1], dtype=g.dtype).index_add(
            0, torch.tensor(rows), g),

        "sum": torch.sum, "sum_axis": kept(torch.sum), "broadcast": lambda a, shape: a.expand(shape),
        "mean": torch.mean, "mean_axis": kept(torch.mean),
        "variance_axis": lambda a, axis: torch.var(a, dim=axis, unbiased=False, keepdim=True),
        "max_axis": lambda a, axis: torch.max(a, dim=axis, keepdim=True).values,
        "argmax_mask": lambda a, axis: top(a, 1, axis), "topk_mask": top, "log_sum_exp": kept(torch.logsumexp),

        "identity": torch.nn.Identity(), "sigmoid": torch.sigmoid, "tanh": torch.tanh, "relu": torch.relu,
        "leaky_relu": lambda z, slope=0.01: F.leaky_relu(z, slope), "elu": F.elu, "softplus": F.softplus,
        "log_sigmoid": F.logsigmoid,
        "silu": F.silu, "gelu": F.gelu, "gelu_tanh": (gelu_tanh := lambda z: F.gelu(z, approximate="tanh")),
        "gelu_tanh_slope": lambda z: slope_of(gelu_tanh, z), "normal_cdf": torch.special.ndtr,
        "normal_pdf": lambda z: torch.distributions.Normal(0.0, 1.0).log_prob(z).exp(),
        "softmax": lambda z, axis=0: torch.softmax(z, axis), "log_softmax": lambda z, axis: F.log_softmax(z, axis),
        "masked_softmax": lambda z, m, axis: torch.softmax(z.masked_fill(m == 0, -torch.inf), axis),

        "half_squared_error": lambda a, y: F.mse_loss(a, y, reduction="none") / 2,
        "squared_error": lambda a, y: F.mse_loss(a, y, reduction="none"),
        "absolute_error": lambda a, y: F.l1_loss(a, y, reduction="none"),
        "huber": lambda a, y, delta=1.0: F.huber_loss(a, y, reduction="none", delta=delta),
        "binary_cross_entropy": lambda a, y: F.binary_cross_entropy(a, y, reduction="none"),
        "binary_cross_entropy_logits": lambda z, y: F.binary_cross_entropy_with_logits(z, y, reduction="none"),
        "cross_entropy": lambda a, y: -torch.xlogy(y, a), "cross_entropy_logits": cross_entropy_logits,
        "kl_divergence": lambda a, y: F.kl_div(a.log(), y, reduction="none"),
        "hinge": lambda a, y: torch.relu(1 - y * a),

        "conv": image(F.conv2d),
        "conv_transpose": image(lambda g, k, shape, **attrs: F.conv_transpose2d(g, k, **attrs)),
        "max_pool": image(lambda x, size, stride: F.max_pool2d(x, size, stride)),
        "max_pool_back": max_pool_back, "max_pool_pick": max_pool_pick,
        "avg_pool": image(lambda x, size, stride: F.avg_pool2d(x, size, stride)),
        "avg_pool_back": image(lambda g, shape, size, stride: F.conv_transpose2d(
            g, torch.full((1, 1, *pair(size)), 1 / prod(pair(size)), dtype=g.dtype), stride=stride)),
    }  # fmt: skip


def pytorch():
    return pytest.importorskip("torch", reason="PyTorch is not installed; CI installs it")


def test_pytorch_knows_every_op():
    assert set(torch_forms(pytorch())) == set(NAMES)


def against_pytorch(name, arrays, attrs):
    torch = pytorch()
    trace, weights = scored(name, arrays, attrs)
    carried = roundings(trace)
    tensors = [torch.tensor(a, requires_grad=True) for a in arrays]
    out = torch_forms(torch)[name](*tensors, **attrs)
    agrees(trace.value("out"), out.detach().numpy(), carried["out"])
    if out.requires_grad:
        (out * torch.tensor(weights)).sum().backward()
    for i, tensor in enumerate(tensors):
        if OPS[name].vjp(i) is NO_GRADIENT:
            assert f"p{i}" not in trace.grads
        else:
            step = trace.grads[f"p{i}"]
            agrees(trace.value(step), tensor.grad.numpy(), carried[step])


@pytest.mark.parametrize("name", NAMES)
def test_pytorch(name):
    _, arrays = sample(name)
    against_pytorch(name, arrays, OPS[name].attrs)


@settings(max_examples=draws(400, 100))
@given(cases(NAMES))
def test_pytorch_of_random_shapes(case):
    against_pytorch(*case)


CORNERS = [-1.5, -1.0, -0.5, -0.0, 0.0, 1e-300, 0.5, 1.0, 1.5]
"""Numbers among which ties, zeros and the bounds ±0.5 and ±1 are met again and again."""


@st.composite
def corner_cases(draw):
    """An operation with a kink, or a choice among equals, on numbers that meet it."""
    name, arrays, attrs = draw(cases([n for n in NAMES if not OPS[n].smooth]))
    bounds = {"low": -0.5, "high": 0.5, "delta": draw(st.sampled_from([0.5, 1.0])), "alpha": 0.5, "slope": 0.25}
    real = [i for i in range(len(arrays)) if OPS[name].accepts(i) == "real"]
    for i in real:
        size = arrays[i].size
        numbers = draw(st.lists(st.sampled_from(CORNERS), min_size=size, max_size=size))
        arrays[i] = np.array(numbers).reshape(arrays[i].shape)
    return name, arrays, {key: bounds.get(key, value) for key, value in attrs.items()}


@settings(max_examples=draws(600, 200))
@given(corner_cases())
def test_kinks_are_judged_on_their_own_side(case):
    if sloped(*case[:2]):
        exact(*case)


@settings(max_examples=draws(600, 100))
@given(corner_cases())
def test_kinks_follow_pytorch(case):
    against_pytorch(*case)


@pytest.mark.parametrize(
    ("name", "arrays", "attrs", "slopes"),
    [
        ("relu", [[-1.0, -0.0, 0.0, 2.0]], {}, [0, 0, 0, 1]),
        ("leaky_relu", [[-1.0, 0.0, 2.0]], {"slope": 0.25}, [0.25, 0.25, 1]),
        ("elu", [[0.0, 2.0]], {"alpha": 0.5}, [0.5, 1]),
        ("abs", [[-1.0, 0.0, 2.0]], {}, [-1, 0, 1]),
        ("absolute_error", [[1.0, 2.0], [1.0, 1.0]], {}, [0, 1]),
        ("huber", [[0.5, 0.25, -3.0], [0.0, 0.0, 0.0]], {"delta": 0.5}, [0.5, 0.25, -0.5]),
        ("hinge", [[1.0, 0.5, -1.0], [1.0, 1.0, -1.0]], {}, [0, -1, 0]),
        ("maximum", [[1.0, 2.0], [1.0, 1.0]], {}, [0.5, 1]),
        ("minimum", [[1.0, 2.0], [1.0, 1.0]], {}, [0.5, 0]),
        ("clip", [[-0.5, 0.5, 0.75]], {"low": -0.5, "high": 0.5}, [1, 1, 0]),
        ("max_axis", [[2.0, 2.0, 1.0]], {"axis": 1}, [1, 0, 0]),
    ],
)
def test_slopes_at_the_kink(name, arrays, attrs, slopes):
    tape = Tape(name)
    args = [tape.param(f"p{i}", [a]) for i, a in enumerate(arrays)]
    out = tape.write("out", apply(name, *args, **attrs))
    loss = tape.write("J", out.sum()).name if out.shape else "out"
    trace = tape.finish(loss, backward(tape, loss), {})
    np.testing.assert_array_equal(trace.value(trace.grads["p0"]), [slopes])


def test_equal_entries_of_a_window():
    """The first of equals takes the whole gradient; windows that overlap add theirs up."""
    tape = Tape("pool")
    x = tape.param("x", [[1.0, 1.0, 0.0], [1.0, 1.0, 1.0], [0.0, 1.0, 0.0]])
    tape.write("J", tape.write("out", x.max_pool(size=2, stride=1)).sum())
    trace = tape.finish("J", backward(tape, "J"), {})
    np.testing.assert_array_equal(trace.value(trace.grads["x"]), [[1, 1, 0], [1, 1, 0], [0, 0, 0]])


@pytest.mark.parametrize("name", [n for n in NAMES if n not in SLOPED])
def test_a_mask_passes_no_gradient(name):
    (trace, _), _ = sample(name)
    assert not trace.grads.keys() & {"p0", "out"}


def test_a_mask_lets_others_gradients_pass():
    tape = Tape("mask")
    z = tape.param("z", [[-1.0, 2.0]])
    mask = tape.write("mask", z.heaviside())
    tape.write("J", (tape.write("kept", mask * z)).sum())
    trace = tape.finish("J", backward(tape, "J"), {})
    assert "mask" not in trace.grads
    np.testing.assert_array_equal(trace.value(trace.grads["z"]), [[0.0, 1.0]])
    assert check_gradients(trace)[0].relative_error < 1e-9


def test_a_product_of_a_batch_with_one_matrix_is_refused():
    """Its gradient would have to be added up over the batch, and nothing says so."""
    with pytest.raises(ValueError, match="two batches"):
        expr(np.ones((2, 3, 4))) @ expr(np.ones((4, 5)))


@pytest.mark.parametrize("size", [(3, 3), (2, 4)])
def test_a_window_that_does_not_fit_is_refused(size):
    with pytest.raises(ValueError, match="does not fit"):
        OPS["conv"].forward(np.ones((4, 5)), np.ones(size), stride=2, dilation=1)


# Large and tiny numbers: what float64 can hold is right, whatever exp would make of the numbers on the way

mp = mpmath.MPContext()
mp.dps = 700

EXTREME = [0.0, 1e-300, -1e-300, 40.0, -40.0, 700.0, -700.0, 1000.0, -1000.0]


def _lse(z):
    return mp.log(mp.fsum(mp.exp(v) for v in z))


TRUTHS = {
    "softmax": lambda z: [mp.exp(v - _lse(z)) for v in z],
    "log_softmax": lambda z: [v - _lse(z) for v in z],
    "log_sum_exp": lambda z: [_lse(z)],
}


@pytest.mark.parametrize("first", EXTREME)
@pytest.mark.parametrize("second", EXTREME)
@pytest.mark.parametrize("name", TRUTHS)
def test_stable_along_an_axis(name, first, second):
    z = [first, second, 0.5]
    found = OPS[name].forward(np.array(z)[:, None], axis=0)
    _close(found[:, 0], TRUTHS[name]([mp.mpf(v) for v in z]), relative=name == "softmax")
    _finite_gradient(name, [np.array(z)[:, None]], {"axis": 0})


def _close(found, truth, relative=False):
    assert np.isfinite(found).all()
    for f, t in zip(found, truth, strict=True):
        size = abs(t) if relative else max(1, abs(t))
        assert abs(mp.mpf(float(f)) - t) <= mp.mpf("1e-13") * size + mp.mpf("1e-307"), (float(f), float(t))


def _finite_gradient(name, arrays, attrs=None):
    scored(name, arrays, attrs or {})  # a tape refuses what is infinite or no number


@pytest.mark.parametrize("z", EXTREME)
def test_stable_softplus(z):
    _close(OPS["softplus"].forward(np.array([[z]]))[0], [mp.log1p(mp.exp(mp.mpf(z)))], relative=True)
    _finite_gradient("softplus", [np.array([[z]])])


@pytest.mark.parametrize("z", EXTREME)
def test_stable_log_sigmoid(z):
    _close(OPS["log_sigmoid"].forward(np.array([[z]]))[0], [-mp.log1p(mp.exp(-mp.mpf(z)))], relative=True)
    _finite_gradient("log_sigmoid", [np.array([[z]])])


@pytest.mark.parametrize("y", [0.0, 1.0, 0.25])
@pytest.mark.parametrize("z", EXTREME)
def test_stable_binary_cross_entropy_with_logits(z, y):
    truth = mp.log1p(mp.exp(mp.mpf(z))) - mp.mpf(y) * mp.mpf(z)
    _close(OPS["binary_cross_entropy_logits"].forward(np.array([[z]]), np.array([[y]]))[0], [truth])
    _finite_gradient("binary_cross_entropy_logits", [np.array([[z]]), np.array([[y]])])


@pytest.mark.parametrize("first", EXTREME)
@pytest.mark.parametrize("y", [[1.0, 0.0, 0.0], [0.25, 0.25, 0.5]])
def test_stable_cross_entropy_with_logits(first, y):
    z = [first, 0.5, 1000.0]
    truth = mp.fsum(mp.mpf(t) * (_lse([mp.mpf(v) for v in z]) - mp.mpf(v)) for t, v in zip(y, z, strict=True))
    columns = [np.array(z)[:, None], np.array(y)[:, None]]
    _close(OPS["cross_entropy_logits"].forward(*columns, axis=0)[0], [truth])
    _finite_gradient("cross_entropy_logits", columns, {"axis": 0})


def test_what_is_masked_may_be_anything():
    z, m = np.array([[1000.0, -1000.0, 1.0]]), np.array([[0.0, 1.0, 1.0]])
    np.testing.assert_allclose(OPS["masked_softmax"].forward(z, m, axis=1), [[0.0, 0.0, 1.0]], atol=1e-300)
    _finite_gradient("masked_softmax", [z, m], {"axis": 1})


@pytest.mark.parametrize("name", ["cross_entropy", "kl_divergence"])
def test_no_target_no_error(name):
    """0 ln 0 is 0: what cannot be and is not expected costs nothing."""
    np.testing.assert_array_equal(OPS[name].forward(np.array([[0.0]]), np.array([[0.0]])), [[0.0]])


# Number types: no operation may widen or narrow what it is given


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", NAMES)
def test_dtype_is_kept(name, dtype):
    arrays = [np.asarray(a, dtype=dtype) for a in sample(name)[1]]
    assert np.asarray(OPS[name].forward(*arrays, **OPS[name].attrs)).dtype == dtype


@pytest.mark.parametrize("name", NAMES)
def test_arguments_are_left_alone(name):
    arrays = [a.copy() for a in sample(name)[1]]
    kept = [a.copy() for a in arrays]
    out = OPS[name].forward(*arrays, **OPS[name].attrs)
    for array, copy in zip(arrays, kept, strict=True):
        np.testing.assert_array_equal(array, copy)
        assert out is not array


@pytest.mark.parametrize("name", NAMES)
def test_every_recorded_value_is_float64(name):
    (trace, _), _ = sample(name)
    assert {step.value.dtype for step in trace.values()} == {np.dtype(np.float64)}


# The table itself


@pytest.mark.parametrize("name", NAMES)
def test_entry_is_complete(name):
    entry = OPS[name]
    rules = [entry.vjp(i) for i in range(len(entry.sample))]
    assert entry.name == name
    assert entry.each or len(entry.vjps) == len(entry.sample)
    assert all(rule is NO_GRADIENT or callable(rule) for rule in rules)
    assert all(rule is NO_GRADIENT for rule in rules) == (entry.kind == "mask")
    assert len(entry.domain) <= len(entry.sample) and set(entry.domain) <= set(DOMAINS)
    assert entry.precedence in (SUM, PRODUCT, POWER, CALL)
    assert entry.bracket_below in (0, SUM, PRODUCT, POWER, CALL)


@pytest.mark.parametrize("name", NAMES)
def test_macro(name):
    """One macro for each operation, and one for an entry where it has one: first the arrays, then the attributes.
    Where the operation says what an entry is made of, the macro of the entry is given that."""
    macros, entry = environment("en").get_template("math.j2").module, OPS[name]
    assert hasattr(macros, name), f"templates/math.j2 has no macro {name}"
    own = None if entry.terms else getattr(macros, f"{name}_entry", None)
    for macro in filter(None, (getattr(macros, name), own)):
        assert macro.catch_varargs == macro.catch_kwargs == (entry.each is not None)
        if not entry.each:
            attrs = macro.arguments[len(entry.sample) :]
            assert set(attrs) == set(entry.attrs) and len(macro.arguments) == len(entry.sample) + len(attrs)


HELPERS = {"dot", "fraction", "shaped", "aligned", "counted", "over", "each", "steps", "window"}


def test_no_macro_without_an_op():
    source = (TEMPLATES / "math.j2").read_text(encoding="utf-8")
    macros = {line.split()[2].partition("(")[0] for line in source.splitlines() if line.startswith("{% macro ")}
    stray = {m for m in macros if m.removesuffix("_entry") not in OPS} - HELPERS
    assert not {m for m in stray if not m.startswith("chain")}


@pytest.mark.parametrize(
    ("parent", "part", "first"),
    [
        ("add", "matmul", False), ("add", "mul", False), ("sub", "scale", False), ("sub", "add", True),
        ("mul", "sub", True), ("mul", "mul", True), ("mul", "matmul", True), ("matmul", "transpose", False),
        ("scale", "sub", True), ("scale", "matmul", True), ("div", "mul", True), ("div", "sum", True),
        ("sigmoid", "add", True), ("square", "sub", True), ("neg", "mul", False), ("identity", "add", False),
        ("sum", "square", False), ("sum_axis", "mul", True), ("sum_axis", "matmul", True),
    ],
)  # fmt: skip
def test_brackets_are_those_of_the_blackboard(parent, part, first):
    assert worked_first(parent, part) == first


def test_kinds():
    assert of_kind("activation")[:4] == ("identity", "sigmoid", "tanh", "relu")
    assert of_kind("loss")[0] == "half_squared_error"
    assert all(len(OPS[name].sample) == 1 for name in of_kind("activation"))
    assert all(len(OPS[name].sample) == 2 for name in of_kind("loss"))
