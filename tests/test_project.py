"""A book of one's own: made by `init`, built from its folder, its mistakes told in a sentence."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from gradbook.book.project import Project
from gradbook.engine import load, pencil, work
from gradbook.engine.errors import BookError

ROOT = Path(__file__).resolve().parent.parent


def run(folder: Path, *words: object) -> subprocess.CompletedProcess:
    """`gradbook` as installed, in a folder that is not the checkout."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "gradbook", *map(str, words)]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, encoding="utf-8")


def refusal(folder: Path, *words: object) -> str:
    done = run(folder, *words)
    assert done.returncode == 2 and "Traceback" not in done.stderr, done.stderr
    return done.stderr


@pytest.fixture(scope="module")
def own(tmp_path_factory) -> Path:
    """The book that `init` makes, with a chapter and a default of its own, built and checked."""
    folder = tmp_path_factory.mktemp("own") / "book"
    done = run(folder.parent, "init", folder, "--title", "Netze von Hand", "--author", "A. Teacher")
    assert done.returncode == 0, done.stderr
    settings = folder / "gradbook.toml"
    settings.write_text(settings.read_text("utf-8") + '\n[page]\ndigits = 6\narithmetic = "exact"\n', "utf-8")
    example = folder / "examples" / "first.toml"
    example.write_text(example.read_text("utf-8").partition("\n[page]")[0], "utf-8")
    (folder / "docs" / "plan.md").write_text("# Our plan\n\nThe loss is {value}`first:J`.\n", "utf-8")
    page = folder / "docs" / "index.md"
    page.write_text(page.read_text("utf-8").replace("examples/index\n", "plan\nexamples/index\n"), "utf-8")
    (folder / "deep").mkdir()
    done = run(folder / "deep", "check")
    assert done.returncode == 0, done.stderr + done.stdout
    return folder


def test_what_init_makes_is_built_and_checked(own):
    html = own / "build" / "html"
    front = (html / "index.html").read_text("utf-8")
    page = (html / "en" / "index.html").read_text("utf-8")
    assert "<h1>Netze von Hand</h1>" in front and "zh" not in front
    assert "<title>Netze von Hand</title>" in page and 'data-value="first:J"' in page
    assert "Our plan" in (html / "en" / "plan.html").read_text("utf-8")
    assert not (html / "zh").exists() and not (html / "en" / "chain-rule.html").exists()
    assert not (html / "en" / "operations").exists() and (html / "en" / "how-to-read.html").is_file()


def test_what_an_example_leaves_open_the_book_says(own):
    project = Project.at(own)
    example = load(own / "examples" / "first.toml", project.changes)
    assert (example.page.digits, example.page.arithmetic) == (6, "exact")
    said = load(own / "examples" / "first.toml", (*project.changes, "page.digits=3"))
    assert said.page.digits == 3
    trace = run(own.parent, "trace", own / "examples" / "first.toml", "--arithmetic", "pencil")
    assert trace.stdout == pencil(work(example), 6).to_json() + "\n"


def test_the_authors_book_names_its_author(own):
    page = (own / "build" / "html" / "en" / "about" / "colophon.html").read_text("utf-8")
    assert "Netze von Hand" in page and "A. Teacher" in page
    checked = (own / "build" / "html" / "en" / "about" / "checked.html").read_text("utf-8")
    assert "$ gradbook check" in re.sub("<.*?>", "", checked) and "found nothing wrong" in checked


def test_a_new_example_goes_into_the_book(own):
    done = run(own / "deep", "new", "second", "--layers", "2,2")
    assert done.returncode == 0, done.stderr
    text = (own / "examples" / "second.toml").read_text("utf-8")
    (own / "examples" / "second.toml").unlink()
    assert "gradbook --only second" in text and "build.py" not in text


