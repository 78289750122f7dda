"""Plug-ins: a project's own folder and an installed distribution add to the book, replace nothing, and can go."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from gradbook.book.cache.examples import key_of
from gradbook.book.messages import belonging, from_templates
from tests import tiny_plugin
from tests.small_project import small_project
from tests.tiers import some_slow

ROOT = Path(__file__).parent.parent

OWN = {
    "engine/optim/signs.py": '''"""Descent by signs alone."""

from .table import Setting, optimizer


def signs(p, w, g, k):
    """Every number moves by the same length, whatever its gradient."""
    return w - k.rate * (k.stretch * g.sign())


optimizer("signs", signs, stretch=Setting(2.0, (("gt", 0), ("le", 5))))
''',
    "engine/stretches.py": '"""What two files of the project share."""\n\nTWO = 2.0\n',
    "engine/ops/doubled.py": '''"""Twice."""

from gradbook.engine.stretches import TWO

from .table import op

op("doubled", lambda z: TWO * z, lambda g, out, z: TWO * g, kind="function")
''',
    "templates/math.j2": tiny_plugin.FILES["templates/math.j2"]
    + """{% import "math.j2" as book %}
{% macro doubled(z) %}{{ book.scale(2, z.wrapped) }}{% endmacro %}
""",
    "templates/operations.j2": """{% set rooms = {"bells": ["Bells", ""], "doubled": ["Twice", ""]} %}
{% set names = {"gaussian": "Gaussian bell", "doubled": "Twice", "sigmoid": "The S of this project"} %}
{% set why = {"gaussian": "A bell.", "doubled": "A sum of two."} %}
""",
    "templates/symbols.j2": """{% set symbols = {"stretch": ["\\\\tau", _("how far a step goes")]} %}""",
    "templates/why.j2": """{% set optimizer = {"signs": _("**By signs** alone.")} %}""",
    "templates/pages/3-question.md.j2": """{% set short_title = _("A question") %}
({{ view.example.name }}-question)=
# {% trans title=view.title %}A question: {{ title }}{% endtrans %}


What is ${{ view.symbol("J") }}$? {{ decimal(0.5) }}
""",
    "templates/pages/9-nothing.md.j2": "{% if false %}# Never{% endif %}\n",
    "templates/colophon.md.j2": "# The colophon of this project\n",
    "templates/locale/eo/LC_MESSAGES/book.po": """msgid ""
msgstr "Content-Type: text/plain; charset=UTF-8\\n"

msgid "A question"
msgstr "Demando"

msgid "Forward"
msgstr "Antaŭen"

msgid "how far a step goes"
msgstr "kiom longas paŝo"
""",
}
"""What a project adds to the tiny plug-in, or says in the place of the book."""


def run(folder: Path, *words: str, code: int = 0, **environment: str) -> str:
    """What the command line says; its exit code must be `code`."""
    settings = {"env": {**os.environ, **environment}} if environment else {}
    command = [sys.executable, "build.py", *words]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, **settings)
    assert done.returncode == code, done.stdout + done.stderr
    assert "Traceback" not in done.stderr, done.stderr
    return done.stdout + done.stderr


@pytest.fixture(scope="module")
def mine(tmp_path_factory) -> Path:
    """A project's own folder. Its name has the separator of lists of folders in it."""
    return tiny_plugin.write(tmp_path_factory.mktemp("own") / f"mine{os.pathsep}all", {**tiny_plugin.FILES, **OWN})


@pytest.fixture(scope="module")
def use(mine) -> dict[str, str]:
    return {"GRADBOOK_PLUGINS": json.dumps([str(mine)])}


@pytest.fixture(scope="module")
def source(mine, use, tmp_path_factory) -> Path:
    """The pages of the project's book."""
    book = small_project(tmp_path_factory.mktemp("book") / "book", mine / "examples" / "radial.toml")
    run(book, "pages", "--set", "update.optimizer=signs", "--set", "update.stretch=3", **use)
    return book / "build" / "source"


def test_a_family_and_an_operation_are_written(source):
    forward = (source / "en/examples/radial/forward.md").read_text("utf-8")
    assert r"\exp\left(-z^{\odot 2}\right)" in forward
    catalogue = (source / "en/operations/bells.md").read_text("utf-8")
    assert "## Gaussian bell" in catalogue and 'op("gaussian"' in catalogue and "A bell." in catalogue
    assert r"\frac{\partial J}{\partial z} = -g \odot \left[2 \cdot" in catalogue
    assert "Radial unit" in (source / "en/about/map.md").read_text("utf-8")


