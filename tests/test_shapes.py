"""Declared shapes: who disagrees, who is right, what the sentence says; and what an example costs, told before."""

import json
from dataclasses import replace
from math import prod
from pathlib import Path
from typing import Annotated

import numpy as np
import pytest
from pydantic import Field

from gradbook.engine import BookError, Tape, load, work
from gradbook.engine.families import families
from gradbook.engine.load import validate
from gradbook.engine.ops import OPS
from gradbook.engine.schema import schema
from gradbook.engine.spec.cost import AT_ONCE, Meter, largest, step_work, update_work, work_of
from gradbook.engine.spec.example import Matrix, Model, Vector
from gradbook.engine.spec.meeting import Claims, meet
from gradbook.engine.spec.shapes import chain, expect, shape, table
from tests.families.judges import EXAMPLES, tables
from tests.tiers import some_slow
from tests.valid_examples import inside

SEED = EXAMPLES / "seed.toml"


# The unifier


class Dense(Model):
    W: Matrix = shape("outputs", "inputs")
    b: Vector | None = shape("outputs", default=None)


class Data(Model):
    x: Matrix = shape("samples", "inputs")
    y: Matrix = shape("samples", "outputs")


class Net(Model):
    layers: list[Dense] = chain("inputs", "outputs")
    data: Data


class Twins(Model):
    one: list[Dense] = chain("inputs", "outputs")
    two: list[Dense] = chain("inputs", "outputs", like="one")


class Judge(Model):
    layers: list[Dense] = chain("inputs", 1, because="one number says how real a sample looks")


class Coder(Model):
    encoder: Dense = table(outputs="code")
    decoder: Dense = table(inputs="code", outputs="inputs")


class Heads(Model):
    heads: list[Dense] = table("count", outputs="+wide")
    weights: Vector = shape("wide")
    names: list[str] = shape("count", default=["a", "b"])


class Own(Model):
    tables: list[Dense] = table(outputs=None, inputs=None)


class Words(Model):
    tokens: list[int] = shape("positions + 1")
    P: Vector = shape("positions")


class Maps(Model):
    maps: list[Matrix] = shape("maps", "rows", "columns")
    b: Vector = shape("maps")


class Ragged(Model):
    rows: list[Vector] = shape("rows", "columns")
    b: Vector = shape("columns")


class Pair(Model):
    first: Vector = shape("n")
    second: Vector = shape("n")
    third: Vector | None = shape("n", default=None)


def ones(rows: int, columns: int) -> list[list[float]]:
    return [[1.0] * columns] * rows


def dense(outputs: int, inputs: int, biases: int | None = None) -> dict:
    return {"W": ones(outputs, inputs)} | ({"b": [1.0] * biases} if biases else {})


def net(*layers: dict, x=(1, 2), y=(1, 2)) -> dict:
    return {"layers": list(layers), "data": {"x": ones(*x), "y": ones(*y)}}


MEET = [
    (Net, net(dense(3, 2, 3), dense(2, 3))),
    (Net, net(dense(2, 2))),
    (Twins, {"one": [dense(3, 2), dense(1, 3)], "two": [dense(3, 2), dense(1, 3)]}),
    (Twins, {"one": [], "two": []}),
    (Judge, {"layers": [dense(4, 3), dense(1, 4)]}),
    (Coder, {"encoder": dense(2, 3), "decoder": dense(3, 2)}),
    (Heads, {"heads": [dense(2, 3), dense(1, 3)], "weights": [1.0] * 3}),
    (Heads, {"heads": [], "weights": [1.0], "names": []}),
    (Own, {"tables": [dense(2, 3), dense(1, 5)]}),
    (Words, {"tokens": [1, 2, 3], "P": [1.0, 2.0]}),
    (Maps, {"maps": [ones(2, 3), ones(2, 3)], "b": [1.0, 2.0]}),
    (Ragged, {"rows": [[1.0, 2.0]] * 3, "b": [1.0, 2.0]}),
    (Pair, {"first": [1.0], "second": [2.0]}),
]

