"""Optimisers: twenty updates of a small network beside PyTorch's, with weight decay, clipping and schedules."""

from pathlib import Path

import numpy as np
import pytest

from gradbook.engine import BookError, check_gradients, load, train, work
from gradbook.engine.load import validate
from gradbook.engine.optim import OPTIMIZERS, companion_of
from gradbook.engine.optim.schedule import SCHEDULES
from gradbook.engine.tape.pencil import pencil
from tests.random_nets import tables

UPDATES = 20
RATE = {"lion": 0.003, "adagrad": 0.05, "rmsprop": 0.01, "adam": 0.02, "adamw": 0.02}
SEED = Path(__file__).parent.parent / "examples" / "seed.toml"


def net(**update) -> dict:
    """A 3-4-2 network with a batch of five whose update is as told."""
    found = tables([3, 4, 2], ["tanh", "sigmoid"], 5, "squared_error", seed=3)
    return found | {"update": {"learning_rate": RATE.get(update.get("optimizer"), 0.1)} | update}


def worked(**update):
    return work(validate(net(**update), Path("net.toml")))


# The same training in PyTorch


def lion(torch):
    """Lion as its paper tells it (Chen et al. 2023, program 1), which torch.optim does not have."""

    class Lion(torch.optim.Optimizer):
        def __init__(self, params, lr, betas, weight_decay):
            super().__init__(params, {"lr": lr, "betas": betas, "weight_decay": weight_decay})

        @torch.no_grad()
        def step(self):
            for group in self.param_groups:
                for p in group["params"]:
                    m = self.state[p].setdefault("m", torch.zeros_like(p))
                    beta1, beta2 = group["betas"]
                    p.mul_(1 - group["lr"] * group["weight_decay"])
                    p.sub_(group["lr"] * torch.lerp(p.grad, m, beta1).sign())
                    m.lerp_(p.grad, 1 - beta2)

    return Lion


def torch_optimizer(torch, name, params, rate, decay):
    common = {"lr": rate, "weight_decay": decay}
    return {
        "sgd": lambda: torch.optim.SGD(params, **common),
        "momentum": lambda: torch.optim.SGD(params, momentum=0.9, **common),
        "nesterov": lambda: torch.optim.SGD(params, momentum=0.9, nesterov=True, **common),
        "adagrad": lambda: torch.optim.Adagrad(params, **common),
        "rmsprop": lambda: torch.optim.RMSprop(params, alpha=0.9, **common),
        "adam": lambda: torch.optim.Adam(params, **common),
        "adamw": lambda: torch.optim.AdamW(params, **common),
        "lion": lambda: lion(torch)(params, betas=(0.9, 0.99), **common),
    }[name]()


def torch_schedule(torch, optimizer, kind, table):
    rates = torch.optim.lr_scheduler
    return {
        "constant": lambda: rates.ConstantLR(optimizer, factor=1.0),
        "step": lambda: rates.StepLR(optimizer, table["steps"], table["factor"]),
        "exponential": lambda: rates.ExponentialLR(optimizer, table["factor"]),
        "cosine": lambda: rates.CosineAnnealingLR(optimizer, table["steps"], table.get("lowest", 0.0)),
        "inverse_sqrt": lambda: rates.LambdaLR(optimizer, lambda t: (t + 1) ** -0.5),
        "warmup": lambda: rates.LinearLR(optimizer, 1 / table["steps"], total_iters=table["steps"] - 1),
    }[kind]()


STATES = {
    "momentum": {"m": "momentum_buffer"},
    "nesterov": {"m": "momentum_buffer"},
    "adagrad": {"s": "sum"},
    "rmsprop": {"v": "square_avg"},
    "adam": {"m": "exp_avg", "v": "exp_avg_sq"},
    "adamw": {"m": "exp_avg", "v": "exp_avg_sq"},
    "lion": {"m": "m"},
}
"""What PyTorch calls the states; sgd keeps none."""


def torch_start(torch, name, optimizer, params, start):
    """Gives the optimiser the state of a table [start]."""
    for key, p in params.items():
        state = {theirs: np.reshape(start[ours][key], p.shape) for ours, theirs in STATES[name].items()}
        optimizer.state[p] |= {theirs: torch.tensor(value) for theirs, value in state.items()}
        if name not in ("momentum", "nesterov", "lion"):
            optimizer.state[p]["step"] = torch.tensor(float(start.get("t", 0)))


