"""A part of the samples in each update: which, in which order, what the pages and the checker make of it."""

import json
from pathlib import Path

import numpy as np
import pytest

from gradbook.book.pages.history import history, turns
from gradbook.book.pages.material import Material
from gradbook.book.pages.pages import pages
from gradbook.book.pages.worked import Worked
from gradbook.check.truth.exact import Truth
from gradbook.check.truth.trace import Trace as Told
from gradbook.engine import BookError, load, train, work
from gradbook.engine.families import families
from gradbook.engine.load import validate
from gradbook.engine.spec.batches import SAMPLES, batches
from gradbook.engine.spec.meeting import Claims
from tests.families.judges import EXAMPLES

FILE = Path("sample-by-sample.toml")
NET = {
    "family": "mlp", "loss": "half_squared_error", "title": {"en": "One by one"},
    "data": {"x": [[1, 0], [0, 1]], "y": [[1], [0]]},
    "layers": [
        {"W": [[0.1, 0.1]], "b": [0.1], "activation": "sigmoid"},
        {"W": [[0.1]], "b": [0.1], "activation": "sigmoid"},
    ],
    "update": {"optimizer": "momentum", "momentum": 0.9, "learning_rate": 0.3, "batch_size": 1},
    "page": {"steps": 3, "curve": 5},
}  # fmt: skip


@pytest.fixture(scope="module")
def worked() -> Worked:
    example = validate(NET, FILE)
    return Worked.of(example, work(example))


def test_one_sample_in_each_update(worked):
    """The values were computed with numpy alone."""
    expected = [
        {"layer1.W": [0.10085128, 0.1], "layer1.b": 0.10085128, "layer2.W": 0.1189104, "layer2.b": 0.13439292},
        {
            "layer1.W": [0.10161744, 0.09879853],
            "layer1.b": 0.10041596,
            "layer2.W": 0.11347416,
            "layer2.b": 0.12452152,
        },
    ]
    trace = worked.exact
    for values in expected:
        for name, value in values.items():
            np.testing.assert_allclose(trace.value(trace.updates[name]).ravel(), value, atol=5e-9)
        trace = trace.following()
    np.testing.assert_array_equal(trace.value("x"), [[1], [0]])  # the first sample again
    for name, value in train(worked.exact, 2)[1].items():
        np.testing.assert_allclose(value, trace.value(name), rtol=1e-15)


def test_what_is_told_of_the_first_update_is_told_on_its_own_data(worked):
    before, after = worked.before_and_after
    assert before == worked.losses[0] and after < before < worked.losses[1]


def test_the_pages_show_what_is_read(worked):
    assert turns(worked).columns == ["x", "y"] and [row[1] for row in turns(worked).rows] == ["1", "0"]
    assert history(worked)[0].columns == ["J", "x", "y"]
    assert [row[2] for row in history(worked)[0].rows] == ["1", "0", "1", "0"]
    np.testing.assert_array_equal(worked.second.exact.value("x"), [[0], [1]])


@pytest.mark.slow
def test_the_pages_of_both_languages_tell_it(worked):
    for lang in ("en", "zh"):
        found = pages(Material(worked), lang)
        assert "sample-by-sample-turns" in found["index.md"]
        assert r"\val{sample-by-sample@2:x" in found["second.md"]


def test_the_checker_trains_on_the_same_data(worked):
    truth = Truth(Told(worked.exact.to_json()))
    np.testing.assert_allclose([truth.training.loss(n) for n in range(6)], worked.losses, rtol=1e-14)
    np.testing.assert_array_equal(truth.training.value("x", 3), [[0], [1]])
    assert truth.training.loss_again() == pytest.approx(worked.before_and_after[1], rel=1e-14)
    changed = json.loads(worked.exact.to_json())
    changed["batches"][1]["y"] = [1.0]
    assert abs(Truth(Told(json.dumps(changed))).training.loss(1) - worked.losses[1]) > 0.01


def test_without_a_batch_size_nothing_is_said_of_batches():
    trace = work(load(EXAMPLES / "seed.toml"))
    assert trace.batches == () and "batches" not in json.loads(trace.to_json())


@pytest.mark.parametrize(
    ("name", "changes", "told"),
    [
        ("rnn", ["batch_size=1"], "batch_size: examples of the family 'rnn' have no samples of which"),
        ("batch-norm", ["batch_size=1"], "1 at a time does not do here: data.u: has 1 row, expected at least 2"),
        ("batch", ["batch_size=3"], "batch_size: data has 4 samples, which is no multiple of 3; every update"),
        ("batch", ["batch_size=2", "order=[1]"], "batch_size: update.order has 1 entries, which is no multiple of 2"),
        ("batch", ["order=[1]"], "order: belongs to batch_size, which is missing"),
        ("batch", ["batch_size=1", "order=[0, 4]"], "order[1]: is 4; there are 4 samples, counted from 0 to 3"),
        ("batch", ["batch_size=0"], "batch_size: expected a number of at least 1, found 0"),
    ],
)
def test_what_cannot_be_chosen_is_refused(name, changes, told):
    with pytest.raises(BookError) as refused:
        load(EXAMPLES / f"{name}.toml", [f"update.{change}" for change in changes])
    assert told in str(refused.value)


def with_samples() -> dict[str, str]:
    """An example of each family that has samples, by the family."""
    found = {}
    for path in sorted(EXAMPLES.glob("*.toml")):
        claims = Claims()
        claims.read(example := load(path))
        if SAMPLES in claims.found:
            found[example.family] = path.stem
    return found


@pytest.mark.slow
def test_every_family_that_has_samples_can_choose_among_them():
    found = with_samples()
    assert {"mlp", "autoencoder", "vae", "lora", "linear_regression", "softmax_regression"} <= found.keys()
    assert found.keys() < set(families())
    for name in found.values():
        size = 2 if name == "batch-norm" else 1
        example = load(EXAMPLES / f"{name}.toml", [f"update.batch_size={size}"])
        trace, last = work(example), batches(example)[-1]
        assert len(trace.batches) == (len(batches(example)) if len(batches(example)) > 1 else 0)
        shipped = load(EXAMPLES / f"{name}.toml")
        if shipped.update.batch_size:
            continue  # a perceptron reads one at a time as it is
        whole = work(shipped)
        for leaf, value in (trace.batches or ({},))[-1].items():
            axis = next((i for i in range(2) if whole.value(leaf).shape[i] != value.shape[i]), None)
            of_the_last = leaf.replace("s1.", f"s{last[0] + 1}.")  # a sample with steps of its own
            wanted = whole.value(of_the_last) if axis is None else np.take(whole.value(leaf), last, axis)
            np.testing.assert_array_equal(value, wanted)
