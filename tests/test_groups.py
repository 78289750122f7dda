"""Headings: what stands side by side, what is folded, and that every line follows from lines above it."""

from pathlib import Path

import pytest

from gradbook.book.pages.groups import is_alias
from gradbook.book.pages.kinds import page_of
from gradbook.book.pages.material import Material
from gradbook.book.pages.view import View
from gradbook.book.pages.worked import Worked
from gradbook.engine import load, work
from gradbook.engine.load import validate
from tests.families.judges import changed, tables

EXAMPLES = sorted((Path(__file__).parent.parent / "examples").glob("*.toml"))


def worked(path_or_tables) -> Worked:
    is_file = not isinstance(path_or_tables, dict)
    example = load(path_or_tables) if is_file else validate(path_or_tables, Path("test.toml"))
    return Worked.of(example, work(example))


def page(found: Worked | dict, kind: str) -> View:
    return page_of(kind)(Material(worked(found) if isinstance(found, dict) else found), "en")


def grouped(tables: dict, kind: str) -> list[tuple[str, bool, list[str]]]:
    view = page(tables, kind)
    return [(view.heading(group), group.folded, [line.name for line in group.lines]) for group in view.groups()]


@pytest.fixture(scope="module", params=EXAMPLES, ids=lambda p: p.stem)
def example(request) -> Worked:
    return worked(request.param)


def test_every_line_follows_from_lines_above_it(example):
    for kind in ("forward", "backward"):
        view = page(example, kind)
        lines = [line for group in view.groups() for line in group.lines]
        own = {line.name for line in lines if not is_alias(line)}
        above: set[str] = set()
        for line in lines:
            read = {line.name} if is_alias(line) else view.used(line.name)
            assert own.intersection(read) <= above, line.name
            above.add(line.name)


def test_every_line_stands_under_one_heading(example):
    for phase in ("forward", "update"):
        view = page(example, phase)
        lines = [line.name for group in view.groups() for line in group.lines]
        assert sorted(lines) == sorted(line.name for line in view.lines(phase))
    views = [page(example, kind) for kind in ("forward", "backward")]
    assert all(view.heading(group) for view in views for group in view.groups()[:1])


def test_the_table_of_symbols_lists_every_step_once(example):
    view = page(example, "index")
    first, again = view.symbols()
    names = [step.name for step in (*first, *again)]
    assert sorted(names) == sorted(step.name for step in view.places.listed())
    assert len(names) == len(set(names))


def test_a_step_of_time_is_folded_where_it_repeats_the_one_before():
    many_to_one = grouped(tables("rnn"), "forward")
    assert many_to_one == [
        ("Step 1", False, ["t1.z", "t1.h"]),
        ("Step 2", True, ["t2.z", "t2.h"]),
        ("Step 3", True, ["t3.z", "t3.h"]),
        ("", False, ["t3.y", "t3.E"]),
        ("The whole sequence", False, ["J"]),
    ]


def test_on_the_way_back_only_what_is_new_is_shown():
    many_to_one = grouped(tables("rnn"), "backward")
    assert many_to_one == [
        ("Step 3", False, ["t3.dy", "t3.dh", "t3.delta"]),
        ("Step 2", False, ["t2.dh"]),
        ("", True, ["t2.delta"]),
        ("Step 1", True, ["t1.dh", "t1.delta"]),
        ("The whole sequence", False, ["t3.dy", "dW_hy", "db_h", "dW_hh", "dW_xh"]),
    ]


def test_with_an_output_at_every_step_the_last_state_has_one_way_less():
    found = changed(tables("rnn"), "data.y=[[0.1], [0.2], [0.4]]")
    groups = grouped(found, "backward")
    assert groups[:5] == [
        ("Step 3", False, ["t3.dy", "t3.dh", "t3.delta"]),
        ("Step 2", True, ["t2.dy"]),
        ("", False, ["t2.dh"]),
        ("", True, ["t2.delta"]),
        ("Step 1", True, ["t1.dy", "t1.dh", "t1.delta"]),
    ]


def test_of_single_lines_that_match_one_pattern_the_first_is_shown():
    groups = grouped(tables("lstm"), "backward")
    shown = [name for _, folded, names in groups if not folded for name in names]
    for kind in ("dW_x", "dW_h", "db_"):
        assert [name for name in shown if name.startswith(kind) and name != "dW_hy"] == [f"{kind}o"]


def test_the_table_of_symbols_folds_what_repeats_at_another_step():
    first, again = page(tables("rnn"), "index").symbols()
    names = [step.name for step in first]
    assert {"t1.x", "t0.h", "t1.z", "t1.h", "t3.y", "t3.dh"} <= set(names)
    assert {"t2.x", "t3.z", "t2.h", "t1.dh"} <= {step.name for step in again}


def test_what_to_see_in_the_numbers_stands_only_where_there_are_such_lines():
    assert [len(page(tables(name), "backward").observations()) for name in ("rnn", "seed")] == [2, 0]
    results, words = page(tables("rnn"), "backward").observations()[0]
    assert results.count(r"\delta^{(") == 3 and "vanishing gradient" in words


def test_one_entry_in_full_is_enough_of_a_kind():
    view = page(tables("lstm"), "forward")
    kinds = {line.name: view.likeness(line) for line in view.lines("forward")}
    assert kinds["t1.z_f"] == kinds["t1.z_i"] and kinds["t1.f"] == kinds["t1.i"]
    assert kinds["t1.z_f"] != kinds["t2.z_f"] and kinds["t1.f"] != kinds["t1.candidate"]
