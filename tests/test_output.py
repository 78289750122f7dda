"""Where the book goes: no folder that it is made from, a web root behind a link, beside an old edition that stays."""

import os
import shutil
from pathlib import Path

import pytest

from gradbook.book.base import files
from gradbook.book.cache import whole
from gradbook.book.site import output, publish
from gradbook.engine.errors import BookError
from tests import small_book
from tests.small_book import build


@pytest.fixture(scope="module")
def project(tmp_path_factory) -> Path:
    """The small project, of which nothing is built."""
    return small_book.make(tmp_path_factory.mktemp("output") / "book")


INSIDE = (
    "docs/out",
    "docs/locale/out",
    "templates/out",
    "examples/out",
    "engine/a/b",
    "docs",
    "link/out",
    "docs/../docs/x",
)


@pytest.mark.parametrize("out", INSIDE)
def test_a_folder_that_the_book_is_made_from_is_refused(project, out):
    if out.startswith("link"):
        (project / "link").symlink_to("docs")
    inputs = [project / room for room in ("docs", "templates", "examples", "engine")]
    with pytest.raises(BookError, match=r"--out .*: lies in .*, which the book is made from"):
        output.check_folder(project / out, inputs)
    output.check_folder(project / "documents" / "out", inputs)


@pytest.mark.parametrize("target", ["html", "clean"])
def test_it_is_refused_on_the_command_line(project, target):
    code, said = build(project, target, "--out", "docs/out")
    assert code == 2 and "lies in" in said and said.count("\n") == 1, said
    assert not (project / "docs" / "out").exists()


def test_a_folder_around_what_the_book_is_made_from_is_refused(tmp_path):
    (tmp_path / "build" / "docs").mkdir(parents=True)
    (tmp_path / "build" / files.MARKER).touch()
    with pytest.raises(BookError, match=r"holds .*docs, which the book is made from"):
        output.check_folder(tmp_path / "build", [tmp_path / "build" / "docs"])


def test_clean_empties_what_a_link_leads_to_and_leaves_both(tmp_path):
    (tmp_path / "disk").mkdir()
    (tmp_path / "out").symlink_to("disk")
    output.own_folder(tmp_path / "out")
    files.write(tmp_path / "out" / "html" / "index.html", "a page")
    (tmp_path / "web").mkdir()
    (tmp_path / "web" / "index.html").write_text("published")
    (tmp_path / "out" / "link").symlink_to(tmp_path / "web")
    output.clean(tmp_path / "out")
    assert (tmp_path / "out").is_symlink() and list((tmp_path / "disk").iterdir()) == []
    assert (tmp_path / "web" / "index.html").exists(), "a link goes, and not what it leads to"
    output.own_folder(tmp_path / "out")
    output.clean(tmp_path / "out")
    output.clean(tmp_path / "nowhere")


def test_clean_removes_a_folder_of_ours_and_no_other(tmp_path):
    output.own_folder(tmp_path / "out")
    (tmp_path / "out" / files.MARKER).unlink()
    (tmp_path / "out" / files.MARKER).mkdir()  # whatever has become of the mark
    output.clean(tmp_path / "out")
    assert not (tmp_path / "out").exists()
    (tmp_path / "letter").write_text("mine")
    with pytest.raises(BookError, match="not this book's"):
        output.clean(tmp_path)
    (tmp_path / "link").symlink_to(tmp_path)
    with pytest.raises(BookError, match="not this book's"):
        output.clean(tmp_path / "link")
    assert (tmp_path / "letter").exists()


# --- editions -----------------------------------------------------------------------------------------------------


@pytest.fixture
def out(tmp_path) -> Path:
    """An output folder with one language, as Sphinx would leave it, and a web root beside it."""
    (tmp_path / "web").mkdir()
    write(tmp_path / "out", "one")
    return tmp_path / "out"


def write(out: Path, text: str) -> None:
    """What a run of Sphinx leaves that went well."""
    files.write(out / "work" / "en" / "html" / "index.html", text)
    whole.keep(out / "work" / "en", "html", "version 1")


