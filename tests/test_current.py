"""What would come out the same is not made again: Sphinx runs for a language only if something it reads is new."""

import os
from pathlib import Path

import pytest

from gradbook.book.base.files import write
from gradbook.book.cache import whole
from gradbook.book.site.sphinx_run import made_of
from tests.damage import WAYS
from tests.small_book import built, example


def test_what_a_run_reads_is_known_by_its_digest(tmp_path, monkeypatch):
    """Every file of every folder that it reads, its settings and the date."""
    source = tmp_path / "source" / "en"
    files = [source / "index.md", source / "examples" / "seed" / "index.md", source.parent / "static" / "math.css"]
    files.append(source.parent / "locale" / "en" / "LC_MESSAGES" / "index.po")
    for path in files:
        write(path, "one")
    digests = [made_of("html", source, "en", ["project=A"]), made_of("html", source, "en", ["project=B"])]
    for path in [*files, source / "new.md"]:
        write(path, "two")
        digests.append(made_of("html", source, "en", ["project=A"]))
    (source / "new.md").unlink()
    assert made_of("html", source, "en", ["project=A"]) == digests[-2], "as it was before the file was there"
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "86400")
    digests.append(made_of("html", source, "en", ["project=A"]))
    write(source.parent / "zh" / "index.md", "another language")
    assert made_of("html", source, "en", ["project=A"]) == digests[-1]
    assert len(set(digests)) == len(digests) and None not in digests
    assert made_of("html", source, "en", ["gradbook_spare=a.toml"]) is None, "what chapters quote lies elsewhere"


@pytest.mark.parametrize("way", WAYS)
def test_a_folder_is_current_until_it_is_damaged_or_made_of_something_else(tmp_path, way):
    (tmp_path / ".gradbook").touch()
    work = tmp_path / "en"
    write(work / "html" / "index.html", "<html></html>")
    write(work / "doctrees" / "index.doctree", "read")
    whole.keep(work, "html", "version 1", "a book")
    assert whole.is_current(work, "version 1", "a book")
    assert not whole.is_current(work, "version 2", "a book")
    assert not whole.is_current(work, "version 1", "another")
    assert not whole.is_current(work, "version 1", None)
    way(work / "html" / "index.html")
    assert not whole.is_current(work, "version 1", "a book")


def runs(folder: Path, *words: str, langs=("en", "zh"), room="{}", **settings) -> list[str]:
    """The languages for which Sphinx ran in a build."""
    logs = {lang: folder / "build" / "work" / room.format(lang) / "log" for lang in langs}
    for log in logs.values():
        os.utime(log, (0, 0))
    built(folder, *words, **settings)
    return [lang for lang, log in logs.items() if log.stat().st_mtime > 0]


@pytest.mark.slow
def test_sphinx_runs_where_something_is_new(small):
    assert runs(small) == []
    example(small, "seed", 0.25)
    assert runs(small) == ["en", "zh"]
    example(small, "seed", 0.25)
    assert runs(small) == [], "written again, and the same"
    chapter = small / "docs" / "how-to-read.md"
    chapter.write_text(chapter.read_text("utf-8").replace("is easy", "is hard"), "utf-8")
    assert runs(small) == ["en", "zh"]
    (small / "build" / "work" / "zh" / "html" / "index.html").write_text("damaged", "utf-8")
    assert runs(small) == ["zh"]
    assert runs(small, env={**os.environ, "SOURCE_DATE_EPOCH": "86400"}) == ["en", "zh"]
    style = small / "book" / "site" / "theme" / "static" / "gradbook.css"
    style.write_text(style.read_text("utf-8") + "\nbody { color: black }\n", "utf-8")
    assert runs(small, env={**os.environ, "SOURCE_DATE_EPOCH": "86400"}) == ["en", "zh"]
    assert "color: black" in (small / "build" / "html" / "en" / "_static" / "gradbook.css").read_text("utf-8")


@pytest.mark.slow
def test_the_pdf_is_set_again_where_something_is_new(small):
    built(small, "pdf", "--lang", "en")
    pdf = small / "build" / "pdf" / "gradbook-en.pdf"
    first = pdf.read_bytes()
    words = {"langs": ["en"], "room": "pdf/typst-{}"}
    pdf.unlink()
    assert runs(small, "pdf", "--lang", "en", **words) == [] and pdf.read_bytes() == first
    example(small, "seed", 0.25)
    assert runs(small, "pdf", "--lang", "en", **words) == ["en"] and pdf.read_bytes() != first
