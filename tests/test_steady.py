"""Files that are edited, removed or added in the middle of a build: it starts over, or says one sentence."""

import re
import shutil
import time
from pathlib import Path

import pytest

from gradbook.book.base.mistakes import told_in
from gradbook.book.cache.steady import ATTEMPTS, steadily
from gradbook.engine.errors import BookError
from tests.small_book import built, edition, start

THEME = "book/site/theme"


@pytest.fixture
def docs(tmp_path) -> Path:
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "a.md").write_text("one")
    return tmp_path / "docs"


def taken_back(path: Path) -> None:
    path.write_text("another word")
    path.write_text("one")


EDITS = {
    "edited": lambda docs: (docs / "a.md").write_text("two"),
    "edited and taken back": lambda docs: taken_back(docs / "a.md"),
    "removed": lambda docs: (docs / "a.md").unlink(),
    "added": lambda docs: (docs / "b.md").write_text("new"),
    "renamed": lambda docs: (docs / "a.md").rename(docs / "c.md"),
}


@pytest.mark.parametrize("edit", EDITS.values(), ids=list(EDITS))
@pytest.mark.parametrize("error", [None, FileNotFoundError, BookError])
def test_an_edit_in_mid_build_starts_it_over(docs, capsys, edit, error):
    seen = []

    def attempt(unedited) -> list[str]:
        seen.append({path.name: path.read_text() for path in docs.iterdir()})
        if len(seen) == 1:
            edit(docs)
            if error:
                raise error("docs/a.md")
        unedited()
        return seen[-1]

    assert steadily([docs], attempt) == {path.name: path.read_text() for path in docs.iterdir()}
    assert len(seen) == 2 and capsys.readouterr().err.count("the build starts over.\n") == 1


def test_what_is_no_edit_does_not_start_it_over(docs):
    def attempt(unedited) -> str:
        (docs / ".a.md.swp").write_text("an editor's")
        (docs / "a.md~").write_text("an editor's")
        (docs / "__pycache__").mkdir()
        (docs / "__pycache__" / "conf.pyc").write_text("Python's")
        unedited()
        return "built"

    assert steadily([docs, docs / "not there"], attempt) == "built"


def test_a_mistake_is_told_and_restlessness_too(docs):
    def mistaken(unedited):
        raise BookError("docs/a.md: is wrong.")

    def restless(unedited):
        (docs / f"{time.monotonic_ns()}.md").write_text("new")
        unedited()

    with pytest.raises(BookError, match="is wrong"):
        steadily([docs], mistaken)
    with pytest.raises(BookError, match=f"was edited during each of {ATTEMPTS} builds"):
        steadily([docs], restless)


def replaced(name: str, old: str, new: str):
    def edit(folder: Path) -> None:
        text = (folder / name).read_text("utf-8")
        assert old in text
        (folder / name).write_text(text.replace(old, new), "utf-8")

    return edit


def without_a_chapter(folder: Path) -> None:
    (folder / "docs" / "extra.md").unlink()
    replaced("docs/index.md", "extra\n", "")(folder)


WHOLE = {
    "a style is edited": replaced(f"{THEME}/static/gradbook.css", "{", "{ --edited: 1;"),
    "a chapter is removed": without_a_chapter,
    "a page's template is edited": replaced(f"{THEME}/templates/page.html", "{% block", "<!-- edited -->{% block"),
    "words are edited": replaced("templates/site/words.j2", "exact", "edited"),
}


@pytest.mark.slow
@pytest.mark.parametrize("what", WHOLE)
def test_the_book_is_of_one_edition(request, what):
    """Sphinx is at work when the file changes; what comes out is what a build of the new files gives."""
    small, edit = request.getfixturevalue("small" if what == "words are edited" else "english"), WHOLE[what]
    (small / "docs" / "extra.md").write_text("# One more chapter\n")
    replaced("docs/index.md", "how-to-read\n", "how-to-read\nextra\n")(small)
    run = start(small)
    said = []
    for line in run.stderr:
        said.append(line)
        if line.startswith("pages"):
            break
    time.sleep(0.5)
    edit(small)
    said += ["".join(run.communicate())]
    assert run.returncode == 0 and "the book was edited meanwhile" in "".join(said), said
    warm = edition(small / "build" / "html")
    shutil.rmtree(small / "build")
    built(small)
    assert warm == edition(small / "build" / "html")


@pytest.mark.slow
@pytest.mark.parametrize("name", ["docs/how-to-read.md", "templates/blocks.j2", "book/site/theme/conf.py"])
def test_what_is_removed_and_needed_is_one_sentence(small, name):
    before = edition(small / "build" / "html")
    replaced("docs/how-to-read.md", "is easy", "is not hard")(small)
    run = start(small)
    (small / name).unlink()
    said = "".join(run.communicate())
    assert run.returncode == 2 and "Traceback" not in said and said.count("error: ") == 1, said
    assert edition(small / "build" / "html") == before


def test_a_log_that_misses_the_settings_is_a_sentence(tmp_path):
    """Sphinx may have begun before they went."""
    log = f"sphinx.errors.ConfigError: config directory doesn't contain a conf.py file ({tmp_path})\n"
    assert re.search(r"conf\.py", str(told_in(log)))
