"""The checker's own truth: gradients against differences, and how it words what is wrong."""

import json
from contextlib import nullcontext
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from gradbook.check.arithmetic.tree import Num, Partial, Sym
from gradbook.check.judge.example import Example
from gradbook.check.judge.gradients import is_gradient
from gradbook.check.judge.lines import check
from gradbook.check.judge.loose import _marks, is_known
from gradbook.check.judge.recompute import Rules
from gradbook.check.judge.report import Report, apart
from gradbook.check.read.parse import Parser
from gradbook.check.read.tex import tokens
from gradbook.check.truth.exact import AGREE, float_bounds
from gradbook.check.truth.symbols import MismatchError, Symbols
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


@pytest.mark.parametrize("first", [0.1, 0.3, 0.7])
def test_where_everything_cancels_float64_is_off_by_a_few_units_of_what_was_added(first):
    """x W + b is 0.1 + 0.2 − 0.3 in each entry: of what is left, next to nothing, float64 has no digit right."""
    weights = {"W": [[first] * 3, [0.2] * 3], "b": [-round(first + 0.2, 1)] * 3}
    report = Example(told([0.1, 0.2, 0.7], weights=weights, data={"x": [[1.0, 1.0]], "y": [[0.1, 0.2, 0.7]]})).check()
    assert 0 <= report.figures["ulps"] < 10 and not report.failures


def test_a_gradient_is_wrong_for_targets_that_do_not_add_up_to_1():
    trace = json.loads(told([0.1, 0.2, 0.7]))
    for step in trace["steps"]:
        if step["name"] == "Y":
            step["value"] = [0.1, 0.2, 0.7 + 1e-12]
    failures = [f for f in Example(json.dumps(trace)).check().failures if f.check == "gradient"]
    assert failures and all(f.printed.split()[0] != f.expected for f in failures)


@pytest.mark.parametrize(("first", "is_right"), [("1", True), ("2", False)])
def test_a_column_of_ones_beside_a_matrix_is_as_high_as_the_matrix(first, is_right):
    def read(tex):
        return Parser(tokens(tex)).formula()[0].parts

    name, value = read(r"x = \begin{pmatrix} 5 & 6 \\ 7 & 8 \end{pmatrix}")
    numbers = rf"\begin{{pmatrix}} 1 & 5 & 6 \\ {first} & 7 & 8 \end{{pmatrix}}"
    said = read(rf"\begin{{pmatrix}} \mathbf{{1}} & x \end{{pmatrix}} = {numbers}")
    symbols = Symbols()
    symbols.known[name] = [value]
    with nullcontext() if is_right else pytest.raises(MismatchError):
        symbols.unify(*said, [])


def test_two_numbers_that_differ_are_told_apart():
    assert apart(Decimal("0.75"), "0.5") == "0.75"
    assert apart(Decimal("0.123456789012345678"), "0.1234567890") == "0.12345678901"
    assert apart(Decimal("0.0853557480816" + "1" * 20), "0.0853557480816", 12).startswith("0.08535574808161")
    report = Report()
    report.fail("number", "page", "", Decimal("1.5"), apart(Decimal("1.50000000000000001"), Decimal("1.5")))
    assert report.failures[0].printed != report.failures[0].expected


def net(x: list[float], first: str, **tables) -> str:
    """The trace of a net of two inputs and two hidden neurons, as JSON."""
    example = {
        "family": "mlp", "title": {"en": "Net"}, "loss": "half_squared_error", "data": {"x": [x], "y": [[0.3]]},
        "layers": [
            {"W": [[0.3, -0.15], [0.5, 0.25]], "b": [0.0, 0.1], "activation": first},
            {"W": [[0.7, -0.4]], "b": [0.05], "activation": "identity"},
        ],
        "update": {"learning_rate": 0.1},
    }  # fmt: skip
    return work(validate(example | tables, Path("net.toml"))).to_json()


