"""`extensions = ["gradbook"]` in a Sphinx project that is not ours: values in its pages, and nothing else changed."""

import os
import re
import subprocess
import sys
import tomllib
from html import unescape
from pathlib import Path

import pytest

from gradbook.book.i18n import words
from gradbook.engine import load, work
from tests import sample_book
from tests.conftest import ROOT
from tests.foreign_project import CONF, build, project

TITLE = "Notes\n=====\n\n"
QUOTE = TITLE + "The loss is :value:`seed:J|.6f`, an error :value:`seed:layer2.delta[1]`, :math:`x^2`.\n"
SEED = work(load(ROOT / "examples" / "seed.toml"))
LOSS = f"{float(SEED.value('J')):.6f}"
DELTA = f"{float(SEED.value('layer2.delta')[1, 0]):.4g}".replace("-", "\N{MINUS SIGN}")


def chapter() -> str:
    return (ROOT / "docs" / "in-sphinx.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def notes(tmp_path_factory) -> Path:
    """A project in German with a value in a heading too."""
    heading = "Loss :value:`seed:J|.2f`\n========================\n"
    pages = {"index.rst": f"{QUOTE}\n.. toctree::\n\n   more\n", "more.rst": heading}
    return project(tmp_path_factory.mktemp("notes") / "notes", pages, f'{CONF}language = "de"\n')


@pytest.mark.parametrize(
    ("builder", "page", "shown"),
    [
        ("html", "index.html", f'<span class="value" data-value="seed:layer2.delta[1][0]">{DELTA}</span>'),
        ("dirhtml", "more/index.html", '<span class="value" data-value="seed:J">0.30</span>'),
        ("singlehtml", "index.html", '<span class="value" data-value="seed:J">0.30</span>'),
        ("epub", "index.xhtml", f'data-value="seed:J">{LOSS}</span>'),
        ("text", "index.txt", f"The loss is {LOSS}, an error {DELTA}, x^2."),
        ("man", "notes.1", f"The loss is {LOSS}, an error {DELTA}, x^2"),
        ("latex", "notes.tex", f"The loss is {LOSS}, an error {DELTA}".replace("\N{MINUS SIGN}", r"\ensuremath{-}")),
        ("texinfo", "notes.texi", f"The loss is {LOSS}, an error {DELTA}"),
        ("xml", "index.xml", f"The loss is {LOSS}, an error {DELTA}"),
        ("gettext", "index.pot", ":value:`seed:J|.6f`"),
        ("linkcheck", "output.txt", ""),
        ("dummy", "", ""),
    ],
)
def test_every_builder_knows_a_value(notes, builder, page, shown):
    made = build(notes, builder)
    assert [line for line in made.warnings if "epub" not in line.lower()] == []
    assert not page or shown in made.text(page)
    assert not (made.out.with_name(f"{builder}-trees") / "gradbook").exists()


def test_the_chapter_s_two_lines_and_its_quotation(tmp_path):
    """What the chapter shows, in reST and in MyST, with the sentence of its warning."""
    blocks = {
        kind: re.findall(rf"```{kind}\n(.*?)```", chapter(), re.DOTALL) for kind in ("python", "rst", "markdown")
    }
    conf = blocks["python"][0].replace('examples"', 'nets"').replace('["gradbook"]', '["gradbook", "myst_parser"]')
    pages = {
        "index.rst": TITLE + blocks["rst"][0],
        "more.md": f"---\norphan: true\n---\n# More\n\n{blocks['markdown'][0]}",
    }
    made = build(project(tmp_path / "p", pages, conf))
    assert made.warnings == []
    for page in ("index.html", "more.html"):
        assert f'data-value="seed:J">{LOSS}</span>' in made.text(page) and "seed:layer2.delta[0][0]" in made.text(
            page
        )
    wrong = (tmp_path / "p" / "index.rst").read_text("utf-8").replace("delta", "detla")
    (tmp_path / "p" / "index.rst").write_text(wrong, "utf-8")
    (said,) = build(tmp_path / "p").warnings
    (shown,) = re.findall(r"```text\n(.*?)\n```", chapter(), re.DOTALL)
    assert said.replace(f"{tmp_path / 'p'}{os.sep}", "").startswith(shown)


OWN = """
extensions = EXTENSIONS
language = "de"
locale_dirs = ["translations"]
html_static_path = ["own"]
html_css_files = ["own.css"]
latex_elements = {"papersize": "a5paper"}
latex_engine = "lualatex"
html_search_language = "en"
"""


def test_a_project_s_own_settings_and_pages_stay_as_they_are(tmp_path):
    """Without a value in it, a project comes out with the extension as without, to the byte."""
    pages = {
        "index.rst": TITLE + "A sum :math:`x^2`.\n\n.. math:: y = 1 \\\\ z = 2\n   :label: one\n\nSee :eq:`one`.\n"
    }
    made = {}
    for extensions in ("[]", "['gradbook']"):
        folder = project(tmp_path / f"p{len(made)}" / "notes", pages, OWN.replace("EXTENSIONS", extensions))
        (folder / "own").mkdir()
        (folder / "own" / "own.css").write_text("p { color: red }", "utf-8")
        made[extensions] = [build(folder, builder) for builder in ("html", "latex", "text")]
    for plain, ours in zip(*made.values(), strict=True):
        assert ours.warnings == plain.warnings == []
        one, other = plain.files(), ours.files()
        one.pop("searchindex.js", None), other.pop("searchindex.js", None)  # it names the extensions
        assert one == other
        assert {name: ours.config[name] for name in plain.config} == plain.config
        assert ours.config.keys() - plain.config.keys() == {
            "gradbook_examples",
            "gradbook_left_out",
            "gradbook_format",
        }


def test_formulas_are_mathml_where_that_is_chosen(tmp_path):
    pages = {"index.rst": TITLE + ".. math:: y = x^2\n   :label: one\n\nSee :eq:`one`, :math:`x`.\n"}
    folder = project(tmp_path / "p", pages, f'{CONF}html_math_renderer = "mathml"\n')
    made = build(folder)
    page = made.text("index.html")
    assert made.warnings == [] and page.count("<math") == 2 and 'id="equation-one"' in page and "MathJax" not in page
    assert "_static/gradbook-math.css" in page and "mtable.matrix" in made.text("_static/gradbook-math.css")
    assert build(folder, "latex").warnings == []


MISTAKES = {
    "sede:J": "unknown example 'sede'. Did you mean 'seed'? Known: seed.",
    "seed:layer2.detla": "unknown step 'layer2.detla'. Did you mean 'layer2.delta'?",
    "seed:layer2.delta[2]": "layer2.delta has shape (2, 1); the index is outside, counting from 0.",
    "seed:layer2.delta": "layer2.delta has shape (2, 1); give one index for each axis longer than 1.",
    "seed:J|.4d": "'.4d' is not a number format; use .4f, .3g or .2e.",
    "the loss": "write it as in seed:layer2.delta[0]|.4f (example:step[index]|format).",
    "seed@2:J": "unknown trace 'seed@2'. Did you mean 'seed'?",
}


def test_mistakes_are_warnings_with_file_and_line(tmp_path):
    lines = "".join(f"\nHere: :value:`{text}`.\n" for text in MISTAKES)
    folder = project(tmp_path / "p", {"index.rst": TITLE + lines})
    made = build(folder)
    assert len(made.warnings) == len(MISTAKES)
    for number, (said, (text, sentence)) in enumerate(zip(made.warnings, MISTAKES.items(), strict=True)):
        assert said.startswith(f"{folder / 'index.rst'}:{5 + 2 * number}: WARNING: ")
        assert sentence in said and said.endswith("[gradbook.value]"), said
        shown = unescape(re.sub(r"</?span[^>]*>", "", made.text("index.html")))
        assert f">{text}</code>" in shown
    silent = {"suppress_warnings": ["gradbook.value"]}
    assert build(folder, out="silent", **silent).warnings == []


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("family = ", "seed.toml: is not valid TOML"),
        ('family = "mpl"\n', "Did you mean 'mlp'?"),
        (b"\xff\xfe", "seed.toml: is not UTF-8 text."),
        (None, "learning_rate"),
    ],
)
def test_a_broken_example_is_a_warning(tmp_path, content, sentence):
    folder = project(tmp_path / "p", {"index.rst": QUOTE})
    path = folder / "nets" / "seed.toml"
    if content is None:
        content = path.read_text("utf-8").replace("learning_rate = ", "learning_rat = ")
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    made = build(folder)
    assert len(made.warnings) == 2  # one for each value
    for said in made.warnings:
        assert said.startswith(f"{folder / 'index.rst'}:4: WARNING: {path}: ") or str(path) in said
        assert sentence in said and said.endswith("[gradbook.value]")


