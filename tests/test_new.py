"""New example files keep what they promise, and the schema tells editors what the validator accepts."""

import copy
import json
import tomllib
from dataclasses import replace
from decimal import Decimal
from itertools import cycle, product
from pathlib import Path
from random import Random

import numpy as np
import pytest

from gradbook.book.i18n.words import languages
from gradbook.book.new import new_example, widths
from gradbook.book.pages.pages import pages, prepare
from gradbook.engine import BookError, load, pencil, train, work
from gradbook.engine.families import families, mlp
from gradbook.engine.ops import OPS, of_kind
from gradbook.engine.schema import schema
from gradbook.engine.spec import friendly
from tests.chance import draws, remember
from tests.tiers import some_slow

EXAMPLES = sorted((Path(__file__).parent.parent / "examples").glob("*.toml"))
SEED = EXAMPLES[0].with_name("seed.toml")
LIVELY = {"sigmoid": (0.1, 0.9), "tanh": (-0.92, 0.92), "relu": (0, 3), "identity": (-3, 3)}
REACHED = {"sigmoid": (0, 1), "tanh": (-1, 1), "relu": (0, 9), "identity": (-9, 9)}


def linted(path, activation):
    """Read a new example and hold it to every promise; returns the example."""
    example = load(path)
    trace = work(example)
    numbers = [*flat(example.data.x), *flat(example.data.y), *(v for y in example.layers for v in [*flat(y.W), *y.b])]
    assert all(len(Decimal(repr(v)).as_tuple().digits) <= 3 and v == round(v, 2) for v in numbers), "few decimals"
    assert 0 not in numbers
    for layer, letters in enumerate(example.layers, start=1):
        a = trace.value(f"layer{layer}.a")
        low, high = LIVELY[activation]
        assert low <= a.min() and a.max() <= high, "no saturated unit"
        assert (np.abs(a).max(axis=1) > 0).all(), "no dead unit"
        assert len({tuple(row) for row in letters.W}) == len(letters.W)
        assert all(len(set(row)) == len(row) for row in letters.W), "a slip between two weights shows"
        if np.size(letters.W) <= 12:
            assert len(set(flat(letters.W))) == np.size(letters.W)
        assert len({tuple(np.round(row, 9)) for row in a}) == len(a), "no two units alike"
    for t in (trace, pencil(trace, 4)):
        assert all((t.value(t.grads[s.name]) != 0).all() for s in t.leaves("param")), "no zero gradient"
    low, high = REACHED[activation]
    assert low < np.min(example.data.y) and np.max(example.data.y) < high, "targets can be reached"
    assert np.abs(trace.value("y") - trace.value(f"layer{len(example.layers)}.a")).min() > 0
    assert (np.diff(train(trace, 50)[0]) < 0).all(), "training lowers the loss"
    return example


def flat(rows):
    return [v for row in rows for v in row]


@pytest.mark.parametrize(("layers", "samples"), [("2,2,2", 1), ("3,4,2", 1), ("1,1", 1), ("2,3,3,1", 4)])
def test_many_seeds(tmp_path, chance, layers, samples):
    texts, seeds = set(), chance.sample(range(10**6), draws(100, 15))
    for seed, activation in zip(seeds, cycle(LIVELY), strict=False):
        path = new_example(tmp_path, f"e{seed}", "mlp", layers, activation, samples, seed)
        remember(path.read_bytes(), path.name)
        example = linted(path, activation)
        assert [len(y.W) for y in example.layers] == widths(layers)[1:]
        assert len(example.data.x) == samples
        texts.add(path.read_text(encoding="utf-8").replace(f"e{seed}", ""))
    assert len(texts) > 0.9 * len(seeds), "another seed gives other numbers"


@pytest.mark.parametrize(("layers", "activation", "samples"), [
    ("20,20,20", "sigmoid", 1), ("20,20,20", "tanh", 20), ("1" + 10 * ",1", "relu", 3), ("5,20,5", "relu", 100),
])  # fmt: skip
def test_the_largest(tmp_path, layers, activation, samples):
    linted(new_example(tmp_path, "large", "mlp", layers, activation, samples), activation)


