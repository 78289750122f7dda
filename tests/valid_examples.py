"""Valid examples of every family: a shipped example whose dimensions, numbers and options are drawn anew.

Nothing here knows a family. Which lists have which dimension is what the family declares (`spec/shapes.py`); a change
that makes an example invalid is taken back, so what is left is whatever the engine accepts.
"""

import copy
import random
import re
import tomllib
from collections.abc import Callable
from pathlib import Path

import numpy as np

from gradbook.engine import BookError, work
from gradbook.engine.families import families
from gradbook.engine.load import validate
from gradbook.engine.ops import of_kind
from gradbook.engine.optim import KEYS, OPTIMIZERS, companion_of
from gradbook.engine.spec.shapes import Claims

EXAMPLES = sorted((Path(__file__).parent.parent / "examples").glob("*.toml"))
FILE = Path("random.toml")
SIZES = (1, 2, 2, 3, 3, 4, 5, 9, 10)
"""Lengths of a dimension; a matrix of nine is printed with dots."""
MOST = 400
"""An example has no more numbers than this, so that its pages are built in a second or two."""
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
    for change in (_numbers, *([_option] * 6), _page):
        tables = attempt(tables, lambda found, change=change: change(found, chance))
    return tables


def attempt(tables: dict, change: Callable[[dict], None]) -> dict:
    """The tables after a change; as they were if the engine does not take them then."""
    found = copy.deepcopy(tables)
    try:
        change(found)
    except (LookupError, TypeError):  # an earlier change has taken away what this one asks for
        return tables
    try:
        if count(found) > MOST:
            return tables
        work(validate(found, FILE))
    except BookError:
        return tables
    return found


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
    """Another loss, activation, optimiser, schedule, clipping, decay, batch or start."""
    kinds = [_loss, _activation, _optimizer, _schedule, _clipping, _decay, _batches, _start]
    chance.choice(kinds)(tables, chance)


def _loss(tables: dict, chance: random.Random) -> None:
    tables["loss"] = chance.choice(of_kind("loss"))


def _activation(tables: dict, chance: random.Random) -> None:
    drawn = chance.choice(of_kind("activation"))
    holders = [tables, *(part for value in tables.values() if isinstance(value, list) for part in value)]
    holder = chance.choice([h for h in holders if isinstance(h, dict) and "activation" in h] or [tables])
    holder["activation"] = drawn


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
    tables["update"][chance.choice(["clip_value", "clip_norm"])] = chance.choice([0.05, 0.5])


def _decay(tables: dict, chance: random.Random) -> None:
    tables["update"]["weight_decay"] = chance.choice([0.01, 0.1])


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