def test_examples_that_are_not_there_or_twice_there(tmp_path):
    folder = project(tmp_path / "p", {"index.rst": QUOTE})
    (folder / "nets" / "seed.json").write_text('{"format": 99, "steps": []}', "utf-8")
    (said,) = build(folder).warnings
    assert "the example 'seed' is in" in said and said.endswith("[gradbook.examples]")
    (folder / "nets" / "seed.toml").unlink()
    first, _ = build(folder).warnings
    assert "seed.json: is no trace of a format up to" in first
    first, *others = build(folder, out="none", gradbook_examples="nest").warnings
    assert f"{folder / 'nest'}: is no folder, and no example file" in first
    assert len(others) == 2 and "there are no examples; name their folder in gradbook_examples." in others[0]


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ("'nets'", []),
        ("('nets',)", []),
        ("pathlib.Path('nets')", []),
        ("[pathlib.Path('nets')]", []),
        ("['nets', 3]", ["gradbook_examples: 3 is no text."]),
        ("3", ["has type `int'", "gradbook_examples: 3 is no text.", "there are no examples"]),
    ],
)
def test_where_the_examples_are_may_be_told_in_several_ways(tmp_path, given, told):
    conf = CONF.replace("gradbook_examples =", "import pathlib\ngradbook_examples =").replace('"nets"', given)
    more = "gradbook_left_out = 'adam'\ngradbook_format = '.3f'\n"
    folder = project(tmp_path / "p", {"index.rst": f"{TITLE}:value:`seed:J`\n"}, conf + more)
    made = build(folder, "text")
    assert len(made.warnings) == len(told)
    assert all(part in said for part, said in zip(told, made.warnings, strict=True)), made.warnings
    assert ("0.298" in made.text("index.txt")) == (given != "3")


