"""One symbol, one meaning: no two steps or entries of an example are written alike, whatever its update is."""

from itertools import combinations, product
from pathlib import Path

import pytest

from gradbook import BookError, load, work
from gradbook.book.formula.clashes import clashes
from gradbook.book.formula.symbols import letters
from gradbook.book.pages.worked import Worked
from gradbook.engine.load import validate
from gradbook.engine.optim import OPTIMIZERS, SCHEDULES
from tests.tiers import some_slow

EXAMPLES = Path(__file__).parent.parent / "examples"
FAMILIES = {load(path).family: path for path in sorted(EXAMPLES.glob("*.toml"), reverse=True)} | {
    "mlp": EXAMPLES / "seed.toml"
}
TABLES = {
    "step": {"steps": 4, "factor": 0.5}, "exponential": {"factor": 0.5}, "cosine": {"steps": 4, "lowest": 0.01},
    "warmup": {"steps": 4},
}  # fmt: skip
"""The tables of the schedules that have one, with all their keys."""

CLIPS = {
    "": {},
    "value": {"clip_value": 0.5},
    "norm": {"clip_norm": 0.5},
    "both": {"clip_value": 0.5, "clip_norm": 0.5},
}


REFUSED = {"perceptron": ("optimizer", "weight_decay", "clip_value", "clip_norm")}
"""What a family with a rule of its own does not take."""


def updates(optimizers, kinds, clips, decays):
    """Tables [update] with these options, every one with every other."""
    for optimizer, kind, clip, decay in product(optimizers, kinds, clips, decays):
        schedule = {"schedule": {"kind": kind, **TABLES.get(kind, {})}}
        yield {"optimizer": optimizer, "learning_rate": 0.1, "weight_decay": decay, **schedule, **CLIPS[clip]}


def paired() -> list[dict]:
    """Tables [update] in which every option stands with every other: that two symbols clash takes no third one."""
    tables = []
    for i, optimizer in enumerate(OPTIMIZERS):
        for j, kind in enumerate(SCHEDULES):
            clip, decay = [*CLIPS][(i + j) % len(CLIPS)], (i // 4 + j // 2) % 2 / 10
            tables += updates([optimizer], [kind], [clip], [decay])
    return tables


def worked(family: str, update: dict, **tables) -> Worked:
    update = {key: value for key, value in update.items() if key not in REFUSED.get(family, ())}
    tables = load(FAMILIES[family]).model_dump(exclude_unset=True, mode="json") | {"update": update} | tables
    example = validate(tables, Path(f"{family}.toml"))
    return Worked.of(example, work(example))


def found(worked: Worked) -> list[tuple[str, str, str]]:
    return [(one.symbol, one.name, other.name) for one, other in clashes(worked.notation)]


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("family", some_slow(FAMILIES, 5))
def test_one_symbol_has_one_meaning(family, optimizer):
    """With all that an optimiser may have beside it."""
    assert found(worked(family, next(updates([optimizer], ["cosine"], ["both"], [0.1])))) == []


@pytest.mark.parametrize("family", some_slow(FAMILIES, 6))
def test_one_symbol_has_one_meaning_with_every_schedule(family):
    asked = updates(["sgd"], SCHEDULES, ["value"], [0.0])
    assert {str(update): here for update in asked if (here := found(worked(family, update)))} == {}


@pytest.mark.slow
@pytest.mark.parametrize("family", FAMILIES)
def test_one_symbol_has_one_meaning_whatever_the_options(family):
    assert {str(update): here for update in paired() if (here := found(worked(family, update)))} == {}


def test_every_option_stands_with_every_other():
    def options(update):
        clip = tuple(key in update for key in ("clip_value", "clip_norm"))
        return update["optimizer"], update["schedule"]["kind"], clip, update["weight_decay"]

    every = map(options, updates(OPTIMIZERS, SCHEDULES, CLIPS, [0.0, 0.1]))
    wanted = {pair for each in every for pair in combinations(enumerate(each), 2)}
    assert {pair for each in map(options, paired()) for pair in combinations(enumerate(each), 2)} == wanted


def test_second_update_has_the_symbols_of_the_first():
    update = next(updates(["adamw"], ["cosine"], ["norm"], [0.1]))
    first = worked("batch_norm", update, page={"steps": 2})
    assert found(first.second) == []
    assert all(first.second.notation.symbol(name) == first.notation.symbol(name) for name in ("beta1", "t", "eps"))


@pytest.mark.parametrize(("family", "optimizer", "step", "usual", "instead"), [
    ("batch_norm", "lion", "beta1", r"\beta_1", r"\rho_1"),
    ("batch_norm", "adam", "t", "t", r"\tau"),
    ("layer_norm", "adam", "clip_norm", "c", r"\theta"),
    ("layer_norm", "momentum", "momentum", r"\mu", r"\rho"),
    ("rms_norm", "adam", "eps", r"\epsilon", r"\delta"),
])  # fmt: skip
def test_an_update_gives_way_to_the_family(family, optimizer, step, usual, instead):
    update = next(updates([optimizer], ["constant"], ["norm"], [0.0]))
    assert worked(family, update).notation.symbol(step) == instead
    assert worked("mlp", update).notation.symbol(step) == usual


def test_an_update_gives_way_to_the_example():
    """The counter is no t where the example writes its input so."""
    update = next(updates(["adam"], ["constant"], [""], [0.0]))
    notation = worked("mlp", update, notation={"x": "t"}).notation
    assert (notation.symbol("x"), notation.symbol("t"), notation.symbol("t_new")) == ("t", r"\tau", r"\tau^{*}")


@pytest.mark.parametrize(("notation", "sentence"), [
    ({"x": "y"}, r"notation.x and y have the same symbol 'y'"),
    ({"x": "u", "y": "u"}, r"notation.x and notation.y have the same symbol 'u'"),
    ({"x": r"\alpha"}, r"notation.x and learning_rate have the same symbol"),
    ({"layer1.b": "y_{2}"}, r"notation.layer1.b and entry \[1\]\[0\] of y have the same symbol"),
    ({"y": {"symbol": "u", "entries": [["u_1"], ["x_{2}"]]}},
     r"notation.y.entries\[1\]\[0\] and entry \[1\]\[0\] of x have the same symbol"),
    ({"y": {"symbol": "u", "entries": [["v"], ["v"]]}},
     r"notation.y.entries\[0\]\[0\] and notation.y.entries\[1\]\[0\] have the same symbol 'v'"),
    ({"ones": "E"}, r"notation.ones and E have the same symbol 'E'"),
    ({"E": r"\varepsilon", "J": r"\epsilon"}, r"notation.E and notation.J have the same symbol"),
])  # fmt: skip
def test_an_example_whose_own_symbols_clash_is_refused(notation, sentence):
    with pytest.raises(BookError, match=rf"^mlp.toml: {sentence}.*; give one of them another\.$"):
        _ = worked("mlp", {"learning_rate": 0.1}, notation=notation).notation


def test_symbols_are_told_apart_as_a_reader_does():
    assert letters(r"W^{(1)}_{2}") == letters(r"W_2^{(1)}") == letters("W _ 2 ^{(1)}")
    assert letters(r"\varepsilon") == letters(r"{\epsilon}")
    assert len({letters(s) for s in ("x", "x_1", "x^1", "X", r"\hat{x}", r"\mathbf{x}", r"\chi", "x^{*}")}) == 8