def in_pytorch(name, decay=0.0, clip=None, schedule=None, batches=None, start=None):
    """(losses, final parameters) of the same network after twenty updates by PyTorch, on `batches` in turn."""
    torch = pytest.importorskip("torch", reason="PyTorch is not installed; CI installs it")
    found = net()
    tensor = lambda rows: torch.tensor(np.array(rows), dtype=torch.float64)  # noqa: E731
    x, y = tensor(found["data"]["x"]).T, tensor(found["data"]["y"]).T
    params = {}
    for i, layer in enumerate(found["layers"], 1):
        params[f"layer{i}.W"] = tensor(layer["W"]).requires_grad_()
        params[f"layer{i}.b"] = tensor(layer["b"]).reshape(-1, 1).requires_grad_()
    optimizer = torch_optimizer(torch, name, list(params.values()), RATE.get(name, 0.1), decay)
    scheduler = schedule and torch_schedule(torch, optimizer, schedule["kind"], schedule)
    if start:
        torch_start(torch, name, optimizer, params, start)
    losses = []
    for update in range(UPDATES + 1):
        optimizer.zero_grad()
        chosen = batches[update % len(batches)] if batches else list(range(x.shape[1]))
        a = torch.tanh(params["layer1.W"] @ x[:, chosen] + params["layer1.b"])
        a = torch.sigmoid(params["layer2.W"] @ a + params["layer2.b"])
        loss = ((y[:, chosen] - a) ** 2).sum() / len(chosen)
        losses.append(loss.item())
        if update == UPDATES:
            break
        loss.backward()
        if clip:
            clip(torch)(params.values())
        optimizer.step()
        if scheduler:
            scheduler.step()
    return np.array(losses), {name: p.detach().numpy() for name, p in params.items()}


