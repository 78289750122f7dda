"""Layers without biases, in every family that has them: the numbers, and pages that do not speak of biases."""

import copy
import re

import numpy as np
import pytest

from gradbook.book.i18n.words import languages
from gradbook.book.pages.material import Material
from gradbook.book.pages.pages import rendered
from gradbook.book.pages.worked import Worked
from gradbook.engine.families import families
from tests.tiers import some_slow

from .judges import agree, changed, exact_gradients, refused, tables, validated, worked

EXAMPLES = {
    "linear_regression": "linear-regression", "logistic_regression": "logistic-regression",
    "softmax_regression": "softmax-regression", "mlp": "regularised", "autoencoder": "autoencoder", "vae": "vae",
    "lora": "lora", "moe": "moe", "dqn": "dqn", "gan": "gan-generator", "rnn": "rnn", "gru": "gru", "lstm": "lstm",
    "cnn": "cnn", "encoder": "encoder", "decoder": "decoder", "gpt": "gpt",
    "perceptron": "perceptron",
}  # fmt: skip
NO_BIASES = {"attention", "multihead", "gcn", "word2vec", "batch_norm", "layer_norm", "group_norm", "rms_norm"}
"""Families whose examples have no biases anyway."""

BIAS = re.compile(r"b|b_\w+")
WORDS = {"en": "bias", "zh": "偏置"}


def without(found, keep=0):
    """The tables without their biases, but for the first `keep` of them; of frozen parameters nothing is left."""
    found, left = copy.deepcopy(found), iter(range(keep))

    def strip(table):
        if isinstance(table, list):
            for part in table:
                strip(part)
        elif isinstance(table, dict):
            for key in list(table):
                if BIAS.fullmatch(key) and next(left, None) is None:
                    del table[key]
                else:
                    strip(table[key])

    strip(found)
    found["update"].pop("frozen", None)
    found.pop("notation", None)
    found["title"] = {"en": "Plain", "zh": "示例"}
    found.pop("intro", None)
    return found


def with_zeros(found):
    """The tables with all their biases 0."""

    def zeros(value):
        return [zeros(v) for v in value] if isinstance(value, list) else 0.0

    def walk(table):
        if isinstance(table, dict):
            return {k: zeros(v) if BIAS.fullmatch(k) else walk(v) for k, v in table.items()}
        return [walk(part) for part in table] if isinstance(table, list) else table

    return walk(found) | {"update": {k: v for k, v in found["update"].items() if k != "frozen"}, "notation": {}}


def is_bias(trace, name):
    """Whether a leaf is a bias, by what it is added to."""
    return bool(re.match(r"d?(b|b[12]|b_\w+)(_new)?$", name.rpartition(".")[2])) and name in trace


def test_every_family_is_here():
    assert set(EXAMPLES) | NO_BIASES == set(families())


@pytest.mark.parametrize("name", EXAMPLES)
def test_it_is_the_network_whose_biases_are_zero(name):
    found = tables(EXAMPLES[name])
    bare, zero = worked(without(found)), worked(with_zeros(found))
    lines = [step.name for phase in ("forward", "backward", "update") for step in bare.lines(phase)]
    assert lines and not any(is_bias(bare, leaf.name) for leaf in bare.leaves())
    assert len(zero.leaves()) > len(bare.leaves())
    for line in lines:
        agree(bare.value(line), zero.value(line), line)


@pytest.mark.parametrize("lang", languages())
@pytest.mark.parametrize("name", some_slow(EXAMPLES, 6))
def test_its_pages_do_not_speak_of_biases(name, lang):
    example = validated(without(tables(EXAMPLES[name])))
    trace = worked(without(tables(EXAMPLES[name])))
    for page in rendered(Material(Worked.of(example, trace)), lang):
        said = re.sub(r"```python.*?```|bias correction|\*\*bias[^*]*\*\*|偏置校正", "", page.text, flags=re.DOTALL)
        assert WORDS[lang] not in said.lower(), f"{page.name}: {_around(said.lower(), WORDS[lang])}"


def _around(text, word):
    return text[max(0, text.find(word) - 200) : text.find(word) + 100]


@pytest.mark.parametrize("name", some_slow(EXAMPLES, 6))
def test_one_bias_that_is_left_has_its_words(name):
    found = without(tables(EXAMPLES[name]), keep=1)
    found.pop("notation", None)
    exact_gradients(found)
    pages = rendered(Material(Worked.of(validated(found), worked(found))), "en")
    assert any("bias" in page.text for page in pages)


def test_a_homework_without_biases():
    """Two layers of two sigmoids, by plain numpy."""
    found = without(tables("seed")) | {"data": {"x": [[0.5, 0.3]], "y": [[0.23, 0.07]]}, "page": {"digits": 2}}
    W1, W2 = np.array([[0.2, 0.5], [-0.4, 0.6]]), np.array([[0.1, -0.3], [-0.5, 0.8]])
    for layer, W in zip(found["layers"], (W1, W2), strict=True):
        layer["W"] = W.tolist()
    x, y = np.array([[0.5], [0.3]]), np.array([[0.23], [0.07]])
    a1 = 1 / (1 + np.exp(-W1 @ x))
    a2 = 1 / (1 + np.exp(-W2 @ a1))
    delta2 = (a2 - y) * a2 * (1 - a2)
    delta1 = W2.T @ delta2 * a1 * (1 - a1)
    trace = exact_gradients(found)
    agree(trace.value("J"), np.sum((a2 - y) ** 2) / 2, "J")
    agree(trace.value("layer1.dW"), delta1 @ x.T, "layer1.dW")
    agree(trace.value("layer2.dW"), delta2 @ a1.T, "layer2.dW")
    rate = found["update"]["learning_rate"]
    agree(trace.value("layer1.W_new"), W1 - rate * delta1 @ x.T, "layer1.W_new")


def test_layers_with_and_without_biases_side_by_side():
    """Each line is told as it is: folded where there is a bias, a product alone where there is none."""
    found = without(tables("seed"))
    found["layers"][1]["b"] = [0.6, 0.6]
    material = Material(Worked.of(validated(found), worked(found)))
    forward = next(page.text for page in rendered(material, "en") if page.name == "forward")
    first, second = forward.split("## Layer 2")
    assert "For all neurons at once that is a matrix product.\n" in first and "bias" not in first
    assert "To take the bias in" in second and "The same numbers without folding" in second


def test_bad_biases():
    seed = tables("seed")
    refused(changed(seed, "layers[0].b=[]"), "layers[0].b: is empty")
    refused(changed(seed, "layers[0].b=[1]"), "layers[0].b: has 1 entry, expected 2")
    bare = without(seed) | {"update": {"learning_rate": 0.5, "frozen": ["layer1.b"]}}
    refused(bare, "update.frozen", "'layer1.b'", "layer1.W")
