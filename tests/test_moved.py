"""What pages say of an update is what the numbers beside it show: fallen, unchanged or grown, in every language."""

import re
from pathlib import Path

import pytest

from gradbook.book.pages.material import Material
from gradbook.book.pages.moved import course
from gradbook.book.pages.pages import pages
from gradbook.book.pages.worked import Worked
from gradbook.engine import load, work
from gradbook.engine.load import validate
from tests.tiers import some_slow

EXAMPLES = Path(__file__).parent.parent / "examples"
SAID = {
    "index.md": {
        "fallen": ("The loss falls from", "损失从"),
        "grown": ("No: the loss goes from", "无效：损失从"),
        "same": ("? The loss has not changed", "？损失没有变化"),
        "unseen": ("? To six digits the loss has not", "？就六位有效数字来看"),
    },
    "check.md": {
        "fallen": ("went downhill", "使损失下降了"),
        "grown": ("has grown: the step was too long", "步子迈得太大"),
        "same": ("The loss has not changed.", "损失没有变化。"),
        "rests": ("has not changed: all gradients are 0", "损失没有变化：所有梯度都是 0"),
        "unseen": ("To the ten digits", "就所印的十位数字来看"),
    },
    "update.md": {
        "same": ("too short for the numbers", "对要更新的数来说，步子太小"),
        "rests": ("because all gradients are 0", "因为所有梯度都是 0"),
        "unseen": ("shorter than the last digit", "小于所印的最后一位"),
    },
}
"""By page and by how the update went: a piece of the sentence in each language."""


def neuron(w: float, rate: float, activation: str = "identity", arithmetic: str = "pencil", **update) -> Material:
    """One neuron with the input 1 and the target 1, whose weight alone is trained."""
    tables = {
        "family": "mlp", "title": {"en": "One neuron"}, "data": {"x": [[1.0]], "y": [[1.0]]},
        "layers": [{"W": [[w]], "b": [0.0], "activation": activation}],
        "update": {"learning_rate": rate, "frozen": ["layer1.b"], **update},
        "page": {"curve": 3, "arithmetic": arithmetic, "steps": 2},
    }  # fmt: skip
    example = validate(tables, Path("neuron.toml"))
    return Material(Worked.of(example, work(example)))


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize(("went", "made"), [
    ("fallen", neuron(-1.0, 0.1)), ("grown", neuron(-1.0, 2.5)), ("grown", neuron(-1.0, 1e60)),
    ("rests", neuron(-1.0, 0.1, "relu")), ("rests", neuron(1.0, 0.1)), ("same", neuron(-1.0, 1e-30)),
    ("unseen", neuron(-1.0, 1e-14)), ("unseen", neuron(-1.0, 1e-14, "identity", "exact")),
    ("fallen", neuron(2.0, 0.1, weight_decay=0.1)),
])  # fmt: skip
def test_an_update_is_told_as_it_went(went, made, lang):
    files = pages(made, lang)
    for page, said in SAID.items():
        found = [kind for kind, words in said.items() if words[lang == "zh"] in files[page]]
        if page == "index.md" and went == "rests":
            assert found == ["same"]
        elif page == "index.md" and (went, lang) == ("grown", "zh"):
            assert "grown" in found
        else:
            assert found == [went] * (went in said)
    arrows = re.findall(r"\$: \$(.+) \\to (.+)\$$", files["update.md"], re.MULTILINE)
    assert all(old != new for old, new in arrows)


def test_a_short_step_may_lower_the_loss_and_leave_the_printed_weight():
    files = pages(neuron(-1.0, 1e-5), "en")
    assert "shorter than the last digit" in files["update.md"] and "went downhill" in files["check.md"]


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_the_second_page_lists_as_changed_what_has_changed(lang):
    changed = "What the first update has changed:" if lang == "en" else "第一次更新改变了的量："
    for made, there in ((neuron(-1.0, 0.1), True), (neuron(-1.0, 0.1, "relu"), False)):
        page = pages(made, lang)["second.md"]
        assert (changed in page) == there and r"\val{neuron@2:layer1.W[0][0]}" in page


@pytest.mark.parametrize(("before", "after", "digits", "went"), [
    (0.5, 0.5, 6, "same"), (0.5, 0.4999999, 6, "unseen"), (0.5, 0.4999999, 10, "fallen"), (0.5, 0.500001, 6, "grown"),
    (0.5, float("inf"), 6, "grown"), (0.5, float("nan"), 6, "grown"), (0.0, -0.0, 6, "same"),
    (-1.0, -2.0, 6, "fallen"),
])  # fmt: skip
def test_course(before, after, digits, went):
    assert course(before, after, digits) == went


@pytest.mark.parametrize("name", some_slow(["seed", "batch", "gpt"], 3))
@pytest.mark.parametrize("lang", ["en", "zh"])
def test_the_largest_error_is_the_largest_of_those_shown_and_left_out(name, lang):
    example = load(EXAMPLES / f"{name}.toml")
    page = pages(Material(Worked.of(example, work(example))), lang)["check.md"].split("\n## ")[1]
    table, _, below = page.partition("\n```\n")[0], *page.partition("\n```\n")[1:]
    cells = [re.findall(r"\$([^$]*)\$", row) for row in table.split("\n* - ")[2:]]
    told = [*map(number, re.findall(r"\$(\d[^$]*)\$", below))]
    assert len(cells) > 5 and {len(row) for row in cells} == {5}
    for column, (*left_out, sentence) in ((3, told[::2]), (4, told[1::2])):
        assert sentence == max([*(number(row[column]) for row in cells), *left_out])


def number(tex: str) -> float:
    return float(re.sub(r"\\times 10\^\{(-?\d+)\}", r"e\1", tex))