def test_a_value_comes_from_the_trace_itself(tmp_path):
    """From an example, from its second update, and from the same traces kept as JSON: the same page."""
    text = TITLE + ":value:`adam:J` :value:`adam@2:J|.9f` :value:`adam@2:t_new`\n"
    folder = project(tmp_path / "p", {"index.rst": text}, examples=("adam",))
    made = build(folder)
    assert made.warnings == [] and '"adam@2:t_new">2</span>' in unescape(made.text("index.html"))
    assert f"{float(work(load(ROOT / 'examples' / 'adam.toml')).value('J')):.4g}" in made.text("index.html")
    from gradbook.book.pages.quotable import worked

    for name, trace in worked(folder / "nets" / "adam.toml").items():
        (folder / "nets" / f"{name}.json").write_text(trace, "utf-8")
    (folder / "nets" / "adam.toml").unlink()
    assert build(folder, out="again").text("index.html") == made.text("index.html")


def edit(folder: Path, rate: str, name: str = "seed") -> None:
    """Another learning rate, and a clock that was set back."""
    path = folder / "nets" / f"{name}.toml"
    before = path.stat()
    text = re.sub(r"(?m)^learning_rate = [\d.]+$", f"learning_rate = {rate}", path.read_text("utf-8"))
    assert tomllib.loads(text)["update"]["learning_rate"] == float(rate)
    path.write_text(text, "utf-8")
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def test_a_page_is_read_again_when_its_example_changes(tmp_path):
    new = ":value:`{}:layer1.W_new[0][0]|.6f`\n"
    contents = "\n.. toctree::\n   :glob:\n\n   *\n"
    pages = {"index.rst": TITLE + contents, "a.rst": TITLE + new.format("seed"), "b.rst": TITLE + new.format("adam")}
    folder = project(tmp_path / "p", pages, examples=("seed", "adam"))
    first = build(folder)
    before = first.text("a.html")
    assert first.read == {"index", "a", "b"} and build(folder).read == set()
    edit(folder, "0.125")
    second = build(folder)
    assert first.warnings == second.warnings == []
    assert second.read == {"a"} and second.text("a.html") != before
    assert second.files() == build(folder, out="cold").files()
    (folder / "nets" / "adam.toml").rename(tmp_path / "adam.toml")
    third = build(folder)
    assert third.read == {"b"} and "unknown example 'adam'" in third.warnings[0]
    (tmp_path / "adam.toml").rename(folder / "nets" / "adam.toml")
    assert build(folder).read == {"b"}


