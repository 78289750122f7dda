"""The judge of gradients itself: it finds what is wrong by a billionth, and knows every kink."""

import dataclasses

import numpy as np
import pytest

from gradbook.check.ops import MEANINGS, exact, mp
from gradbook.check.ops.meaning import DECIDES
from gradbook.engine import Trace
from gradbook.engine.ops import NO_GRADIENT, OPS
from tests import judges
from tests.test_ops import CORNERS, SLOPED, inputs, scored, sloped

BENT = [name for name in SLOPED if not OPS[name].smooth]


def on_corners(name, seed):
    """Arguments among which ties and zeros are met again and again."""
    random, arrays = np.random.default_rng(seed), inputs(name, OPS[name].sample, OPS[name].attrs)
    return [
        random.choice(CORNERS, a.shape) if OPS[name].accepts(i) == "real" else a for i, a in enumerate(arrays)
    ]  # fmt: skip


def test_every_operation_with_a_kink_has_its_pieces():
    """The meaning of an operation that is not `smooth` has a `piece`, if it is not among those without a kink."""
    assert set(judges.PIECES) | judges.WITHOUT_KINK == set(BENT)
    assert not judges.WITHOUT_KINK & set(judges.PIECES)
    masks = {name for name, meaning in MEANINGS.items() if meaning.piece == DECIDES}
    assert masks == {name for name, entry in OPS.items() if entry.kind == "mask"}


@pytest.mark.parametrize("name", BENT)
def test_the_engine_takes_the_same_piece(name):
    """On real numbers, and in the slope that a complex step shows, where zeros and ties are met again and again."""
    entry, random = OPS[name], np.random.default_rng(1)
    for seed in range(20):
        args = on_corners(name, seed)
        np.testing.assert_allclose(
            entry.along(args, args, **entry.attrs), entry.forward(*args, **entry.attrs), rtol=1e-15, atol=1e-15
        )
        ways = [random.uniform(-1, 1, a.shape) * (entry.vjp(i) is not NO_GRADIENT) for i, a in enumerate(args)]
        moved = [a + 1e-20j * way for a, way in zip(args, ways, strict=True)]
        slope = np.imag(entry.along(args, moved, **entry.attrs)) / 1e-20
        h = mp.mpf(10) ** -20
        before = [exact(a) for a in args]
        ends = [[b + sign * h * exact(way) for b, way in zip(before, ways, strict=True)] for sign in (1, -1)]
        above, below = (np.asarray(MEANINGS[name].along(before, end, **entry.attrs)) for end in ends)
        np.testing.assert_allclose(slope, ((above - below) / (2 * h)).astype(float), rtol=1e-14, atol=1e-14)


@pytest.mark.parametrize("name", judges.PIECES)
def test_a_piece_is_the_operation_where_it_stands(name):
    for seed in range(20):
        args = [exact(a) for a in on_corners(name, seed)]
        found = np.asarray(MEANINGS[name].along(args, args, **OPS[name].attrs))
        assert (found == np.asarray(MEANINGS[name].value(*args, **OPS[name].attrs))).all()


@pytest.mark.parametrize("name", SLOPED)
def test_a_rule_that_is_wrong_by_a_billionth_is_found(name, monkeypatch):
    entry, arrays = OPS[name], inputs(name, OPS[name].sample, OPS[name].attrs)
    for wrong in sloped(name, arrays):
        rules = [entry.vjp(i) for i in range(len(arrays))]
        rules[wrong] = lambda *args, rule=rules[wrong], **attrs: rule(*args, **attrs) * (1 + 1e-9)
        monkeypatch.setitem(OPS, name, dataclasses.replace(entry, vjps=tuple(rules), each=None))
        trace, _ = scored(name, arrays, entry.attrs)
        with pytest.raises(AssertionError, match=f"p{wrong}: .*, not "):
            judges.exact_gradients(trace, [f"p{wrong}"])
        monkeypatch.setitem(OPS, name, entry)


def test_a_slope_on_the_wrong_side_of_a_kink_is_found(monkeypatch):
    wrong = dataclasses.replace(OPS["relu"], vjps=(lambda g, a, z: g * (1 - (-z).heaviside()),))  # 1 at 0
    monkeypatch.setitem(OPS, "relu", wrong)
    judges.exact_gradients(scored("relu", [np.array([[0.5, -0.5]])], {})[0])
    with pytest.raises(AssertionError, match="p0"):
        judges.exact_gradients(scored("relu", [np.array([[0.0]])], {})[0])


def test_a_number_that_float64_did_not_give_is_found():
    trace, _ = scored("sigmoid", [np.array([[0.5, -0.5]])], {})
    steps = [dataclasses.replace(s, value=s.value * (1 + 1e-12)) if s.name == "out" else s for s in trace.values()]
    with pytest.raises(AssertionError, match="in the trace is not what its operation gives"):
        judges.exact_gradients(Trace("wrong", steps, trace.loss, trace.grads, {}))


@pytest.mark.parametrize("name", [n for n in SLOPED if OPS[n].entrywise or n in ("sum", "mean")])
def test_single_numbers_are_judged(name):
    arrays = inputs(name, [()] * len(OPS[name].sample), OPS[name].attrs)
    judges.exact_gradients(scored(name, arrays, OPS[name].attrs)[0], [f"p{i}" for i in sloped(name, arrays)])


@pytest.mark.parametrize("shape", [(), (1, 1), (3, 2), (5, 5)])
def test_no_two_entries_of_the_direction_are_alike(shape):
    found = [float(v) for v in np.ravel(judges.direction(shape))]
    assert len(set(found)) == int(np.prod(shape)) and all(1 < v < 2 for v in found)


def test_roundings_tell_how_far_float64_may_be_off():
    """0.1 + 0.2 is off by a rounding, and what is left of 0.3 when both are taken away is nothing but roundings."""
    trace, _ = scored("sub", [np.array([[0.1 + 0.2]]), np.array([[0.3]])], {})
    assert 0 < judges.roundings(trace)["out"][0, 0] < 1e-14
    assert judges.roundings(trace)["p0"][0, 0] == 0
