"""The source's network against its figures to 40 digits, which were computed at 60 without this engine."""

import json
import math
import subprocess
import sys
from pathlib import Path

import mpmath
import numpy as np
import pytest

from gradbook.engine import load, pencil, train, work

ROOT = Path(__file__).parent.parent
SEED = ROOT / "examples" / "seed.toml"
ORACLE = json.loads((Path(__file__).parent / "data" / "oracle.json").read_text())
EXACT = ORACLE["seed_float64_inputs"]
BIASES = ["layer1.b", "layer2.b"]

STEPS = {
    "x": "inputs.x", "y": "inputs.t", "layer1.W": "inputs.W1", "layer1.b": "inputs.b1",
    "layer2.W": "inputs.W2", "layer2.b": "inputs.b2", "learning_rate": "inputs.lr",
    "layer1.z": "forward.z1", "layer1.a": "forward.a1", "layer2.z": "forward.z2", "layer2.a": "forward.a2",
    "layer2.delta.sub": "forward.error", "E": "forward.E", "J": "forward.J",
    "layer2.delta.mul": "backward.sigma_prime2", "layer2.delta": "backward.delta2",
    "layer2.dW": "backward.dW2", "layer1.delta.matmul": "backward.da1",
    "layer1.delta.mul": "backward.sigma_prime1", "layer1.delta": "backward.delta1", "layer1.dW": "backward.dW1",
}  # fmt: skip
UPDATES = {"layer1.W": "W1", "layer1.b": "b1", "layer2.W": "W2", "layer2.b": "b2"}


@pytest.fixture(scope="module")
def trace():
    return work(load(SEED))


def figure(record, path):
    """The decimals at 'forward.z1', row-major."""
    for key in path.split("."):
        record = record[key]
    return [mpmath.mpf(text) for text in np.ravel(record)]


def ulps(found, record, path):
    """The largest distance from the exact figures, in units of the last place of float64."""
    figures = figure(record, path)
    assert np.size(found) == len(figures)
    with mpmath.workdps(50):
        pairs = zip(np.ravel(found), figures, strict=True)
        return max(float(abs(mpmath.mpf(float(f)) - e) / math.ulp(float(e))) for f, e in pairs)


@pytest.fixture(autouse=True)
def digits():
    with mpmath.workdps(50):
        yield


@pytest.mark.parametrize(("step", "path"), STEPS.items())
def test_every_quantity(trace, step, path):
    assert ulps(trace.value(step), EXACT, path) <= 8


@pytest.mark.parametrize("path", ["backward.db1", "backward.db2"])
def test_gradients_of_biases(trace, path):
    layer = f"layer{path[-1]}"
    assert ulps(trace.value(trace.grads[f"{layer}.b"]), EXACT, path) <= 8


@pytest.mark.parametrize(("name", "letter"), UPDATES.items())
def test_every_updated_parameter(trace, name, letter):
    assert ulps(trace.value(trace.updates[name]), EXACT, f"updated.{letter}") <= 1


def test_nothing_in_the_oracle_is_left_out(trace):
    tested = {*STEPS.values(), "backward.db1", "backward.db2"}
    known = {f"{part}.{key}" for part in ("inputs", "forward", "backward") for key in EXACT[part]}
    assert known - tested == {"backward.dx"}  # x is given, not learned: the engine writes no gradient for it


def next_pass(trace):
    return trace.replay({name: trace.value(new) for name, new in trace.updates.items()})


@pytest.mark.parametrize("step", ["layer1.z", "layer1.a", "layer2.z", "layer2.a", "layer2.delta.sub", "E", "J"])
def test_next_pass(trace, step):
    path = STEPS[step].replace("forward", "next_forward")
    assert ulps(next_pass(trace).value(step), EXACT, path) <= 8


def test_next_loss(trace):
    assert ulps(next_pass(trace).value("J"), EXACT, "next_J") <= 8


@pytest.mark.parametrize("step", ["layer1.z", "layer2.delta", "layer1.dW", "J"])
def test_decimal_inputs_to_twelve_digits(trace, step):
    """The book's inputs are decimals: what float64 makes of them agrees to what a page prints."""
    for found, exact in zip(np.ravel(trace.value(step)), figure(ORACLE["seed"], STEPS[step]), strict=True):
        assert abs(found - float(exact)) <= 1e-12 * abs(float(exact))


def test_frozen_biases():
    frozen = work(load(SEED, [f"update.frozen={json.dumps(BIASES)}"]))
    assert set(frozen.updates) == set(UPDATES) - set(BIASES)
    for name, new in frozen.updates.items():
        for found, exact in zip(
            np.ravel(frozen.value(new)), figure(ORACLE["bias_frozen"], f"updated.{UPDATES[name]}"), strict=True
        ):
            assert abs(found - float(exact)) <= 4 * math.ulp(float(exact))
    loss = float(figure(ORACLE["bias_frozen"], "next_J")[0])
    assert abs(next_pass(frozen).value("J") - loss) <= 8 * math.ulp(loss)


@pytest.mark.parametrize(("way", "changes"), [("vector", []), ("frozen", [f"update.frozen={json.dumps(BIASES)}"])])
def test_trajectory(way, changes):
    trace, oracle = work(load(SEED, changes)), ORACLE["trajectory"][way]
    losses, last = train(trace, 10_000)
    counts = [int(key) for key in oracle if key.isdigit()]
    assert max(counts) == 10_000
    for n in counts:
        assert losses[n] == pytest.approx(float(oracle[str(n)]["J"]), rel=1e-11)
    for count in (1, 10, 100, 1000, 10_000):
        found = last if count == 10_000 else train(trace, count)[1]
        for name, letter in UPDATES.items():
            exact = np.array(oracle[f"params_after_{count}_updates"][letter], dtype=float)
            value = found.get(name, trace.value(name))
            np.testing.assert_allclose(value.reshape(exact.shape), exact, rtol=1e-12)


# The same by the command line


def run(*args):
    command = [sys.executable, "build.py", *args]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, encoding="utf-8", check=False)


def test_command_prints_the_trace_and_nothing_else(trace):
    done = run("trace", "examples/seed.toml")
    assert (done.returncode, done.stderr) == (0, "")
    found = json.loads(done.stdout)
    assert list(found) == ["format", "example", "loss", "grads", "updates", "steps"]
    assert (found["format"], found["example"], found["loss"]) == (2, "seed", "J")
    assert found["grads"] == {s.name: trace.grads[s.name] for s in trace.leaves("param")}
    assert found["updates"] == dict(trace.updates)
    assert [step["name"] for step in found["steps"]] == list(trace)
    for record, step in zip(found["steps"], trace.values(), strict=True):
        assert list(record) == ["name", "op", "args", "attrs", "phase", "of", "shape", "value"]
        assert tuple(record["shape"]) == step.shape
        assert record["value"] == step.value.ravel().tolist()


def test_command_changes_and_rounds():
    options = ("--set", "update.learning_rate=0.1", "--set", "layers[0].W[0][1]=0.3", "--arithmetic", "pencil")
    found = {s["name"]: s["value"] for s in json.loads(run("trace", "examples/seed.toml", *options).stdout)["steps"]}
    changed = work(load(SEED, options[1:4:2]))
    assert found["learning_rate"] == [0.1]
    assert found["layer1.W"] == [0.15, 0.3, 0.25, 0.3]
    assert found == {name: s.value.ravel().tolist() for name, s in pencil(changed, 4).items()}
    assert found["layer1.a"] == [0.5957, 0.5969]