@pytest.mark.skipif(os.name != "posix", reason="Sphinx reads in parallel where processes fork")
@pytest.mark.slow
def test_pages_read_in_parallel_are_the_same_and_work_an_example_once(tmp_path, monkeypatch):
    from gradbook.book.pages import traces

    log, plain = tmp_path / "worked", traces.work

    def work_and_tell(example):
        with open(log, "a") as file:
            file.write(f"{example.name}\n")
        return plain(example)

    monkeypatch.setattr(traces, "work", work_and_tell)
    pages = {f"page{n:02}.rst": QUOTE + "\n:value:`adam:J`\n" for n in range(7)}
    pages["index.rst"] = TITLE + "\n.. toctree::\n   :glob:\n\n   page*\n"
    folder = project(tmp_path / "p", pages, examples=("seed", "adam"))
    parallel = build(folder, jobs=4)
    assert sorted(log.read_text().split()) == ["adam", "seed"]
    assert parallel.warnings == [] and parallel.files() == build(folder, out="serial").files()
    assert build(folder, jobs=4).read == set()
    edit(folder, "0.125")
    assert build(folder, jobs=4).read == {name.removesuffix(".rst") for name in pages} - {"index"}


@pytest.mark.parametrize(
    ("asked", "found"),
    [("zh", "zh"), ("zh_CN", "zh"), ("zh_TW", "zh"), ("zh-Hans", "zh"), ("zh_Hant_HK", "zh"), ("ZH", "zh"),
     ("en", "en"), ("en_GB", "en"), ("de", "en"), ("pt_BR", "en"), ("", "en"), (None, "en"), ("zha", "en")],
)  # fmt: skip
def test_a_language_without_a_catalogue_falls_back(asked, found):
    assert words.nearest(asked) == found


@pytest.mark.parametrize(
    ("language", "note", "title"),
    [
        (
            "de",
            "This page quotes examples that are left out of this edition: adam, seed.",
            "a value of the example adam,",
        ),
        ("zh_TW", "本页引用了此版未收录的示例：adam、seed。", "示例 adam 中的值"),
    ],
)
def test_a_value_of_an_example_that_is_left_out(tmp_path, language, note, title):
    """Its file may be at hand: then its value stands there all the same, and the page says that it is left out."""
    contents = "\n.. toctree::\n\n   other\n"
    pages = {"index.rst": QUOTE + ":value:`adam@2:J`\n" + contents, "other.rst": TITLE + ":value:`gru:J`\n"}
    folder = project(tmp_path / "p", pages, f'{CONF}language = "{language}"\n', ("seed", "gru"))
    made = build(folder, gradbook_left_out=["seed", "adam"])
    page = made.text("index.html")
    assert made.warnings == [] and page.count(">…</abbr>") == 1 and f'<abbr class="no-search" title="{title}' in page
    assert page.index("</h1>") < page.index(note) < page.index("</abbr>") and page.count(note) == 1
    assert note not in made.text("other.html") and LOSS in page
    back = build(folder, gradbook_left_out=["adam"])
    assert back.read == {"index"} and LOSS in back.text("index.html")
    assert build(folder, gradbook_left_out=["adam"]).read == set()
    for builder in ("text", "latex", "man"):
        assert build(folder, builder, gradbook_left_out=["seed", "adam"]).warnings == []


