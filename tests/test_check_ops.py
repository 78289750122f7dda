"""The checker knows every operation: what it means, how far roundings carry in it, and how it is written."""

import numpy as np
import pytest

from check.exact import Truth, pencil_bounds
from check.ops import MEANINGS, exact
from check.trace import Trace
from engine import pencil
from engine.backward import backward
from engine.ops import OPS
from engine.tape import Tape, apply
from tests.op_cases import case

NAMES = sorted(OPS)
SEEDS = range(12)


def test_every_operation_has_a_meaning():
    assert set(MEANINGS) == set(OPS)


@pytest.mark.parametrize("name", NAMES)
def test_meaning(name):
    """In 50 digits and in float64 it is what the engine computes."""
    for seed in SEEDS:
        args, attrs = case(name, seed)
        found = np.asarray(OPS[name].forward(*args, **attrs))
        quick = np.asarray(MEANINGS[name].value(*args, **attrs))
        careful = np.asarray(MEANINGS[name].value(*map(exact, args), **attrs), dtype=object)
        assert quick.dtype == np.float64 and quick.shape == careful.shape == found.shape
        np.testing.assert_allclose(quick, found, rtol=1e-13, atol=1e-14)
        np.testing.assert_allclose(careful.astype(float), found, rtol=1e-13, atol=1e-14)


def worked(name: str, seed: int):
    """A trace with one line, the operation's result, and the loss made from it; with gradients if it has any."""
    args, attrs = case(name, seed)
    tape = Tape("ops")
    leaves = [(tape.data if _is_fixed(name, i) else tape.param)(f"p{i}", a) for i, a in enumerate(args)]
    out = tape.write("out", apply(name, *leaves, **attrs))
    weights = tape.data("weights", np.round(np.random.default_rng(seed).uniform(0.5, 1.5, out.shape), 2))
    tape.write("J", (weights * out).sum())
    smooth = any(OPS[name].rule(i) and not _is_fixed(name, i) for i in range(len(args)))
    return tape.finish("J", backward(tape, "J") if smooth else {}, {})


def _is_fixed(name: str, i: int) -> bool:
    return OPS[name].accepts(i) in ("distribution", "mask")


@pytest.mark.parametrize("name", NAMES)
def test_truth(name):
    """No step of a trace is called wrong, a changed entry is, and gradients are what differences say."""
    for seed in range(3):
        trace = worked(name, seed)
        truth = Truth(Trace(trace.to_json()))
        assert not truth.faults
        for place, gradient, difference in truth.gradients:
            limit = 1e-15 if name == "gelu_tanh_slope" else 1e-20  # its rule has float64's √(2/π) in it
            assert abs(gradient - difference) < limit * max(1, abs(gradient)), place
    told = Trace(trace.to_json())
    told.steps["out"].value.flat[0] += 1e-9
    assert [f.step.partition("[")[0] for f in Truth(told).faults][:1] == ["out"]


@pytest.mark.parametrize("name", NAMES)
def test_pencil_arithmetic_keeps_its_bounds(name):
    """Arguments that are themselves rounded carry roundings into the operation."""
    for seed in SEEDS:
        args, attrs = case(name, seed)
        tape = Tape("ops")
        reals = [OPS[name].accepts(i) in ("real", "positive") for i in range(len(args))]
        factors = np.random.default_rng(seed).uniform(1.1, 1.9, (len(args), 2))
        leaves = [
            tape.write(f"q{i}", tape.write(f"r{i}", tape.data(f"p{i}", a) * f) * g) if real else tape.data(f"p{i}", a)
            for i, (a, real, (f, g)) in enumerate(zip(args, reals, factors, strict=True))
        ]
        out = tape.write("out", apply(name, *leaves, **attrs))
        tape.write("J", out.sum() if out.shape else out * 2)
        trace = tape.finish("J", {}, {})
        bounds = pencil_bounds(Truth(Trace(trace.to_json())), 3)["out"]
        drift = abs(pencil(trace, 3).value("out") - trace.value("out"))
        assert (drift <= bounds).all(), (seed, drift, bounds)
        if OPS[name].kind != "mask":
            assert np.median(bounds) <= 40 * max(np.max(drift), 1e-3 * np.max(abs(trace.value("out"))), 1e-3)
