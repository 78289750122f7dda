"""Figures of many digits, of float32 programs, and those that a slip leads to only with a rounding."""

from decimal import ROUND_DOWN, ROUND_HALF_EVEN, Decimal
from pathlib import Path

import numpy as np
import pytest

from gradbook.book.errata.errata import Judge, errata
from gradbook.book.errata.precision import Precision
from gradbook.book.errata.printed import at, known
from gradbook.book.errata.source import Figure, decimals
from gradbook.engine import load, pencil, work
from gradbook.engine.load import validate

EXAMPLES = Path(__file__).parent.parent / "examples"
LSTM = {
    "family": "lstm", "title": {"en": "LSTM"},
    "data": {"x": [[1, 2], [0.5, 3]], "y": [[0.5], [1.25]], "h0": [0], "c0": [0]},
    "weights": {
        "W_xf": [[0.7, 0.45]], "W_hf": [[0.1]], "b_f": [0.15], "W_xi": [[0.95, 0.8]], "W_hi": [[0.8]], "b_i": [0.65],
        "W_xc": [[0.45, 0.25]], "W_hc": [[0.15]], "b_c": [0.2], "W_xo": [[0.6, 0.4]], "W_ho": [[0.25]], "b_o": [0.1],
        "W_hy": [[1]], "b_y": [0],
    },
    "update": {"learning_rate": 0.1, "frozen": ["W_hy", "b_y"]},
}  # fmt: skip
ABSOLUTE = {
    "family": "mlp", "loss": "absolute_error", "title": {"en": "Zero inputs"},
    "data": {"x": [[0, 0]], "y": [[0]]},
    "layers": [
        {"W": [[0.1, 0.1]] * 5, "b": [0] * 5, "activation": "sigmoid"},
        {"W": [[0.2] * 5], "b": [0], "activation": "sigmoid"},
    ],
    "update": {"learning_rate": 0.01, "frozen": ["layer1.b", "layer2.b"]},
}  # fmt: skip


def judged(trace, *figures):
    """The verdicts on (step, index, printed[, after]) in one source."""
    judge = Judge(trace, pencil(trace, 4))
    for step, index, printed, *after in figures:
        judge.add(Figure(0, step, index, printed, decimals(printed), *after))
    return [j.verdict for j in judge.done]


@pytest.fixture(scope="module")
def lstm():
    return work(validate(LSTM, Path("lstm.toml")))


@pytest.fixture(scope="module")
def absolute():
    return work(validate(ABSOLUTE, Path("absolute.toml")))


@pytest.fixture(scope="module")
def seed():
    return work(load(EXAMPLES / "seed.toml"))


# Many digits


@pytest.mark.parametrize(
    ("step", "printed"),
    [
        ("t1.candidate", "0.81775407797"),
        ("t1.candidate", "0.817754077970"),
        ("t1.candidate", "0.8177540779703"),
        ("t1.candidate", "0.8177540779702877"),
        ("t1.i", "0.9608342772032357"),
    ],
)
def test_every_digit_of_float64_is_right(lstm, step, printed):
    (verdict,) = judged(lstm, (step, (0, 0), printed))
    assert (verdict.kind, verdict.single, verdict.vouched) == ("right", False, None)


def test_a_wrong_digit_that_float64_knows_is_wrong(lstm):
    (verdict,) = judged(lstm, ("t1.candidate", (0, 0), "0.8177540729702877"))
    assert (verdict.kind, verdict.reasons[0].kind) == ("wrong", "digit")
    assert verdict.reasons[0].expected == "0.8177540779702877"


def test_digits_beyond_float64_are_judged_by_those_that_it_vouches_for(lstm):
    (verdict,) = judged(lstm, ("t1.candidate", (0, 0), "0.81775407797028776"))
    assert verdict.kind == "right" and verdict.vouched in (14, 15)
    (verdict,) = judged(lstm, ("t1.candidate", (0, 0), "0.817754077970288012345"))
    assert verdict.kind == "right" and verdict.vouched in (14, 15)
    (verdict,) = judged(lstm, ("t1.candidate", (0, 0), "0.817754077970388312345"))
    assert verdict.kind == "wrong"


def test_what_cancels_is_right_as_far_as_its_noise():
    trace = work(load(EXAMPLES / "seed.toml", ["layers[1].b=[0.6, 0.6]", "data.y=[[0.751365069552316, 0.99]]"]))
    assert abs(trace.value("layer2.delta.sub")[0, 0]) < 1e-15
    (verdict,) = judged(trace, ("layer2.delta.sub", (0, 0), "0.0000000000000001110223"))
    assert (verdict.kind, verdict.vouched) == ("right", 0)
    (verdict,) = judged(trace, ("layer2.delta.sub", (0, 0), "0.00003"))
    assert verdict.kind == "wrong"


def test_no_zeros_stand_behind_the_digits_of_float64():
    assert at(0.8177540779702877, 13) == Decimal("0.8177540779703")
    assert known(0.8177540779702877, 20) == Decimal("0.8177540779702877")
    assert f"{known(0.5, 6):f}" == "0.500000"


