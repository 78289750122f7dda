"""Wide arrays are printed in part, with dots; sums are worked in full; nothing runs off the page."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from random_nets import tables
from small_project import small_project

from gradbook.book.formula import rows, wide
from gradbook.book.formula.boxes import Box, number
from gradbook.book.formula.derive import matrix
from gradbook.book.formula.mathml import to_mathml
from gradbook.book.formula.nodes import Dots, Letter
from gradbook.book.formula.typst_formula import formula
from gradbook.book.pages.entries import telling
from gradbook.book.pages.material import Material
from gradbook.book.pages.pages import pages
from gradbook.book.pages.view import View
from gradbook.book.pages.worked import Worked
from gradbook.engine import work
from gradbook.engine.load import validate
from tests.set_rows import entry, in_numbers

BATCH = 12
MARGIN = 40
"""Points at the side of a page of the PDF where nothing stands."""


@pytest.fixture(scope="module")
def worked() -> Worked:
    """A 20-12-10-5 network and a batch of 12."""
    net = tables([20, 12, 10, 5], ["tanh", "relu", "sigmoid"], BATCH, "half_squared_error", seed=3)
    net["data"]["x"] = np.round(net["data"]["x"], 2).tolist()
    example = validate(net | {"page": {"curve": 3}}, Path("wide.toml"))
    return Worked.of(example, work(example))


@pytest.fixture(scope="module")
def view(worked) -> View:
    return View(Material(worked), "en")


@pytest.mark.parametrize("n", [1, wide.MOST, wide.MOST + 1, 1000])
def test_the_limit_of_rows_and_columns(n):
    places = wide.shown(n)
    assert places == list(range(n)) if n <= wide.MOST else places == [0, 1, 2, None, n - 1]
    assert wide.is_wide((2, n)) == (n > wide.MOST)


def test_dots_stand_between_the_first_and_the_last():
    cells = wide.filled((10, 9), lambda index: Letter("{},{}".format(*index)))
    across, down, both = (Dots(way) for way in ("across", "down", "both"))
    table = matrix(cells).rows
    assert table[0] == (Letter("0,0"), Letter("0,1"), Letter("0,2"), across, Letter("0,8"))
    assert table[3] == (down, down, down, both, down)
    assert table[4] == (Letter("9,0"), Letter("9,1"), Letter("9,2"), across, Letter("9,8"))
    assert [row for (row,) in matrix(cells[:, :1]).rows].count(down) == 1
    few = wide.filled((8, 8), lambda index: Letter("x"))
    assert not any(isinstance(cell, Dots) for cell in matrix(few).children())


def test_only_what_is_printed_is_written_out():
    asked = []
    wide.filled((100, 200), lambda index: asked.append(index) or "1")
    assert len(asked) == 16


def test_a_wide_value_says_its_shape(view):
    given = view.written.given("layer1.W")
    assert given.startswith(r"\underbrace{W^{(1)}}_{12 \times 20} = ")
    assert r"w^{(1)}_{12,20}" in given and r"\ddots" in given
    assert not view.written.given("layer3.b").startswith(r"\underbrace")


def test_one_entry_is_worked_in_full_over_several_rows(view):
    line = next(line for line in view.lines("forward") if line.name == "layer1.z")
    found = entry(view.written, line.name, (0, 1))
    numbers = found[len(found) // 2 :]
    assert sum(row.right.tex.count(r"\cdot") for row in found) == 2 * 20
    assert all(row.relation == "" and row.right.tex.startswith("{} + ") for row in numbers[1:-1])
    assert "dots" not in " ".join(row.right.tex for row in found)
    assert "b^{(1)}_{1}" in " ".join(row.right.tex for row in found)


def test_a_sum_of_very_many_terms_has_dots(view):
    first = in_numbers(view.written, "J")[0].right.tex
    assert first.count(r" + \cdots + ") == 1
    assert first.count(r"\val") == 4


def test_an_entry_worth_working_is_not_zero(view):
    trace = view.trace
    assert trace.value("layer2.a")[0, 1] == 0, "the network of this test has a resting neuron there"
    place = telling(trace, "layer2.a")
    assert trace.value("layer2.a")[place] > 0
    assert telling(trace, "layer1.W") == (0, 1)


def test_pages_stay_bounded_and_every_formula_compiles(worked):
    written = pages(Material(worked, {}, worked), "en")
    entries = sum(s.value.size for s in worked.exact.leaves("param"))
    rows = written["check.md"].count(r"- $\partial J / \partial w") + written["check.md"].count("/ \\partial b")
    assert rows < entries / 2
    assert r"Of $\partial J / \partial W^{(1)}$ the first 24 of 240 entries are shown" in written["check.md"]
    assert "is printed in part: its first 3 and its last 1" in written["forward.md"]
    assert max(map(len, written.values())) < 60_000
    for page in written.values():
        for block in page.split("```{math}\n")[1:]:
            tex = block.partition("```")[0]
            to_mathml(tex, True)
            formula(tex, True)


def _block(text: str, columns: int) -> Box:
    row = [part for _ in range(columns) for part in (number(text, "a:b[0]"), " & ")][:-1]
    return Box((r"\begin{pmatrix} ", *row, r" \\ ", *row, r" \end{pmatrix}"))


def _broken(*parts: str | Box) -> list[str]:
    return [row.tex for row in rows.broken(Box(parts))]


def test_a_row_that_is_too_wide_goes_on_before_a_sign_outside_all_brackets():
    a = _block("-0.1234", 3)
    tex = a.tex
    assert _broken(a, " + ", a) == [f"{tex} + {tex}"]
    assert _broken(a, r" \odot ", a, " + ", a) == [rf"{tex} \odot {tex} ", f"+ {tex}"]
    assert _broken(a, r" \odot ", a, r" \odot ", a) == [rf"{tex} \odot {tex} ", rf"\odot {tex}"]
    inside = Box((r"\left(", a, " + ", a, " - ", a, r"\right)"))
    assert _broken(inside, r" \odot ", a) == [f"{inside.tex} ", rf"\odot {tex}"]
    assert rows.is_too_wide(inside) and not rows.is_too_wide(Box((a, " + ", a, " + ", a)))


@pytest.mark.slow
def test_a_wide_book_stays_on_its_pages(tmp_path, worked):
    """No ink of the PDF beyond the margins."""
    pymupdf = pytest.importorskip("pymupdf")
    (tmp_path / "wide.toml").write_text(_toml(worked.example), encoding="utf-8")
    project, out = small_project(tmp_path / "project", tmp_path / "wide.toml"), tmp_path / "out"
    command = [sys.executable, "build.py", "pdf", "--lang", "zh", "--out", str(out)]
    done = subprocess.run(command, cwd=project, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    for page in pymupdf.open(out / "pdf" / "gradbook-zh.pdf"):
        for x0, _, x1, *_ in page.get_text("blocks"):
            assert x0 > MARGIN and x1 < page.rect.width - MARGIN, (page.number, x0, x1)


def _toml(example) -> str:
    """The example as a file."""
    layers = "".join(
        f"[[layers]]\nW = {layer.W}\nb = {layer.b}\nactivation = {layer.activation!r}\n" for layer in example.layers
    )
    head = f"family = 'mlp'\ntitle = {{en = 'Wide', zh = '宽'}}\nloss = {example.loss!r}\n"
    data = f"[data]\nx = {example.data.x}\ny = {example.data.y}\n"
    return f"{head}{data}{layers}[update]\nlearning_rate = 0.3\n"
