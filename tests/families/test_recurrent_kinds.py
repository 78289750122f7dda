"""What an example of a recurrent family may choose: the loss, the activation of the output, which steps answer, and
the form of the gated unit; beside PyTorch, with every gradient."""

from itertools import product

import numpy as np
import pytest

from gradbook.book.formula.said import family_words
from gradbook.engine.ops import OPS, of_kind

from .judges import against_torch, changed, distribution, exact_gradients, numbers, refused, worked
from .test_recurrent import BY_HAND, CELLS, GRU, at_random, gru

KINDS = [(loss, "identity") for loss in of_kind("loss") if OPS[loss].outputs in ("", "logits")] + [
    ("binary_cross_entropy", "sigmoid"), ("cross_entropy", "softmax"), ("kl_divergence", "softmax"),
    ("squared_error", "tanh"), ("half_squared_error", "softmax"),
]  # fmt: skip
FORMS = list(product(("after", "before"), ("old", "new")))
MASKS = [None, [0, 0, 1], [1, 0, 1]]


def of_a_kind(family, seed, loss, last, mask, **more):
    """Tables with targets that the loss can compare, for the steps that answer or for all."""
    random = np.random.default_rng(seed)
    found = at_random(family, seed, 3, 2, 2, 3, True, True)
    rows = 3 if mask is None or seed % 2 else sum(mask)
    accepted = OPS[loss].accepts(1)
    y = distribution(random, 3, rows) if accepted == "distribution" else np.array(numbers(random, rows, 3))
    y = {"unit": np.abs(y), "sign": np.sign(y)}.get(accepted, y)
    answers = {} if mask is None else {"answers": mask}
    data = found["data"] | {"y": np.asarray(y).tolist()} | answers
    delta = {"delta": 0.5} if loss == "huber" else {}
    return found | {"data": data, "loss": loss, "output_activation": last} | delta | more


@pytest.mark.parametrize(("loss", "last"), KINDS)
def test_losses_against_pytorch(loss, last):
    for seed, (family, mask) in enumerate(zip(CELLS, MASKS, strict=True)):
        against_torch(of_a_kind(family, seed, loss, last, mask), BY_HAND[family])


@pytest.mark.slow
@pytest.mark.parametrize("family", CELLS)
@pytest.mark.parametrize(("loss", "last"), KINDS)
def test_every_combination_against_pytorch(family, loss, last):
    forms = FORMS if family == "gru" else [()]
    for seed, (mask, form) in enumerate(product(MASKS, forms)):
        found = of_a_kind(family, seed, loss, last, mask, **dict(zip(("reset", "update_gate"), form, strict=False)))
        against_torch(found, BY_HAND[family])
        exact_gradients(found)


@pytest.mark.parametrize(("reset", "gate"), FORMS)
def test_the_forms_of_the_gated_unit_against_pytorch(reset, gate):
    against_torch(GRU | {"reset": reset, "update_gate": gate}, gru)


def test_a_reset_before_the_product():
    """h of one step as a textbook has it: the reset gate on the state, the update gate as the share of the new."""
    gates = {"W_xz": [[0.3, 0.2], [0.1, 0.5]], "W_hz": [[0.1, 0.4], [0.3, 0.2]]}
    gates |= {"W_xr": [[0.2, 0.4], [0.4, 0.1]], "W_hr": [[0.3, 0.1], [0.2, 0.3]]}
    rest = {"W_xn": [[0.5, 0.1], [0.2, 0.3]], "W_hn": [[0.2, 0.3], [0.4, 0.1]], "W_hy": [[1.0, 1.0]]}
    data = {"x": [[1.0, 0.5]], "y": [[0.5]], "h0": [0.5, -0.4]}
    found = GRU | {"data": data, "weights": gates | rest, "reset": "before", "update_gate": "new"}
    assert worked(found).value("t1.h")[:, 0] == pytest.approx([0.4959, 0.0964], abs=5e-5)
    assert exact_gradients(found | {"update_gate": "old"}).value("t1.h")[0, 0] == pytest.approx(0.4969, abs=5e-5)


CHARACTERS = {
    "family": "rnn", "loss": "cross_entropy_logits", "title": {"en": "Characters"}, "update": {"learning_rate": 0.1},
    "data": {"x": [[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 1, 0]], "y": [1, 2, 2, 3]},
    "weights": {
        "W_xh": [[0.13, 0.17, -0.16, -0.05], [-0.09, -0.15, 0.07, 0.14]], "W_hh": [[0.08, -0.13], [0.02, 0.15]],
        "b_h": [0, 0], "W_hy": [[0.02, -0.12], [-0.06, -0.09], [0.17, -0.23], [0.07, 0.01]], "b_y": [0, 0, 0, 0],
    },
}  # fmt: skip


def test_a_character_model():
    trace = exact_gradients(CHARACTERS)
    assert trace.value("J") == pytest.approx(5.534988014, abs=1e-9)
    third = [0.25075055, 0.25361819, 0.24480432, 0.25082695]
    assert trace.value("t3.p")[:, 0] == pytest.approx(third, abs=1e-8)
    rows = changed(CHARACTERS, "data.y=[[0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 1, 0], [0, 0, 0, 1]]")
    assert worked(rows).value("J") == trace.value("J")
    refused(changed(CHARACTERS, "data.y=[1, 2, 2, 4]"), "data.y[3]: is 4; there are 4 classes")


def test_the_loss_is_over_the_steps_that_answer():
    """Targets for all steps or for these alone; the words for the page say which they are."""
    found = changed(CHARACTERS, "data.answers=[0, 1, 0, 1]")
    few = changed(found, "data.y=[2, 3]")
    trace = worked(found)
    assert trace.value("J") == worked(few).value("J")
    assert [name for name in trace if name.endswith(".E")] == ["t2.E", "t4.E"]
    last = changed(found, "data.answers=[0, 0, 0, 1]")
    said = {"en": ("steps 2, 4 do", "step 4 alone answers"), "zh": ("只有时间步 2, 4", "只有时间步 4")}
    for lang, words in said.items():
        given = [family_words(worked(one), "rnn", lang).given for one in (found, last, CHARACTERS)]
        assert words[0] in given[0] and words[1] in given[1]
        assert all(one.startswith(given[2]) and one != given[2] for one in given[:2])
