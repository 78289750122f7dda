"""The checker's own truth: gradients against differences, and how it words what is wrong."""

import json
from decimal import Decimal
from pathlib import Path

import pytest

from gradbook.check.judge.example import Example
from gradbook.check.judge.report import Report, apart
from gradbook.check.truth.exact import AGREE
from gradbook.engine import work
from gradbook.engine.load import validate


def told(target: list[float], **tables) -> str:
    """The trace of a softmax regression with a soft target, as JSON."""
    example = {
        "family": "softmax_regression", "title": {"en": "Soft"}, "data": {"x": [[0.5, -0.25]], "y": [target]},
        "weights": {"W": [[0.5, 0.2, 0.1], [-0.3, 0.6, -0.2]], "b": [0.1, -0.2, 0.3]},
        "update": {"learning_rate": 0.1},
    }  # fmt: skip
    return work(validate(example | tables, Path("soft.toml"))).to_json()


@pytest.mark.parametrize(
    "target", [[1.0, 0.0, 0.0], [0.1, 0.2, 0.7], [1 / 3, 1 / 3, 1 / 3], [5 / 7, 1 / 7, 1 / 7], [0.7, 0.1, 0.2]]
)
def test_a_gradient_is_right_for_targets_that_float64_cannot_hold(target):
    report = Example(told(target)).check()
    assert not report.failures and report.figures["gradient"] < AGREE


def test_a_gradient_is_wrong_for_targets_that_do_not_add_up_to_1():
    trace = json.loads(told([0.1, 0.2, 0.7]))
    for step in trace["steps"]:
        if step["name"] == "Y":
            step["value"] = [0.1, 0.2, 0.7 + 1e-12]
    failures = [f for f in Example(json.dumps(trace)).check().failures if f.check == "gradient"]
    assert failures and all(f.printed.split()[0] != f.expected for f in failures)


def test_two_numbers_that_differ_are_told_apart():
    assert apart(Decimal("0.75"), "0.5") == "0.75"
    assert apart(Decimal("0.123456789012345678"), "0.1234567890") == "0.12345678901"
    assert apart(Decimal("0.0853557480816" + "1" * 20), "0.0853557480816", 12).startswith("0.08535574808161")
    report = Report()
    report.fail("number", "page", "", Decimal("1.5"), apart(Decimal("1.50000000000000001"), Decimal("1.5")))
    assert report.failures[0].printed != report.failures[0].expected
