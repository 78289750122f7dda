"""Samples in rows or in columns: the same model either way, its numbers, its words, and what does not fit."""

import numpy as np
import pytest

from gradbook import derivation
from gradbook.book.figures.layers import layers
from gradbook.engine import work
from tests.tiers import some_slow
from tests.valid_examples import turned
from tests.views import view

from . import test_attention, test_mlp_options, test_recurrent, test_sequences
from .judges import against_torch, agree, changed, exact_gradients, refused, tables, validated, worked


def plain(name, *changes):
    """A shipped example without symbols of its own, whose entries stand in one layout."""
    return {key: value for key, value in changed(tables(name), *changes).items() if key != "notation"}


def turned_model(model):
    """A model of one layout with the leaves and the values of the other."""

    def of(leaf, found):
        values = model({n: t.T if t.ndim == 2 else t for n, t in leaf.items()}, found)
        return {n: v.T if v.ndim == 2 else v for n, v in values.items()}

    return of


def softmax_regression(leaf, _):
    from torch.nn import functional as fn

    return {"J": fn.cross_entropy(leaf["X"] @ leaf["W"] + leaf["b"], leaf["Y"])}


CASES = [
    (plain("regularised"), test_mlp_options.mlp),
    (test_mlp_options.net(2, 3, [2, 2, 3], "tanh", "cross_entropy_logits"), test_mlp_options.mlp),
    (test_mlp_options.net(3, 3, [2, 4, 3], "relu", "cross_entropy"), test_mlp_options.mlp),
    (plain("softmax-regression"), softmax_regression),
    (plain("attention"), test_attention.attention),
    (plain("attention", "causal=false"), test_attention.attention),
    *((found, test_recurrent.BY_HAND[family]) for family, found in test_recurrent.CELLS.items()),
    *((found, test_recurrent.module) for found in test_recurrent.CELLS.values()),
    (changed(test_recurrent.GRU, "reset=before", "update_gate=new"), test_recurrent.gru),
    *((test_sequences.several(family, 3, [2, 1]), test_recurrent.BY_HAND[family]) for family in test_recurrent.CELLS),
]


@pytest.mark.parametrize(("found", "model"), some_slow(CASES, 3))
def test_the_other_layout_against_pytorch(found, model):
    against_torch(turned(found), turned_model(model))


@pytest.mark.parametrize(("found", "model"), some_slow(CASES, 3))
def test_every_step_is_the_transpose_of_that_in_the_other_layout(found, model):
    found = {key: value for key, value in found.items() if key != "notation"} | {"input_gradients": True}
    ours, theirs = exact_gradients(turned(found)), worked(found)
    assert list(ours) == list(theirs)
    for name in theirs:
        agree(ours.value(name), theirs.value(name).T, name)


def test_a_square_matrix_is_read_as_the_layout_says():
    found = plain("seed", "layout=rows")
    trace = worked(found)
    x, W, b = (np.array(v) for v in (found["data"]["x"], found["layers"][0]["W"], found["layers"][0]["b"]))
    agree(trace.value("layer1.z"), x @ W + b, "layer1.z")
    assert trace.value("layer1.W").tolist() == found["layers"][0]["W"]


SAID = {
    ("mlp", "seed", "en"): ("one row per neuron", "one row per input of their layer and one column per neuron"),
    ("mlp", "seed", "zh"): ("每个神经元占一行", "每个神经元占一列"),
    ("softmax", "softmax-regression", "en"): (
        "one row per class and one column per feature", "one row per feature and one column per class",
    ),
    ("attention", "attention", "en"): ("multiply from the left", "multiply from the right"),
    ("rnn", "rnn", "en"): ("multiply them from the left", "multiply them from the right"),
    ("lstm", "lstm", "en"): ("multiply them from the left", "multiply them from the right"),
    ("gru", "gru", "zh"): ("权重从左边与它们相乘", "权重从右边与它们相乘"),
}  # fmt: skip
"""What the first page says of weights with samples in columns, and in rows."""


@pytest.mark.parametrize(("of", "said"), SAID.items())
def test_the_first_page_says_how_weights_are_read(of, said):
    _, name, lang = of
    for layout, own, other in (("columns", *said), ("rows", *reversed(said))):
        found = plain(name)
        found = found if validated(found).layout == layout else turned(found)
        given = view(validated(found), "index", lang).paragraph("given")
        assert own in given and other not in given


@pytest.mark.parametrize(
    ("name", "step", "columns", "rows"),
    [
        ("batch", "layer2.dW", "layer2.delta layer1.aᵀ", "layer1.aᵀ layer2.delta"),
        ("softmax-regression", "dW", "dZ Xᵀ", "Xᵀ dZ"),
        ("attention", "attention.R", "attention.Kᵀ attention.Q", "attention.Q attention.Kᵀ"),
        ("attention", "attention.dK", "attention.Q attention.dRᵀ", "attention.dRᵀ attention.Q"),
        ("rnn", "t2.z", "W_xh t2.x + W_hh t1.h + b_h", "t2.x W_xh + t1.h W_hh + b_h"),
    ],
)
def test_formulas_follow_the_layout(name, step, columns, rows):
    found = plain(name)
    for tables_ in (found, turned(found)):
        example = validated(tables_)
        written = derivation(work(example), step).as_format("text")
        assert f"= {columns if example.layout == 'columns' else rows}\n" in written


def test_biases_fold_into_the_weights_in_either_layout():
    found = plain("batch")
    for tables_ in (found, turned(found)):
        example = validated(tables_)
        page = view(example, "forward")
        line = next(line for line in page.lines("forward") if line.name == "layer2.z")
        folded = page.augmented(line)
        symbols = [[cell.step for row in block[0].left.rows for cell in row if hasattr(cell, "step")] for block in (
            folded.inputs, folded.weights,
        )]  # fmt: skip
        assert symbols == [["layer1.a"], ["layer2.b", "layer2.W"]]
        first, last = (block[0].left.rows for block in (folded.inputs, folded.weights))
        assert (len(first), len(last)) == ((1, 2) if example.layout == "rows" else (2, 1))


def test_a_network_is_drawn_in_either_layout():
    for name in ("seed", "softmax-regression"):
        ours, theirs = (layers(work(validated(found))) for found in (turned(plain(name)), plain(name)))
        assert [(a.weights, a.bias, a.a) for a in ours] == [(a.weights, a.bias, a.a) for a in theirs]


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (plain("seed", "layout=across"), ("layout: unknown layout 'across'", "rows, columns")),
        (plain("linear-regression", "layout=rows"), ("unknown key 'layout'",)),
        (
            plain("regularised", "layout=rows"),
            ("layers[1].W: has 3 rows", 'it would fit with layout = "columns".'),
        ),
        (plain("softmax-regression", "layout=columns"), ("weights.W: has", 'it would fit with layout = "rows".')),
        (turned(plain("rnn")) | {"layout": "columns"}, ("weights.W_xh: has 2 columns, expected 1 (inputs)",)),
    ],
)
def test_refused(found, words):
    refused(found, *words)
