"""Given numbers are exact and printed in full, in whatever place: one number has one printed form on all pages."""

from itertools import product
from pathlib import Path

import numpy as np
import pytest

from gradbook.book.formula.derive import Sheet
from gradbook.book.formula.lines import Line
from gradbook.engine import pencil, work
from gradbook.engine.load import validate
from gradbook.engine.tape.given import given_entries
from gradbook.engine.tape.tape import Tape, apply
from tests.as_toml import as_toml
from tests.small_project import small_project
from tests.test_random_books import redone

LONG = 0.7512345678
NET = {
    "family": "mlp", "title": {"en": "Many digits"}, "loss": "half_squared_error",
    "data": {"x": [[0.512345678912, -0.2512345], [0.1234567, 0.7654321]], "y": [[0.312345678], [0.8765432]]},
    "layers": [
        {"W": [[0.43181918552285925, 0.2], [-0.3123456, 0.6]], "b": [0.1123456, -0.2], "activation": "tanh"},
        {"W": [[LONG, -0.4]], "b": [0.0512345], "activation": "identity"},
    ],
    "update": {"learning_rate": 0.1234567},
}  # fmt: skip


@pytest.fixture(scope="module")
def trace():
    return work(validate(NET, Path("long.toml")))


def test_the_pencil_leaves_given_numbers_as_they_are_where_they_are_moved_to(trace):
    by_hand = pencil(trace, 4)
    assert by_hand.value("layer1.delta.matmul.transpose")[0, 0] == LONG
    assert by_hand.value("layer2.dW.transpose").T.tolist() == by_hand.value("layer1.a").tolist()
    assert by_hand.value("layer1.z")[0, 0] == float(f"{by_hand.value('layer1.z')[0, 0]:.4g}")


def test_what_is_put_together_of_given_and_computed_numbers_is_told_apart():
    tape = Tape("mixed")
    a = tape.param("a", np.array([[LONG, 1 / 3]]))
    doubled = tape.write("doubled", a * 2)
    both = tape.write("both", apply("concat", apply("concat", a, doubled, axis=0), doubled, axis=0))
    tape.write("J", both.sum())
    trace = tape.finish("J", {}, {})
    assert given_entries(trace)["both"].tolist() == [[True, True], [False, False], [False, False]]
    assert pencil(trace, 4).value("both").tolist() == [[LONG, 1 / 3], [1.502, 0.6667], [1.502, 0.6667]]


@pytest.mark.parametrize("arithmetic", ["pencil", "exact"])
def test_a_moved_number_is_printed_in_full_and_equal(trace, arithmetic):
    sheet = Sheet(pencil(trace, 4) if arithmetic == "pencil" else trace, 4)
    assert str(sheet.number("layer1.delta.matmul.transpose", (0, 0)).decimal) == str(LONG)
    assert sheet.printed("layer1.delta.matmul.transpose")[0, 0] == LONG
    assert Line(sheet, "layer1.delta").relation({"layer1.delta.matmul.transpose"}, frozenset()) == "="


@pytest.mark.slow
def test_a_book_of_numbers_with_more_digits_than_its_pages_agrees(tmp_path):
    project = small_project(tmp_path / "book")
    for optimizer, arithmetic in product(("sgd", "adam"), ("pencil", "exact")):
        net = NET | {"update": {"learning_rate": 0.1234567, "optimizer": optimizer}}
        page = {"page": {"arithmetic": arithmetic, "digits": 3, "curve": 20}}
        path = project / "examples" / f"{optimizer}-{arithmetic}.toml"
        path.write_text(as_toml(net | page), encoding="utf-8")
    assert redone(project)["not_understood"] == []
