"""Whatever a shipped example of any family is turned into, the answer is a trace or one clear sentence."""

import copy
import random
import tomllib

import pytest

from gradbook.engine import BookError, work
from gradbook.engine.load import validate
from tests.chance import draws, remember

from .judges import EXAMPLES

FILES = sorted(EXAMPLES.glob("*.toml"))
MUTATIONS = draws(100, 30)
VALUES = [
    None, True, "text", "", -1, 0, 1, 3, 7, 2.5, -0.5, 1e-300, 1e300, 10**30, float("inf"), float("nan"), [], {},
    [[]], [0.5], [[0.5]], [[0.1, 0.2], [0.3]], [[0.1, 0.2], [0.3, 0.4]], [[[1.0]]], [["a"]], {"kind": "max"},
]  # fmt: skip


def places(node, path=()):
    """Every key and index of the tables."""
    items = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for key, child in items:
        yield (*path, key)
        yield from places(child, (*path, key))


def mutate(tables: dict, chance: random.Random) -> list:
    """Change, remove, double or add something at one place; returns what was done, for the failing case."""
    path = chance.choice([p for p in places(tables) if p[0] not in ("title", "intro", "notation", "order")])
    parent = tables
    for key in path[:-1]:
        parent = parent[key]
    action = chance.choice(["replace", "replace", "replace", "remove", "double", "add"])
    if action == "remove":
        del parent[path[-1]]
    elif action == "double" and isinstance(parent, list):
        parent.append(copy.deepcopy(parent[path[-1]]))
    elif action == "add" and isinstance(parent, dict):
        parent["surprise"] = 1
    else:
        value = chance.choice(VALUES)
        parent[path[-1]] = copy.deepcopy(value)
        return [action, path, value]
    return [action, path]


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.stem)
def test_a_mutated_example_is_worked_or_refused(path, chance):
    told = tomllib.loads(path.read_text(encoding="utf-8"))
    refusals = 0
    for _ in range(MUTATIONS):
        tables = copy.deepcopy(told)
        done = [mutate(tables, chance) for _ in range(chance.choice([1, 1, 2]))]
        remember(f"{path.stem}: {done}\n", "mutations.txt")
        try:
            work(validate(tables, path))
        except BookError as error:
            refusals += 1
            text = str(error)
            assert "\n" not in text and len(text) < 1500 and path.stem in text, (done, text)
        except Exception as error:
            raise AssertionError(f"{done}: {type(error).__name__}: {error}") from error
    assert refusals > MUTATIONS / 4, "the mutations hardly touch this example"