LINKS = """# How to read this book

See [its pages](examples/lost/forward.md), [a line](#lost-layer1-z), [](#lost) and {value}`lost:J`.
See [the other](examples/seed/forward.md) and [its line](#seed-layer1-z).
"""


@pytest.mark.parametrize("builder", ["html", pytest.param("typst", marks=pytest.mark.slow)])
def test_our_book_speaks_of_examples_that_are_left_out(tmp_path, builder):
    """Links to them are their words; what the page says of others stays."""
    from gradbook.book.project import Edition, Project, chapters_in
    from gradbook.book.site import pdf, site

    folder, out = tmp_path / "docs", tmp_path / "build"
    sample_book.write_docs(folder)
    sample_book.write(folder / "how-to-read.md", LINKS)
    sample_book.write_example(out / "source")
    site.stage(chapters_in(folder), [], out / "source" / "en", "en")
    (tmp_path / "lost.toml").write_text("what is wrong with it is no matter of this build", "utf-8")
    edition = Edition(Project.at(tmp_path), {"lost": tmp_path / "lost.toml"})
    if builder == "typst":
        assert pdf.build_pdf(edition, out, "en", "typst").stat().st_size
        text = (out / "work" / "pdf" / "typst-en" / "typst" / "book.typ").read_text("utf-8")
        assert "left out of this edition\\: lost" in text and "its pages" in text and "…" in text
        return
    with site.shared_assets(out):
        pass
    site.build_html(out, ["en"], edition=edition)
    page = (out / "work" / "en" / "html" / "how-to-read.html").read_text("utf-8")
    assert "This page quotes examples that are left out of this edition: lost." in page and ">…</abbr>" in page
    assert "See its pages, a line, lost and …." in re.sub("<[^>]*>", "", page) and not re.search(
        r'(href|data-value)="[^"]*lost', page
    )
    assert 'href="examples/seed/forward.html"' in page and 'href="examples/seed/forward.html#seed-layer1-z"' in page


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="Sphinx reads in parallel where processes fork")
def test_our_book_is_read_in_parallel_too(tmp_path):
    from gradbook.book.project import chapters_in
    from gradbook.book.site import site
    from gradbook.book.site.sphinx_run import THEME, environment

    sample_book.write_docs(tmp_path / "docs")
    source = tmp_path / "source"
    sample_book.write_example(source)
    sample_book.write_more_examples(source, "one", "two", "three")
    site.stage(chapters_in(tmp_path / "docs"), [], source / "en", "en")
    with site.shared_assets(source.parent):
        pass
    pages = {}
    for jobs in ("1", "4"):
        target = tmp_path / jobs
        words = [sys.executable, "-m", "sphinx", "-W", "-j", jobs, "-b", "html", "-c", THEME]
        command = [*words, "-D", "gradbook_languages=en,zh", "-d", f"{target}-trees", source / "en", target]
        told = subprocess.run(command, env=environment(), capture_output=True, text=True)
        assert told.returncode == 0, told.stderr
        found = (path for path in sorted(target.rglob("*")) if path.is_file() and path.name != ".buildinfo")
        pages[jobs] = {path.relative_to(target): path.read_bytes() for path in found}
    assert re.search(r"reading sources\.\.\. .* \.\. ", told.stdout) and pages["1"] == pages["4"]
