"""Valid examples of every family: a shipped example whose dimensions, numbers and options are drawn anew.

Nothing here knows a family. Which lists have which dimension, and which words a key may be, is what the family
declares (`spec/shapes.py`, `Known`); a change that makes an example invalid is taken back, so what is left is what
the engine accepts.
"""

import copy
import random
import re
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from gradbook.engine import BookError, work
from gradbook.engine.families import families
from gradbook.engine.families import family as spec_of
from gradbook.engine.load import validate
from gradbook.engine.ops import OPS, of_kind
from gradbook.engine.optim import KEYS, OPTIMIZERS, companion_of
from gradbook.engine.spec.example import Known
from gradbook.engine.spec.rules import giving
from gradbook.engine.spec.shapes import Claim, Claims

EXAMPLES = sorted((Path(__file__).parent.parent / "examples").glob("*.toml"))
FILE = Path("random.toml")
SIZES = (1, 2, 2, 3, 3, 4, 5, 9, 10)
"""Lengths of a dimension; a matrix of nine is printed with dots."""
MOST = 400
"""An example has no more numbers than this, so that its pages are built in a second or two."""
MENDS = 4
"""So often a matrix is given the number of columns that a refusal asks for: a window that moves otherwise leaves
another number of places, and a layer behind another one reads what that gives."""
WIDTH = re.compile(r"\S+: (?P<place>\S+): has \d+ columns?, expected (?P<columns>\d+)")
WORDS = ("title", "intro", "see", "order", "notation")


def shipped(family: str) -> list[dict]:
    """The book's examples of a family, without their words and symbols."""
    found = [tomllib.loads(path.read_text(encoding="utf-8")) for path in EXAMPLES]
    return [
        {k: v for k, v in tables.items() if k not in WORDS} for tables in found if tables["family"] == family
    ]  # fmt: skip


def valid_example(chance: random.Random, family: str | None = None) -> dict:
    """The tables of an example that the engine works."""
    family = family or chance.choice(list(families()))
    tables = chance.choice(shipped(family)) | {"title": {"en": "Random", "zh": "随机"}}
    tables["page"] = {"curve": 3}
    tables = resized(tables, chance)
    for change in (_numbers, _samples, *([_option] * 6), _page, _inputs, _without_a_target):
        tables = attempt(tables, lambda found, change=change: change(found, chance))
    return tables


def attempt(tables: dict, change: Callable[[dict], None]) -> dict:
    """The tables after a change; as they were if the engine does not take them then."""
    found = copy.deepcopy(tables)
    try:
        change(found)
    except (LookupError, TypeError):  # an earlier change has taken away what this one asks for
        return tables
    for _ in range(MENDS):
        try:
            if count(found) > MOST:
                return tables
            work(validate(found, FILE))
            return found
        except BookError as refusal:
            if not (wrong := WIDTH.match(str(refusal))):
                return tables
        resize(found, [Claim(0, wrong["place"], "column")], int(wrong["columns"]))
    return tables


# Dimensions


def resized(tables: dict, chance: random.Random) -> dict:
    claims = Claims()
    claims.read(validate(tables, FILE))
    for places in list(claims.found.values()):
        if chance.random() < 0.6:
            length = chance.choice(SIZES)
            tables = attempt(tables, lambda found, places=places, length=length: resize(found, places, length))
    return tables


def resize(tables: dict, claims: list, length: int) -> None:
    for claim in claims:
        holder, key = inside(tables, claim.place)
        rows = holder[key]
        holder[key] = [of_length(row, length) for row in rows] if claim.word == "column" else of_length(rows, length)


def of_length(values: list, length: int) -> list:
    """The values again and again, or the first of them."""
    return copy.deepcopy([values[i % len(values)] for i in range(length)])


def inside(tables, place: str):
    """The table, or list, that holds what stands at a place such as 'layers[0].W', and its key there."""
    *path, last = (int(index) if index else key for key, index in re.findall(r"(\w+)|\[(\d+)\]", place))
    for key in path:
        tables = tables[key]
    return tables, last


# Numbers


def _numbers(tables: dict, chance: random.Random) -> None:
    """Every decimal in a list is another one; whole numbers may be classes, masks or places, and stay."""
    decimals = chance.randint(1, 3)
    for key in tables.keys() - {"update", "page", "title"}:
        tables[key] = _renumbered(tables[key], chance, decimals)


def _samples(tables: dict, chance: random.Random) -> None:
    """One in three has several samples where the family takes one or a list of them: each is a list like the one that
    was, with other numbers; refused and so taken back where there is no such choice."""
    if chance.random() < 0.33:
        data, count = tables["data"], chance.randint(2, 3)
        data.update(
            {
                key: [_renumbered(data[key], chance, 2) for _ in range(count)]
                for key in ("x", "h0", "c0")
                if key in data
            }
        )
        data["y"] = [copy.deepcopy(data["y"]) for _ in range(count)]