def publish_page(out: Path, text: str) -> str:
    """The English page that readers see after another run."""
    write(out, text)
    publish.publish(out / "work", out / "html")
    return (out / "html" / "en" / "index.html").read_text()


@pytest.mark.parametrize("can_swap", [True, False])
@pytest.mark.parametrize("to", ["../web/site", "../web/old", "chain"])
def test_a_link_into_a_web_root_stays_and_is_followed(out, monkeypatch, can_swap, to):
    if not can_swap:
        monkeypatch.setattr(publish, "_swap", lambda one, other: False)
    web = out.parent / "web"
    (web / "old" / "en").mkdir(parents=True)
    (out / "chain").symlink_to("../web/site")
    (out / "html").symlink_to(to)
    for text in ("one", "two", "three"):
        assert publish_page(out, text) == text
    place = web / Path(to.replace("chain", "site")).name
    assert (out / "html").is_symlink() and (place / "en" / "index.html").read_text() == "three"
    assert {path.name for path in web.iterdir()} == {"old", place.name}, "nothing is left beside it"
    assert not publish.publish(out / "work", out / "html")


def test_a_link_to_what_is_not_this_books_is_refused(out):
    (out.parent / "web" / "shop.php").write_text("theirs")
    (out / "html").symlink_to("../web")
    with pytest.raises(BookError, match=r"html: leads to .*web, which holds what is not this book's \(shop.php\)"):
        publish_page(out, "one")
    assert [path.name for path in (out.parent / "web").iterdir()] == ["shop.php"]


@pytest.mark.parametrize("can_swap", [True, False])
def test_an_old_edition_that_will_not_go_is_said_and_does_no_harm(out, monkeypatch, capsys, can_swap):
    """Root may remove anything; here nobody may remove what lies beside the site."""

    def refuse(path, ignore_errors=False):
        if not ignore_errors:
            raise PermissionError(13, "Permission denied", str(path))

    if not can_swap:
        monkeypatch.setattr(publish, "_swap", lambda one, other: False)
    publish_page(out, "one")
    assert capsys.readouterr().err == ""
    with monkeypatch.context() as patch:
        patch.setattr(shutil, "rmtree", refuse)
        assert publish_page(out, "two") == "two"
        said = capsys.readouterr().err
        assert "an old edition that cannot be removed (Permission denied); the book is the new one." in said
        assert publish_page(out, "three") == "three" and ", and 1 more;" in (said := capsys.readouterr().err)
        assert said.count("\n") == 1
    assert publish_page(out, "four") == "four" and capsys.readouterr().err == ""
    assert sorted(path.name for path in out.iterdir()) == ["html", "work"]


def test_where_nothing_can_be_written_beside_the_site_readers_keep_it(out, monkeypatch):
    publish_page(out, "one")

    def refuse(path, *args, **kwargs):
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(publish, "_swap", lambda one, other: False)
    with monkeypatch.context() as patch, pytest.raises(PermissionError):
        patch.setattr(Path, "rename", refuse)
        publish_page(out, "two")
    assert (out / "html" / "en" / "index.html").read_text() == "one"
    assert sorted(path.name for path in out.iterdir()) == ["html", "work"]
    assert publish_page(out, "two") == "two"


def test_an_edition_that_was_edited_meanwhile_is_not_shown(out):
    publish_page(out, "one")
    write(out, "two")
    asked = []

    def edited_at_the_end():
        asked.append(os.listdir(out))
        if len(asked) == 2:
            raise RuntimeError

    with pytest.raises(RuntimeError):
        publish.publish(out / "work", out / "html", unedited=edited_at_the_end)
    assert (out / "html" / "en" / "index.html").read_text() == "one"
    assert any(name.startswith(".html-next") for name in asked[1]), "the new edition was ready"
    assert sorted(path.name for path in out.iterdir()) == ["html", "work"]
