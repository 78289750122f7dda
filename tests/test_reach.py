"""Targets that no output can reach are worked, with a note that says so and what the loss can at best become."""

from pathlib import Path

import numpy as np
import pytest

from gradbook import OPS, train, work
from gradbook.book.base.numbers import tex_ceiling, tex_floor
from gradbook.book.pages.material import Material
from gradbook.book.pages.pages import pages
from gradbook.check.truth.exact import Truth
from gradbook.check.truth.reach import bounds_told
from gradbook.check.truth.trace import Trace as Told
from gradbook.engine.load import validate
from gradbook.engine.tape.reach import beyond, least
from gradbook.engine.tape.tape import Tape
from tests.views import worked

LAYER = {"W": [[0.5, -0.3], [0.2, 0.9]], "b": [0.1, 0.2]}


def example(activation, y, loss="half_squared_error", layer=None, **tables):
    """One layer of two units that reads one sample, or several."""
    made = {
        "family": "mlp", "title": {"en": "t", "zh": "t"}, "loss": loss, "data": {"x": [[0.5, 1.0]] * len(y), "y": y},
        "layers": [LAYER | {"activation": activation} | (layer or {})], "update": {"learning_rate": 0.1},
        "page": {"curve": 3},
    }  # fmt: skip
    return validate(made | tables, Path("t.toml"))


def places(*args, **options):
    return [place for found in beyond(work(example(*args, **options))) for place in found.places]


SILU, GELU = OPS["silu"].bounds()[0], OPS["gelu"].bounds()[0]


@pytest.mark.parametrize(("activation", "far", "bound", "side"), [
    ("sigmoid", -0.07, 0, -1), ("sigmoid", 1.25, 1, 1), ("tanh", -1.5, -1, -1), ("tanh", 2.0, 1, 1),
    ("relu", -0.5, 0, -1), ("softplus", -0.5, 0, -1), ("elu", -1.5, -1, -1), ("silu", -0.5, SILU, -1),
    ("gelu", -0.5, GELU, -1),
])  # fmt: skip
def test_a_target_beyond_a_bound(activation, far, bound, side):
    """The bound itself is none: at least in the limit it is reached."""
    assert places(activation, [[0.5, far]]) == [(1, 0)]
    assert places(activation, [[far, far], [0.5, bound]]) == [(0, 0), (1, 0)]
    assert places(activation, [[bound, 0.5]]) == places(activation, [[bound - side * 1e-3, 0.5]]) == []
    assert places(activation, [[bound + side * 1e-6, 0.5]]) == [(0, 0)]
    assert least(work(example(activation, [[0.5, far]]))) == ("J", pytest.approx((far - bound) ** 2 / 2, rel=1e-12))


def test_bounds_are_those_of_the_function():
    """Tried at many places; elu's bound is its own alpha, leaky_relu and identity have none."""
    z = np.linspace(-30, 30, 600_001)
    for name in ("sigmoid", "tanh", "relu", "softplus", "elu", "silu", "gelu_tanh", "gelu"):
        low, high = OPS[name].bounds()
        a = OPS[name].forward(z)
        assert low == pytest.approx(a.min(), abs=1e-9)
        assert (a >= low - 1e-15).all() and (a <= high).all()
    assert places("elu", [[-1.5, -0.7]], layer={"alpha": 0.5}) == [(0, 0), (1, 0)]
    assert places("elu", [[-1.5, -0.7]], layer={"alpha": 2.0}) == []
    assert places("leaky_relu", [[-1e6, 1e6]]) == places("identity", [[-1e6, 1e6]]) == []


def test_what_is_added_or_scaled_moves_what_can_be_reached():
    residual, dropout = {"residual": True}, {"dropout": {"mask": [[1, 1]], "keep": 0.5}}
    assert places("tanh", [[2.0, 1.25]], layer=residual) == places("sigmoid", [[1.25, 0.2]], layer=dropout) == []


@pytest.mark.parametrize(("loss", "targets", "bound"), [
    ("half_squared_error", [[1.5, -0.5]], 0.25), ("squared_error", [[1.5, -0.5]], 0.5),
    ("absolute_error", [[1.5, -0.5]], 1.0), ("huber", [[3.0, 0.5]], 1.5), ("hinge", [[1, -1]], 1.0),
    ("squared_error", [[1.5, 0.5], [0.5, 0.5]], 0.125),
])  # fmt: skip
def test_the_least_loss_is_that_of_the_nearest_outputs(loss, targets, bound):
    """A sigmoid's; the mean over the samples. Training comes nearer to it, and never below."""
    trace = work(example("sigmoid", targets, loss))
    assert least(trace) == ("J", pytest.approx(bound))
    losses = train(trace, 500)[0]
    assert losses[0] > losses[-1] > bound


def test_a_penalty_is_left_out():
    """It could only be 0 where the weights are, which are not free then."""
    trace = work(example("sigmoid", [[1.5, 0.5]], penalty={"l2": 0.01}))
    assert least(trace) == ("L", pytest.approx(0.125))


