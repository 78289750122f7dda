"""The catalogue of operations: it prints what the engine's rules wrote, and every link leads somewhere."""

import re
from pathlib import Path

import numpy as np
import pytest

from gradbook.book.cache.examples import Cache
from gradbook.book.figures import curve
from gradbook.book.formula.mathml import to_mathml
from gradbook.book.i18n.words import environment, languages
from gradbook.book.pages import catalogue
from gradbook.book.pages.listing import rooms
from gradbook.book.pages.operations import Written, anchor
from gradbook.book.pages.pages import build, prepare
from gradbook.engine.ops import NO_GRADIENT, OPS
from gradbook.engine.ops.table import DOMAINS

EXAMPLES = Path(__file__).parent.parent / "examples"
ADDRESS = re.compile(r"^\(([^()\s]+)\)=$", re.MULTILINE)
LINK = re.compile(r"\]\(#([^)]+)\)")


@pytest.fixture(scope="module", params=OPS)
def written(request):
    return Written(OPS[request.param])


@pytest.fixture(scope="module")
def seed():
    return build(prepare(EXAMPLES / "seed.toml"))


@pytest.fixture(scope="module")
def pages(seed, tmp_path_factory):
    return catalogue.catalogue([seed], Cache(tmp_path_factory.mktemp("store"))).files


# What is written of an operation


def test_formulas_can_be_set(written):
    rules = [f"{rule.left} = {rule.right}" for rule in written.rules if rule.right]
    for tex in filter(None, [written.formula, written.entry, *rules]):
        to_mathml(tex, display=True)
        assert r"\text{" not in tex, "a step without a symbol"


def test_every_argument_has_its_rule(written):
    assert [rule.argument for rule in written.rules] == written.arguments
    for i, rule in enumerate(written.rules):
        assert bool(rule.right) == (written.op.vjp(i) is not NO_GRADIENT)


def test_a_rule_speaks_of_what_the_formula_names(written):
    """The gradient that arrives stands in every rule, and no letter that the page does not define."""
    known = {*written.arguments, written.result, written.arriving, "J", "i", "j"}
    for rule in written.rules:
        if rule.right:
            words = re.sub(r"\\[A-Za-z]+(\{[^{}]*\})?", " ", rule.right)
            assert set(re.findall(r"(?<![A-Za-z])[A-Za-z](?![A-Za-z])", words)) - {"T"} <= known
            assert written.arriving in rule.right


def test_shapes_are_those_of_the_sample(written):
    *arguments, (_, result) = written.shapes
    assert [shape for _, shape in arguments] == list(written.op.sample)
    assert result == written.trace.value("out").shape
    assert written.shape_rule in ("same", "repeated", "along")


def test_numbers_are_such_as_the_arguments_may_hold():
    assert set(DOMAINS) == {domain for entry in OPS.values() for domain in entry.domain} | {"real"}
    values = Written(OPS["hinge"]).trace.value("y")
    assert np.all(values > 0)


@pytest.mark.parametrize(
    ("op", "formula", "rules"),
    [
        ("matmul", r"c = a\,b", [r"g\,b^{\mathsf{T}}", r"a^{\mathsf{T}}\,g"]),
        ("sub", "c = a - b", ["g", "-g"]),
        ("sigmoid", r"a = \sigma\left(z\right)", [r"g \odot \left[a \odot \left(\mathbf{1} - a\right)\right]"]),
        ("conv", r"c = x \ast_{2} k", [r"g \ast^{\mathsf{T}}_{2} k", r"x \ast_{1,2} g"]),
        ("softmax", r"a = \operatorname{softmax}_{j}\left(z\right)",
         [r"\left[g - \left(g \odot a\right)\,\mathbf{1}\right] \odot a"]),
        ("concat", r"c = \begin{pmatrix} a & b \end{pmatrix}",
         [r"\operatorname{columns}_{1:3}\left(g\right)", r"\operatorname{columns}_{4}\left(g\right)"]),
        ("heaviside", r"c = \left[\,z > 0\,\right]", [""]),
        ("scatter", r"c = \operatorname{scatter}_{4:3,1,3}\left(g\right)",
         [r"\operatorname{rows}_{3,1,3}\left(h\right)"]),
    ],
)  # fmt: skip
def test_as_a_book_writes_it(op, formula, rules):
    assert Written(OPS[op]).formula == formula
    assert [rule.right for rule in Written(OPS[op]).rules] == rules