# Single precision


def test_what_float32_gives_is_right_in_single_precision(absolute):
    right, wrong = judged(absolute, ("layer2.W_new", (0, 0), "0.19882499"), ("layer2.W_new", (0, 1), "0.19926"))
    assert (right.kind, right.single) == ("right", True)
    assert (wrong.kind, wrong.single) == ("wrong", False)


def test_a_float32_number_in_all_its_digits_is_right(absolute):
    value = Precision(absolute, absolute).in_single(Figure(0, "layer2.W_new", (0, 0), "0", 0))
    assert value == float(np.float32(value)) != absolute.value("layer2.W_new")[0, 0]
    (verdict,) = judged(absolute, ("layer2.W_new", (0, 0), repr(value)))
    assert (verdict.kind, verdict.single) == ("right", True)


@pytest.mark.parametrize("printed", ["0.1988247", "0.1988253", "0.19884", "0.1989", "-0.19882499"])
def test_what_float32_cannot_give_stays_wrong(absolute, printed):
    (verdict,) = judged(absolute, ("layer2.W_new", (0, 0), printed))
    assert verdict.kind == "wrong"


def test_training_in_float32_is_worked_in_float32(seed):
    precision = Precision(Judge(seed, seed).programs.own_after(200), seed, 200)
    found = precision.in_single(Figure(0, "J", (), "0", 0, after=200))
    exact = float(precision.trace.value("J"))
    assert found == float(np.float32(found)) and 0 < abs(found / exact - 1) < 1e-5
    printed = f"{found:.10f}"
    (verdict,) = judged(seed, ("J", (), printed, 200))
    assert (verdict.kind, verdict.single) == ("right", True)


def test_a_kink_excuses_nothing():
    """Both entries of a maximum are equal: a move would let the other one win, which is no loss of digits."""
    trace = work(load(EXAMPLES / "cnn.toml"))
    precision = Precision(trace, trace)
    for step in trace.values():
        for index in np.ndindex(step.shape):
            figure = Figure(0, step.name, index, "0", 0)
            assert precision.single(figure) < 1e-5 * max(1.0, abs(step.value[index]))


# A slip and a rounding


def test_a_figure_of_a_slip_whose_unprinted_result_was_rounded(seed):
    """0.6212 stands for 0.5933; z = 1.117085 was rounded to 1.1171, so that a is 0.7535 and not 0.7534."""
    slip, led = judged(seed, ("layer1.a", (0, 0), "0.6212"), ("layer2.a", (0, 0), "0.7535"))
    assert (slip.kind, led.kind, led.from_slip) == ("wrong", "follows", True)
    assert [c.printed for c in led.causes] == ["0.6212"]
    assert [r.kind for r in led.reasons] in (["rounded"], ["roundings"])


def test_a_figure_of_a_slip_that_was_carried_on_with_more_digits(seed):
    """The sign of -0.03809… is lost; it is printed as 0.038, and carried on with all its digits."""
    delta = -seed.value("layer2.delta")[1, 0]
    new = f"{delta * seed.value('layer1.a')[0, 0]:.6f}"
    slip, led = judged(seed, ("layer2.delta", (1, 0), "0.038"), ("layer2.dW", (1, 0), new))
    assert [r.kind for r in slip.reasons] == ["sign"]
    assert (led.kind, led.from_slip, led.reasons[0].kind) == ("follows", True, "unrounded")
    assert led.reasons[0].expected == "0.0380982"


def test_a_figure_of_a_slip_that_is_cut_off(seed):
    redone = Decimal("0.6214") * Decimal("0.1385")
    cut, rounded = (redone.quantize(Decimal("0.0001"), rounding=r) for r in (ROUND_DOWN, ROUND_HALF_EVEN))
    assert cut != rounded
    figures = [("layer1.a", (0, 0), "0.6214"), ("layer2.delta", (0, 0), "0.1385"), ("layer2.dW", (0, 0), str(cut))]
    verdict = judged(seed, *figures)[-1]
    assert (verdict.kind, verdict.from_slip, verdict.reasons[0].kind) == ("follows", True, "cut")
    assert verdict.reasons[0].expected == str(rounded)


# As a source file


def test_a_source_needs_nothing_to_be_said_about_it(tmp_path, seed):
    path = tmp_path / "source.toml"
    path.write_text(
        "title = { en = 'S' }\n[[place]]\nwhere = { en = 'p' }\n"
        "figures = [{ step = 'y', printed = ['0，01', '９.９e−1'] }, { step = 'layer2.delta', index = [1, 0], "
        "printed = '−3.81×10⁻²' }]\n",
        encoding="utf-8",
    )
    found = errata(seed, seed, path)
    assert [j.printed for j in found.figures] == ["0.01", "9.9e-1", "-3.81e-2"]
    assert {j.verdict.kind for j in found.figures} == {"right"}
    assert found.source.about is None
