"""The judges that all families share: exact gradients, PyTorch's values and gradients, the one sentence."""

import copy
import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pytest

from gradbook.engine import BookError, Example, Trace, work
from gradbook.engine.load import validate
from gradbook.engine.spec.changes import apply_change
from tests import judges
from tests.chance import remember

EXAMPLES = Path(__file__).parents[2] / "examples"
TOLERANCE = 1e-12


def tables(name: str) -> dict:
    """What the shipped example `name` says, to be changed."""
    return tomllib.loads((EXAMPLES / f"{name}.toml").read_text(encoding="utf-8"))


def validated(found: dict) -> Example:
    remember(found)
    return validate(found, Path("test.toml"))


def worked(found: dict) -> Trace:
    return work(validated(found))


def changed(found: dict, *changes: str) -> dict:
    """The tables after changes as on the command line: 'weights.b=[1, 2]'."""
    found = copy.deepcopy(found)
    for change in changes:
        apply_change(found, change)
    return found


def against_torch(found: dict, model: Callable[[Mapping, dict], Mapping]) -> Trace:
    """`model(torch tensors of all leaves by name, tables)` gives {step: tensor}, the loss under the trace's name.

    Values and the gradients of every parameter must agree to 1e-12, relative to the largest entry; further off only
    as far as roundings can carry, where the terms of an entry all but cancel.
    """
    torch = pytest.importorskip("torch", reason="PyTorch is not installed; CI installs it")
    trace = worked(found)
    carried = judges.roundings(trace)
    leaves = {
        s.name: torch.tensor(np.array(s.value), requires_grad=s.op == "param") for s in trace.values() if s.is_leaf
    }
    values = dict(model(leaves, found))
    for name, tensor in values.items():
        agree(trace.value(name), tensor.detach().numpy(), name, carried[name])
    assert trace.loss in values, "the model must give the loss"
    values[trace.loss].sum().backward()
    params = [s.name for s in trace.leaves("param")]
    assert params
    for name in params:
        grad, ours = leaves[name].grad, trace.grads.get(name)
        theirs = np.zeros(trace[name].shape) if grad is None else grad.numpy()
        if ours:
            agree(trace.value(ours), theirs, name, carried[ours])
        else:
            agree(np.zeros(trace[name].shape), theirs, name)
    return trace


def agree(ours: np.ndarray, theirs: np.ndarray, name: str, carried: np.ndarray | float = 0.0) -> None:
    """`carried` is how far roundings may have carried each entry: see `judges.roundings`."""
    assert ours.size == theirs.size, f"{name}: {ours.shape} against {theirs.shape}"
    theirs = np.reshape(theirs, ours.shape)
    scale = max(np.abs(theirs).max(), 1e-3)
    allowed = np.maximum(TOLERANCE * scale, carried)
    assert (np.abs(ours - theirs) <= allowed).all(), f"{name}: {ours} against {theirs}"


def exact_gradients(found: dict) -> Trace:
    """Every gradient of these tables against the judge that loses no digits."""
    trace = worked(found)
    judges.exact_gradients(trace)
    return trace


def refused(found: dict, *words: str) -> None:
    """The tables are refused in one sentence that holds these words and names the file."""
    with pytest.raises(BookError) as caught:
        worked(found)
    text = str(caught.value)
    assert text.startswith("test.toml: ") or "'test'" in text
    assert "\n" not in text and text.endswith((".", ".)"))
    for word in words:
        assert word in text, text


def numbers(random: np.random.Generator, *shape: int) -> list:
    """Random numbers of two decimals, none of them 0."""
    found = np.round(random.uniform(0.1, 0.9, shape) * random.choice([-1, 1], shape), 2)
    return found.tolist()


def distribution(random: np.random.Generator, count: int, rows: int | None = None) -> list:
    """Random shares that add up to 1 exactly, as float64 adds: what a loss of logits takes for granted."""
    return (random.multinomial(64, np.full(count, 1 / count), rows) / 64).tolist()
