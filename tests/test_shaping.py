"""What shapes the pages is found by following imports: an edit remakes what it must, and not more."""

import ast
import json
import os
import subprocess
import sys
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from gradbook.book.cache import shaping
from gradbook.book.cache.examples import MAKER
from gradbook.book.site.sphinx_run import EXTENSION
from tests import small_book
from tests.small_project import ROOT
from tests.test_floors import imported

CATALOGUE, MAP = "gradbook.book.pages.catalogue", "gradbook.book.pages.map"
REFERENCE = "gradbook.book.pages.reference"
DIGESTS = """
import json, sys
from pathlib import Path
from gradbook.book.cache import shaping
from gradbook.book.i18n import words
from gradbook.book.site import sphinx_run

def digests():
    for kept in (shaping.module_of, shaping.modules):
        kept.cache_clear()
    words.forget()
    pages = [[shaping.words(module), shaping.code(module)] for module in MODULES]
    return [*pages, [sphinx_run.shaped_by("en"), sphinx_run.shaped_by("zh")]]

before = digests()
assert digests() == before
for name, old, new in json.load(sys.stdin):
    text = Path(name).read_text("utf-8")
    assert old in text, name
    Path(name).write_text(text.replace(old, new) if old else text + new, "utf-8")
    print(json.dumps([one != other for one, other in zip(digests(), before)]))
    Path(name).write_text(text, "utf-8")
"""
EDITS = {  # the file: which of the pages of examples, of the catalogue, the map, the reference, Sphinx's are remade
    "book/site/serve.py": "", "book/build.py": "", "gradbook/cli.py": "", "book/site/publish.py": "",
    "book/cache/steady.py": "", "check/judge/site.py": "", "templates/site/index.html": "",
    "templates/checked.md.j2": "", "book/site/generated.py": "",
    "book/pages/view.py": "examples", "book/pages/kinds/update.py": "examples",
    "book/errata/errata.py": "examples", "book/figures/heat.py": "examples",
    "templates/why.j2": "examples reference", "templates/pages/6-check.md.j2": "examples",
    "templates/blocks.j2": "examples catalogue",
    "engine/families/gpt.py": "examples map reference", "engine/ops/losses.py": "examples catalogue map reference",
    "templates/families/gpt.j2": "examples map reference", "templates/keys.j2": "reference",
    "book/pages/operations.py": "catalogue map",
    "book/figures/families.py": "map", "templates/operations.md.j2": "catalogue", "templates/map.md.j2": "map",
    "book/formula/mathml.py": "examples catalogue map reference sphinx", "book/figures/pdf.py": "examples sphinx",
    "book/site/ext/page_digest.py": "sphinx", "book/site/ext/character_search.js": "sphinx",
    "book/pdf/look.typ": "sphinx", "book/pdf/typst_writer.py": "sphinx", "book/site/theme/conf.py": "sphinx",
    "book/site/theme/static/gradbook.css": "sphinx", "book/site/theme/templates/page.html": "sphinx",
}  # fmt: skip
KINDS = ("examples", "catalogue", "map", "reference", "sphinx")


@pytest.fixture(scope="module")
def project(tmp_path_factory) -> Path:
    return small_book.make(tmp_path_factory.mktemp("shaping") / "book")


