"""The perceptron: its rule against plain arithmetic in fractions, how its training ends, what is refused."""

from fractions import Fraction

import numpy as np
import pytest

from gradbook.book.i18n.words import environment, languages
from gradbook.book.pages.material import Material
from gradbook.book.pages.pages import pages
from gradbook.book.pages.training import training
from gradbook.book.pages.worked import Worked
from gradbook.engine import load, work
from gradbook.engine.tape.course import Course, course

from .judges import EXAMPLES, against_torch, changed, exact_gradients, refused, tables, validated, worked

AND = tables("perceptron")
INPUTS = [[0, 0], [0, 1], [1, 0], [1, 1]]
MLP = {
    "family": "mlp", "title": {"en": "Step"}, "data": {"x": INPUTS, "y": [[0], [1], [1], [1]]},
    "layers": [{"W": [[0, 0]], "b": [0], "activation": "step"}], "update": {"learning_rate": 0.5},
}  # fmt: skip


def perceptron(targets, w=(0, 0), rate=1, **keys) -> dict:
    weights = {"w": list(w), **{key: keys.pop(key) for key in ("b", "threshold") if key in keys}}
    return {
        "family": "perceptron", "title": {"en": "Unit"}, "data": {"x": INPUTS, "y": [[t] for t in targets]},
        "weights": weights, "update": {"learning_rate": rate}, **keys,
    }  # fmt: skip


def by_hand(found: dict, epochs: int) -> tuple[list, list[int]]:
    """(weights, bias) after each update, and the numbers of the mistakes, in fractions as on paper."""
    x, y = found["data"]["x"], [row[0] for row in found["data"]["y"]]
    bipolar, at_zero = -1 in y, found.get("at_zero", "fires")
    weights = found["weights"]
    w, b = [Fraction(str(v)) for v in weights["w"]], Fraction(str(weights.get("b", -weights.get("threshold", 0))))
    learns = Fraction("b" in weights or "threshold" in weights)
    rate, after, mistakes = Fraction(str(found["update"]["learning_rate"])), [], []
    order = found["update"].get("order", range(len(x)))
    for _ in range(epochs):
        before = len(mistakes)
        for i in order:
            z = sum(a * Fraction(str(v)) for a, v in zip(w, x[i], strict=True)) + b
            fires = z > 0 or (z == 0 and at_zero != "rests")
            error = y[i] - (1 if fires else -1 if bipolar else 0)
            if bipolar:
                error = y[i] * (error != 0 or (z == 0 and at_zero == "wrong"))
            w = [a + rate * error * Fraction(str(v)) for a, v in zip(w, x[i], strict=True)]
            b += rate * error * learns
            after.append((w, b))
            mistakes += [len(after)] * (error != 0)
        if len(mistakes) == before:
            break
    return after, mistakes


CASES = {
    "and": AND,
    "or": perceptron([0, 1, 1, 1], b=0),
    "and from zero": perceptron([0, 0, 0, 1], b=0, at_zero="rests"),
    "threshold": perceptron([0, 0, 0, 1], (0.3, -0.1), 0.1, threshold=0.2),
    "frozen threshold": perceptron([0, 0, 0, 1], (0.3, -0.1), 0.1, threshold=0.2),
    "bipolar": perceptron([-1, -1, -1, 1], b=0),
    "bipolar, wrong at 0": perceptron([-1, 1, 1, 1], b=0, at_zero="wrong"),
    "order": changed(perceptron([-1, -1, -1, 1], (0.5, -0.7), 0.25, b=0.1), "update.order=[3, 1, 0, 2, 3]"),
    "no bias": perceptron([0, 1, 0, 1], (-1, 1), at_zero="rests"),
    "xor": perceptron([0, 1, 1, 0], b=0),
    "xor, bipolar": perceptron([-1, 1, 1, -1], (0.3, 0.2), 0.1, b=-0.1),
}


def run(found: dict) -> Course:
    example = validated(found)
    return course(work(example), example.judged, example.epochs)


@pytest.mark.parametrize("name", [name for name in CASES if name != "frozen threshold"])
def test_every_update_is_that_of_a_hand(name):
    found = CASES[name]
    result = run(found)
    after, mistakes = by_hand(found, result.epochs)
    assert result.mistakes == mistakes and len(after) == len(result.turns)
    for turn, (w, b) in zip(result.turns, after, strict=True):
        np.testing.assert_allclose(turn.new["w"].ravel(), [float(v) for v in w], atol=1e-12)
        if len(turn.new) > 1:
            told = turn.new["b"] if "b" in turn.new else -turn.new["theta"]
            np.testing.assert_allclose(told, float(b), atol=1e-12)
    assert (result.end == "ended") == (not name.startswith("xor"))


def test_what_is_zero_on_paper_is_zero():
    """0.3 - 0.1 - 0.2 is not 0 in float64, and decides here."""
    found = CASES["threshold"]
    assert run(found).mistakes == by_hand(found, 50)[1] != run(changed(found, "at_zero='rests'")).mistakes


def test_short_steps_are_steps():
    """From zero a learning rate is no more than a unit of measure."""
    tiny = run(perceptron([0, 0, 0, 1], rate=2.5e-10, b=0))
    assert tiny.end == "ended" and tiny.mistakes == run(perceptron([0, 0, 0, 1], b=0)).mistakes


def test_a_frozen_threshold_stays():
    result = run(changed(CASES["threshold"], "update.frozen=['theta']"))
    assert result.end == "ended" and result.turns[-1].new.keys() == {"w"}


