"""The reference of example files: every key of every family is described in every language, and is on its page."""

import json
import re

import pytest

from gradbook.book.cache.examples import BuiltExample, Cache
from gradbook.book.i18n.words import languages
from gradbook.book.pages import keys, reference
from gradbook.book.pages.shipped import shipped
from gradbook.engine import load, work
from gradbook.engine.families import families, family
from gradbook.engine.schema import schema

FEW = 2
"""A description has at least so many words."""


FIRST = shipped()


def own(name: str) -> list[keys.Table]:
    return keys.tables_of(name)


def is_translated(text: str) -> bool:
    told = [reference.Told(lang).told(text) for lang in languages()]
    return len(set(told)) == len(told)


@pytest.mark.parametrize("name", ["", *families()])
def test_every_key_is_described_in_every_language(name):
    """Of what all families share, and of each family: put a docstring below the key, and translate it."""
    tables = own(name) if name else keys.common_tables()
    said = [(f"{table.heads} {key.name}", key.says) for table in tables for key in table.keys]
    said += [(str(table.heads), table.says) for table in tables if table.heads]
    assert not [place for place, text in said if len(text.split()) < FEW], "a docstring is missing"
    assert not [place for place, text in said if not is_translated(text)], "a translation is missing"


@pytest.mark.parametrize("name", families())
def test_every_family_says_what_its_loss_is_and_what_it_refuses(name):
    rules = keys.rules_of(name)
    assert len(keys.loss_of(name).split()) > FEW and keys.loss_of(name) in json.loads(schema(name))["description"]
    own = family(name).Spec.__pydantic_decorators__.model_validators
    shared = keys.Example.__pydantic_decorators__.model_validators
    judges = [each for each in own if each not in shared and own[each].info.mode == "after"]
    assert len(rules) == len(judges), "a validator without a docstring"
    assert all(map(is_translated, [keys.loss_of(name), *rules]))


@pytest.fixture(scope="module")
def pages(tmp_path_factory) -> dict[str, dict[str, str]]:
    """The pages of all families, by language."""
    examples = [
        BuiltExample(name, name, n, dict.fromkeys(languages(), name), {}, "") for n, name in enumerate(families())
    ]
    return reference.reference(examples, Cache(tmp_path_factory.mktemp("store"))).files


@pytest.mark.slow
@pytest.mark.parametrize("name", families())
def test_a_page_names_every_key_and_every_parameter(pages, name):
    trace = work(load(FIRST[name]))
    for text in (files[f"{name}.md"] for files in pages.values()):
        assert all(f"`{head}`" in text for table in own(name) for head in table.heads if table.keys)
        assert all(f"* - `{key.name}`\n" in text for table in own(name) for key in table.keys)
        assert all(f"* - `{leaf.name}`\n" in text for leaf in trace.leaves("param"))
        assert text.count("\n* - ") == text.count("* - ") and "(reference-" in text


@pytest.mark.slow
@pytest.mark.parametrize("name", families())
def test_the_key_of_a_parameter_gives_its_numbers(name):
    """Another number there is another number of the parameter, and of no other."""
    path = FIRST[name]
    trace, found = work(load(path)), reference.keys_of(reference.worked_of(path))
    assert set(found) == {leaf.name for leaf in trace.leaves("param")}
    for parameter, place in found.items():
        changed = work(load(path, [f"{place}{'[0]' * depth(load(path), place)}=0.123456"]))
        moved = {leaf.name for leaf in trace.leaves("param") if (leaf.value != changed.value(leaf.name)).any()}
        assert moved == {parameter}, place


def depth(example, place: str) -> int:
    """How many indices lead from a key to a number."""
    value, count = example.model_dump(), 0
    for part in re.findall(r"\w+", place):
        value = value[int(part) if part.isdigit() else part]
    while isinstance(value, list):
        value, count = value[0], count + 1
    return count