def test_entries_are_written_out():
    assert Written(OPS["transpose"]).entry == "c_{12} = a_{21}"
    assert Written(OPS["mul"]).entry == r"c_{ij} = a_{ij} \cdot b_{ij}"
    assert not Written(OPS["gather"]).entry


# Drawings


def test_functions_of_one_number_are_drawn():
    drawn = {name for name, entry in OPS.items() if curve.is_curve(entry)}
    assert {"relu", "gelu", "exp", "clip", "hinge", "kl_divergence"} <= drawn
    assert not {"matmul", "softmax", "add", "cross_entropy_logits", "max_pool"} & drawn


def test_a_drawing_has_no_words(pages):
    for name, svg in pages["en"].items():
        if name.endswith(".svg"):
            texts = ["".join(re.findall(r">([^<]*)", t)) for t in re.findall(r"<text.*?</text>", svg, re.DOTALL)]
            assert texts and all(len(re.sub(r"[^A-Za-z]", "", text)) <= 1 for text in texts), name


@pytest.mark.parametrize("name", [n for n, entry in OPS.items() if curve.is_curve(entry)])
def test_a_curve_stays_on_its_sheet(name):
    svg = Written(OPS[name]).curve
    numbers = [float(n) for path in re.findall(r' d="([^"]*)"', svg) for n in re.findall(r"-?\d+\.?\d*", path)]
    assert min(numbers) >= 0 and max(numbers) <= curve.WIDTH


# Pages


@pytest.mark.parametrize("lang", languages())
def test_every_operation_has_a_section(pages, lang):
    names = environment(lang).get_template("operations.j2").module.names
    for room, ops in rooms().items():
        page = pages[lang][f"{room}.md"]
        assert ADDRESS.findall(page)[1:] == [anchor(op) for op in ops]
        for op in ops:
            assert f"\n## {names[op]}\n" in page
            assert f"\n{Written(OPS[op]).listing}\n" in page
            assert f"[{names[op]}](#{anchor(op)})" in pages[lang]["index.md"]


@pytest.mark.parametrize("lang", languages())
def test_links_lead_somewhere(pages, seed, lang):
    known = {a for page in pages[lang].values() for a in ADDRESS.findall(page)}
    known |= {a for page in seed.files[lang].values() for a in ADDRESS.findall(page)}
    links = [link for page in pages[lang].values() for link in LINK.findall(page)]
    assert len(links) > len(OPS)
    assert not set(links) - known


def test_what_an_example_uses(seed, pages):
    assert seed.uses["sigmoid"]["forward"] and seed.uses["sigmoid"]["count"] == 2
    assert seed.uses["sigmoid"]["steps"][0] == "[$A$](#seed-layer1-a)"
    assert not seed.uses["scale"]["forward"]
    assert "relu" not in seed.uses
    section = pages["en"]["activations.md"].partition("(operation-sigmoid)=")[2].partition("(operation-tanh)=")[0]
    assert f"[{seed.titles['en']}](../examples/seed/index.md): [$A$](#seed-layer1-a)" in section
    assert "No example uses it." in pages["en"]["activations.md"].partition("(operation-gelu)=")[2]


def test_formulas_are_the_same_in_all_languages(pages):
    for name in (n for n in pages["en"] if n.endswith(".md")):
        blocks = [re.findall(r"```\{math\}\n(.*?)```", pages[lang][name], re.DOTALL) for lang in languages()]
        assert all(found == blocks[0] for found in blocks)


def test_made_again_only_when_something_has_changed(seed, tmp_path, monkeypatch):
    cache = Cache(tmp_path)
    first = catalogue.catalogue([seed], cache)
    monkeypatch.setattr(catalogue, "_made", lambda examples: pytest.fail("was made again"))
    assert catalogue.catalogue([seed], cache) == first
    with pytest.raises(pytest.fail.Exception):
        catalogue.catalogue([], cache)
