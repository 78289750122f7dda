"""Valid examples of every family, drawn at random, are worked, judged and written in every language."""

import os
import random
from pathlib import Path

import pytest

from gradbook.book.pages.material import Material
from gradbook.book.pages.pages import pages
from gradbook.book.pages.worked import Worked
from gradbook.engine import work
from gradbook.engine.families import families
from gradbook.engine.load import validate
from gradbook.engine.spec.meeting import Claims
from tests import judges
from tests.as_toml import as_toml
from tests.chance import remember
from tests.drawn_options import another_layer, another_step
from tests.small_project import small_project
from tests.test_random_books import redone
from tests.valid_examples import (
    SIZES,
    SMALL,
    attempt,
    count,
    shipped,
    targets_of,
    valid_example,
)

EACH = 1
"""So many examples of each family; the books below hold more of them, and the checker judges these."""
COUNT, BOOKS = int(os.environ.get("GRADBOOK_EXAMPLES", "100")), 4
"""So many examples in so many books are built and re-read."""
WIDE = 0.1
"""The share of these that may have matrices with dots."""


@pytest.mark.slow
@pytest.mark.parametrize("family", families())
def test_an_example_is_worked_judged_and_written(family):
    chance = random.Random(family)
    for _ in range(EACH):
        tables = valid_example(chance, family)
        remember(tables)
        example = validate(tables, Path("random.toml"))
        trace = work(example)
        if trace.loss:
            judges.exact_gradients(trace)
        material = Material(Worked.of(example, trace))
        written = [pages(material, lang) for lang in ("en", "zh")]
        assert written[0].keys() == written[1].keys() and len(written[0]) > (4 if trace.loss else 1)


@pytest.mark.slow
def test_what_is_drawn_is_of_all_kinds():
    """Sizes from 1 to beyond the dots, several optimisers, both arithmetics, few digits and many."""
    chance = random.Random(0)
    drawn = [valid_example(chance, "mlp") for _ in range(25)]
    lengths = {length for tables in drawn for length in sizes(tables)}
    assert {1, 2} <= lengths and max(lengths) >= 9
    assert len({tables["update"].get("optimizer", "sgd") for tables in drawn if "update" in tables}) >= 4
    assert {tables["page"]["arithmetic"] for tables in drawn} == {"pencil", "exact"}
    assert len({tables["page"]["digits"] for tables in drawn}) >= 5
    assert len({tables.get("loss") for tables in drawn}) >= 3
    assert {(targets_of(tables) is not None, "upstream" in tables["data"]) for tables in drawn} == {
        (True, False), (False, True), (False, False),
    }  # fmt: skip
    assert len({str(tables) for tables in drawn}) == 25
    assert all(count(tables) > count(shipped("mlp")[0]["update"]) for tables in drawn)


@pytest.mark.slow
def test_windows_and_layers_are_drawn():
    """Windows that do not fit evenly, and a dense layer behind another one."""
    chance, start = random.Random(0), {"title": {"en": "Random"}}
    drawn = [attempt(shipped("cnn")[i % 2] | start, lambda t: another_step(t, chance)) for i in range(12)]
    assert any(not fit.is_even for tables in drawn for fit in validate(tables, Path("random.toml")).fits())
    drawn = [attempt(shipped("cnn")[0] | start, lambda t: another_layer(t, chance)) for _ in range(6)]
    assert any("activation" in tables["dense"][0] for tables in drawn if isinstance(tables["dense"], list))


def sizes(tables: dict) -> set[int]:
    claims = Claims()
    claims.read(validate(tables, Path("random.toml")))
    return {claim.size for places in claims.found.values() for claim in places}


@pytest.mark.slow
@pytest.mark.parametrize("part", range(BOOKS))
def test_books_of_valid_examples_are_redone_in_every_language(tmp_path, chance, part):
    """Built and re-read: no failure and nothing that is not understood. The families take turns.

    The same examples in each run, unless GRADBOOK_EXAMPLES says how many others are to be drawn: what these still
    find is mended first.
    """
    chance = chance if "GRADBOOK_EXAMPLES" in os.environ else random.Random(part)
    project, names = small_project(tmp_path / "book"), list(families())
    first = chance.randrange(len(names))
    for i in range(part, COUNT, BOOKS):
        family = names[(first + i // BOOKS) % len(names)]
        tables = valid_example(chance, family, SIZES if chance.random() < WIDE else SMALL)
        (project / "examples" / f"drawn-{i}.toml").write_text(as_toml(tables), encoding="utf-8")
    result = redone(project, ("en", "zh"))
    assert result["not_understood"] == []
    assert result["counts"]["redone"] > COUNT // BOOKS