def remade(project: Path, edits: list[tuple[str, str, str]]) -> list[str]:
    """Which kinds of pages each edit remakes: (file, old text, new text), or added to the file if `old` is empty."""
    script = DIGESTS.replace("MODULES", repr((MAKER, CATALOGUE, MAP, REFERENCE)))
    command = [sys.executable, "-c", script]
    run = subprocess.run(command, cwd=project, input=json.dumps(edits), capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    return [
        " ".join(kind for kind, is_remade in zip(KINDS, json.loads(line), strict=True) if is_remade)
        for line in run.stdout.splitlines()
    ]


@pytest.mark.slow
def test_an_edit_remakes_what_it_must_and_not_more(project):
    found = remade(project, [(name, "", "\n") for name in EDITS])
    assert dict(zip(EDITS, found, strict=True)) == EDITS


@pytest.mark.slow
def test_another_process_sees_the_same(project):
    """The order of a set is another one in each process."""
    script = (
        DIGESTS.split("before =")[0].replace("MODULES", repr((MAKER, CATALOGUE, MAP, REFERENCE))) + "print(digests())"
    )
    seen = set()
    for seed in "123":
        command, settings = [sys.executable, "-c", script], os.environ | {"PYTHONHASHSEED": seed}
        seen.add(subprocess.run(command, cwd=project, env=settings, capture_output=True, check=True).stdout)
    assert len(seen) == 1


@pytest.mark.slow
def test_a_translation_remakes_what_is_written_in_it(project):
    path = "templates/locale/zh/LC_MESSAGES/book.po"
    edits = [
        (path, "", "\n# a remark\n"),
        (path, "切换浅色", "换浅色"),
        ("templates/site/words.j2", "Exact values", "Values"),
    ]
    pages = "examples catalogue map reference"
    assert remade(project, edits) == [pages, f"{pages} sphinx", "sphinx"]


@pytest.mark.slow
def test_an_unchanged_example_is_not_made_again_when_the_server_is_edited(small):
    entry = small / "build" / "work" / "examples" / "seed.json"
    before = entry.stat().st_mtime_ns
    for name, is_remade in (("book/site/serve.py", False), ("book/formula/lines.py", True)):
        with open(small / name, "a", encoding="utf-8") as file:
            file.write("# edited\n")
        small_book.built(small, "pages")
        assert (entry.stat().st_mtime_ns != before) == is_remade, name


def test_the_reader_of_imports_sees_what_python_sees():
    """It takes the text of a module apart by a pattern, for speed."""
    for path in [path for room in ("engine", "book") for path in (ROOT / room).rglob("*.py")]:
        parts = path.relative_to(ROOT).with_suffix("").parts
        module = shaping.module_of(".".join(["gradbook", *(part for part in parts if part != "__init__")]))
        seen = {found for base, names in module.imports() for found in (base, *(f"{base}.{each}" for each in names))}
        assert {name for name in imported(path, for_types=False) if shaping.module_of(name)} <= seen, path
        tree = ast.walk(ast.parse(path.read_bytes()))
        strings = {node.value for node in tree if isinstance(node, ast.Constant) and isinstance(node.value, str)}
        named = {text for text in strings if text.endswith(".j2") and not text.startswith(".")}
        assert named <= set(module.templates), path


def test_every_library_that_makes_pages_is_among_those_whose_versions_count():
    known = {name.replace("_", "-").lower() for name in (*shaping.PROGRAMS, *shaping.CARRIERS)}
    known.add("pydantic-core")  # its version is pydantic's choice
    distributions, libraries = packages_distributions(), set()
    for root in (
        MAKER,
        CATALOGUE,
        MAP,
        REFERENCE,
        EXTENSION,
        "gradbook.book.site.webfont",
        "gradbook.book.site.publish",
    ):
        for module in shaping.modules(root):
            libraries |= {name.partition(".")[0] for name in imported(module.path)} - {"gradbook"}
    used = {each for name in libraries for each in distributions.get(name, ())}
    assert used and {name.replace("_", "-").lower() for name in used} <= known


def test_families_and_figures_are_found_though_nothing_names_their_modules():
    names = {module.name for module in shaping.modules(MAKER)}
    families = {f"gradbook.engine.families.{path.stem}" for path in (ROOT / "engine/families").glob("[!_]*.py")}
    assert families <= names and "gradbook.book.figures.loss_curve" in names
    assert not {"gradbook.cli", "gradbook.book.site.ext", "gradbook.book.site.serve", "gradbook.book.build"} & names