def test_a_family_has_its_page_in_the_reference(source):
    """It describes none of its keys."""
    assert "(#reference-radial)" in (source / "en/examples/radial/index.md").read_text("utf-8")
    page = (source / "en/reference/radial.md").read_text("utf-8")
    assert "* - `w`\n" in page and "`features`" in page and r"a = \exp\left(-z^{\odot 2}\right)" in page


def test_an_operation_shares_a_file_of_the_project(source):
    assert r"c = 2 \cdot z" in (source / "en/operations/doubled.md").read_text("utf-8")


def test_an_optimizer_with_a_setting(source):
    update = (source / "en/examples/radial/update.md").read_text("utf-8")
    assert "**By signs** alone." in update
    assert r"\tau" in update and "{3}" in update
    assert "kiom longas paŝo" in (source / "eo/examples/radial/index.md").read_text("utf-8")


def test_a_page_kind_stands_in_its_order_under_its_title(source):
    english, other = ((source / lang / "examples/radial/index.md").read_text("utf-8") for lang in ("en", "eo"))
    assert "\nBackward <backward>\nA question <question>\nUpdate <update>\n" in english
    assert "\nDemando <question>\n" in other and "\nAntaŭen <forward>\n" in other
    assert "What is $J$? 0.5" in (source / "en/examples/radial/question.md").read_text("utf-8")


def test_a_page_kind_with_nothing_to_say_is_no_page(source):
    assert not (source / "en/examples/radial/nothing.md").exists()
    assert "nothing" not in (source / "en/examples/radial/index.md").read_text("utf-8")


def test_a_language_falls_back_to_english(source):
    assert "Backward <backward>" in (source / "eo/examples/radial/index.md").read_text("utf-8")
    assert (source / "zh/examples/radial/index.md").is_file()


def test_a_project_may_say_otherwise_what_the_book_says(source):
    assert "The colophon of this project" in (source / "en/about/colophon.md").read_text("utf-8")
    assert "## The S of this project" in (source / "en/operations/activations.md").read_text("utf-8")
    assert "## Hyperbolic tangent" in (source / "en/operations/activations.md").read_text("utf-8")


@pytest.mark.slow
def test_settings_of_an_optimizer_are_keys_like_others(mine, use):
    example = str(mine / "examples" / "radial.toml")
    for words, sentence in {
        ("update.optimizer=signs", "update.stretch=7"): "update.stretch: expected a number of at most 5, found 7.",
        ("update.stretch=1",): "update.stretch: the optimizer 'sgd' does not know it; it is for signs.",
        ("update.strech=1",): "update: unknown key 'strech'. Did you mean 'stretch'?",
        ("update.optimizer=sings",): "update.optimizer: unknown optimizer 'sings'. Did you mean 'signs'?",
    }.items():
        assert sentence in run(ROOT, "trace", example, *(w for word in words for w in ("--set", word)), code=2, **use)
    schema = json.loads(run(ROOT, "schema", "radial", **use))
    assert schema["$defs"]["radial.Update"]["properties"]["stretch"]["anyOf"][0] == {
        "exclusiveMinimum": 0, "maximum": 5, "type": "number",
    }  # fmt: skip


def test_messages_of_a_project_are_its_own(mine, use, monkeypatch):
    """What its templates say and the book's catalogue does not know, and what it says otherwise than the book."""
    monkeypatch.setenv("GRADBOOK_PLUGINS", use["GRADBOOK_PLUGINS"])
    asked = {}
    for lang in ("zh", "eo"):
        path = mine / "templates/locale" / lang / "LC_MESSAGES/book.po"
        asked[lang] = {m.id for m in belonging(from_templates(mine / "templates"), mine, path, lang) if m.id}
    own = {"Radial unit", "A question", "**By signs** alone.", "how far a step goes"}
    theirs = {"the weights: one per feature", "Linear regression"}
    assert own < asked["zh"] and not theirs & asked["zh"] and "Forward" not in asked["zh"]
    assert own < asked["eo"] and "the weights: one per feature" in asked["eo"] and "Forward" in asked["eo"]
    assert "Backward" not in asked["eo"]


