"""Every gradient beside a central difference and a complex step: at kinks, near them, at zeros, where a difference
loses all its digits; what the page says of it, and whether the checker agrees."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from gradbook.book.pages.material import Material
from gradbook.book.pages.pages import pages
from gradbook.book.pages.worked import Worked
from gradbook.check import Checker
from gradbook.check.read.html import Page
from gradbook.engine import Tape, backward, check_gradients, load, work
from gradbook.engine.load import validate
from gradbook.engine.ops import OPS
from tests.as_toml import as_toml
from tests.small_project import small_project
from tests.views import view

EXAMPLES = sorted((Path(__file__).parent.parent / "examples").glob("*.toml"))


def checked(w: float, loss):
    """The check of one number in a loss that is written by hand."""
    tape = Tape("by hand")
    weight = tape.param("w", w)
    tape.write("J", loss(weight))
    (found,) = check_gradients(tape.finish("J", backward(tape, "J"), {}))
    return found


@pytest.mark.parametrize(
    ("w", "loss", "gradient", "kinked"),
    [
        (0.0, lambda w: w.relu(), 0.0, True),
        (1e-7, lambda w: w.relu(), 1.0, True),  # the two points of the difference lie on two sides
        (1e-4, lambda w: w.relu(), 1.0, False),
        (0.0, lambda w: (0 * w).relu(), 0.0, False),  # at the kink, which it does not leave
        (0.0, lambda w: w.abs() + w.square(), 0.0, True),
        (1.0, lambda w: w.maximum(2 - w), 0.0, True),  # of two equal numbers each counts half
        (1.0, lambda w: (1 - w).relu() + w, 1.0, True),  # the hinge on its margin
        (0.5, lambda w: w.clip(low=0.5, high=1.0), 1.0, True),
        (-1.0, lambda w: w.relu(), 0.0, False),
        (0.3, lambda w: w.gelu() + w.softplus() + w.normal_cdf(), None, False),
    ],
)
def test_the_complex_step_takes_the_side_that_the_rule_takes(w, loss, gradient, kinked):
    found = checked(w, loss)
    assert gradient is None or found.gradient == gradient
    assert found.slope_errors < 4e-16
    assert found.kinked == kinked
    assert kinked or found.errors < 1e-8


def test_a_wrong_rule_shows_in_the_complex_step(monkeypatch):
    wrong = OPS["tanh"].__class__(**{**vars(OPS["tanh"]), "vjps": (lambda g, a, z: g * (1 - 0.999 * a.square()),)})
    monkeypatch.setitem(OPS, "tanh", wrong)
    assert 1e-4 < checked(0.5, lambda w: w.tanh()).slope_errors < 1e-3


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_every_gradient_of_the_book_agrees_to_rounding(path):
    checks = check_gradients(work(load(path)))
    assert checks and max(check.slope_errors.max() for check in checks) < 2e-14
    assert not any(check.kinked.any() for check in checks)


def test_an_operation_that_takes_no_complex_numbers_has_no_complex_step(monkeypatch):
    entry = OPS["relu"]
    monkeypatch.setitem(OPS, "relu", entry.__class__(**{**vars(entry), "piece": None}))
    found = checked(0.5, lambda w: w.relu())
    assert found.slope is None and found.slope_errors is None and found.kinked is None and found.errors < 1e-9


# The page


def net(x: float, w: float, b: float = 0.0, y: float = 1.0, activation: str = "relu") -> dict:
    return {
        "family": "mlp", "title": {"en": "One unit"}, "loss": "half_squared_error",
        "data": {"x": [[x]], "y": [[y]]}, "update": {"learning_rate": 0.1}, "page": {"curve": 3},
        "layers": [
            {"W": [[w]], "b": [b], "activation": activation}, {"W": [[2.0]], "b": [0.5], "activation": "identity"}
        ],
    }  # fmt: skip


SAID = {
    "one kink": ("At one entry the loss has a kink", "有 1 个元素处在损失的折点上"),
    "two kinks": ("At 2 entries the loss has a kink", "有 2 个元素处在损失的折点上"),
    "lost": ("Where a difference is lost in rounding", "剩下的只是噪声"),
    "worst": ("It is not zero because a difference", "它不为零，是因为"),
    "none": ("both ways give the same numbers", "两种方法给出同样的数"),
    "rounding": ("which is float64's own rounding", "这是 float64 本身的舍入误差"),
    "exact": ("the two agree to the last digit of float64", "两者直到 float64 的最后一位都相同"),
}
"""What the check page can say, by what is the case: a piece of the sentence in each language."""

CASES = {
    "a kink that one number leaves": (net(0.0, 1.0), {"one kink", "worst", "exact"}),
    "a kink that two numbers leave": (net(1.0, 0.0), {"two kinks", "worst", "exact"}),
    "a unit that is dead": (net(1.0, -1.0), {"worst", "exact"}),
    "a slope too small to be seen": (net(1.0, -30.0, activation="sigmoid"), {"lost", "worst", "exact", "rounding"}),
    "an ordinary net": (net(1.0, 0.3, activation="tanh"), {"worst", "rounding", "exact"}),
}


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize(("tables", "may"), CASES.values(), ids=CASES)
def test_the_page_says_what_is_the_case(tables, may, lang):
    example = validate(tables, Path("unit.toml"))
    material = Material(Worked.of(example, work(example)))
    page = pages(material, lang)["check.md"]
    said = {case for case, words in SAID.items() if words[lang == "zh"] in page}
    assert said <= may and {"one kink", "two kinks", "lost", "worst"} & may <= said
    assert len(said & {"rounding", "exact"}) == 1
    cells = {"kink": ("  - a kink\n", "  - 折点\n"), "lost": ("  - lost in rounding\n", "  - 被舍入误差淹没\n")}
    for kind, words in cells.items():
        assert (words[lang == "zh"] in page) == any(kind in case for case in said)


def test_the_largest_errors_are_those_of_the_rows():
    for name in ("seed", "gpt", "cnn"):
        page = view(name, "check")
        shown = [row for row in page.rows() if row["error"] not in ("kink", "lost")]
        checks = page.worked.gradient_checks
        assert page.worst == max(check.errors.max() for check in checks) and shown
        assert page.worst_slope == max(check.slope_errors.max() for check in checks)


TIE = {
    "family": "cnn", "title": {"en": "A tie"}, "loss": "half_squared_error", "update": {"learning_rate": 0.1},
    "data": {"x": [[[1, 1, 0, 0, 0], [1, 1, 0, 0, 0], [1, 1, 0, 0, 0], [0, 0, 0, 1, 1], [0, 0, 0, 1, 1]]], "y": [1]},
    "conv": [{"kernels": [[[[1, 0], [0, 1]]]], "b": [0], "activation": "relu", "pool": {"kind": "max", "size": 2}}],
    "dense": {"W": [[0.1, 0.2, 0.3, 0.4]], "b": [0]}, "page": {"curve": 3},
}  # fmt: skip


@pytest.mark.slow
def test_the_checker_agrees_at_kinks_and_finds_what_is_wrong_there(tmp_path):
    project = small_project(tmp_path / "book")
    made = {name.replace(" ", "-"): tables for name, (tables, _) in CASES.items()} | {"a-tie": TIE}
    for name, tables in made.items():
        (project / "examples" / f"{name}.toml").write_text(as_toml(tables), encoding="utf-8")
    done = subprocess.run([sys.executable, "build.py", "--lang", "en"], cwd=project, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    traces = {path.stem: work(load(path)).to_json() for path in (project / "examples").glob("*.toml")}
    checker = Checker(project / "build" / "html", traces, ["en"])
    assert checker.run().failures == []

    def found(name: str, old: str, new: str) -> list[str]:
        page = checker.pages[f"en/examples/{name}/check.html"]
        assert old in page.text, name
        failures = checker.recheck(Page(page.path, page.text.replace(old, new, 1)), twins=False).failures
        return [failure.why for failure in failures]

    ordinary = checker.pages["en/examples/an-ordinary-net/check.html"].text
    cell = ordinary.split("<td>")[4].partition("</td>")[0]
    assert "is said of a slope that the difference tells" in found("an-ordinary-net", cell, "<p>a kink</p>")
    kinked = checker.pages["en/examples/a-kink-that-two-numbers-leave/check.html"].text
    row = next(row for row in kinked.split("<tr") if "a kink" in row)
    digits = re.findall(r"<mn>(\d\.\d{8,})</mn>", row)[-1]
    wrong = digits[:6] + str((int(digits[6]) + 3) % 10) + digits[7:]
    name = "a-kink-that-two-numbers-leave"
    assert "is not the central difference" in found(name, row, row.replace(digits, wrong))
