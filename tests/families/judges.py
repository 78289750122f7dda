"""The judges that all families share: PyTorch's values and gradients, central differences, the one sentence."""

import copy
import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pytest
from gradbook.engine import BookError, Trace, check_gradients, work
from gradbook.engine.changes import apply_change
from gradbook.engine.example import validate

EXAMPLES = Path(__file__).parents[2] / "examples"
TOLERANCE = 1e-12


def tables(name: str) -> dict:
    """What the shipped example `name` says, to be changed."""
    return tomllib.loads((EXAMPLES / f"{name}.toml").read_text(encoding="utf-8"))


def worked(found: dict) -> Trace:
    return work(validate(found, Path("test.toml")))


def changed(found: dict, *changes: str) -> dict:
    """The tables after changes as on the command line: 'weights.b=[1, 2]'."""
    found = copy.deepcopy(found)
    for change in changes:
        apply_change(found, change)
    return found


def against_torch(found: dict, model: Callable[[Mapping, dict], Mapping]) -> Trace:
    """`model(torch tensors of all leaves by name, tables)` gives {step: tensor}, the loss under the trace's name.

    Values and the gradients of every parameter must agree to 1e-12, relative to the largest entry.
    """
    torch = pytest.importorskip("torch", reason="PyTorch is not installed; CI installs it")
    trace = worked(found)
    leaves = {
        s.name: torch.tensor(np.array(s.value), requires_grad=s.op == "param") for s in trace.values() if s.is_leaf
    }
    values = dict(model(leaves, found))
    for name, tensor in values.items():
        agree(trace.value(name), tensor.detach().numpy(), name)
    assert trace.loss in values, "the model must give the loss"
    values[trace.loss].sum().backward()
    params = [s.name for s in trace.leaves("param")]
    assert params
    for name in params:
        grad = leaves[name].grad
        theirs = np.zeros(trace[name].shape) if grad is None else grad.numpy()
        agree(trace.value(trace.grads[name]) if name in trace.grads else np.zeros(trace[name].shape), theirs, name)
    return trace


def agree(ours: np.ndarray, theirs: np.ndarray, name: str) -> None:
    assert ours.size == theirs.size, f"{name}: {ours.shape} against {theirs.shape}"
    theirs = np.reshape(theirs, ours.shape)
    scale = max(np.abs(theirs).max(), 1e-3)
    assert np.abs(ours - theirs).max() <= TOLERANCE * scale, f"{name}: {ours} against {theirs}"


def against_differences(found: dict, tolerance: float = 1e-7) -> Trace:
    """Every gradient against its central difference."""
    trace = worked(found)
    checks = check_gradients(trace)
    assert {c.parameter for c in checks} == {s.name for s in trace.leaves("param") if s.name in trace.grads}
    for check in checks:
        scale = max(np.abs(check.gradient).max(), 1e-3)
        assert np.abs(check.gradient - check.difference).max() < tolerance * scale, check.parameter
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
