"""The map of the book: every family is on it, arrows lead from what helps to what builds on it."""

import re
from graphlib import CycleError
from pathlib import Path

import pytest

from gradbook.book.base.address import address as address_of
from gradbook.book.cache.examples import BuiltExample, Cache
from gradbook.book.figures.families import MOST, _nodes, _place, draw, needed, order, rows
from gradbook.book.i18n.words import languages
from gradbook.book.new import new_example
from gradbook.book.pages.map import address, entries, the_map
from gradbook.book.pages.pages import build, prepare
from gradbook.book.project import Project
from gradbook.book.site.generated import write_pages
from gradbook.engine import load
from gradbook.engine.families import families
from gradbook.engine.load import validate
from tests.tiers import some_slow

EXAMPLES = Path(__file__).parent.parent / "examples"
MANY = {
    "linear": (), "mlp": ("linear",), "cnn": ("mlp",), "rnn": ("mlp",), "lstm": ("rnn",), "attention": ("rnn", "mlp"),
    "norm": ("mlp",), "encoder": ("attention", "norm"), "gpt": ("encoder", "norm"),
    **{f"small_{i}": ("mlp",) for i in range(14)},
}  # fmt: skip


TABLES = {
    "family": "mlp", "title": {"en": "A"}, "data": {"x": [[1.0]], "y": [[1.0]]}, "update": {"learning_rate": 0.1},
    "layers": [{"W": [[1.0]], "b": [0.0], "activation": "identity"}],
}  # fmt: skip


def test_order():
    found = order(MANY)
    assert sorted(found) == sorted(MANY)
    assert all(found.index(b) < found.index(name) for name, before in MANY.items() for b in before)


def test_arrows_that_say_nothing_new_are_left_out():
    assert needed(MANY)["attention"] == ("rnn",)
    assert needed(MANY)["gpt"] == ("encoder",)
    assert needed({"a": (), "b": ("a", "a")})["b"] == ("a",)


def test_a_circle_is_an_error():
    with pytest.raises(CycleError):
        order({"a": ("b",), "b": ("a",)})


def test_rows_go_down_and_are_not_too_long():
    found = rows(MANY)
    assert all(found[b] < found[name] for name, before in MANY.items() for b in before)
    assert max(list(found.values()).count(row) for row in set(found.values())) <= MOST


def test_nothing_stands_on_anything():
    nodes = _nodes(needed(MANY))
    width, height = _place(nodes)
    boxes = [node.box for node in nodes]
    assert all(b.left >= 0 and b.right <= width and b.top >= 0 and b.bottom <= height for b in boxes)
    assert not any(a.meets(b) for i, a in enumerate(boxes) for b in boxes[:i])


def test_drawing():
    svg = draw(MANY, lambda name: f"#{address(name)}")
    assert svg == draw(MANY, lambda name: f"#{address(name)}")
    assert set(re.findall(r'href="#([^"]*)"', svg)) == {address(name) for name in MANY}


@pytest.fixture(scope="module")
def seed():
    return build(prepare(EXAMPLES / "seed.toml"))


@pytest.mark.parametrize("lang", some_slow(languages(), 2))
def test_page(seed, lang, tmp_path):
    files = the_map([seed], Cache(tmp_path)).files[lang]
    page, links = files["map.md"], re.findall(r'href="#([^"]*)"', files["map.svg"])
    for name, entry in entries([seed], lang).items():
        assert f"({address(name)})=\n    {entry.title}\n" in page and address(name) in links
    assert f"[{seed.titles[lang]}](../examples/seed/index.md)" in page
    assert "](#operation-sigmoid)" in page and "](#operation-relu)" not in page


def test_entries(seed):
    found = entries([seed], "en")
    assert set(found) == set(families())
    assert found["mlp"].title == "Multilayer perceptron" and found["mlp"].examples == [seed]
    assert found["mlp"].operations["activations"] == ["sigmoid"]
    assert not found["rnn"].examples and not found["rnn"].operations


def test_made_again_only_when_something_has_changed(seed, tmp_path, monkeypatch):
    from gradbook.book.pages import map

    first = the_map([seed], Cache(tmp_path))
    monkeypatch.setattr(map, "_made", lambda examples: pytest.fail("was made again"))
    assert the_map([seed], Cache(tmp_path)) == first


@pytest.mark.parametrize("lang", languages())
def test_an_order_may_be_left_out_and_shared(tmp_path, lang):
    """Those of one order stand by their names, whatever case these are in; without one an example comes late."""
    told = {"zebra": 7, "Ant": 7, "bee": 7, "first": 0, "last": 1_000_000}
    orders = told | {name: validate(TABLES, Path(f"{name}.toml")).order for name in ("none", "Also-none")}
    examples = [
        BuiltExample(n, "mlp", k, {lang: n}, {lang: {}}, {}, listed={lang: {}}) for n, k in reversed(orders.items())
    ]
    wanted = ["first", "Ant", "bee", "zebra", "Also-none", "none", "last"]
    write_pages(examples, lang, tmp_path)
    page = (tmp_path / "index.md").read_text(encoding="utf-8")
    assert re.findall(r"^- \[([^\]]+)\]", page, re.MULTILINE) == wanted
    assert re.findall(r"^(\S+)/index$", page, re.MULTILINE) == [address_of(name) for name in wanted]
    assert [example.name for example in entries(examples, lang)["mlp"].examples] == wanted


def test_a_copy_may_share_the_order_of_its_original(tmp_path):
    made = [new_example(tmp_path / "examples", name, "lstm", "2,2") for name in ("one", "two")]
    assert len({load(path).order for path in made}) == 1 and Project.at(tmp_path).example_paths() == made
