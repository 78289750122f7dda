"""Three mistakes of well-known worked examples, put into this book: our own checks must find each of them.

A worksheet on backpropagation drops the mask of a rectifier in its second layer; one on autoencoders takes the target
for the error; an LSTM's worked example trains towards 1.25, which no tanh times sigmoid can reach.
"""

import json
import subprocess
import sys
import tomllib

import pytest

from gradbook.check.truth.exact import Truth
from gradbook.check.truth.trace import Trace as Told
from gradbook.engine import check_gradients, load, work
from gradbook.engine.load import validate
from gradbook.engine.ops import OPS
from gradbook.engine.tape.reach import beyond
from tests.small_project import ROOT, small_project

EXAMPLES = ROOT / "examples"
MASK = ("engine/ops/activations.py", "lambda g, a, z: g * z.heaviside(),", "lambda g, a, z: g,")
TARGET = ("engine/ops/losses.py", "lambda g, out, a, y: g * (2 * (a - y)),", "lambda g, out, a, y: g * (2 * y),")


def wrong_gradients(trace) -> set[str]:
    """The parameters whose gradient central differences refute, by both of our judges: float64 and 50 digits."""
    quick = {c.parameter for c in check_gradients(trace) if c.relative_error > 1e-3}
    truth = Truth(Told(trace.to_json()))
    careful = {slope.places[0][0] for slope in truth.gradients() if slope.error > 1e-6}
    assert quick == careful
    return quick


@pytest.fixture
def mutated(monkeypatch):
    """Puts another rule in the place of an operation's first."""

    def put(op: str, rule) -> None:
        entry = OPS[op]
        monkeypatch.setitem(OPS, op, type(entry)(**vars(entry) | {"vjps": (rule, *entry.vjps[1:])}))

    return put


def test_a_rectifier_without_its_mask(mutated):
    """In the batch example the second layer is a rectifier, and one of its units rests for one sample."""
    path = EXAMPLES / "batch.toml"
    assert not wrong_gradients(work(load(path)))
    mutated("relu", lambda g, a, z: g)
    assert wrong_gradients(work(load(path))) == {"layer1.W", "layer1.b", "layer2.W", "layer2.b"}


def test_a_gradient_made_of_the_target(mutated):
    path = EXAMPLES / "autoencoder.toml"
    assert not wrong_gradients(work(load(path)))
    mutated("squared_error", lambda g, out, a, y: g * (2 * y))
    assert wrong_gradients(work(load(path))) == {"encoder.W", "encoder.b", "decoder.W", "decoder.b"}


@pytest.mark.parametrize(("activation", "label"), [("tanh", 1.25), ("sigmoid", 1.25), ("relu", -0.5)])
def test_a_label_that_cannot_be_reached(activation, label):
    tables = tomllib.loads((EXAMPLES / "seed.toml").read_text(encoding="utf-8"))
    tables["layers"][1]["activation"] = activation
    tables["data"]["y"] = [[0.5, label]]
    (found,) = beyond(work(validate(tables, EXAMPLES / "seed.toml")))
    assert (found.target, found.places) == ("y", ((1, 0),))


@pytest.mark.slow
@pytest.mark.parametrize(("example", "mistake"), [("batch", MASK), ("autoencoder", TARGET)])
def test_the_built_book_does_not_agree(tmp_path, example, mistake):
    """The mistake is made in the engine itself, the pages are built with it, and the checker reads them."""
    project = small_project(tmp_path / "book", example)
    file, right, wrong = mistake
    path = project / file
    assert right in path.read_text(encoding="utf-8")
    path.write_text(path.read_text(encoding="utf-8").replace(right, wrong, 1), encoding="utf-8")
    command = [sys.executable, "build.py", "check", "--lang", "en"]
    done = subprocess.run(command, cwd=project, capture_output=True, text=True)
    assert done.returncode == 1, done.stdout + done.stderr
    found = json.loads((project / "build" / "check.json").read_text(encoding="utf-8"))["failures"]
    assert {f["check"] for f in found} >= {"gradient"}, done.stdout[-2000:]
