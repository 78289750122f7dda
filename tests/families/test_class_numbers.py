"""Targets written as class numbers, counted from 0, in every family whose loss compares distributions."""

import pytest

from gradbook.book.pages.material import Material
from gradbook.book.pages.pages import rendered
from gradbook.book.pages.worked import Worked
from tests.tiers import some_slow

from .judges import against_torch, agree, changed, refused, tables, validated, worked


def classes(found):
    """The same tables with class numbers."""
    y = found["data"]["y"]
    numbers = [row.index(1) for row in y] if isinstance(y[0], list) else y.index(1)
    return found | {"data": found["data"] | {"y": numbers}}


def examples():
    for name in ("softmax-regression", "gcn", "cnn"):
        yield name, tables(name)
    for loss, last in (("cross_entropy", "softmax"), ("cross_entropy_logits", "identity")):
        found = changed(tables("batch"), f"loss={loss}", f"layers[2].activation={last}")
        yield loss, {k: v for k, v in found.items() if k != "notation"}


def with_rows(found):
    """The tables with a 1 in each row, in turn."""
    y = found["data"]["y"]
    if not isinstance(y[0], list):
        return found | {"data": found["data"] | {"y": [float(j == 1) for j in range(len(y))]}}
    rows = [[float(j == i % len(row)) for j in range(len(row))] for i, row in enumerate(y)]
    return found | {"data": found["data"] | {"y": rows}}


@pytest.mark.parametrize(("name", "found"), some_slow(list(examples()), 3))
def test_a_class_number_is_its_row(name, found):
    rows = with_rows(found)
    ours, theirs = worked(classes(rows)), worked(rows)
    for step in theirs:
        agree(ours.value(step), theirs.value(step), step)
    pages = [
        [page.text for page in rendered(Material(Worked.of(validated(t), trace)), "en")]
        for t, trace in ((classes(rows), ours), (rows, theirs))
    ]
    assert pages[0] == pages[1]


def test_against_the_class_numbers_of_pytorch():
    found = tables("softmax-regression")
    numbers = [i % 3 for i in range(len(found["data"]["x"]))]

    def model(leaf, _):
        import torch
        from torch.nn import functional as fn

        return {"J": fn.cross_entropy(leaf["X"] @ leaf["W"] + leaf["b"], torch.tensor(numbers))}

    against_torch(found | {"data": found["data"] | {"y": numbers}}, model)


@pytest.mark.parametrize(
    ("name", "change", "words"),
    [
        ("softmax-regression", "data.y[0]=9", ("data.y[0]: expected a list in [ ], found 9",)),
        ("softmax-regression", "data.y=[0]", ("data.y: has 1 entry, expected",)),
        ("softmax-regression", "data.y=[]", ("data.y: is empty",)),
        ("cnn", "data.y=2", ("data.y: is 2; there are 2 classes, counted from 0 to 1",)),
        ("cnn", "data.y=true", ("data.y: expected a list in [ ], found true",)),
        ("cnn", "data.y=0.5", ("data.y: expected a list in [ ], found 0.5",)),
        ("gcn", "data.y=[0, 1]", ("data.y: has 2 entries, expected",)),
        (
            "seed",
            "data.y=[1]",
            ("data.y[0]: 1 is read as the number of a class", "half_squared_error cannot compare"),
        ),
    ],
)
def test_refused(name, change, words):
    refused(changed(tables(name), change), *words)


def test_a_class_beyond_the_last():
    found = tables("softmax-regression")
    count, numbers = len(found["weights"]["b"]), [0] * len(found["data"]["x"])
    for wrong in (count, -1):
        numbers[-1] = wrong
        place = f"data.y[{len(numbers) - 1}]: is {wrong}; there are {count} classes, counted from 0 to {count - 1}"
        refused(found | {"data": found["data"] | {"y": numbers}}, place)
