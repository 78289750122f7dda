"""Every operation: its gradient against three judges that know nothing of its rule, its dtype, its written form."""

from functools import cache
from zlib import crc32

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from book.words import TEMPLATES, environment
from engine import check_gradients
from engine.backward import backward
from engine.ops import CALL, FLAT, OPS, POWER, PRODUCT, SUM, of_kind, worked_first
from engine.tape import Tape, apply

ATTRS = {"sum_axis": {"axis": 1}, "broadcast": {"shape": (2, 3)}}
"""What an operation needs besides arrays, for its sample."""

BETWEEN_0_AND_1 = {"binary_cross_entropy", "log"}
KINKED = {"relu", "positive"}
NAMES = list(OPS)


def inputs(name, shapes, seed=0):
    """Distinct values away from 0, where kinks and poles are; between 0 and 1 where the operation asks for it."""
    random = np.random.default_rng(crc32(name.encode()) + seed)
    sign = 1.0 if name in BETWEEN_0_AND_1 else -1.0
    return [np.array(random.uniform(0.2, 0.8, shape) * random.choice([1.0, sign], shape)) for shape in shapes]


def scored(name, arrays, attrs):
    """A trace whose loss is the operation's result weighted by fixed numbers; its arguments are parameters."""
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
    arrays = inputs(name, OPS[name].sample)
    return scored(name, arrays, ATTRS.get(name, {})), arrays


@st.composite
def cases(draw):
    """An operation with arguments of random shapes that fit it."""
    name = draw(st.sampled_from([n for n in NAMES if n != "positive"]))
    rows, columns, inner = (draw(st.integers(1, 4)) for _ in range(3))
    attrs = {}
    if name == "matmul":
        shapes = [(rows, inner), (inner, columns)]
    elif name == "scale":
        shapes = [(), (rows, columns)]
    elif name == "broadcast":
        shapes, attrs = [(rows, 1)], {"shape": (rows, columns)}
    elif name == "sum_axis":
        shapes, attrs = [(rows, columns)], {"axis": draw(st.sampled_from([0, 1, (0, 1)]))}
    elif OPS[name].kind == "arithmetic" and len(OPS[name].rules) == 2:
        narrow = st.sampled_from([(rows, columns), (rows, 1), (1, columns), ()])
        shapes = [draw(narrow), draw(narrow)]
    else:
        shapes = [(rows, columns)] * len(OPS[name].rules)
    return name, inputs(name, shapes, draw(st.integers(0, 1000))), attrs


def agrees(gradient, other, tolerance):
    scale = max(np.abs(gradient).max(), np.abs(other).max(), 1e-3)
    assert gradient.shape == other.shape
    assert np.abs(gradient - other).max() <= tolerance * scale


# Judge 1: central differences by replay


@pytest.mark.parametrize("name", [n for n in NAMES if n != "positive"])
def test_central_differences(name):
    (trace, _), arrays = sample(name)
    checks = check_gradients(trace)
    assert len(checks) == len(arrays) == len(OPS[name].rules)
    assert max(c.relative_error for c in checks) < 1e-8


@settings(max_examples=150, deadline=None)
@given(cases())
def test_central_differences_of_random_shapes(case):
    trace, _ = scored(*case)
    checks = check_gradients(trace)
    assert len(checks) == len(case[1])
    for check in checks:
        assert check.gradient.shape == trace.value(check.parameter).shape
        assert check.relative_error < 1e-7


# Judge 2: the complex step, exact to rounding (Squire & Trapp 1998)


@pytest.mark.parametrize("name", [n for n in NAMES if n not in KINKED])
def test_complex_step(name):
    (trace, weights), arrays = sample(name)
    for i, array in enumerate(arrays):
        slopes = np.empty_like(array)
        for index in np.ndindex(array.shape):
            moved = [a.astype(complex) for a in arrays]
            moved[i][index] += 1e-30j
            slopes[index] = np.sum(weights * OPS[name].forward(*moved, **ATTRS.get(name, {}))).imag / 1e-30
        agrees(trace.value(trace.grads[f"p{i}"]), slopes, 1e-14)


# Judge 3: PyTorch, with each operation written as PyTorch writes it


def torch_forms(torch):
    return {
        "add": torch.add, "sub": torch.sub, "neg": torch.neg, "mul": torch.mul, "scale": torch.mul,
        "div": torch.div, "square": torch.square, "matmul": torch.matmul, "transpose": lambda a: a.mT,
        "sum": torch.sum, "sum_axis": lambda a, axis: torch.sum(a, dim=axis, keepdim=True),
        "broadcast": lambda a, shape: a.expand(shape), "identity": torch.nn.Identity(),
        "sigmoid": torch.sigmoid, "tanh": torch.tanh, "relu": torch.relu, "log": torch.log,
        "half_squared_error": lambda a, y: torch.nn.functional.mse_loss(a, y, reduction="none") / 2,
        "squared_error": lambda a, y: torch.nn.functional.mse_loss(a, y, reduction="none"),
        "binary_cross_entropy": lambda a, y: -(y * torch.log(a) + (1 - y) * torch.log(1 - a)),
        "positive": lambda z: (z > 0).to(z.dtype),
    }  # fmt: skip