CLASH = [
    # of two the one that is read first is right, and what is given is read before all
    (Pair, {"first": [1.0], "second": [1, 2]}, "second: has 2 entries, expected 1 (n), because first has 1 entry"),
    (Net, net(dense(2, 3)), "layers[0].W: has 3 columns, expected 2 (inputs), because data.x has 2 columns"),
    # of three the one that stands alone is wrong, be it the first
    (Pair, {"first": [1.0, 2.0], "second": [1.0], "third": [1.0]},
     "first: has 2 entries, expected 1 (n), because second has 1 entry"),
    (Net, net(dense(3, 2, 3), dense(2, 3, 2), y=(1, 4)),
     "data.y: has 4 columns, expected 2 (outputs), because layers[1].W has 2 rows"),
    # a chain
    (Net, net(dense(3, 2, 3), dense(2, 4)),
     "layers[1].W: has 4 columns, expected 3 (outputs of layers[0]), because layers[0].W has 3 rows"),
    (Net, net(dense(3, 2, 1), dense(2, 3)),
     "layers[0].b: has 1 entry, expected 3 (outputs of layers[0]), because layers[0].W has 3 rows"),
    (Net, net(dense(3, 2, 3), dense(4, 4, 2), x=(1, 2)),
     "layers[1].W: has 4 rows and 4 columns, expected 2 rows (outputs) and 3 columns (outputs of layers[0]), because "
     "data.y has 2 columns and layers[0].W has 3 rows"),
    (Twins, {"one": [dense(1, 1)], "two": [dense(1, 1)] * 2},
     "two: has 2 entries, expected 1 (tables of one), because one has 1 entry"),
    (Twins, {"one": [dense(3, 2, 3), dense(1, 3)], "two": [dense(4, 2), dense(1, 4)]},
     "two[0].W: has 4 rows, expected 3 (outputs of one[0]), because one[0].W has 3 rows"),
    (Judge, {"layers": [dense(2, 3, 2)]},
     "layers[0].W: has 2 rows, expected 1, because one number says how real a sample looks"),
    # other names, sums, numbers
    (Coder, {"encoder": dense(2, 3), "decoder": dense(3, 4)},
     "decoder.W: has 4 columns, expected 2 (code), because encoder.W has 2 rows"),
    (Heads, {"heads": [dense(2, 3), dense(1, 3)], "weights": [1.0] * 2},
     "weights: has 2 entries, expected 3 (wide), because the rows of heads[0].W and heads[1].W are 3 together"),
    (Heads, {"heads": [dense(2, 3)], "weights": [1.0], "names": ["a"]},
     "weights: has 1 entry, expected 2 (wide), because heads[0].W has 2 rows"),
    (Heads, {"heads": [dense(2, 3), dense(1, 4)], "weights": [1.0] * 3},
     "heads[1].W: has 4 columns, expected 3 (inputs), because heads[0].W has 3 columns"),
    (Heads, {"heads": [], "weights": [1.0]}, "names: has 2 entries, expected 0 (count), because heads has 0 entries"),
    (Own, {"tables": [dense(2, 3), dense(1, 5, 2)]},
     "tables[1].b: has 2 entries, expected 1 (outputs of tables[1]), because tables[1].W has 1 row"),
    (Words, {"tokens": [1, 2], "P": [1.0, 2.0]},
     "P: has 2 entries, expected 1 (positions), because tokens has 2 entries, 1 more than positions"),
    # lists of matrices, and rows of different lengths
    (Maps, {"maps": [ones(2, 3), ones(2, 3), ones(1, 4)], "b": [1.0] * 3},
     "maps[2]: has 1 row and 4 columns, expected 2 rows (rows) and 3 columns (columns), because maps[0] has 2 rows "
     "and maps[0] has 3 columns"),
    (Maps, {"maps": [ones(2, 3)], "b": [1.0, 2.0]}, "b: has 2 entries, expected 1 (maps), because maps has 1 entry"),
    (Ragged, {"rows": [[1.0, 2.0], [1.0]], "b": [1.0, 2.0]},
     "rows[1]: has 1 entry, expected 2 (columns), because rows[0] has 2 entries"),
]  # fmt: skip


