"""Complete: every family has an example and its words, in every language; every operation a sample and a listing."""

from pathlib import Path

import pytest

from book.listing import listing
from book.new import new_example
from book.page import PageView, Worked
from book.words import TEMPLATES, languages
from engine import load, work
from engine.families import families, family
from engine.ops import OPS, of_kind
from engine.optim import OPTIMIZERS
from engine.schema import schema
from engine.shapes import OUTPUTS

EXAMPLES = sorted((Path(__file__).parent.parent / "examples").glob("*.toml"))
SEED = Path(__file__).parent.parent / "examples" / "seed.toml"


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
    view = PageView(worked, lang)
    for step in view.listed():
        assert view.symbol(step.name), step.name
        assert r"\text{" + step.name not in view.symbol(step.name), f"{step.name} has no symbol of its own"
        assert view.notation.meaning(step.name).strip(), f"{step.name} has no meaning"
        assert view.scope_title(step.name) != step.name.rpartition(".")[0] or "." not in step.name


def test_languages_differ(worked):
    """A meaning that reads the same in two languages was not translated."""
    views = [PageView(worked, lang) for lang in languages()]
    for step in views[0].listed():
        meanings = [view.notation.meaning(step.name) for view in views]
        assert len(set(meanings)) == len(languages()), step.name


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
    fitting = OUTPUTS.get(name, ("", ("sigmoid",)))[1][0]
    targets = ["data.y=[[-1, 1]]"] if name == "hinge" else []
    work(load(SEED, [f"loss={name}", f"layers[1].activation={fitting}", *targets]))