def test_the_same_seed_gives_the_same_file(tmp_path):
    (tmp_path / "other").mkdir()
    one = new_example(tmp_path, "same", "mlp", "3,4,2", "tanh", 2, 7)
    two = new_example(tmp_path / "other", "same", "mlp", "3, 4, 2", "tanh", 2, 7)
    assert one.read_bytes() == two.read_bytes()


def test_the_file_explains_itself(tmp_path):
    text = new_example(tmp_path, "mine", "mlp", "3,4,2").read_text(encoding="utf-8")
    for key in ("family", "loss", "[title]", "[data]", "[[layers]]", "[update]", "[page]"):
        line = next(line for line in text.splitlines() if line.startswith(key))
        assert "#" in line or key in ("[update]", "[page]")
    assert not any(line != line.rstrip() for line in text.splitlines())
    assert text.endswith("\n") and not text.endswith("\n\n")


@pytest.mark.parametrize("activation", ["tanh", "softmax"])
def test_the_file_is_ready_to_build(tmp_path, activation):
    """Every page of every language, without a line changed by hand."""
    material = prepare(new_example(tmp_path, "mine", "mlp", "2,3,2", activation, 2))
    for lang in languages():
        assert {"index.md", "forward.md", "backward.md", "update.md", "check.md"} <= set(pages(material, lang))


def test_every_activation_gives_a_network_that_learns(tmp_path):
    shapes = [("2,3,2", 1), ("2,3,2", 3), ("3,2,2,3", 2)]
    for n, (activation, (layers, samples)) in enumerate(product(of_kind("activation"), shapes)):
        example = load(new_example(tmp_path, f"e{n}", "mlp", layers, activation, samples))
        trace = work(example)
        assert example.layers[-1].activation == activation and len(example.data.x) == samples
        assert friendly.shows_slips(trace, 4) and friendly.learns(trace)


@pytest.mark.slow
@pytest.mark.parametrize("activation", of_kind("activation"))
def test_every_activation_with_every_shape(tmp_path, activation):
    shapes = product(["1,2", "5,4,3,2", "2" + 6 * ",2", "20,20", "3,20,3"], [1, 2, 7, 100])
    for n, (layers, samples) in enumerate(shapes):
        path = new_example(tmp_path, f"e{n}", "mlp", layers, activation, samples)
        assert friendly.shows_slips(work(load(path)), 4)


def test_a_softmax_ends_a_network_and_is_compared_with_classes(tmp_path):
    example = load(new_example(tmp_path, "classes", "mlp", "2,4,3", "softmax", 6))
    assert [y.activation for y in example.layers] == ["sigmoid", "softmax"] and example.loss == "cross_entropy"
    assert sorted(map(tuple, example.data.y)) == sorted(2 * [(1, 0, 0), (0, 1, 0), (0, 0, 1)])
    assert "softmax" in load(tmp_path / "classes.toml").title["en"]


def test_an_activation_that_nobody_has_foreseen(tmp_path, monkeypatch):
    """A plug-in's: its targets lie within its reach."""
    monkeypatch.setitem(mlp.OPS, "halved", replace(OPS["tanh"], reach=(-0.5, 0.5)))
    for seed in range(5):
        tables = mlp.new([2, 2, 1], "halved", 1, Random(seed))
        assert tables is None or -0.5 < tables["data"]["y"][0][0] < 0.5


@pytest.mark.parametrize("family", families())
def test_every_family_gives_a_file_that_can_be_worked(tmp_path, family):
    for name in ("mine", "n" * 60):
        example = load(new_example(tmp_path, name, family, "2,3,2"))
        assert example.family == family and name in example.title["en"] + (tmp_path / f"{name}.toml").read_text(
            "utf-8"
        )
        assert len(work(example))


