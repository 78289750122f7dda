"""Valid examples of every family: a shipped example whose dimensions, numbers and options are drawn anew.

Nothing here knows a family. Which lists have which dimension, and which words a key may be, is what the family
declares (`spec/shapes.py`, `Known`); a change that makes an example invalid is taken back, so what is left is what
the engine accepts.
"""

import copy
import random
import re
import tomllib
from collections.abc import Callable
from pathlib import Path

from gradbook.engine import BookError, work
from gradbook.engine.families import families
from gradbook.engine.load import validate
from gradbook.engine.spec.meeting import Claim, Claims
from tests.drawn_options import FILE, keys, known, of_length, option

EXAMPLES = sorted((Path(__file__).parent.parent / "examples").glob("*.toml"))
SIZES = (1, 2, 2, 3, 3, 4, 5, 9, 10)
"""Lengths of a dimension; a matrix of nine is printed with dots."""
SMALL = (1, 1, 2, 2, 3)
"""Lengths in an example of a few seconds less."""
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


def valid_example(chance: random.Random, family: str | None = None, sizes: tuple[int, ...] = SIZES) -> dict:
    """The tables of an example that the engine works, with lengths of `sizes`."""
    family = family or chance.choice(list(families()))
    tables = chance.choice(shipped(family)) | {"title": {"en": "Random", "zh": "随机"}}
    tables["page"] = {"curve": 3}
    if chance.random() < 0.4:
        tables = attempt(tables, lambda found: found.update(turned(found)))
    tables = resized(tables, chance, sizes)
    for change in (_numbers, _samples, *([option] * 6), _page, _inputs, _without_a_target):
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


def resized(tables: dict, chance: random.Random, sizes: tuple[int, ...] = SIZES) -> dict:
    claims = Claims()
    claims.read(validate(tables, FILE))
    for places in list(claims.found.values()):
        if chance.random() < 0.6:
            length = chance.choice(sizes)
            tables = attempt(tables, lambda found, places=places, length=length: resize(found, places, length))
    return tables


def resize(tables: dict, claims: list, length: int) -> None:
    for claim in claims:
        holder, key = inside(tables, claim.place)
        rows = holder[key]
        holder[key] = [of_length(row, length) for row in rows] if claim.word == "column" else of_length(rows, length)


def inside(tables, place: str):
    """The table, or list, that holds what stands at a place such as 'layers[0].W', and its key there."""
    *path, last = (int(index) if index else key for key, index in re.findall(r"(\w+)|\[(\d+)\]", place))
    for key in path:
        tables = tables[key]
    return tables, last


# Layouts


def turned(tables: dict) -> dict:
    """The same model in the other layout: every matrix that is declared to follow it is transposed. Raises
    LookupError if the family knows no layout."""
    found = copy.deepcopy(tables)
    example = validate(tables, FILE)
    found["layout"] = next(name for name in known(keys(tables)["layout"]) if name != example.layout)
    claims = Claims()
    claims.read(example)
    for place in claims.laid:
        holder, key = inside(found, place)
        holder[key] = [list(column) for column in zip(*holder[key], strict=True)]
    return found


# Numbers and targets


def _numbers(tables: dict, chance: random.Random) -> None:
    """Every decimal in a list is another one; whole numbers may be classes, masks or places, and stay."""
    decimals = chance.randint(1, 3)
    for key in sorted(tables.keys() - {"update", "page", "title"}):
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
        given = _renumbered(_decimals(y), chance, 2)
    else:
        tables.pop("input_gradients", None)
    tables.update(answered(tables, given))
    for key in ("loss", "delta", "penalty", "logits"):
        tables.pop(key, None)


def _decimals(value):
    """Targets with a decimal in the place of every number."""
    return [_decimals(part) for part in value] if isinstance(value, list) else float(value)


def targets_of(tables: dict):
    """The targets of an example, whose key the family names; None if it has none."""
    data = tables.get("data", {})
    return data.get("t", data.get("y"))


def answered(tables: dict, upstream) -> dict:
    """The tables without their targets, with the gradient of the output in their place if it is given."""
    data = {k: v for k, v in tables["data"].items() if k not in ("y", "t", "labelled")}
    left = {k: v for k, v in tables.items() if k not in ("loss", "delta", "penalty", "logits")}
    return left | {"data": data | ({} if upstream is None else {"upstream": upstream})}


def _page(tables: dict, chance: random.Random) -> None:
    tables["page"] |= {
        "arithmetic": chance.choice(["pencil", "exact"]),
        "digits": chance.randint(2, 12),
        "steps": chance.randint(1, 3),
    }
