"""Complete: every family has an example and its words, in every language; every operation a sample and a listing."""

from pathlib import Path

import pytest

from gradbook.book.figures.families import order
from gradbook.book.i18n.words import TEMPLATES, environment, languages
from gradbook.book.new import new_example
from gradbook.book.pages.arrangement import arrangement
from gradbook.book.pages.listing import listing, rooms
from gradbook.book.pages.map import entries
from gradbook.book.pages.places import places
from gradbook.book.pages.worked import Worked, meanings
from gradbook.engine import load, work
from gradbook.engine.families import families, family
from gradbook.engine.ops import OPS, of_kind
from gradbook.engine.optim import OPTIMIZERS
from gradbook.engine.schema import schema
from gradbook.engine.spec.rules import giving
from tests import views

EXAMPLES = sorted((Path(__file__).parent.parent / "examples").glob("*.toml"))
SEED = next(path for path in EXAMPLES if path.stem == "seed")


@pytest.fixture(scope="module", params=EXAMPLES, ids=lambda p: p.stem)
def worked(request):
    example = load(request.param)
    return Worked.of(example, work(example))


@pytest.mark.parametrize("name", families())
def test_family(name):
    module = family(name)
    assert callable(module.forward)
    assert name in {load(path).family for path in EXAMPLES}, f"family {name} has no example"
    assert (TEMPLATES / "families" / f"{name}.j2").is_file()
    assert (TEMPLATES / "new" / f"{name}.toml.j2").is_file() == hasattr(module, "new")
    assert name in schema(name)


@pytest.mark.parametrize("lang", languages())
def test_every_listed_step_has_a_symbol_and_a_meaning(worked, lang):
    view = views.view(worked, "forward", lang)
    for step in view.places.listed():
        assert view.symbol(step.name), step.name
        assert r"\text{" + step.name not in view.symbol(step.name), f"{step.name} has no symbol of its own"
        assert view.meaning(step.name).strip(), f"{step.name} has no meaning"
        place = step.name.rpartition(".")[0]
        assert view.scope_title(arrangement(worked).scope(step.name)) != place or not place


def test_languages_differ(worked):
    """A meaning that reads the same in two languages was not translated."""
    for step in places(worked).listed():
        said = [meanings(worked, lang).of(step.name) for lang in languages()]
        assert len(set(said)) == len(languages()), step.name


def test_every_step_of_the_examples_has_an_op_with_a_listing(worked):
    for step in worked.exact.values():
        if not step.is_leaf:
            assert listing(step.op).startswith("op(")


@pytest.mark.parametrize("name", OPS)
def test_every_op_has_a_sample_and_a_listing(name):
    assert OPS[name].sample and all(isinstance(shape, tuple) for shape in OPS[name].sample)
    assert f'"{name}"' in listing(name)


def test_titles_in_every_language(worked):
    assert set(languages()) <= set(worked.example.title)


@pytest.mark.parametrize("name", families())
def test_every_family_gives_a_new_example(tmp_path, name):
    path = new_example(tmp_path, "mine", name, "2,2")
    assert load(path).family == name
    work(load(path))
    assert "mine" in path.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_every_optimizer_works_an_example(name):
    trace = work(load(SEED, [f"update.optimizer={name}"]))
    assert set(trace.updated()) == {s.name for s in trace.leaves("param")}


@pytest.mark.parametrize("name", of_kind("activation"))
def test_every_activation_works(name):
    work(load(SEED, [f"layers[0].activation={name}"]))


@pytest.mark.parametrize("name", of_kind("loss"))
def test_every_loss_works(name):
    fitting = giving(OPS[name].outputs or "unit")[0]
    targets = ["data.y=[[-1, 1]]"] if OPS[name].accepts(1) == "sign" else []
    work(load(SEED, [f"loss={name}", f"layers[1].activation={fitting}", *targets]))


@pytest.mark.parametrize("lang", languages())
def test_every_operation_has_its_words(lang):
    """An operation of the engine has a name and a paragraph in the catalogue, and nothing else has."""
    words = environment(lang).get_template("operations.j2").module
    for told in (words.names, words.why):
        assert set(told) == set(OPS)
        assert all(text.strip() for text in told.values())
    assert set(words.shapes) | set(words.kinks) | set(words.stable) <= set(OPS)
    assert set(words.rooms) == set(rooms())
    assert {op for ops in rooms().values() for op in ops} == set(OPS)


@pytest.mark.parametrize("name", OPS)
def test_words_on_operations_are_translated(name):
    told = [environment(lang).get_template("operations.j2").module for lang in languages()]
    for part in ("names", "why", "shapes", "kinks", "stable"):
        texts = [getattr(words, part).get(name, "") for words in told]
        assert not any(texts) or len(set(texts)) == len(languages()), texts[0]


def test_a_kink_or_a_choice_among_equals_is_told():
    """Where an operation has a kink, the catalogue says what its slope is there."""
    told = environment("en").get_template("operations.j2").module.kinks
    helpers = {"max_pool_back", "max_pool_pick"}
    kinked = {n for n, entry in OPS.items() if not entry.smooth and entry.kinked and entry.kind != "mask"}
    assert set(told) == kinked - helpers


def test_families_to_read_first_are_families():
    for name in families():
        path = TEMPLATES / "families" / f"{name}.j2"
        before = (
            getattr(environment("en").get_template(f"families/{name}.j2").module, "before", [])
            if path.is_file()
            else []
        )
        assert set(before) <= set(families()), name
    order({name: entry.before for name, entry in entries([], "en").items()})
