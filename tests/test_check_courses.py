"""The checker on the table of a training that stops by itself: it is redone, and each change to it is found."""

import random
import re

import numpy as np
import pytest

from gradbook.book.pages.traces import traces as traces_of
from gradbook.check import Checker, Page
from gradbook.check.arithmetic.tree import Matrix, Num, Repeated, Sym
from gradbook.check.judge.sheet import entries
from tests.small_project import small_project
from tests.test_check import change, new_faults, without_annotation
from tests.test_random_books import redone

PAGE = "en/examples/perceptron/training.html"
MUTATIONS = 60


def test_what_is_shown_of_a_wide_array_in_a_table():
    """Its numbers have no address; the first and the last stand on both sides of the dots."""
    one, two, dots = Num("1"), Num("2"), Sym("⋯")
    nine = Matrix(((one, two, dots, one),))
    assert found(two, ()) == [(0, two)]
    assert found(Matrix(((one, two),)), (1, 2)) == [(0, one), (1, two)]
    assert found(nine, (1, 9)) == found(Repeated(((one,),), nine), (1, 9)) == [(0, one), (1, two), (8, one)]
    assert found(Matrix(((one,), (two,), (Sym("⋮"),), (one,))), (9, 1)) == [(0, one), (1, two), (8, one)]
    for shape in ((1, 3), (2, 1), (2, 2), ()):
        assert found(Matrix(((one, two),)), shape) == []
    assert found(nine, (1, 3)) == found(None, (1, 3)) == []


def found(node, shape) -> list:
    return [(k, number) for k, _, number in entries(node, np.zeros(shape))]


@pytest.mark.slow
def test_the_table_is_redone_and_each_change_is_found(tmp_path):
    project = small_project(tmp_path / "book", "perceptron")
    assert redone(project)["counts"]["table_rows"] > 20
    traces = traces_of(sorted((project / "examples").glob("*.toml")))
    checker = Checker(project / "build" / "html", traces, ("en",))
    text = checker.pages[PAGE].text
    start, end = text.index("<tbody>"), text.index("</tbody>")
    digits = [
        start + m.start(1) + i
        for m in re.finditer(r"<(?:mn|p)>([\d.]+)<", text[start:end])
        for i, c in enumerate(m[1])
        if c.isdecimal()
    ]
    chance = random.Random(0)
    spoilt = [change(text, place, chance) for place in chance.sample(digits, MUTATIONS)]
    spoilt.append(text[:start] + text[start:].replace("right", "wrong", 1))
    spoilt.append(text[:start] + text[start:].replace("<strong>wrong</strong>", "right", 1))
    for changed in spoilt:
        assert without_annotation(new_faults(checker, Page(PAGE, changed)))
