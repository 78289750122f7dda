"""Examples without a target, with the gradient of their output, and with gradients of their inputs."""

import copy
import tomllib
from pathlib import Path

import numpy as np
import pytest
from valid_examples import EXAMPLES, FILE, answered, targets_of

from gradbook.engine import BookError, check_gradients, work
from gradbook.engine.load import validate

NEURON = {
    "family": "mlp",
    "title": {"en": "One tanh neuron"},
    "data": {"x": [[2, 0]], "upstream": [[1]]},
    "layers": [{"W": [[-3, 1]], "b": [6.881373587019543], "activation": "tanh"}],
    "input_gradients": True,
}
WITHOUT_REAL_INPUTS = {"gpt", "word2vec"}
WITHOUT_UPSTREAM = {"perceptron"}
"""The gradient of a step is no use to anything before it."""


def tables(path: Path) -> dict:
    return {k: v for k, v in tomllib.loads(path.read_text(encoding="utf-8")).items() if k != "notation"}


def worked(found: dict):
    return work(validate(found, FILE))


def test_gradient_of_an_output():
    trace = worked(NEURON)
    assert trace.value("layer1.a") == pytest.approx(0.70710678)
    assert trace.value("layer1.dW").ravel() == pytest.approx([1, 0])
    assert trace.value("dx").ravel() == pytest.approx([-1.5, 0.5])
    assert trace.value(trace.grads["layer1.b"]) == pytest.approx(0.5)
    assert trace.grads["layer1.a"] == "upstream" and not trace.updates


@pytest.mark.parametrize("path", [p for p in EXAMPLES if p.stem in ("attention", "gcn", "rnn")], ids=lambda p: p.stem)
def test_without_a_target_there_is_nothing_behind_the_forward_pass(path):
    trace = worked(answered(tables(path), None))
    assert not (trace.loss or trace.grads or trace.updates or trace.lines("backward"))
    assert trace.to_json().startswith(f'{{"format": 2, "example": "{FILE.stem}", "loss": null')


def test_without_a_target_no_loss_asks_for_an_output_of_its_own():
    """A cnn's loss, if the file names none, reads the outputs of an identity layer."""
    found = answered(tables(next(p for p in EXAMPLES if p.stem == "cnn")), None)
    assert not worked(found | {"dense": found["dense"] | {"activation": "tanh"}}).loss


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"data": {"x": [[2, 0]]}}, "input_gradients: there is no gradient without data.y or data.upstream"),
        ({"data": {"x": [[2, 0]]}, "input_gradients": False, "loss": "hinge"}, "loss: belongs to the loss"),
        ({"data": {"x": [[2, 0]], "y": [[1]], "upstream": [[1]]}}, "leave y or this out"),
        ({"data": {"x": [[2, 0]], "y": [[1]]}}, "update: is missing"),
        ({"data": {"x": [[2, 0]], "upstream": [[1, 2]]}}, "data.upstream: has 2 columns, expected 1"),
    ],
)
def test_what_means_nothing_is_refused(change, told):
    with pytest.raises(BookError, match=told):
        worked(NEURON | change)


def test_recurrent_gradients_stand_beside_the_sums_of_their_outputs():
    """Anchors do not tell a capital letter from a small one: t1.u has the sums behind which stands t1.y."""
    found = answered(tables(next(p for p in EXAMPLES if p.stem == "rnn")), None)
    data = found["data"] | {"upstream": [[1.0]]}
    trace = worked(found | {"data": data, "output_activation": "sigmoid"})
    assert len({name.lower() for name in trace}) == len(trace) and trace.loss == "J_U"


def test_whole_numbers_have_no_gradient():
    path = next(p for p in EXAMPLES if p.stem == "word2vec")
    with pytest.raises(BookError, match="input_gradients: what word2vec reads are whole numbers"):
        worked(tables(path) | {"input_gradients": True})


@pytest.mark.slow
@pytest.mark.parametrize("path", EXAMPLES, ids=lambda p: p.stem)
def test_every_family_goes_on_to_its_inputs(path):
    """The complex step, which loses no digits and knows no chain rule, agrees."""
    found = tables(path)
    if found["family"] in WITHOUT_REAL_INPUTS:
        return
    kinds = [found]
    if (y := targets_of(found)) is not None and found["family"] not in WITHOUT_UPSTREAM:
        width = np.random.default_rng(3).normal(size=np.shape(y) or (4,)).round(2).tolist()
        numbered = np.ndim(y) == 1 and np.ndim(found["data"]["x"]) not in (1, 3)  # classes, or one sample's outputs
        kinds.append(answered(found, None if numbered else width))
    for kind in kinds:
        if "upstream" in kind.get("data", {}) or kind is found:
            trace = worked(copy.deepcopy(kind) | {"input_gradients": True})
            checks = check_gradients(trace)
            assert any(trace[check.parameter].op == "data" for check in checks)
            for check in checks:
                assert check.slope_errors is not None
                scale = max(1e-3, float(np.abs(check.gradient).max()))
                assert np.abs(check.gradient - check.slope).max() < 1e-12 * scale


@pytest.mark.slow
def test_pytorch_gives_the_same_gradients_of_the_inputs():
    torch = pytest.importorskip("torch")
    found = tables(next(p for p in EXAMPLES if p.stem == "attention"))
    rows = np.random.default_rng(5).normal(size=np.shape(found["data"]["y"])).round(2)
    trace = worked(answered(found, rows.tolist()) | {"input_gradients": True})
    x, *weights = (
        torch.tensor(v, dtype=torch.float64, requires_grad=True)
        for v in (found["data"]["x"], *(found["weights"][f"W_{k}"] for k in "QKV"))
    )
    q, k, v = (x @ w for w in weights)
    scores = q @ k.T / weights[0].shape[1] ** 0.5
    if found.get("causal"):
        scores = scores.masked_fill(~torch.tril(torch.ones(len(x), len(x), dtype=torch.bool)), -torch.inf)
    (torch.softmax(scores, dim=1) @ v).backward(torch.tensor(rows))
    assert trace.value("dX") == pytest.approx(x.grad.numpy(), rel=1e-12)
    for name, weight in zip("QKV", weights, strict=True):
        assert trace.value(trace.grads[f"attention.W{name}"]) == pytest.approx(weight.grad.numpy(), rel=1e-12)