@pytest.mark.parametrize(("model", "found"), MEET)
def test_what_meets_is_accepted(model, found):
    meet(model.model_validate(found))


@pytest.mark.parametrize(("model", "found", "sentence"), CLASH)
def test_what_does_not_meet_is_told_in_one_sentence(model, found, sentence):
    with pytest.raises(ValueError) as caught:
        meet(model.model_validate(found))
    assert str(caught.value) == sentence


def test_one_key_declared_with_too_many_dimensions():
    class Deep(Model):
        b: Vector = shape("n", "m")

    with pytest.raises(ValueError, match=r"b\[0\]: is a single value and declared with 1 more dimension"):
        meet(Deep(b=[1.0]))


def test_a_number_that_is_computed():
    expect("dense.W", "column", 2, 2, "so")
    with pytest.raises(ValueError, match=r"dense.W: has 1 column, expected 8, because 2 × 4 numbers come out"):
        expect("dense.W", "column", 1, 8, "2 × 4 numbers come out")


def test_a_declaration_keeps_what_the_type_says():
    class Bounded(Model):
        b: Annotated[list[int], Field(min_length=2)] = shape("n")

    with pytest.raises(ValueError, match="at least 2"):
        Bounded(b=[1])
    with pytest.raises(ValueError, match="required"):
        Bounded()


def test_the_schema_names_the_dimensions():
    found = json.loads(schema("mlp"))
    assert found["$defs"]["mlp.Layer"]["properties"]["W"]["x-shape"] == ["outputs", "inputs"]
    assert found["$defs"]["mlp.Layer"]["required"] == ["W", "activation"]
    assert found["properties"]["layers"]["x-chain"] == ["inputs", "outputs"]


# Every shipped example, with one of its arrays a row or a column longer


def arrays(found, path=()):
    """The places of all vectors and matrices in the tables of an example."""
    for key, value in found.items() if isinstance(found, dict) else enumerate(found):
        if isinstance(value, list) and value and isinstance(value[0], int | float):
            yield (*path, key), [*value, value[-1]]
        elif (
            isinstance(value, list) and value and isinstance(value[0], list) and isinstance(value[0][0], int | float)
        ):
            yield (*path, key), [*value, value[-1]]
            yield (*path, key), [[*row, row[-1]] for row in value]
        elif isinstance(value, dict | list):
            yield from arrays(value, (*path, key))


FREE = {"data.negatives", "data.x", "data.memory", "embedding.W_E", "data.x[0]"}
"""What may be longer: another word drawn, step of time (many to one), token to look at, word of the vocabulary, and
the only channel of a picture, which windows need not fit evenly."""
FREE_IN = {"cbow": {"data.context"}, "gcn-directed": {"layers[1].W"}, "cnn-uneven": {"conv[0].kernels[0][0]"}}
"""The same of single examples: another word of the context, a class that no node has, a column that a window reaches
where one was left out."""


@pytest.mark.parametrize("name", sorted(path.stem for path in EXAMPLES.glob("*.toml")))
def test_a_row_or_a_column_too_many_is_refused_where_it_stands(name):
    found = {key: value for key, value in tables(name).items() if key not in ("see", "notation", "update")}
    full = tables(name)
    longer = list(arrays(found))
    assert longer
    for path, value in longer:
        place = "".join(f"[{key}]" if isinstance(key, int) else f".{key}" for key in path).removeprefix(".")
        changed = json.loads(json.dumps(full))
        inner = changed
        for key in path[:-1]:
            inner = inner[key]
        inner[path[-1]] = value
        try:
            work(validate(changed, Path("test.toml")))
        except BookError as error:
            assert str(error).startswith("test.toml: "), error
            assert " has " in str(error) or "window" in str(error), (place, error)
        else:
            assert place in FREE | FREE_IN.get(name, set()), f"{place} is longer and nobody minds"


# What an operation costs


