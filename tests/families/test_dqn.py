"""Deep Q-learning against PyTorch with a target that is companion_of, and its refusals."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.chance import draws

from .judges import against_torch, changed, exact_gradients, numbers, refused, tables, worked

DQN = tables("dqn")


def q_values(leaf, scope, s, activation):
    import torch
    from torch.nn import functional as fn

    count = sum(name.startswith(scope) and name.endswith(".W") for name in leaf)
    for i in range(1, count + 1):
        s = fn.linear(s, leaf[f"{scope}{i}.W"], leaf[f"{scope}{i}.b"][:, 0])
        s = getattr(torch, activation)(s) if i < count else s
    return s


def model(leaf, found):
    """As in PyTorch's tutorial; the target network could learn, but what it gives is companion_of."""
    import torch
    from torch.nn import functional as fn

    frozen = [leaf[name].requires_grad_() for name in leaf if name.startswith("target")]
    keys = ("s", "r", "s_next", "done")
    s, r, s_next, done = (torch.tensor(found["data"][key], dtype=torch.float64) for key in keys)
    best = q_values(leaf, "target", s_next, found["activation"]).max(1)[0]
    y = (r + found["gamma"] * (1 - done) * best).detach()
    q = q_values(leaf, "layer", s, found["activation"]).gather(1, torch.tensor(found["data"]["a"])[:, None])[:, 0]
    loss = fn.smooth_l1_loss(q, y) if found["loss"] == "huber" else fn.mse_loss(q, y) / 2
    assert not any(torch.autograd.grad(loss, frozen, retain_graph=True, allow_unused=True))
    return {"td.y": y, "q": q, "J": loss}


def net(random, widths):
    return [{"W": numbers(random, n, m), "b": numbers(random, n)} for m, n in pairwise(widths)]


def random_transitions(seed, batch, states, hidden, actions, loss):
    random = np.random.default_rng(seed)
    widths = [states, *hidden, actions]
    data = {
        "s": numbers(random, batch, states),
        "a": random.integers(0, actions, batch).tolist(),
        "r": numbers(random, batch),
        "s_next": numbers(random, batch, states),
        "done": random.integers(0, 2, batch).tolist(),
    }
    return DQN | {"data": data, "layers": net(random, widths), "target": net(random, widths), "loss": loss}


def test_the_shipped_example_against_pytorch():
    trace = against_torch(DQN, model)
    errors = np.abs(trace.value("q") - trace.value("td.y"))
    assert errors.min() < 1 < errors.max(), "the example shows both pieces of the Huber loss"
    assert sorted(trace.value("done")[0]) == [0, 1]


@settings(max_examples=draws(25))
@given(
    st.integers(0, 999), st.integers(1, 4), st.integers(1, 3), st.lists(st.integers(1, 4), max_size=2),
    st.integers(1, 4), st.sampled_from(["huber", "half_squared_error"]),
)  # fmt: skip
def test_random_transitions(seed, batch, states, hidden, actions, loss):
    found = random_transitions(seed, batch, states, hidden, actions, loss)
    exact_gradients(found)
    against_torch(found, model)


def test_no_gradient_enters_where_no_action_was_taken():
    trace = worked(DQN)
    assert np.array_equal(trace.value("layer2.dQ") != 0, trace.value("A") == 1)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ("data.a=[1, 2]", ("data.a[1]: is 2; there are 2 actions, counted from 0 to 1",)),
        ("data.a=[1]", ("data.a: has 1 entry, expected 2", "(transitions), because data.s has 2 rows")),
        ("data.a=[0.5, 1]", ("data.a[0]", "whole number")),
        ("data.r=[1.0]", ("data.r: has 1 entry, expected 2",)),
        ("data.done=[0, 2]", ("data.done: is a mask", "not 2")),
        ("data.s_next=[[1, 2]]", ("data.s_next: has 1 row, expected 2",)),
        ("data.s_next=[[1], [2]]", ("data.s_next: has 1 column, expected 2", "data.s has 2 columns")),
        ("layers[0].W=[[1], [2], [3]]", ("layers[0].W: has 1 column, expected 2", "data.s has 2 columns")),
        ("layers[1].b=[1]", ("layers[1].b: has 1 entry, expected 2",)),
        ("target[0].b=[1]", ("target[0].b: has 1 entry, expected 3",)),
        ("gamma=1.1", ("gamma", "at most 1")),
        ("loss='hinge'", ("loss", "huber, half_squared_error")),
    ],
)
def test_refusals(change, words):
    refused(changed(DQN, change), *words)


def test_the_target_network_has_the_shapes_of_the_q_network():
    one = [{"W": [[1.0, 2.0], [3.0, 4.0]], "b": [0.1, 0.2]}]
    refused(DQN | {"target": one}, "target: has 1 entry, expected 2", "layers has 2 entries")
    two = [{"W": [[1.0, 2.0]], "b": [0.1]}, {"W": [[1.0], [2.0]], "b": [0.1, 0.2]}]
    refused(DQN | {"target": two}, "target[0].W: has 1 row, expected 3", "layers[0].W has 3 rows")


def test_a_large_batch_is_refused():
    refused(random_transitions(1, 700, 3, [9], 2, "huber"), "data.s: data, parameters and units are 23212 numbers")