def test_an_edit_of_a_plug_in_is_a_change(tmp_path, monkeypatch):
    monkeypatch.setenv("GRADBOOK_PLUGINS", str(tiny_plugin.write(tmp_path)))
    before = key_of("radial")
    tiny_plugin.write(tmp_path, {"templates/why.j2": "{% set forward = {} %}"})
    assert key_of("radial") != before


def test_a_new_example_is_a_copy_of_the_plug_ins(source, use):
    book = source.parent.parent
    run(book, "new", "other", "--family", "radial", **use)
    assert 'family = "radial"' in (book / "examples/other.toml").read_text("utf-8")
    (book / "examples/other.toml").unlink()


WRONG = {
    "a name of ours": ({"engine/ops/losses.py": ""}, "losses.py: its name is taken by engine/ops/losses.py"),
    "a room of ours": (
        {"engine/tape.py": "", "engine/ops/mine.py": ""},
        "tape.py: its name is taken by engine/tape;",
    ),
    "an operation of ours": (
        {"engine/ops/mine.py": 'from .table import op\n\nop("sigmoid", abs)\n'},
        "mine.py: the operation 'sigmoid' is taken by engine/ops/activations.py",
    ),
    "an optimiser of ours": (
        {"engine/optim/mine.py": 'from . import optimizer\n\noptimizer("adam", None)\n'},
        "mine.py: the optimizer 'adam' is taken by engine/optim/rules.py",
    ),
    "a setting with other bounds": (
        {"engine/optim/mine.py": 'from . import optimizer, positive\n\noptimizer("o", None, beta1=positive(1))\n'},
        "mine.py: the setting 'beta1' of 'o' has other bounds elsewhere; give it another name.",
    ),
    "not Python": ({"engine/ops/mine.py": "\n\nop(\n"}, "mine.py:3: SyntaxError: '(' was never closed."),
    "a name that is not there": (
        {"engine/ops/mine.py": "\n\nop('a', abs)\n"},
        "mine.py:3: NameError: name 'op' is not defined.",
    ),
    "a module that is not there": (
        {"engine/families/radial.py": "import nowhere_at_all\n"},
        "radial.py:1: ModuleNotFoundError: No module named 'nowhere_at_all'.",
    ),
    "no family": ({"engine/families/radial.py": "Spec = object\n"}, "radial.py: has no 'forward'; a family has"),
    "a slip on the way": (
        {
            "engine/families/radial.py": tiny_plugin.FILES["engine/families/radial.py"].replace(
                "z.gaussian()", "z.gausian()"
            )
        },
        "radial.py:34: AttributeError: an expression has no operation 'gausian'.",
    ),
}


@pytest.mark.parametrize(("files", "sentence"), some_slow(WRONG.values(), 3), ids=WRONG)
def test_what_is_wrong_in_a_file_is_one_sentence(tmp_path, files, sentence):
    tiny_plugin.write(tmp_path, {**tiny_plugin.FILES, **files})
    said = run(ROOT, "trace", str(tmp_path / "examples/radial.toml"), code=2, GRADBOOK_PLUGINS=str(tmp_path))
    assert sentence in said and said.startswith("error: ") and said.count("\n") == 1


def test_a_folder_that_is_not_there(tmp_path):
    said = run(ROOT, "schema", "mlp", code=2, GRADBOOK_PLUGINS=str(tmp_path / "none"))
    assert f"GRADBOOK_PLUGINS: {tmp_path / 'none'} is no folder." in said


def test_without_it_the_family_is_unknown(mine):
    said = run(ROOT, "trace", str(mine / "examples" / "radial.toml"), code=2)
    assert "family: unknown family 'radial'." in said


IN_A_PROCESS = """
import sys
from gradbook.engine import plugins
from gradbook.engine.ops import OPS
from gradbook.engine.families import families
folder = sys.argv[1]
assert "radial" not in families() and "gaussian" not in OPS
for _ in range(2):
    plugins.use(folder)
    assert "radial" in families() and OPS["gaussian"].room == "gradbook.engine.ops.bells"
assert len(plugins.roots()) == 2 and [str(plugins.roots()[1])] == [folder]
plugins.use(plugins.PACKAGE)
assert len(plugins.roots()) == 2
print(len(plugins.files()), len(plugins.files("engine")))
"""