class Counted:
    """A number that counts how often it is multiplied."""

    times = 0

    def __init__(self, value):
        self.value = value

    def __mul__(self, other):
        if isinstance(other, np.ndarray):  # which multiplies each of its entries
            return NotImplemented
        Counted.times += 1
        return Counted(self.value * getattr(other, "value", other))

    __rmul__ = __mul__

    def __add__(self, other):
        return Counted(self.value + getattr(other, "value", other))

    __radd__ = __add__


def counted(shape) -> np.ndarray:
    found = np.empty(shape, dtype=object)
    found.flat = [Counted(1.0) for _ in range(prod(shape))]
    return found


PRODUCTS = {
    "matmul": [((2, 3), (3, 4)), ((1, 5), (5, 1)), ((4, 1), (1, 4)), ((2, 2, 3), (2, 3, 5))],
    "outer": [((2, 1), (3, 1))],
    "mul": [((2, 3), (2, 3)), ((2, 1), (1, 3))],
    "scale": [((), (2, 3))],
    "square": [((2, 3),)],
    "conv": [((6, 7), (2, 3)), ((5, 5), (5, 5))],
}


@pytest.mark.parametrize(("name", "shapes"), [(name, s) for name, cases in PRODUCTS.items() for s in cases])
def test_the_multiplications_of_an_operation_are_as_many_as_are_made(name, shapes):
    attrs = {"stride": 1, "dilation": 1} if name == "conv" else {}
    Counted.times = 0
    args = [counted(shape) for shape in shapes]
    made = OPS[name].forward(*args, **attrs)
    cost = OPS[name].costs(*args, **attrs)
    assert (cost.numbers, cost.multiplications) == (np.size(made), Counted.times)


def test_the_transposed_convolution_costs_what_the_convolution_costs():
    x, g, k = np.ones((6, 7)), np.ones((5, 5)), np.ones((2, 3))
    forth, back = OPS["conv"].costs(x, k), OPS["conv_transpose"].costs(g, k, shape=x.shape)
    assert (back.multiplications, back.calls) == (forth.multiplications, forth.calls) == (150, 6)
    assert back.numbers == 42


@pytest.mark.parametrize("name", OPS)
def test_no_operation_makes_more_numbers_than_it_says(name):
    entry = OPS[name]
    args = [np.full(shape, 0.5) for shape in entry.sample]
    if "mask" in entry.domain or "distribution" in entry.domain:
        args = [np.ones(shape) for shape in entry.sample]
    cost = entry.costs(*args, **entry.attrs)
    made = np.size(entry.forward(*args, **entry.attrs))
    assert made <= cost.numbers <= max(made, *(a.size for a in args), 1)
    assert cost.multiplications > 0 and cost.calls > 0


# What an example costs


def test_the_cost_of_an_example_is_that_of_its_steps():
    trace = work(load(SEED))
    worked = [step for step in trace.values() if not step.is_leaf]
    found = {s.name: OPS[s.op].costs(*(trace.value(a) for a in s.args), **s.attrs) for s in worked}
    assert found["layer1.z.matmul"].multiplications == 4
    assert update_work(trace) == sum(map(work_of, found.values())) == sum(step_work(s, trace) for s in trace.values())


def test_the_meter_counts_what_the_trace_holds():
    example = load(SEED)
    trace = work(example)
    meter = Meter(example)
    for step in trace.values():
        meter.wrote(step, trace)
    assert meter.parameters == 12 and meter.all == update_work(trace)
    assert meter.forward == sum(step_work(step, trace) for step in trace.values() if step.phase == "forward")


@pytest.mark.parametrize("more", [-1, 0])
def test_the_limit_is_exact(monkeypatch, more):
    """2 P forward passes for the gradients, and an update for each point of the curve and each row of the table."""
    example = load(SEED, ["page.curve=50", "page.steps=3"])
    trace = work(example)
    forward = sum(step_work(step, trace) for step in trace.values() if step.phase == "forward")
    needed = 2 * 12 * forward + (50 + 3) * update_work(trace)
    monkeypatch.setenv("GRADBOOK_LIMITS", f"multiplications={needed + more}")
    if more == 0:
        assert work(example)
        return
    with pytest.raises(BookError) as caught:
        work(example)
    told = str(caught.value)
    assert told.startswith(f"{SEED}: layers: the loss curve (page.curve) and the check of 12 gradients are about ")
    assert told.endswith(f"is {needed - 1}; GRADBOOK_LIMITS=multiplications={needed} raises it.")