def test_at_a_kink_a_gradient_is_the_slope_of_the_side_that_counts():
    trace = json.loads(net([0.5, 1.0], "relu"))  # 0.3 · 0.5 − 0.15 · 1 is 0
    assert Example(json.dumps(trace)).truth.values["layer1.z"][0, 0] == 0
    assert not Example(json.dumps(trace)).check().failures
    trace["grads"] |= {"layer1.b": "layer1.a"}
    failures = [f for f in Example(json.dumps(trace)).check().failures if f.check == "gradient"]
    assert any("layer1.b" in f.printed for f in failures)


def test_what_float64_leaves_of_decimals_that_cancel_is_no_mistake():
    example = Example(net([0.1, 0.2], "tanh"))
    z = example.trace.steps["layer1.z"].value[0, 0]
    place, noise = ("layer1.z", (0, 0)), Num(repr(float(z)))
    assert abs(z) < 1e-16 and example.shows(place, noise, Rules()) and example.shows(place, Num("0"), Rules())
    assert not example.shows(place, Num("1e-13"), Rules())
    assert not example.shows(("layer1.a", (1, 0)), Num("0.1974"), Rules(6))


def test_noise_is_not_carried_over_a_jump():
    """Where a rounding may decide whether relu lets a gradient pass, a bound says nothing."""
    truth = Example(net([0.5, 1.0], "relu")).truth
    bounds = float_bounds(truth.trace, truth.values)
    assert all(np.max(bound, initial=0) < 1e-13 for bound in bounds.values())


def test_a_line_with_decimals_that_cancel_holds_in_float64():
    def slips(result: str) -> list:
        rows = Parser(tokens(rf"z = 0.1 \cdot 0.3 - 0.2 \cdot 0.15 \approx {result}")).formula()
        return check(rows, Symbols(), Rules(4)).slips

    assert not slips(r"5.551\times 10^{-18}") and not slips("0")
    assert slips(r"5.551\times 10^{-12}")


def test_a_loss_near_zero_is_known_as_well_as_float64_carries_it():
    """After one update the loss is a difference of logarithms of which float64 keeps nothing but noise."""
    weights = {"W": [[0.18, 0.04, 0.1], [0.1, 0.22, 0.3]], "b": [0.0, 0.0, 0.0]}
    example = Example(told([0.0, 0.0, 1.0], data={"x": [[16.0, -6.0]], "y": [[0.0, 0.0, 1.0]]}, weights=weights))
    loss = example.loss(1)
    assert 0 < loss < Decimal("1e-12")
    carried, wrong = (f"{loss + Decimal(far):.10g}" for far in ("1e-15", "1e-12"))
    assert example.is_noise(Num(carried), "J", 1) and is_known(carried, example)
    assert not example.is_noise(Num(wrong), "J", 1) and not is_known(wrong, example)


@pytest.mark.parametrize(("words", "told"), [("", True), ("wrong: the sign of is lost", False)])
def test_a_row_of_errata_whose_words_hold_a_number_is_no_gradient(words, told):
    row = [Partial(Sym("J"), Sym("w")), *map(Num, ("0.01", "-0.008", "-0.0085", "-0.01"))]
    assert is_gradient(SimpleNamespace(text=lambda i, j: words), 0, row) is told


@pytest.mark.parametrize(
    ("texts", "marks"),
    [
        (["0", "1", "2", "−3", "-0.805", "-0.800", "-0.795", "J"], {0, 1, 2, 4, 5, 6}),
        (["-0.805", "-0.800", "-0.794"], set()),  # one of them is wrong
        (["0.111", "0.222", "0.334"], set()),  # quantities
        (["0.113", "0.124", "0.135"], set()),  # evenly apart by chance
        (["0.5", "0.5", "0.5"], set()),
    ],
)
def test_marks_on_an_axis_are_multiples_of_what_they_are_apart(texts, marks):
    assert _marks(texts) == marks