def test_shipped_examples_and_chapters(tmp_path):
    (tmp_path / "gradbook.toml").write_text('title = "T"\nshipped = ["examples", "chapters"]\n', "utf-8")
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "index.md").write_text("# Mine\n", "utf-8")
    (tmp_path / "examples").mkdir()
    shutil.copy(ROOT / "examples" / "mazur.toml", tmp_path / "examples" / "seed.toml")
    project = Project.at(tmp_path)
    paths = {path.stem: path for path in project.example_paths()}
    assert set(paths) == {path.stem for path in (ROOT / "examples").glob("*.toml")}
    assert paths["seed"].parent == tmp_path / "examples" and paths["adam"].parent == ROOT / "examples"
    chapters = project.chapters()
    assert chapters["index.md"].parent == tmp_path / "docs" and "chain-rule.md" in chapters
    assert project.has_reference and not Project.at(tmp_path / "docs").has_reference


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('titel = "x"', ["unknown key 'titel'", "Did you mean 'title'?"]),
        ("title = 3", ["title: expected text in quotes, found 3"]),
        ('title = "{{ x }}"', ["title: is plain text and may not hold '{'"]),
        ('title = "two\\nlines"', ["title: is a title and stands on one line"]),
        ("[title]\nen = 1", ["title.en: expected text"]),
        ('languages = ["tlh"]', ["languages: unknown language 'tlh'", "Known: en, zh"]),
        ("languages = []", ["languages: is empty"]),
        ('languages = ["en", "en"]', ["languages: names 'en' twice"]),
        ('shipped = ["chapter"]', ["shipped[0]"]),
        ('address = "example"', ["address: expected the address of the site"]),
        ("[page]\ndigits = 1", ["page.digits: expected a number of at least 2, found 1"]),
        ("title = ", ["is not valid TOML"]),
    ],
)
def test_mistakes_in_the_settings(tmp_path, text, words):
    (tmp_path / "gradbook.toml").write_text(text, "utf-8")
    with pytest.raises(BookError) as refused:
        _ = Project.at(tmp_path).languages
    assert "gradbook.toml: " in str(refused.value)
    for word in words:
        assert word in str(refused.value)


def test_where_there_is_no_book(tmp_path):
    assert "`gradbook init DIR` makes one" in refusal(tmp_path, "html")
    assert "there is no example file" in refusal(tmp_path, "-C", tmp_path, "html")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_init_touches_nothing_that_is_there(tmp_path):
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "index.md").write_text("# Mine\n", "utf-8")
    assert run(tmp_path, "init", ".", "--lang", "zh", "--shipped").returncode == 0
    assert (tmp_path / "docs" / "index.md").read_text("utf-8") == "# Mine\n"
    assert Project.at(tmp_path).languages == ["zh"] and Project.at(tmp_path).has_reference
    assert "is already there; this folder is a book" in refusal(tmp_path, "init", ".")
    assert "unknown language 'xx'" in refusal(tmp_path, "init", "other", "--lang", "xx")
    assert "--lang: 'en' is no language of this book, which has zh" in refusal(tmp_path, "html", "--lang", "en")
    assert "title: is plain text" in refusal(tmp_path, "init", "other", "--title", "a <b>")
    assert "is a file; name a folder" in refusal(tmp_path, "init", "gradbook.toml")
    assert not (tmp_path / "other").exists()


@pytest.fixture(scope="module")
def part(own, tmp_path_factory) -> tuple[Path, Path]:
    """A book with an example that is left out and one that is broken, and the edition of its first example."""
    folder, out = tmp_path_factory.mktemp("part") / "book", tmp_path_factory.mktemp("part") / "out"
    shutil.copytree(own, folder, ignore=shutil.ignore_patterns("build"))
    shutil.copy(folder / "examples" / "first.toml", folder / "examples" / "second.toml")
    (folder / "examples" / "broken.toml").write_text("family = mlp", "utf-8")
    text = "# Our plan\n\nIt is {value}`second:J`, see [there](examples/second/index.md), and {value}`broken:J`.\n"
    (folder / "docs" / "plan.md").write_text(text, "utf-8")
    done = run(folder, "check", "--only", "first", "--out", out)
    assert done.returncode == 0, done.stderr + done.stdout
    return folder, out


@pytest.mark.slow
def test_only_what_is_named_is_built_and_checked(part):
    _, out = part
    html = out / "html" / "en"
    assert [path.name for path in (html / "examples").iterdir() if path.is_dir()] == ["first"]
    plan = (html / "plan.html").read_text("utf-8")
    assert "This page quotes examples that are left out of this edition: broken, second." in plan
    assert 'data-value="second:J"' in plan and ">…</abbr>" in plan and 'href="examples/second' not in plan


@pytest.mark.slow
def test_only_what_is_named_is_set(part):
    from pypdf import PdfReader

    folder, out = part
    done = run(folder, "pdf", "--only", "first", "--out", out)
    assert done.returncode == 0, done.stderr
    pages = [page.extract_text() for page in PdfReader(out / "pdf" / "netze-von-hand-en.pdf").pages]
    assert 10 < len(pages) < 60 and any("left out of this edition" in page for page in pages)


@pytest.mark.slow
def test_a_broken_example_stops_the_whole_book_in_a_sentence(part):
    folder, out = part
    before = sorted(path for path in out.rglob("*"))
    assert "broken.toml: is not valid TOML" in refusal(folder, "--out", out)
    assert sorted(path for path in out.rglob("*")) == before
