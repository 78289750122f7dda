"""How lines are written where arrays of several shapes meet, where a gradient stops, and where names are unusual."""

from pathlib import Path

import pytest

from gradbook.book.figures.layers import layers
from gradbook.book.formula.symbols import indexed
from gradbook.book.pages.view import View
from gradbook.check.arithmetic.tree import Sym
from gradbook.check.read import tex
from gradbook.check.read.parse import Parser
from gradbook.engine import BookError, load
from tests import views
from tests.set_rows import said

EXAMPLES = Path(__file__).parent.parent / "examples"


def view(name: str) -> View:
    return views.view(name)


def rows(name: str, step: str) -> list[str]:
    return [row.right.seen for row in said(view(name).written, step)]


def test_a_column_is_repeated_inside_a_part_as_well():
    _, numbers, _ = rows("gcn", "graph.root")
    assert r"2 & 2 & 2 & 2 \\ 3 & 3 & 3 & 3" in numbers
    first, *_ = (row for row in rows("gcn", "layer2.dZ") if "pmatrix" in row)
    assert r"\frac{1}{2}\,\begin{pmatrix} 1 & 1 \\ 0 & 0 \\ 0 & 0 \\ 1 & 1 \end{pmatrix}" in first


def test_a_fraction_needs_no_brackets():
    assert rows("lora", "change")[0].startswith(r"\frac{\alpha}{r} \cdot")


def test_shapes_stand_under_matrices_not_under_the_entries_of_a_sum():
    assert rows("gcn", "J")[0] == r"\frac{\sum_{i} m_{i} \cdot E_{i}}{2}"


def test_no_term_of_the_chain_rule_runs_through_a_choice():
    written = view("moe").written
    assert (
        written.tex(written.chain.of("gate.s"))
        == r"\frac{\partial J}{\partial g} \cdot \frac{\partial g}{\partial s}"
    )


def test_a_frozen_network_behind_the_layers_is_not_drawn_as_one_chain():
    assert layers(view("gan-generator").trace) == []
    assert [layer.weights for layer in layers(view("dqn").trace)] == ["layer1.W", "layer2.W"]


def test_the_index_zero_is_a_name():
    assert indexed("W_0", "12") == "W_{0,12}" and indexed("W_1", "12") == r"\left(W_1\right)_{12}"


@pytest.mark.parametrize(
    ("formula", "symbol"),
    [(r"\Delta W", Sym("ΔW")), (r"\Delta W_{12}", Sym("ΔW", "12")), ("D^{-1/2}", Sym("D", "", "−1/2"))],
)
def test_the_checker_reads_names_of_two_signs(formula, symbol):
    (row,) = Parser(tex.tokens(formula)).formula()
    assert row.parts == [symbol]


def test_only_a_name_can_be_seen_beside():
    with pytest.raises(BookError, match=r"see\[0\]: .* is no name of an example"):
        load(EXAMPLES / "seed.toml", ['see=["a](b"]'])
