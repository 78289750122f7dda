"""Both turns of the adversarial pair against PyTorch, and its refusals."""

import copy
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.chance import draws

from .judges import against_torch, changed, exact_gradients, numbers, refused, tables, worked

TURNS = {player: tables(f"gan-{player}") for player in ("discriminator", "generator")}
JUDGE = TURNS["discriminator"]


def run(leaf, scope, x, activation):
    import torch
    from torch.nn import functional as fn

    count = sum(name.startswith(scope) and name.endswith(".W") for name in leaf)
    for i in range(1, count + 1):
        x = fn.linear(x, leaf[f"{scope}{i}.W"], leaf[f"{scope}{i}.b"][:, 0])
        x = getattr(torch, activation)(x) if i < count else x
    return x


def model(leaf, found):
    """As every tutorial writes it: the discriminator's turn detaches the samples, the generator's wants ones."""
    import torch
    from torch.nn import functional as fn

    fake = run(leaf, "generator", leaf["z"].T, found["activation"])
    loss, one = fn.binary_cross_entropy_with_logits, torch.ones(len(fake), 1, dtype=torch.float64)
    if found["player"] == "generator":
        return {"J_G": loss(run(leaf, "discriminator", fake, found["activation"]), one)}
    real = run(leaf, "discriminator", leaf["x"].T, found["activation"])
    judged = run(leaf, "discriminator", fake.detach(), found["activation"])
    return {"generator2.x": fake.T, "J_D": loss(real, one) + loss(judged, 0 * one)}


def net(random, *widths):
    return [{"W": numbers(random, n, m), "b": numbers(random, n)} for m, n in pairwise(widths)]


def random_pair(seed, player, samples, noise, hidden, features):
    random = np.random.default_rng(seed)
    return JUDGE | {
        "player": player,
        "data": {"x": numbers(random, samples, features), "z": numbers(random, samples, noise)},
        "generator": net(random, noise, hidden, features),
        "discriminator": net(random, features, hidden, 1),
    }


@pytest.mark.parametrize("player", TURNS)
def test_the_shipped_examples_against_pytorch(player):
    trace = against_torch(TURNS[player], model)
    assert all(name.startswith(player) for name in trace.updates)


@settings(max_examples=draws(25))
@given(st.integers(0, 999), st.sampled_from(sorted(TURNS)), *[st.integers(1, 3)] * 4)
def test_random_pairs(seed, player, samples, noise, hidden, features):
    found = random_pair(seed, player, samples, noise, hidden, features)
    exact_gradients(found)
    against_torch(found, model)


def test_the_two_examples_have_the_same_numbers():
    pair = copy.deepcopy(list(TURNS.values()))
    for found in pair:
        for key in ("player", "order", "title", "intro", "see"):
            del found[key]
    assert pair[0] == pair[1]


def test_the_players_want_opposite_things():
    """With the new generator the discriminator's loss is larger, and the other way round."""
    for mover, judge in (("generator", "discriminator"), ("discriminator", "generator")):
        trace, found = worked(TURNS[mover]), copy.deepcopy(TURNS[judge])
        before = float(worked(found).value(worked(found).loss))
        for i, layer in enumerate(found[mover], start=1):
            for key in ("W", "b"):
                new = trace.value(trace.updates[f"{mover}{i}.{key}"])
                layer[key] = new.tolist() if key == "W" else new[:, 0].tolist()
        assert float(worked(found).value(worked(found).loss)) > before


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ("player='judge'", ("player", "discriminator, generator")),
        ("data.z=[[0.1, 0.2], [0.3, 0.4]]", ("data.z: has 2 rows, expected 1", "data.x has 1 row")),
        ("data.z=[[0.1]]", ("generator[0].W: has 2 columns, expected 1", "data.z has 1 column")),
        ("data.x=[[0.1]]", ("data.x: has 1 column, expected 2", "generator[1].W has 2 rows")),
        ("generator[1].W=[[1.0], [2.0]]", ("generator[1].W: has 1 column, expected 2", "generator[0].W has 2 rows")),
        ("generator[0].b=[1.0]", ("generator[0].b: has 1 entry, expected 2",)),
        ("discriminator[0].W=[[1.0], [2.0]]", ("discriminator[0].W: has 1 column, expected 2",)),
    ],
)
def test_refusals(change, words):
    refused(changed(JUDGE, change), *words)


def test_a_discriminator_gives_one_score():
    found = changed(JUDGE, "discriminator[1].W=[[1.0, 2.0], [3.0, 4.0]]")
    refused(changed(found, "discriminator[1].b=[1.0, 2.0]"), "discriminator[1].W: has 2 rows, expected 1", "how real")


def test_a_large_pair_is_refused():
    refused(random_pair(1, "generator", 3000, 1, 3, 1), "data.x: data, parameters and units are")
