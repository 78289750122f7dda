"""The recurrent network, the long short-term memory and the gated recurrent unit, beside PyTorch's own modules with
the same weights and beside the equations of the textbook, one output or one for each step."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gradbook.book.pages.material import Material
from gradbook.book.pages.pages import rendered
from gradbook.book.pages.worked import Worked
from tests.chance import draws

from .judges import against_torch, agree, changed, exact_gradients, numbers, refused, tables, validated

RNN, LSTM, GRU = tables("rnn"), tables("lstm"), tables("gru")
CELLS = {"rnn": RNN, "lstm": LSTM, "gru": GRU}
LETTERS = {"rnn": ["h"], "lstm": ["i", "f", "c", "o"], "gru": ["r", "z", "n"]}
"""The blocks of PyTorch's weights, in its order."""


# As the textbook writes it


def steps(leaf, found, cell):
    """The loss, and all that `cell` gives on the way; cell(x, state) gives {name: value} with the next state. Of
    several sequences the losses are added up."""
    x = found["data"]["x"]
    if isinstance(x[0][0], list):
        values, total = {}, 0
        for i, one in enumerate(x, start=1):
            own = {n.removeprefix(f"s{i}."): v for n, v in leaf.items() if n.startswith(("W_", "b_", f"s{i}."))}
            found_here = steps(own, found | {"data": {"x": one}}, cell)
            total = total + found_here.pop("J")
            values |= {f"s{i}.{name}": value for name, value in found_here.items()}
        return values | {"J": total}
    values, errors = {}, []
    state = {name[3:]: value for name, value in leaf.items() if name.startswith("t0.")}
    for t in range(1, len(found["data"]["x"]) + 1):
        made = cell(leaf[f"t{t}.x"], state)
        values |= {f"t{t}.{name}": value for name, value in made.items()}
        state = {name: made[name] for name in state}
        if f"t{t}.target" in leaf:
            u = leaf["W_hy"] @ state["h"] + leaf["b_y"]
            values[f"t{t}.y"], errors_of_step = judged(u, leaf[f"t{t}.target"], found)
            errors.append(errors_of_step.sum())
    return values | {"J": sum(errors)}


def judged(u, target, found):
    """The output and its errors, as PyTorch names them."""
    from torch.nn import functional as fn

    last = {"softmax": lambda z: z.softmax(0), "sigmoid": lambda z: z.sigmoid(), "tanh": lambda z: z.tanh()}
    y = last.get(found.get("output_activation"), lambda z: z)(u)
    errors = {
        "half_squared_error": lambda: fn.mse_loss(y, target, reduction="none") / 2,
        "squared_error": lambda: fn.mse_loss(y, target, reduction="none"),
        "absolute_error": lambda: fn.l1_loss(y, target, reduction="none"),
        "huber": lambda: fn.huber_loss(y, target, reduction="none", delta=found.get("delta", 1.0)),
        "binary_cross_entropy": lambda: fn.binary_cross_entropy(y, target, reduction="none"),
        "binary_cross_entropy_logits": lambda: fn.binary_cross_entropy_with_logits(y, target, reduction="none"),
        "cross_entropy": lambda: -(target * y.log()),
        "cross_entropy_logits": lambda: fn.cross_entropy(y.T, target.T, reduction="none"),
        "kl_divergence": lambda: fn.kl_div(y.log(), target, reduction="none"),
        "hinge": lambda: (1 - target * y).relu(),
    }
    return y, errors[found.get("loss", "half_squared_error")]()


def reading(leaf, to, x, h):
    return leaf[f"W_x{to}"] @ x + leaf[f"W_h{to}"] @ h + leaf[f"b_{to}"]


def rnn(leaf, found):
    return steps(leaf, found, lambda x, s: {"h": reading(leaf, "h", x, s["h"]).tanh()})


def lstm(leaf, found):
    def cell(x, s):
        f, i, o = (reading(leaf, gate, x, s["h"]).sigmoid() for gate in "fio")
        candidate = reading(leaf, "c", x, s["h"]).tanh()
        c = f * s["c"] + i * candidate
        return {"f": f, "i": i, "o": o, "candidate": candidate, "c": c, "h": o * c.tanh()}

    return steps(leaf, found, cell)


def gru(leaf, found):
    before, new = found.get("reset") == "before", found.get("update_gate") == "new"

    def cell(x, s):
        r, z = (reading(leaf, gate, x, s["h"]).sigmoid() for gate in "rz")
        seen = leaf["W_hn"] @ (r * s["h"]) + leaf["b_hn"] if before else r * (leaf["W_hn"] @ s["h"] + leaf["b_hn"])
        n = (leaf["W_xn"] @ x + leaf["b_xn"] + seen).tanh()
        return {"r": r, "z": z, "n": n, "h": z * n + (1 - z) * s["h"] if new else (1 - z) * n + z * s["h"]}

    return steps(leaf, found, cell)


BY_HAND = {"rnn": rnn, "lstm": lstm, "gru": gru}


# As PyTorch's users write it