def _renumbered(value, chance: random.Random, decimals: int, listed: bool = False):
    if isinstance(value, dict):
        return {key: _renumbered(part, chance, decimals) for key, part in value.items()}
    if isinstance(value, list):
        return [_renumbered(part, chance, decimals, True) for part in value]
    if isinstance(value, float) and listed:
        return round(chance.uniform(-1, 1), decimals) or 0.1
    return value


def count(value) -> int:
    """How many numbers stand in tables."""
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else None
    return sum(map(count, parts)) if parts is not None else isinstance(value, int | float)


# Options


def _option(tables: dict, chance: random.Random) -> None:
    """Other targets, another loss, activation, word, number or layer; another optimiser, schedule, batch or start."""
    of_model = [_loss, _activation, _classes, _answers, _word, _switch, another_step, another_layer, another_head]
    chance.choice([*of_model, _optimizer, _schedule, _clipping, _decay, _batches, _start])(tables, chance)


def _loss(tables: dict, chance: random.Random) -> None:
    tables["loss"] = chance.choice(of_kind("loss"))


def _activation(tables: dict, chance: random.Random) -> None:
    drawn = chance.choice(of_kind("activation"))
    holders = [tables, *(part for value in tables.values() if isinstance(value, list) for part in value)]
    holder = chance.choice([h for h in holders if isinstance(h, dict) and "activation" in h] or [tables])
    holder["activation"] = drawn


def _classes(tables: dict, chance: random.Random) -> None:
    """Targets as the numbers of classes, with a loss that compares distributions."""
    if "loss" in keys(tables):
        tables["loss"] = chance.choice([n for n in of_kind("loss") if OPS[n].accepts(1) == "distribution"])
        if "output_activation" in keys(tables):
            tables["output_activation"] = chance.choice(giving(OPS[tables["loss"]].outputs))
    count = len(tables["data"]["y"][0])
    tables["data"]["y"] = [chance.randrange(count) for _ in tables["data"]["y"]]


def _answers(tables: dict, chance: random.Random) -> None:
    """A mask of the steps that answer, with targets for these or for all."""
    data = tables["data"]
    data["answers"] = [chance.randint(0, 1) for _ in data["x"]]
    data["y"] = of_length(data["y"], chance.choice([len(data["x"]), sum(data["answers"])]))


def _word(tables: dict, chance: random.Random) -> None:
    """Another word for a key of the example that takes one of some, such as the place of a norm."""
    words = {key: known(field) for key, field in keys(tables).items() if known(field)}
    key = chance.choice(sorted(words))
    tables[key] = chance.choice(words[key])


def _switch(tables: dict, chance: random.Random) -> None:
    """A key of the example that says yes or no, such as `causal`, says the other."""
    found = {key: field.default for key, field in keys(tables).items() if field.annotation is bool}
    key = chance.choice(sorted(found.keys() - {"input_gradients"}))
    tables[key] = not tables.get(key, found[key])


def keys(tables: dict) -> dict:
    """The keys of an example of this family, each as it is declared."""
    return dict(spec_of(tables["family"]).Spec.model_fields)


def known(field) -> list[str]:
    """The words that a field takes, if they are said."""
    return [name for part in field.metadata if isinstance(part, Known) for name in part.names]


def _optimizer(tables: dict, chance: random.Random) -> None:
    tables.pop("start", None)  # what another optimiser remembers
    tables["update"] = {
        "learning_rate": chance.choice([0.01, 0.1, 0.5]),
        "optimizer": chance.choice(list(OPTIMIZERS)),
    }


def _schedule(tables: dict, chance: random.Random) -> None:
    kind = chance.choice(list(KEYS))
    drawn = {"steps": chance.randint(2, 9), "factor": chance.choice([0.5, 0.9]), "lowest": 0.001}
    tables["update"]["schedule"] = {"kind": kind, **{key: drawn[key] for key in KEYS[kind]}}


def _clipping(tables: dict, chance: random.Random) -> None:
    for key in chance.choice([["clip_value"], ["clip_norm"], ["clip_value", "clip_norm"]]):
        tables["update"][key] = chance.choice([0.05, 0.5])


def _decay(tables: dict, chance: random.Random) -> None:
    tables["update"]["weight_decay"] = chance.choice([0.01, 0.1])


def _inputs(tables: dict, chance: random.Random) -> None:
    """One in four goes on to its inputs."""
    tables["input_gradients"] = chance.random() < 0.25


