"""What the checker does grows with what a page prints: work is counted, not timed."""

import json
import re

import pytest

from gradbook.check.truth.exact import AGREE, Truth
from gradbook.check.truth.trace import Trace
from gradbook.check.truth.training import Training
from gradbook.engine import load, work
from tests.small_project import ROOT


@pytest.fixture(scope="module")
def told() -> str:
    return work(load(ROOT / "examples" / "adam.toml")).to_json()


def passes(trace: Trace, updates: int) -> int:
    """The updates that are worked for tables of so many, one for each parameter and one for the loss."""
    training = Training(trace)
    for name in (trace.loss, *trace.updates):
        for count in range(updates + 1):
            training.value(name, count)
    training.loss(updates)
    return training.passes


def test_tables_of_twice_as_many_updates_are_twice_the_work(told):
    few, many = (passes(Trace(told), updates) for updates in (20, 40))
    assert many <= 2 * few and few <= 3 * 20


def test_a_state_in_any_order_of_asking_is_the_same(told):
    trace = Trace(told)
    straight, back = Training(trace), Training(trace)
    wanted = {n: straight.value(trace.loss, n) for n in range(8)}
    back.loss(5)
    assert {n: back.value(trace.loss, n) for n in reversed(range(8))} == wanted
    assert [back.loss(n) for n in range(8)] == [wanted[n] for n in range(8)]
    name, new = next(iter(trace.updates.items()))
    assert (straight.value(new, 2) == straight.value(name, 3)).all()
    assert (straight.value(name, 0) == trace.steps[name].value).all()


def test_right_gradients_take_two_passes_and_wrong_ones_are_found(told, monkeypatch):
    right, counted, loss = Truth(Trace(told)), [], Truth._loss
    monkeypatch.setattr(Truth, "_loss", lambda *args, **kwargs: counted.append(args) or loss(*args, **kwargs))
    (slope,) = right.gradients()
    assert slope.error <= AGREE and len(slope.places) == 3 and len(counted) == 2
    wrong = json.loads(told)
    name = wrong["grads"]["layer1.W"]
    next(s for s in wrong["steps"] if s["name"] == name)["op"] = "data"
    next(s for s in wrong["steps"] if s["name"] == name)["value"][1] += 1e-9
    found = [s.places for s in Truth(Trace(json.dumps(wrong))).gradients() if s.error > AGREE]
    assert (("layer1.W", (0, 1)),) in map(tuple, found)


def test_no_search_merges_what_is_found_below_every_formula():
    """XPath compares each element that it finds below one formula with all that it has found below the others."""
    source = (ROOT / "check" / "read" / "html.py").read_text(encoding="utf-8")
    assert not re.findall(r"//math//", source)