def module(leaf, found):
    """torch.nn.RNN, LSTM or GRU, its weights made of ours."""
    import torch

    family, d = found["family"], found["data"]
    kind = {"rnn": torch.nn.RNN, "lstm": torch.nn.LSTM, "gru": torch.nn.GRU}[family]
    hidden, inputs = len(leaf["t0.h"]), len(d["x"][0])
    net = kind(inputs, hidden, dtype=torch.float64)
    x = torch.stack([leaf[f"t{t}.x"].T for t in range(1, len(d["x"]) + 1)])
    start = tuple(leaf[f"t0.{name}"].T[None] for name in (["h", "c"] if family == "lstm" else ["h"]))
    weights = flat(leaf, LETTERS[family])
    states, _ = torch.func.functional_call(net, weights, (x, start if family == "lstm" else start[0]))
    out = torch.nn.functional.linear(states[:, 0], leaf["W_hy"], leaf["b_y"][:, 0])
    answers = out if len(d["y"]) > 1 else out[-1:]
    wanted = torch.tensor(d["y"], dtype=torch.float64)
    values = {f"t{t}.h": states[t - 1].T for t in range(1, len(d["x"]) + 1)}
    return values | {"J": torch.nn.functional.mse_loss(answers, wanted, reduction="sum") / 2}


def flat(leaf, letters):
    """Our matrices stacked in PyTorch's order; where we have one bias it has two that are added."""
    import torch

    stacked = lambda names: torch.cat([leaf[name] for name in names])  # noqa: E731
    biases = stacked(f"b_{g}" if f"b_{g}" in leaf else f"b_x{g}" for g in letters)[:, 0]
    others = torch.cat([leaf.get(f"b_h{g}", torch.zeros_like(leaf["t0.h"])) for g in letters])[:, 0]
    return {
        "weight_ih_l0": stacked(f"W_x{g}" for g in letters), "bias_ih_l0": biases,
        "weight_hh_l0": stacked(f"W_h{g}" for g in letters), "bias_hh_l0": others,
    }  # fmt: skip


def at_random(family, seed, length, inputs, hidden, outputs, many, started):
    """The tables of an example with weights and data of these sizes."""
    random = np.random.default_rng(seed)
    size = {"x": inputs, "h": hidden, "y": outputs}
    weights = {}
    for name in CELLS[family]["weights"]:
        kind, _, joined = name.partition("_")
        rows = outputs if joined in ("y", "hy") else hidden
        weights[name] = numbers(random, rows) if kind == "b" else numbers(random, rows, size[joined[0]])
    data = {"x": numbers(random, length, inputs), "y": numbers(random, length if many else 1, outputs)}
    for name in ["h0", "c0"] if family == "lstm" else ["h0"]:
        data |= {name: numbers(random, hidden)} if started else {}
    return {**CELLS[family], "data": data, "weights": weights, "page": {"curve": 1}}


sizes = st.tuples(st.integers(0, 999), st.integers(1, 4), *[st.integers(1, 3)] * 3, st.booleans(), st.booleans())


@pytest.mark.parametrize("family", CELLS)
@pytest.mark.parametrize("model", ["by hand", "module"])
def test_the_shipped_example_against_pytorch(family, model):
    against_torch(CELLS[family], BY_HAND[family] if model == "by hand" else module)


@pytest.mark.parametrize("family", CELLS)
@settings(max_examples=draws(20))
@given(sizes)
def test_random_shapes_against_pytorch(family, size):
    found = at_random(family, *size)
    against_torch(found, BY_HAND[family])
    against_torch(found, module)


@pytest.mark.parametrize("family", CELLS)
@settings(max_examples=draws(15))
@given(sizes)
def test_exact_gradients_of_random_shapes(family, size):
    exact_gradients(at_random(family, *size))


def test_a_state_that_is_not_given_starts_at_zero():
    zeros = changed(LSTM, "data.h0=[0, 0]", "data.c0=[0, 0]")
    absent = {**LSTM, "data": {k: v for k, v in LSTM["data"].items() if k in "xy"}}
    ours, theirs = (exact_gradients(found) for found in (zeros, absent))
    assert ours.value("J") == theirs.value("J")