def test_pytorch_knows_every_op():
    torch = pytest.importorskip("torch", reason="PyTorch is not installed; CI installs it")
    assert set(torch_forms(torch)) == set(NAMES)


def against_pytorch(name, arrays, attrs):
    torch = pytest.importorskip("torch", reason="PyTorch is not installed; CI installs it")
    trace, weights = scored(name, arrays, attrs)
    tensors = [torch.tensor(a, requires_grad=True) for a in arrays]
    out = torch_forms(torch)[name](*tensors, **attrs)
    np.testing.assert_allclose(trace.value("out"), out.detach().numpy(), rtol=1e-14)
    (out * torch.tensor(weights)).sum().backward()
    for i, tensor in enumerate(tensors):
        agrees(trace.value(trace.grads[f"p{i}"]), tensor.grad.numpy(), 1e-14)


@pytest.mark.parametrize("name", [n for n in NAMES if n != "positive"])
def test_pytorch(name):
    against_pytorch(name, inputs(name, OPS[name].sample), ATTRS.get(name, {}))


@settings(max_examples=60, deadline=None)
@given(cases())
def test_pytorch_of_random_shapes(case):
    against_pytorch(*case)


def test_kinks_follow_pytorch():
    torch = pytest.importorskip("torch", reason="PyTorch is not installed; CI installs it")
    corners = np.array([[-1.0, -0.0, 0.0, 1e-300, 2.0]])
    trace, weights = scored("relu", [corners], {})
    z = torch.tensor(corners, requires_grad=True)
    (torch.relu(z) * torch.tensor(weights)).sum().backward()
    np.testing.assert_array_equal(trace.value(trace.grads["p0"]), z.grad.numpy())
    assert not torch.sign(torch.relu(z)).gt(0).float().requires_grad  # a mask has no slope there either


def test_a_mask_passes_no_gradient():
    tape = Tape("mask")
    z = tape.param("z", [[-1.0, 2.0]])
    mask = tape.write("mask", z.positive())
    tape.write("J", (tape.write("kept", mask * z)).sum())
    trace = tape.finish("J", backward(tape, "J"), {})
    assert "mask" not in trace.grads
    np.testing.assert_array_equal(trace.value(trace.grads["z"]), [[0.0, 1.0]])
    assert check_gradients(trace)[0].relative_error < 1e-9


# Number types: no operation may widen or narrow what it is given


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", NAMES)
def test_dtype_is_kept(name, dtype):
    arrays = [np.asarray(a, dtype=dtype) for a in inputs(name, OPS[name].sample)]
    assert np.asarray(OPS[name].forward(*arrays, **ATTRS.get(name, {}))).dtype == dtype


@pytest.mark.parametrize("name", NAMES)
def test_arguments_are_left_alone(name):
    arrays = inputs(name, OPS[name].sample)
    kept = [a.copy() for a in arrays]
    out = OPS[name].forward(*arrays, **ATTRS.get(name, {}))
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
    assert entry.name == name
    assert len(entry.rules) == len(entry.sample)
    assert all(rule is FLAT or callable(rule) for rule in entry.rules)
    assert (FLAT in entry.rules) == (entry.kind == "mask")
    assert entry.binds in (SUM, PRODUCT, POWER, CALL)
    assert entry.opens in (0, SUM, PRODUCT, POWER, CALL)


@pytest.mark.parametrize("name", NAMES)
def test_macro(name):
    """One macro for each operation; its parameters are the operation's arrays, then its attributes."""
    macros = environment("en").get_template("math.j2").module
    assert hasattr(macros, name), f"templates/math.j2 has no macro {name}"
    expected = len(OPS[name].rules) + len(ATTRS.get(name, {}))
    assert len(getattr(macros, name).arguments) == expected


def test_no_macro_without_an_op():
    source = (TEMPLATES / "math.j2").read_text(encoding="utf-8")
    macros = {line.split()[2].partition("(")[0] for line in source.splitlines() if line.startswith("{% macro ")}
    helpers = {"dot", "shaped", "aligned"}
    stray = {m for m in macros if m.removesuffix("_entry") not in OPS} - helpers
    assert not {m for m in stray if not m.startswith("chain")}


@pytest.mark.parametrize(
    ("parent", "part", "first"),
    [
        ("add", "matmul", False), ("add", "mul", False), ("sub", "scale", False), ("sub", "add", True),
        ("mul", "sub", True), ("mul", "mul", True), ("mul", "matmul", True), ("matmul", "transpose", False),
        ("scale", "sub", True), ("scale", "matmul", True), ("div", "mul", True), ("div", "sum", True),
        ("sigmoid", "add", True), ("square", "sub", True), ("neg", "mul", False), ("identity", "add", False),
        ("sum", "square", False),
    ],
)  # fmt: skip
def test_brackets_are_those_of_the_blackboard(parent, part, first):
    assert worked_first(parent, part) == first


def test_kinds():
    assert of_kind("activation") == ("identity", "sigmoid", "tanh", "relu")
    assert of_kind("loss")[0] == "half_squared_error"
    assert all(len(OPS[name].rules) == 2 for name in of_kind("loss"))