def test_a_folder_comes_into_use_when_the_engine_is_loaded(mine):
    """Twice is as good as once, our own folder is none, and caches are no files of the plug-in."""
    found = subprocess.run(
        [sys.executable, "-c", IN_A_PROCESS, str(mine)],
        cwd=ROOT, capture_output=True, text=True,
    )  # fmt: skip
    assert found.returncode == 0, found.stderr
    shaping = [name for name in {**tiny_plugin.FILES, **OWN} if name.startswith(("engine/", "templates/"))]
    assert found.stdout.split() == [str(len(shaping)), str(sum(n.startswith("engine/") for n in shaping))]


# An installed distribution


def installed(folder: Path, **files: str) -> dict[str, str]:
    """The plug-in as pip leaves it, without pip; returns the environment in which it is there."""
    package = tiny_plugin.distribution(folder) / "gradbook_bells"
    tiny_plugin.write(package, files)
    info = folder / "gradbook_bells-1.0.dist-info"
    tiny_plugin.write(info, {
        "METADATA": "Metadata-Version: 2.1\nName: gradbook-bells\nVersion: 1.0\n",
        "entry_points.txt": "[gradbook]\nbells = gradbook_bells\n",
    })  # fmt: skip
    return {"PYTHONPATH": str(folder)}


def test_an_installed_plug_in_replaces_no_template(tmp_path):
    use = installed(tmp_path, **{"templates/families/mlp.j2": ""})
    said = run(ROOT, "pages", "--only", "seed", "--out", str(tmp_path / "out"), "--jobs", "1", code=2, **use)
    assert "families/mlp.j2: its name is taken by templates/families/mlp.j2; a plug-in adds to the book" in said


def test_an_installed_plug_in_replaces_no_word(tmp_path):
    use = installed(tmp_path, **{"templates/why.j2": '{% set forward = {"sigmoid": "Because."} %}'})
    said = run(ROOT, "pages", "--only", "seed", "--out", str(tmp_path / "out"), "--jobs", "1", code=2, **use)
    assert "why.j2: 'sigmoid' is taken, by templates/why.j2 or another plug-in" in said


def test_an_entry_point_that_leads_nowhere(tmp_path):
    use = installed(tmp_path)
    shutil.rmtree(tmp_path / "gradbook_bells")
    said = run(ROOT, "schema", "mlp", code=2, **use)
    assert "the installed plug-in 'bells': there is no package 'gradbook_bells'." in said


def test_the_chapter_tells_of_a_package_as_it_is_tested():
    chapter = (ROOT / "docs" / "contributing.md").read_text(encoding="utf-8")
    assert f"```toml\n{tiny_plugin.PROJECT.replace('bells', 'poisson')}```" in chapter


@pytest.mark.slow
def test_a_distribution_is_installed_built_checked_and_removed(tmp_path):
    project, place = tiny_plugin.distribution(tmp_path / "source"), tmp_path / "place"
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-build-isolation", "--no-index"]
    subprocess.run([*pip, "--target", place, project], check=True, capture_output=True)
    book = small_project(tmp_path / "book", project / "gradbook_bells" / "examples" / "radial.toml")
    shutil.rmtree(project)
    use = {"PYTHONPATH": str(place)}
    run(book, "html", **use)
    assert "径向单元" in (book / "build/html/zh/about/map.html").read_text("utf-8")
    assert "高斯钟形函数" in (book / "build/html/zh/operations/bells.html").read_text("utf-8")

    def checked() -> dict:
        command = [sys.executable, "build.py", "check", "--lang", "en"]
        said = subprocess.run(command, cwd=book, env={**os.environ, **use}, capture_output=True)
        assert b"Traceback" not in said.stderr, said.stderr
        return json.loads((book / "build" / "check.json").read_text(encoding="utf-8"))

    good = checked()
    assert good["failures"] == [] and good["not_understood"] == []
    meaning = place / "gradbook_bells" / "check" / "ops" / "bells.py"
    meaning.write_text(meaning.read_text("utf-8").replace("exp(-z * z),", "exp(-z * z / 2),"), "utf-8")
    assert {f["where"] for f in checked()["failures"]} >= {"a[0][0]", "a[1][0]"}
    meaning.write_text("import nowhere_at_all\n", "utf-8")
    assert "bells.py:1: ModuleNotFoundError: No module named" in run(book, "check", code=2, **use)

    shutil.rmtree(place)
    assert "examples/radial.toml: family: unknown family 'radial'." in run(book, "html", code=2, **use)