BAD = [
    (
        RNN,
        "weights.W_xh=[[0.6, 1], [-0.4, 1]]",
        "weights.W_xh: has 2 columns, expected 1 (inputs), because data.x has 1 column",
    ),
    (RNN, "weights.W_xh=[[0.6]]", "weights.W_xh: has 1 row, expected 2 (hidden), because weights.W_hh has 2 rows"),
    (RNN, "weights.W_hh=[[0.5], [0.2]]", "weights.W_hh: has 1 column, expected 2"),
    (RNN, "weights.b_h=[0.1]", "weights.b_h: has 1 entry, expected 2 (hidden), because weights.W_xh has 2 rows"),
    (
        RNN,
        "weights.b_y=[0.1, 0.2]",
        "weights.b_y: has 2 entries, expected 1 (outputs), because weights.W_hy has 1 row",
    ),
    (RNN, "data.y=[[0.4], [0.1]]", "data.y: has 2 rows, expected 1 (many to one) or 3, one for each step"),
    (
        RNN,
        "data.answers=[1, 1, 0]",
        "data.y: has 1 row, expected 2, one for each step that answers (data.answers), or 3",
    ),
    (RNN, "data.answers=[0, 0, 0]", "data.answers: holds no 1"),
    (RNN, "data.answers=[0, 0, 2]", "data.answers: is a mask and holds only 0 and 1, not 2"),
    (RNN, "data.answers=[0, 1]", "data.answers: has 2 entries, expected 3 (steps), because data.x has 3 rows"),
    (RNN, "loss=cross_entropy", 'add up to 1; write output_activation = "softmax"'),
    (RNN, "loss=cross_entropy_logits", "data.y[0]: cross_entropy_logits needs a distribution"),
    (
        RNN,
        "data.y=[2]",
        "data.y[0]: 2 is read as the number of a class, with which half_squared_error cannot compare",
    ),
    (RNN, "delta=0.5", "delta: belongs to the loss huber"),
    (GRU, "reset=inside", "reset: unknown place of the reset 'inside'. Known: after, before"),
    (GRU, "update_gate=both", "update_gate: unknown meaning of the update gate 'both'. Known: old, new"),
    (LSTM, "reset=before", "unknown key 'reset'"),
    (RNN, "data.y=[[0.4, 0.1]]", "data.y: has 2 columns, expected 1 (outputs), because weights.W_hy has 1 row"),
    (RNN, "data.h0=[0.1]", "data.h0: has 1 entry, expected 2"),
    (RNN, "data.x=" + str([[0.1]] * 13), "data.x: has 13 entries; the limit (steps) is 12"),
    (LSTM, "page.curve=100000", "weights.W_hf: the loss curve (page.curve)"),
    (LSTM, "data.c0=[0.1, 0.2, 0.3]", "data.c0: has 3 entries, expected 2"),
    (LSTM, "weights.W_ho=[[1, 2, 3], [1, 2, 3]]", "weights.W_ho: has 3 columns, expected 2"),
    (LSTM, "weights.W_xg=[[1], [1]]", "unknown key 'W_xg'. Did you mean 'W_xo'?"),
    (GRU, "weights.b_hn=[1]", "weights.b_hn: has 1 entry, expected 2"),
    (GRU, "weights.W_xz=[[1, 2], [1, 2]]", "weights.W_xz: has 2 columns, expected 1"),
]


@pytest.mark.parametrize(("found", "change", "words"), BAD, ids=[change[:20] for _, change, _ in BAD])
def test_bad_input(found, change, words):
    refused(changed(found, change), words)


def test_a_network_too_large_is_refused():
    big = at_random("lstm", 0, 1, 1, 80, 1, False, False)
    refused(big, "weights.W_hf: ", "the limit (")


# Other activations of the recurrent network


FUNCTIONS = {
    "sigmoid": lambda z: 1 / (1 + np.exp(-z)), "relu": lambda z: np.maximum(z, 0), "identity": lambda z: z,
    "tanh": np.tanh,
}  # fmt: skip


@pytest.mark.parametrize("name", FUNCTIONS)
def test_the_activation_of_the_recurrent_network(name):
    """By plain numpy, step by step; the pages speak of tanh where it is one."""
    found = RNN | {"activation": name}
    trace, w = exact_gradients(found), {key: np.array(value) for key, value in found["weights"].items()}
    h = np.zeros(len(w["b_h"]))
    for t, x in enumerate(found["data"]["x"], start=1):
        h = FUNCTIONS[name](w["W_xh"] @ x + w["W_hh"] @ h + w["b_h"])
        agree(trace.value(f"t{t}.h")[:, 0], h, f"t{t}.h")
    for page in rendered(Material(Worked.of(validated(found), trace)), "en"):
        assert name == "tanh" or "tanh" not in page.text, page.name


def test_three_steps_of_a_sigmoid():
    weights = {"W_xh": [[0.6]], "W_hh": [[0.4]], "b_h": [0.0], "W_hy": [[0.5]], "b_y": [0.0]}
    data = {"x": [[1.0], [2.0], [3.0]], "y": [[4.0]]}
    trace = exact_gradients(RNN | {"activation": "sigmoid", "data": data, "weights": weights})
    assert trace.value("J") == pytest.approx(6.313214944, abs=1e-9)
    gradients = {"W_xh": -0.52989131, "W_hh": -0.14412506, "b_h": -0.18072165, "W_hy": -3.17409069}
    for name, value in gradients.items():
        assert trace.value(trace.grads[name]).item() == pytest.approx(value, abs=1e-8)


def test_an_activation_that_a_recurrent_network_does_not_have():
    refused(
        RNN | {"activation": "softmax"}, "activation: unknown activation 'softmax'", "tanh, sigmoid, relu, identity"
    )
    refused(LSTM | {"activation": "tanh"}, "unknown key 'activation'")