def test_no_line_separates_xor():
    for name in ("xor", "xor, bipolar"):
        result, (after, mistakes) = run(CASES[name]), by_hand(CASES[name], 50)
        assert len(mistakes) > 50 and result.end == "round"
        first, last = result.back
        assert after[4 * last - 1] == (after[4 * first - 1] if first else ([0, 0], 0))
    short = run(changed(CASES["xor"], "epochs=1"))
    assert (short.end, short.epochs, short.left) == ("open", 1, 3)


def test_the_gradients_are_those_of_the_loss_that_pytorch_differentiates():
    def model(leaf, found):
        z = leaf["X"] @ leaf["w"] + leaf["b"]
        if -1 in np.ravel(found["data"]["y"]):
            return {"z": z, "J": (-leaf["y"] * z).clamp(min=0).sum()}
        return {"z": z, "J": (((z >= 0).double() - leaf["y"]) * z).sum()}

    for found in (AND, CASES["order"]):
        against_torch(found, model)
        exact_gradients(found)


def test_a_layer_of_one_step_is_a_perceptron():
    example = validated(MLP)
    assert (example.family, example.update.batch_size, example.epochs) == ("perceptron", 1, 50)
    assert run(MLP).mistakes == by_hand(CASES["or"] | {"update": {"learning_rate": 0.5}}, 50)[1]
    several = changed(MLP, "layers=[{W=[[1, 0]], activation='step'}, {W=[[1]], activation='step'}]")
    refused(several, "layers[0].activation: a step has no slope")
    refused(changed(MLP, "layers=[{W=[[1, 0], [0, 1]], activation='step'}]"), "layers[0].W: has 2 rows; a perceptron")
    refused(changed(MLP, "layers[0].residual=true"), "layers[0].residual: does not go with a step")


def test_forward_only():
    found = {key: value for key, value in AND.items() if key != "update"} | {"data": {"x": INPUTS}}
    assert worked(found).loss == "" and list(worked(found))[-1] == "yhat"


BAD = [
    ("data.y=[[0], [0.5], [0], [1]]", "data.y[1][0]: the targets of a perceptron are all 0 or 1, or all −1 or 1"),
    ("data.y=[[0], [-1], [0], [1]]", "here they are -1 or 1, not 0"),
    (
        "data.y=[[0, 1], [0, 1], [1, 0], [1, 1]]",
        "data.y: has 2 columns, expected 1, because a perceptron is one unit",
    ),
    ("weights.threshold=1", "threshold: is minus the bias; leave b or this out"),
    ("at_zero='wrong'", "at_zero: 'wrong' is for targets −1 and 1"),
    ("at_zero='up'", "at_zero: unknown at_zero 'up'"),
    ("update.batch_size=2", "update.batch_size: the perceptron's rule reads one sample in each update"),
    ("update.optimizer='adam'", "update.optimizer: the perceptron has a rule of its own, which adam is not"),
    ("update.clip_norm=1", "update.clip_norm: is not part of the perceptron's rule"),
    ("update.order=[0, 1, 2]", "update.order: never reads sample 3"),
    ("epochs=0", "epochs: expected a number of at least 1"),
]


@pytest.mark.parametrize(("change", "words"), BAD, ids=[change[:24] for change, _ in BAD])
def test_bad_input(change, words):
    refused(changed(AND, change), words)


SAID = {
    "and": (
        "After update 14, in epoch 4, nothing is wrong any more",
        "7 updates were made",
        "第 14 次更新（第 4 轮）",
    ),
    "xor": ("after epoch 3 the parameters are the same as after epoch 2", "", "永远不会结束"),
}


@pytest.mark.parametrize("name", SAID)
def test_how_it_ends_is_told(name):
    english, more, chinese = SAID[name]
    told = {
        lang: str(environment(lang).get_template("blocks.j2").module.course(run(CASES[name]))) for lang in languages()
    }
    assert english in told["en"] and more in told["en"] and chinese in told["zh"]


def test_an_end_at_the_start_and_none_at_all_are_told():
    tell = environment("en").get_template("blocks.j2").module.course
    assert "Nothing is wrong from the start" in tell(run(perceptron([0, 0, 0, 1], (1, 1), b=-1.5)))
    short = changed(CASES["xor"], "epochs=1")
    assert "stops with update 4, at the end of epoch 1, in which 3 samples were still judged" in tell(run(short))


def test_the_table_has_every_update():
    example = load(EXAMPLES / "perceptron.toml")
    table = training(Worked.of(example, work(example)))
    assert table.found == ["X", "z", "yhat", "y", "dz"] and table.new == ["w_new", "b_new"]
    assert [row.update for row in table.rows if row.wrong] == by_hand(AND, 50)[1]
    assert table.rows[-1].new == [r"\begin{pmatrix} 0.4 \\ 0.3 \end{pmatrix}", "-0.6"]


@pytest.mark.slow
def test_the_pages_show_every_update_and_no_slope_of_a_step():
    example = load(EXAMPLES / "perceptron.toml")
    found = pages(Material(Worked.of(example, work(example))), "en")
    assert found["training.md"].count("**wrong**") == 7 and found["training.md"].count("  - right\n") == 13
    assert "central difference of a step would be 0" in found["check.md"]
    assert "perceptron rule" in found["update.md"] and "After update 14, in epoch 4" in found["index.md"]
    assert r"\left[\,z \ge 0\,\right]" in found["forward.md"]
