"""A page kind is one template and one small file, and nothing else knows of it."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from gradbook.book.formula.lines import Line
from gradbook.book.formula.rows import Rows
from gradbook.book.pages.kinds import page_kinds, page_of
from gradbook.book.pages.pages import hrefs, pages, prepare, rendered
from gradbook.book.pages.places import places
from gradbook.book.pages.view import GIVEN, View
from gradbook.engine.tape.trace import PHASES
from tests import small_book
from tests.test_contributing import blocks
from tests.tiers import some_slow

ROOT = Path(__file__).parent.parent
TRANSPOSES = {caption: text for caption, text in blocks() if "transposes" in caption}
"""The two files that docs/contributing.md adds."""


def run(project: Path, *words: str, plugins: Path | None = None, code: int | None = 0) -> str:
    """What the command line says; its exit code must be `code`, if that is not None."""
    settings = {"env": {**os.environ, "GRADBOOK_PLUGINS": json.dumps([str(plugins)])}} if plugins else {}
    command = [sys.executable, "build.py", *words]
    done = subprocess.run(command, cwd=project, capture_output=True, text=True, encoding="utf-8", **settings)
    assert code in (None, done.returncode), done.stdout + done.stderr
    assert "Traceback" not in done.stderr, done.stderr
    return done.stdout + done.stderr


def write(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, "utf-8")
    return folder


@pytest.fixture(scope="module")
def project(tmp_path_factory) -> Path:
    return small_book.make(tmp_path_factory.mktemp("kinds") / "book")


def written(project: Path, plugins: Path | None) -> dict[str, str]:
    run(project, "pages", "--only", "seed", "--lang", "en", plugins=plugins)
    source = project / "build" / "source" / "en" / "examples"
    return {path.relative_to(source).as_posix(): path.read_text("utf-8") for path in source.rglob("*.md")}


def test_the_two_files():
    assert sorted(TRANSPOSES) == ["book/pages/kinds/transposes.py", "templates/pages/4-transposes.md.j2"]


def test_two_files_add_a_page(project, tmp_path):
    before, after = written(project, None), written(project, write(tmp_path, TRANSPOSES))
    assert after.keys() - before.keys() == {"seed/transposes.md"}
    assert {name for name in before if before[name] != after[name]} == {"seed/index.md"}, "its contents"
    assert "# Transposes: A small network" in after["seed/transposes.md"]
    assert (
        r"x^{\mathsf{T}} = \begin{pmatrix} \val{seed:layer1.dW.transpose[0][0]}{0.5}" in after["seed/transposes.md"]
    )
    assert "\nBackward <backward>\nTransposes <transposes>\nUpdate <update>\n" in after["seed/index.md"]
    assert "transposes" not in after["index.md"], "it does not ask to be in the list of examples"


@pytest.mark.slow
def test_the_page_stands_in_the_site_and_is_understood(project, tmp_path):
    template = "templates/pages/4-transposes.md.j2"
    listed = TRANSPOSES[template] + '{% set in_list = "what is transposed" %}\n'
    mine = write(tmp_path, TRANSPOSES | {template: listed})
    run(project, "html", "--lang", "en", plugins=mine)
    site = project / "build" / "html" / "en" / "examples"
    page = (site / "seed" / "transposes.html").read_text("utf-8")
    assert "<h1>Transposes: A small network" in page and 'data-value="seed:layer1.dW.transpose[0][0]"' in page
    assert 'href="transposes.html"' in (site / "seed" / "backward.html").read_text("utf-8")
    assert re.search(r'href="seed/transposes.html">.*what is transposed', (site / "index.html").read_text("utf-8"))
    run(project, "check", "--lang", "en", plugins=mine, code=None)
    result = json.loads((project / "build" / "check.json").read_text("utf-8"))
    assert result["counts"]["pages"] > 5
    assert "transposes" not in json.dumps([result["failures"], result["not_understood"]])


WRONG = {
    "no Page": (
        {"book/pages/kinds/mine.py": '"""Mine."""\n', "templates/pages/9-mine.md.j2": "# Mine\n"},
        "mine.py: has no 'Page'; a page kind's file has `class Page(View)`.",
    ),
    "no template": (
        {"book/pages/kinds/so_long.py": '"""Mine."""\n'},
        "so_long.py: has no template templates/pages/<number>-so-long.md.j2.",
    ),
    "a name of ours": (
        {"book/pages/kinds/check.py": '"""Mine."""\n'},
        "check.py: its name is taken by book/pages/kinds/check.py; give the file another.",
    ),
    "a slip": (
        {
            "book/pages/kinds/mine.py": "from gradbook.book.pages.view import View\n\n\nclass Page(View):\n"
            "    def shown(self):\n        return 1 / 0\n",
            "templates/pages/9-mine.md.j2": "{{ view.shown() }}\n",
        },
        "kinds/mine.py:6: ZeroDivisionError: division by zero.",
    ),
}


@pytest.mark.parametrize("kind", some_slow(WRONG, 2))
def test_what_is_wrong_is_told_in_one_sentence(project, tmp_path, kind):
    files, sentence = WRONG[kind]
    assert sentence in run(project, "pages", "--only", "seed", "--lang", "en", plugins=write(tmp_path, files), code=2)


def test_each_kind_has_a_class_of_its_own_but_for_what_every_page_shows():
    for kind in page_kinds():
        assert kind.page is page_of(kind.name) and issubclass(kind.page, View)
    assert page_of("unheard-of") is View


def test_every_phase_is_derived_once():
    material = prepare(ROOT / "examples" / "seed.toml")
    kinds = [kind for kind in page_kinds() if kind.page.speaks_of(material) is material.worked]
    assert sorted(what for kind in kinds for what in kind.page.derives) == sorted([GIVEN, *PHASES])


@pytest.mark.parametrize("name", ["seed", "adam"])
def test_a_step_is_derived_where_links_to_it_lead(name):
    material = prepare(ROOT / "examples" / f"{name}.toml")
    files = pages(material, "en")
    for worked in filter(None, (material.worked, material.worked.second)):
        href = hrefs(material, worked)
        for step in places(worked).listed():
            page, _, label = href(step.name).partition(".html#")
            assert f"({label})=" in files[f"{page}.md"], step.name


def test_what_is_in_no_language_is_made_once(monkeypatch):
    """The pages of a second language derive nothing, and remember nothing but words and meanings."""
    material = prepare(ROOT / "examples" / "adam.toml")
    rendered(material, "en")
    all_worked = [material.worked, material.worked.second]
    before = [set(worked.remembered) for worked in all_worked]
    for made_by, name in ((Line, "derivation"), (Line, "entry"), (Rows, "derivation")):
        monkeypatch.delattr(made_by, name)
    rendered(material, "zh")
    new = [set(worked.remembered) - known for worked, known in zip(all_worked, before, strict=True)]
    words = {(f"gradbook.book.pages.worked.{name}", "zh") for name in ("_family", "meanings")}
    assert new == [words] * 2
