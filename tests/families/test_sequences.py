"""Several sequences in one example of a recurrent family."""

import numpy as np
import pytest

from gradbook.book.pages.material import Material
from gradbook.book.pages.pages import rendered
from gradbook.book.pages.worked import Worked

from .judges import against_torch, changed, exact_gradients, numbers, refused, validated, worked
from .test_recurrent import BY_HAND, CELLS, LETTERS, RNN


def several(family, seed, lengths, hidden=2, rows=None, **options):
    """An example of sequences of these lengths; each answers at its last step, or at so many as `rows` says."""
    random, found = np.random.default_rng(seed), CELLS[family]
    inputs, outputs = len(found["weights"][f"W_x{LETTERS[family][0]}"][0]), len(found["weights"]["W_hy"])
    data = {"x": [numbers(random, n, inputs) for n in lengths], "h0": numbers(random, len(lengths), hidden)}
    data["y"] = [numbers(random, n if rows is None else rows, outputs) for n in lengths]
    if family == "lstm":
        data["c0"] = numbers(random, len(lengths), hidden)
    return found | {"data": data} | options


@pytest.mark.parametrize("family", CELLS)
def test_several_sequences_share_the_weights_and_add_up_their_losses(family):
    hidden = len(CELLS[family]["weights"]["W_hy"][0])
    found = several(family, 3, [3, 1, 2], hidden)
    against_torch(found, BY_HAND[family])
    exact_gradients(several(family, 4, [2, 3], hidden, rows=1))
    trace = exact_gradients(found)
    alone = [worked(found | {"data": {k: v[i] for k, v in found["data"].items()}}) for i in range(3)]
    np.testing.assert_allclose(trace.value("J"), sum(one.value("J") for one in alone), rtol=1e-12)
    np.testing.assert_allclose(trace.value("dW_hy"), sum(one.value("dW_hy") for one in alone), rtol=1e-12)


def test_pages_of_several_sequences():
    found = several("rnn", 3, [2, 1], len(RNN["weights"]["W_hy"][0]))
    pages = {page.name: page.text for page in rendered(Material(Worked.of(validated(found), worked(found))), "en")}
    assert "Sequence 2, step 1" in pages["forward"] and "h^{(2,1)}" in pages["forward"]
    assert "The loss is the sum over all sequences, not their mean." in pages["index"] + pages["forward"]
    assert "Not every step" not in pages["index"] + pages["forward"]


def test_sequences_without_targets_with_masks_and_in_turns():
    found = several("rnn", 5, [2, 2], len(RNN["weights"]["W_hy"][0]))
    data = {key: value for key, value in found["data"].items() if key != "y"}
    assert not worked(found | {"data": data}).loss
    given = exact_gradients(found | {"data": data | {"upstream": [[[1.0]], [[0.5], [-0.5]]]}})
    assert given.value("s2.t1.upstream") == 0.5 and "s1.t1.y" not in given
    masked = exact_gradients(found | {"data": found["data"] | {"answers": [[1, 0], [1, 1]]}})
    assert "s1.t1.E" in masked and "s1.t2.E" not in masked
    turns = worked(changed(found, "update.batch_size=1", "update.order=[1, 0]"))
    assert len(turns.batches) == 2 and turns.value("s1.t1.x") == found["data"]["x"][1][0]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ("data.y=[[[0.1]]]", ("data.y: has 1 entry, expected 2 (samples)",)),
        ("data.x[1]=[[1, 2, 3]]", ("data.x[1]: has 3 columns, expected 1 (inputs)", "data.x[0] has 1 column")),
        ("data.y[0]=[[1], [2]]", ("data.y[0]: has 2 rows, expected 1 (many to one) or 3",)),
        ("data.h0=[[1, 2]]", ("data.h0: has 1 row, expected 2 (samples)",)),
        ("data.answers=[[1], [1]]", ("data.answers[0]: has 1 entry, expected 3, because data.x[0] has 3 rows",)),
        ("data.answers=[[1, 0, 1], [0]]", ("data.answers[1]: holds no 1",)),
        ("data.x[1]=[]", ("data.x[1]: is empty",)),
        ("data.y[1]=[0]", ("y: has numbers of classes for some sequences and rows for others",)),
        ("update.batch_size=1", ("update.batch_size: the samples differ in what has to be worked", "length")),
    ],
)
def test_several_sequences_that_do_not_fit(change, words):
    refused(changed(several("rnn", 3, [3, 1], len(RNN["weights"]["W_hy"][0])), change), *words)