@pytest.mark.parametrize("loss", ["half_squared_error", "squared_error", "absolute_error", "huber", "hinge"])
def test_shares_reach_what_adds_up_to_1(loss):
    """Of many distributions none has a smaller loss than the nearest, and the best of them hardly more."""
    rng = np.random.default_rng(5)
    for y in ([1.0, -1.0], [-1.0, -1.0], [1.0, 1.0]) if loss == "hinge" else ([0.8, 0.7], [0.2, 0.3], [1.5, -0.5]):
        trace = work(example("softmax", [y], loss))
        bound = least(trace)[1]
        share = np.append(rng.random(2000), np.linspace(0, 1, 2001))
        a = np.array([share, 1 - share])
        tried = OPS[loss].forward(a, np.array(y)[:, None], **trace["E"].attrs).sum(axis=0)
        assert tried.min() == pytest.approx(bound, abs=1e-3)
        assert (tried >= bound - 1e-12).all()
    assert places("softmax", [[0.3, 0.7], [0.2, 0.3]]) == [(0, 1), (1, 1)]


def test_an_autoencoder_that_cannot_give_its_input():
    made = {
        "family": "autoencoder", "title": {"en": "t"}, "data": {"x": [[0.5, -1.0]]}, "update": {"learning_rate": 0.1},
        "encoder": {"W": [[0.5, -0.3]], "b": [0.1], "activation": "tanh"},
        "decoder": {"W": [[0.5], [0.2]], "b": [0.1, 0.2], "activation": "sigmoid"},
    }  # fmt: skip
    assert least(work(validate(made, Path("t.toml")))) == ("J", pytest.approx(0.5))


def test_nothing_bounds_a_loss_whose_targets_can_be_reached():
    with pytest.raises(ValueError, match="can be reached"):
        least(work(example("sigmoid", [[0.0, 1.0]])))


# The page, and its witness


NOTE = {"en": ":::{admonition} Out of reach", "zh": ":::{admonition} 达不到的目标"}


def note(made, lang: str) -> str:
    _, start, rest = pages(Material(worked(made)), lang)["index.md"].partition(NOTE[lang])
    return rest.partition("\n:::")[0] if start else ""


def test_the_page_says_what_cannot_be_reached():
    made = example("gelu", [[-1.5, 0.2]])
    text = note(made, "en")
    assert "The target $y_{1} = -1.5$ cannot be reached." in text
    assert "No entry of $a^{(1)}$ is ever less than $-0.169972$," in text  # −0.16997120…, rounded down
    assert "$J$ cannot fall below $0.884488$." in text
    assert "目标值 $y_{1} = -1.5$ 达不到。" in note(made, "zh")
    assert "$J$ 都不可能低于 $0.884488$。" in note(made, "zh")


def test_the_page_counts_the_targets():
    assert "The targets $y_{1} = 1.5$, $y_{2} = -0.5$ cannot be reached." in note(
        example("sigmoid", [[1.5, -0.5]]), "en"
    )
    many = note(example("sigmoid", [[1.5, -0.5]] * 4), "en")
    assert "$y_{13} = 1.5$, $y_{14} = 1.5$, $y_{21} = -0.5$, $y_{22} = -0.5$ and 2 more cannot be reached." in many
    assert "add up to 1 for each sample" in note(example("softmax", [[0.8, 0.7]]), "en")
    assert "All entries of $a^{(1)}$ lie between $-1$ and $1$," in note(example("tanh", [[1.5, 0.2]]), "en")


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_a_page_whose_targets_can_be_reached_has_no_note(lang):
    assert note(example("sigmoid", [[0.0, 1.0]]), lang) == ""
    assert note(example("tanh", [[2.0, 1.25]], layer={"residual": True}), lang) == ""


@pytest.mark.parametrize(("activation", "targets", "loss"), [
    ("gelu", [[-1.5, 0.2]], "half_squared_error"), ("elu", [[-1.5, 0.2]], "huber"),
    ("softmax", [[0.8, 0.7], [0.2, 0.3]], "squared_error"), ("sigmoid", [[1, -1]], "hinge"),
])  # fmt: skip
def test_the_checker_finds_the_same_bounds(activation, targets, loss):
    trace = work(example(activation, targets, loss))
    told = list(bounds_told(Truth(Told(trace.to_json()))))
    for wanted in (least(trace)[1], *filter(np.isfinite, OPS[activation].bounds())):
        assert min(abs(found - wanted) for found in told) < 1e-12


def test_a_bound_is_rounded_outwards():
    assert (tex_floor(0.00245000000000000037, 6), tex_floor(0.1234567, 6)) == ("0.00245", "0.123456")
    assert (tex_floor(-0.1699712074, 6), tex_ceiling(0.1234561, 6)) == ("-0.169972", "0.123457")


def test_of_several_outputs_those_that_can_be_reached_count_as_reached():
    """One of two outputs cannot come to its target of 2; both depend on the same weight."""
    tape = Tape("steps")
    w, errors = tape.param("w", [[1.0, 1.0]]), []
    for t, target in ((1, 0.5), (2, 2.0)):
        a = tape.write(f"a{t}", (w * t).sigmoid())
        errors.append(tape.write(f"E{t}", a.half_squared_error(tape.data(f"y{t}", [[target, target]]))))
    tape.write("J", errors[0].sum() + errors[1].sum())
    assert least(tape.finish("J")) == ("J", 1.0)