def agrees(trace, expected):
    losses, params = expected
    found, final = train(trace, UPDATES)
    np.testing.assert_allclose(found, losses, rtol=1e-12)
    for name, value in params.items():
        np.testing.assert_allclose(final[name], value, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("decay", [0.0, 0.1])
@pytest.mark.parametrize("name", OPTIMIZERS)
def test_optimizer(name, decay):
    agrees(worked(optimizer=name, weight_decay=decay), in_pytorch(name, decay))


ORDERS = {
    "one by one": ({"batch_size": 1}, [[0], [1], [2], [3], [4]]),
    "in an order": ({"batch_size": 2, "order": [4, 0, 1, 1, 3, 2]}, [[4, 0], [1, 1], [3, 2]]),
}


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("name", OPTIMIZERS)
def test_some_samples_in_each_update(name, order):
    said, batches = ORDERS[order]
    agrees(worked(optimizer=name, weight_decay=0.1, **said), in_pytorch(name, 0.1, batches=batches))


@pytest.mark.parametrize("name", STATES)
def test_a_start(name):
    random = np.random.default_rng(7)
    shapes = {"layer1.W": (4, 3), "layer1.b": (4,), "layer2.W": (2, 4), "layer2.b": (2,)}
    start = {
        letter: {key: (0.01 * random.random(shape)).tolist() for key, shape in shapes.items()}
        for letter in STATES[name]
    }
    start |= {"t": 3} if name.startswith("adam") else {}
    trace = work(validate(net(optimizer=name, weight_decay=0.1) | {"start": start}, Path("net.toml")))
    assert trace.value("layer1.b").shape == trace.value(companions(trace, "layer1.b")[0]).shape
    agrees(trace, in_pytorch(name, 0.1, start=start))


def companions(trace, parameter) -> list[str]:
    """The states of a parameter."""
    states = [leaf.name for leaf in trace.leaves("state")]
    return [name for name in states if (found := companion_of(trace, name)) and found[1] == parameter]


@pytest.mark.parametrize(
    ("update", "start", "told"),
    [
        ({}, {"m": {}}, "start.m: the optimiser 'sgd' has no m; it keeps nothing."),
        ({"optimizer": "momentum"}, {"t": 1}, "start.t: the optimiser 'momentum' has no t; it keeps m."),
        ({"optimizer": "momentum"}, {"m": {"layer1.w": 1}}, "Did you mean 'layer1.W'"),
        ({"optimizer": "momentum"}, {"m": {"layer1.b": [1, 2]}}, "layer1.b: is 2, expected 4 × 1, the shape of"),
        ({"optimizer": "momentum"}, {"m": {"layer1.b": [1, "x"]}}, "m.layer1.b: expected a number, or rows of"),
        ({"optimizer": "momentum"}, {"m": [1]}, "start: m: expected a table with a value for each parameter"),
        ({"optimizer": "adam"}, {"t": 1.5}, "t: is the number of updates made before, a whole number from 0"),
        ({"optimizer": "momentum", "frozen": ["layer1.b"]}, {"m": {"layer1.b": 0}}, "updated parameter 'layer1.b'"),
    ],
)
def test_a_start_that_nothing_reads_is_refused(update, start, told):
    with pytest.raises(BookError) as refused:
        work(validate(net(**update) | {"start": start}, Path("net.toml")))
    assert told in str(refused.value)


@pytest.mark.parametrize("name", ["sgd", "adam"])
@pytest.mark.parametrize("norm", [0.02, 100.0])
def test_clipping_by_norm(name, norm):
    clip = lambda torch: lambda params: torch.nn.utils.clip_grad_norm_(params, norm)  # noqa: E731
    agrees(worked(optimizer=name, clip_norm=norm), in_pytorch(name, clip=clip))


@pytest.mark.parametrize("name", ["sgd", "momentum"])
@pytest.mark.parametrize("most", [0.003, 100.0])
def test_clipping_by_value(name, most):
    clip = lambda torch: lambda params: torch.nn.utils.clip_grad_value_(params, most)  # noqa: E731
    agrees(worked(optimizer=name, clip_value=most), in_pytorch(name, clip=clip))


@pytest.mark.parametrize("name", ["sgd", "adam"])
@pytest.mark.parametrize(("most", "norm"), [(0.003, 0.005), (0.003, 100.0), (100.0, 0.02)])
def test_clipping_by_value_and_then_by_norm(name, most, norm):
    def clip(torch):
        def both(params):
            params = list(params)
            torch.nn.utils.clip_grad_value_(params, most)
            torch.nn.utils.clip_grad_norm_(params, norm)

        return both

    agrees(worked(optimizer=name, clip_value=most, clip_norm=norm), in_pytorch(name, clip=clip))


@pytest.mark.parametrize(
    "table",
    [
        {"kind": "constant"},
        {"kind": "step", "steps": 3, "factor": 0.5},
        {"kind": "exponential", "factor": 0.9},
        {"kind": "cosine", "steps": UPDATES},
        {"kind": "cosine", "steps": UPDATES, "lowest": 0.01},
        {"kind": "inverse_sqrt"},
        {"kind": "warmup", "steps": 7},
    ],
    ids=str,
)
@pytest.mark.parametrize("name", ["sgd", "adamw"])
def test_schedule(name, table):
    agrees(worked(optimizer=name, schedule=table, weight_decay=0.05), in_pytorch(name, 0.05, schedule=table))


def test_every_schedule_is_tested():
    marks = {mark.args[0]: mark.args[1] for mark in test_schedule.pytestmark}
    assert {table["kind"] for table in marks["table"]} == set(SCHEDULES)


def test_a_cosine_stays_at_its_lowest_rate():
    trace = worked(schedule={"kind": "cosine", "steps": 4, "lowest": 0.01})
    assert [float(trace.replay({"t": t}).value("rate")) for t in (4, 5, 400)] == [0.01] * 3


# What stands on the tape


def test_plain_sgd_is_what_it_was():
    trace = work(load(SEED))
    assert [s.name for s in trace.lines("update")] == ["layer1.W_new", "layer1.b_new", "layer2.W_new", "layer2.b_new"]
    assert [s.name for s in trace.leaves("const", "state")] == ["const.1", "learning_rate"]


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_updates_name_every_leaf_that_changes(name):
    trace = worked(optimizer=name, schedule={"kind": "warmup", "steps": 5})
    params = [s.name for s in trace.leaves("param")]
    state = [s.name for s in trace.leaves("state")]
    assert sorted(trace.updates) == sorted([*params, *state])
    assert list(trace.updated()) == params and list(trace.updated("state")) == state
    assert all((trace.value(leaf) == 0).all() for leaf in state)
    assert float(trace.value(trace.updates["t"])) == 1
    for leaf in trace.updates:
        assert trace[trace.updates[leaf]].shape == trace[leaf].shape


def test_what_belongs_to_a_parameter():
    trace = worked(optimizer="adam", clip_norm=1.0, weight_decay=0.1)
    assert companion_of(trace, "layer1.m_W") == companion_of(trace, "layer1.m_W_new") == ("m", "layer1.W")
    assert companion_of(trace, "layer2.vhat_b") == ("vhat", "layer2.b")
    assert companion_of(trace, "t_new") is None and companion_of(trace, "layer1.W_new") is None
    for letter in ("q", "c", "g", "m", "v", "mhat", "vhat"):
        assert f"layer1.{letter}_W" in trace
    assert not any(trace.parent(s.name) for s in trace.leaves("state"))


def test_frozen_parameters_keep_no_state_and_do_not_count():
    trace = worked(optimizer="adam", clip_norm=0.02, frozen=["layer1.W"])
    assert not any("_W" in name for name in trace if name.startswith("layer1."))
    squares = [np.sum(trace.value(trace.grads[p]) ** 2) for p in ("layer1.b", "layer2.W", "layer2.b")]
    np.testing.assert_allclose(trace.value("norm"), np.sqrt(sum(squares)), rtol=1e-15)


def test_gradients_and_pencil_do_not_mind():
    trace = worked(optimizer="adamw", clip_norm=0.02, schedule={"kind": "cosine", "steps": 9})
    assert max(c.relative_error for c in check_gradients(trace)) < 1e-8
    by_hand = pencil(trace, 4)
    assert by_hand.value("layer1.mhat_W") == pytest.approx(trace.value("layer1.mhat_W"), rel=0.02)


@pytest.mark.parametrize(
    ("name", "move"),
    [("adam", 1), ("adamw", 1), ("adagrad", 1), ("rmsprop", 1 / np.sqrt(0.1))],
)
def test_without_eps_the_first_step_has_one_length(name, move):
    """Whatever the gradient is, it cancels with the root of its square."""
    trace = worked(optimizer=name, eps=0, learning_rate=0.1, **({"weight_decay": 0} if name == "adamw" else {}))
    assert "eps" not in trace
    for leaf, new in trace.updated().items():
        step = trace.value(leaf) - trace.value(new)
        np.testing.assert_allclose(step, 0.1 * move * np.sign(trace.value(trace.grads[leaf])), rtol=1e-12)
    losses, _ = train(trace, UPDATES)
    assert np.isfinite(losses).all()


@pytest.mark.parametrize("name", ["adam", "adamw", "adagrad", "rmsprop"])
def test_a_divisor_of_zero_is_named(name):
    """A network whose second unit is dead: its weights have no gradient."""
    update = {"optimizer": name, "learning_rate": 0.1, "eps": 0}
    layers = [
        {"W": [[0.5], [-0.5]], "b": [0.1, -0.1], "activation": "relu"},
        {"W": [[1.0, 1.0]], "b": [0.2], "activation": "identity"},
    ]
    found = net(**update) | {"data": {"x": [[1.0]], "y": [[2.0]]}, "layers": layers}
    with pytest.raises(BookError) as caught:
        work(validate(found, Path("net.toml")))
    assert str(caught.value).startswith("example 'net': update.eps: is 0, ") and "layer1.W[1][0]" in str(caught.value)
    work(validate(found | {"update": update | {"eps": 1e-8}}, Path("net.toml")))
    frozen = ["layer1.W", "layer1.b", "layer2.W"]
    work(validate(found | {"update": update | {"frozen": frozen}}, Path("net.toml")))


# Mistakes


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        (["beta1=0.5"], ["update.beta1: the optimizer 'sgd' does not know it", "it is for adam, adamw, lion"]),
        (["optimizer=adam", "momentum=0.5"], ["update.momentum: the optimizer 'adam'", "momentum, nesterov"]),
        (["optimizer=adam", "decay=0.5"], ["update.decay", "it is for rmsprop"]),
        (["optimizer=lion", "eps=0.1"], ["update.eps", "it is for adagrad, rmsprop, adam, adamw"]),
        (["optimizer=adam", "beta1=1"], ["update.beta1: expected a number less than 1, found 1"]),
        (["optimizer=adam", "beta2=-0.1"], ["update.beta2: expected a number of at least 0"]),
        (["optimizer=adam", "eps=-1"], ["update.eps: expected a number of at least 0"]),
        (["optimizer=adan"], ["update.optimizer: unknown optimizer 'adan'", "Did you mean 'adam'?"]),
        (["weight_decay=-1"], ["update.weight_decay: expected a number of at least 0"]),
        (["clip_norm=0"], ["update.clip_norm: expected a number greater than 0"]),
        (["schedule={steps=3}"], ["update.schedule.kind: is missing"]),
        (["schedule=3"], ["update.schedule: expected a table"]),
        (["schedule={kind='cosin'}"], ["update.schedule.kind: unknown kind 'cosin'", "Did you mean 'cosine'?"]),
        (["schedule={kind='step', factor=0.5}"], ["update.schedule: the schedule 'step' needs the key 'steps'"]),
        (
            ["schedule={kind='warmup', steps=3, factor=0.5}"],
            ["update.schedule.factor: the schedule 'warmup' does not"],
        ),
        (["schedule={kind='warmup', steps=0}"], ["update.schedule.steps: expected a number of at least 1"]),
        (["schedule={kind='cosine', steps=3, lowest=2}"], ["schedule.lowest: is greater than learning_rate"]),
        (["schedule={kind='cosine', step=3}"], ["update.schedule: unknown key 'step'", "Did you mean 'steps'?"]),
    ],
)
def test_mistake(changes, words):
    with pytest.raises(BookError) as caught:
        load(SEED, [f"update.{change}" for change in changes])
    for word in words:
        assert word in str(caught.value)