def _without_a_target(tables: dict, chance: random.Random) -> None:
    """One in three has no target; two of three of these are given the gradient of their output."""
    kind = chance.choice(["forward", "upstream", "upstream", *(["target"] * 6)])
    if kind == "target":
        return
    y, given = targets_of(tables), None
    if kind == "upstream":
        given = _renumbered(
            [[float(n) for n in row] if isinstance(row, list) else float(row) for row in y], chance, 2
        )
    else:
        tables.pop("input_gradients", None)
    tables.update(answered(tables, given))
    for key in ("loss", "delta", "penalty", "logits"):
        tables.pop(key, None)


def targets_of(tables: dict):
    """The targets of an example, whose key the family names; None if it has none."""
    data = tables.get("data", {})
    return data.get("t", data.get("y"))


def answered(tables: dict, upstream) -> dict:
    """The tables without their targets, with the gradient of the output in their place if it is given."""
    data = {k: v for k, v in tables["data"].items() if k not in ("y", "t", "labelled")}
    left = {k: v for k, v in tables.items() if k not in ("loss", "delta", "penalty", "logits")}
    return left | {"data": data | ({} if upstream is None else {"upstream": upstream})}


def another_step(tables: dict, chance: random.Random) -> None:
    """A whole number that a table says by a key, such as the stride of a window, is another one; or there is one for
    rows and columns each, or for all four sides."""
    holder, key = chance.choice(list(whole_numbers({k: v for k, v in tables.items() if k not in ("update", "page")})))
    several = chance.choice([0, 0, 2, 2, 4])
    holder[key] = [chance.randint(0, 3) for _ in range(several)] or chance.randint(0, 4)


def whole_numbers(value) -> Iterator[tuple[dict, str]]:
    """The tables in a value that say a whole number, and by which key."""
    if isinstance(value, dict):
        yield from ((value, key) for key, part in value.items() if type(part) is int)
    for part in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from whole_numbers(part)


def another_layer(tables: dict, chance: random.Random) -> None:
    """Behind the last layer of a chain stands another one like it; the one before may get an activation. A chain that
    was left out begins with a layer of two units."""
    fields = spec_of(tables["family"]).Spec.model_fields
    key = chance.choice([key for key, field in fields.items() if "x-chain" in (field.json_schema_extra or {})])
    if key not in tables:
        inputs = len(tables["data"]["x"][0])
        tables[key] = [{"W": [of_length([0.3, -0.4, 0.2], inputs) for _ in range(2)], "b": [0.1, -0.2]}]
        return
    layers = tables[key] if isinstance(tables[key], list) else [tables[key]]
    middle = {"activation": chance.choice(of_kind("activation"))} if chance.random() < 0.7 else {}
    tables[key] = [*layers[:-1], layers[-1] | middle, copy.deepcopy(layers[-1])]


def another_head(tables: dict, chance: random.Random) -> None:
    """One more head in an attention: the matrix behind all of them gets the rows that it reads of the new one."""
    places = [tables[key] for key in tables if key.endswith("_attention")] or [tables]
    holder = chance.choice(places)
    if "W_Q" in holder:
        holder["heads"] = [{key: holder.pop(key) for key in ("W_Q", "W_K", "W_V")}]
    head = copy.deepcopy(chance.choice(holder["heads"]))
    mixing = holder if "W_O" in holder else tables["weights"]
    mixing["W_O"] = of_length(mixing["W_O"], len(mixing["W_O"]) + len(head["W_V"][0]))
    holder["heads"].append(head)


def _batches(tables: dict, chance: random.Random) -> None:
    """A part of the samples in each update; refused and so taken back where there are none."""
    size = chance.choice([1, 1, 2])
    tables["update"]["batch_size"] = size
    if chance.random() < 0.5:
        tables["update"]["order"] = [chance.randrange(3) for _ in range(size * chance.randint(1, 4))]


def _start(tables: dict, chance: random.Random) -> None:
    """What the optimiser remembers of some parameters, never negative, as squares are not."""
    trace = work(validate(tables, FILE))
    start: dict = {"t": chance.randint(1, 9)} if "t" in trace else {}
    for leaf in trace.leaves("state"):
        if (found := companion_of(trace, leaf.name)) and chance.random() < 0.7:
            letter, parameter = found
            start.setdefault(letter, {})[parameter] = np.full(leaf.shape, chance.choice([0.25, 0.5, 1])).tolist()
    tables["start"] = start


def _page(tables: dict, chance: random.Random) -> None:
    tables["page"] |= {
        "arithmetic": chance.choice(["pencil", "exact"]),
        "digits": chance.randint(2, 12),
        "steps": chance.randint(1, 3),
    }