WRONG = [
    ({"activation": "softmax", "layers": "3,1"}, "needs at least 2"),
    ({"activation": "softmax", "family": "lstn"}, "Did you mean 'lstm'?"),
    ({"name": "-mine"}, "an example's name is made of"), ({"name": "../mine"}, "an example's name"),
    ({"name": "con"}, "Windows keeps"), ({"family": "mpl"}, "Did you mean 'mlp'?"),
    ({"activation": "sigmod"}, "Did you mean 'sigmoid'?"), ({"layers": "3"}, "as in 3,4,2"),
    ({"layers": ""}, "as in 3,4,2"), ({"layers": "3,x"}, "as in 3,4,2"), ({"layers": "3,0"}, "from 1 to 20"),
    ({"layers": "3,21"}, "from 1 to 20"), ({"layers": "3,-1"}, "from 1 to 20"), ({"layers": "3,٣"}, "from 1 to 20"),
    ({"layers": "3," + "9" * 5000}, "from 1 to 20"), ({"layers": ",".join("2" * 12)}, "1 to 10 layers"),
    ({"layers": "3,,2"}, "as in 3,4,2"), ({"samples": 0}, "from 1 to 100"), ({"samples": 101}, "from 1 to 100"),
]  # fmt: skip


@pytest.mark.parametrize(("change", "words"), WRONG)
def test_refusals_write_nothing(tmp_path, change, words):
    wanted = {"name": "mine", "family": "mlp", "layers": "3,4,2", "activation": "sigmoid", "samples": 1} | change
    with pytest.raises(BookError) as caught:
        new_example(tmp_path, **wanted)
    assert words in str(caught.value) and len(str(caught.value)) < 400
    assert not list(tmp_path.iterdir())


def test_nothing_is_overwritten(tmp_path):
    (tmp_path / "mine.toml").write_text("precious")
    with pytest.raises(BookError, match="is already there"):
        new_example(tmp_path, "mine", "mlp", "3,4,2")
    assert (tmp_path / "mine.toml").read_text() == "precious"
    with pytest.raises(BookError, match="cannot be written"):
        new_example(tmp_path / "mine.toml", "other", "mlp", "3,4,2")
    assert new_example(tmp_path / "examples", "mine", "mlp", "3,4,2").is_file()


# The schema


@pytest.fixture(scope="module", params=["mlp", None])
def validator(request):
    jsonschema = pytest.importorskip("jsonschema", reason="jsonschema is not installed; the test extra brings it")
    text = json.loads(schema(request.param))
    jsonschema.Draft202012Validator.check_schema(text)
    return jsonschema.Draft202012Validator(text)


def references(node):
    if isinstance(node, dict):
        yield from [node["$ref"]] if "$ref" in node else []
        node = list(node.values())
    for child in node if isinstance(node, list) else []:
        yield from references(child)


@pytest.mark.parametrize("name", ["mlp", None])
def test_schema_is_closed_and_complete(name):
    found = json.loads(schema(name))
    assert found["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert {ref.removeprefix("#/$defs/") for ref in references(found)} == set(found["$defs"])
    part = found if name else next(p for p in found["anyOf"] if p["properties"]["family"] == {"const": "mlp"})
    assert part["properties"]["family"] == {"const": "mlp"}
    assert part["additionalProperties"] is False
    assert "sigmoid" in found["$defs"]["mlp.Layer"]["properties"]["activation"]["enum"]


def test_schema_of_an_unknown_family():
    with pytest.raises(BookError, match=r"unknown family 'mpl'. Did you mean 'mlp'"):
        schema("mpl")


@pytest.mark.parametrize("path", some_slow(EXAMPLES, 8), ids=lambda p: p.stem)
def test_schemas_accept_the_shipped_examples(path):
    jsonschema = pytest.importorskip("jsonschema", reason="jsonschema is not installed; the test extra brings it")
    tables = tomllib.loads(path.read_text(encoding="utf-8"))
    for text in (schema(tables["family"]), schema()):
        jsonschema.Draft202012Validator(json.loads(text)).validate(tables)


@pytest.mark.parametrize("path", [("pages",), ("layers", 0, "w"), ("update", "learningrate"), ("page", "digit")])
def test_schema_refuses_unknown_keys(validator, path):
    tables = copy.deepcopy(tomllib.loads(SEED.read_text(encoding="utf-8")))
    place = tables
    for key in path[:-1]:
        place = place[key] if isinstance(key, int) else place.setdefault(key, {})
    place[path[-1]] = 1
    assert not validator.is_valid(tables)


@pytest.mark.parametrize(("key", "value"), [("family", "mpl"), ("loss", "half"), ("layers", []), ("order", "first")])
def test_schema_refuses_wrong_values(validator, key, value):
    assert not validator.is_valid(tomllib.loads(SEED.read_text(encoding="utf-8")) | {key: value})