def test_a_tape_of_ones_own_has_no_limit():
    tape = Tape()
    wide = tape.data("x", np.ones((200, 1))) @ tape.param("w", np.ones((1, 200)))
    assert tape.write("z", wide).size == 40_000 and tape.meter is None


def test_the_largest_key_of_an_example():
    assert largest(load(EXAMPLES / "lora.toml")) == "frozen.W0"
    assert largest(load(SEED)) == "layers"
    assert largest(load(SEED, [f"data.x={[[1, 2]] * 7}", f"data.y={[[1, 0]] * 7}"])) == "data.x"


# What is huge


def grown(tables: dict, claims: list, times: int) -> dict:
    """The tables with one dimension so many times as large: rows, columns and entries come again and again."""
    tables = json.loads(json.dumps(tables))  # no list is in two places, where it would grow twice
    for claim in claims:
        holder, key = inside(tables, claim.place)
        rows = holder[key]
        holder[key] = [row * times for row in rows] if claim.word == "column" else rows * times
    return tables


def huge(family: str) -> dict:
    """A shipped example grown, fourfold in one dimension after the other, to a few hundred kilobytes; where a rule
    minds, the dimension stays as it is."""
    name = next(p.stem for p in sorted(EXAMPLES.glob("*.toml")) if tables(p.stem)["family"] == family)
    found, path = tables(name), Path("huge.toml")
    for _ in range(6):
        claims = Claims()
        claims.read(validate(found, path))
        for places in claims.found.values():
            if len(json.dumps(found)) > 100_000:
                return found
            bigger = grown(found, places, 4)
            if len(json.dumps(bigger)) < 600_000:
                try:
                    validate(bigger, path)
                    found = bigger
                except BookError:
                    continue
    raise AssertionError(f"{name} has hardly grown")


@pytest.mark.parametrize("family", some_slow(families(), 6))
def test_a_huge_example_of_each_family_is_refused_at_once(family, monkeypatch):
    """Its shapes meet; worked as often as its pages ask for, it would take minutes or hours. What was worked before
    it was refused is counted, not timed: a busy machine is slow."""
    monkeypatch.setenv("GRADBOOK_LIMITS", "steps=100000 numbers=1000000 maps=1000")
    example, wrote = validate(huge(family), Path("huge.toml")), Meter.wrote
    worked = []
    monkeypatch.setattr(Meter, "wrote", lambda meter, *args: (wrote(meter, *args), worked.append(meter.all)))
    with pytest.raises(BookError) as caught:
        work(example)
    assert str(caught.value).startswith("huge.toml: ") and "GRADBOOK_LIMITS=" in str(caught.value)
    assert max(worked, default=0) < 2 * AT_ONCE, f"refused after {max(worked):.1e} multiplications"


def test_a_thousand_million_multiplications_are_not_begun(monkeypatch):
    """One product of 1000 × 1000 by 1000 × 1000: refused before it is worked, however long the limits let it be."""
    monkeypatch.setenv("GRADBOOK_LIMITS", "numbers=1000000")
    layer = {"W": ones(1000, 1000), "b": [0.0] * 1000, "activation": "identity"}
    found = tables("seed") | {
        "layers": [layer],
        "data": {"x": ones(1000, 1000), "y": ones(1000, 1000)},
        "notation": {},
    }
    example = validate(found, Path("huge.toml"))
    worked = []
    monkeypatch.setitem(OPS, "matmul", replace(OPS["matmul"], forward=lambda *args: worked.append(args)))
    with pytest.raises(BookError, match=r"huge.toml: layers: the loss curve .* at least 2.0e\+15 multiplications"):
        work(example)
    assert not worked
