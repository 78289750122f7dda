"""The site as files: what is rewritten, what readers see, how mistakes are told. No browser."""

import re
import shutil
from pathlib import Path

import pytest

from gradbook.book.cache import whole
from gradbook.book.project import chapters_in
from gradbook.book.site import inline_svg, publish, site
from gradbook.engine.errors import BookError
from tests import sample_book
from tests.sample_book import build
from tests.tiers import some_slow


@pytest.fixture(scope="session")
def sample_site(tmp_path_factory) -> Path:
    """The html folder of the sample book."""
    return sample_book.build(tmp_path_factory.mktemp("sample"))


@pytest.fixture
def sample(tmp_path, sample_site) -> Path:
    """A copy of the sample book's folder, to change at will; it begins as a book built elsewhere."""
    sample_book.write_docs(tmp_path / "docs")
    sample_book.write_example(tmp_path / "build" / "source")
    return tmp_path


def state(html: Path) -> dict[str, tuple]:
    """Each file with what would betray that it was written."""
    return {p.as_posix(): (s.st_ino, s.st_mtime_ns) for p in publish.files_in(html) for s in [(html / p).stat()]}


def contents(html: Path) -> dict[str, bytes]:
    return {p.as_posix(): (html / p).read_bytes() for p in publish.files_in(html)}


def pages(html: Path) -> dict[str, str]:
    return {name: text.decode() for name, text in contents(html).items() if name.endswith(".html")}


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


# --- staging ----------------------------------------------------------------------------------------------


def test_staging_writes_only_changes_and_removes_what_is_gone(sample):
    docs, folder = sample / "docs", sample / "build" / "source" / "zh"
    site.stage(chapters_in(docs), [docs / "locale"], folder, "zh")
    before = state(folder.parent)
    site.stage(chapters_in(docs), [docs / "locale"], folder, "zh")
    assert state(folder.parent) == before
    (docs / "how-to-read.md").unlink()
    site.stage(chapters_in(docs), [docs / "locale"], folder, "zh")
    assert not (folder / "how-to-read.md").exists()
    assert (folder / "examples" / "seed" / "forward.md").exists()
    assert (folder.parent / "locale" / "zh_CN" / "LC_MESSAGES" / "index.po").exists()


# --- building again ---------------------------------------------------------------------------------------


@pytest.mark.slow
def test_building_again(sample, sample_site):
    """Nothing changed: nothing written. One example changed: only its pages. The same bytes as a cold build."""
    html = build(sample)
    assert contents(html) == contents(sample_site), "another folder gives the same bytes"
    before = state(html)
    build(sample, jobs=1)
    assert state(html) == before

    sample_book.write_example(sample / "build" / "source", number=0.4)
    build(sample)
    changed = {name for name, mark in state(html).items() if before.get(name) != mark}
    example = {f"{lang}/examples/seed/forward.html" for lang in ("en", "zh")}
    prose = {f"{lang}/how-to-read.html" for lang in ("en", "zh")}  # it quotes a value of the example
    data = {f"{lang}/_static/traces/seed.js" for lang in ("en", "zh")}
    assert example | prose | data <= changed
    assert changed <= example | prose | data | {f"{lang}/searchindex.js" for lang in ("en", "zh")}
    assert "0.4000" in pages(html)["en/how-to-read.html"]

    warm = contents(html)
    shutil.rmtree(sample / "build" / "work")
    build(sample)
    assert contents(html) == warm


@pytest.mark.slow
def test_new_title_reaches_every_page_and_gone_chapter_leaves(sample):
    html = build(sample)
    edit(sample / "docs" / "how-to-read.md", "# How to read this book", "# Before you start")
    build(sample)
    assert all("Before you start" in text for name, text in pages(html).items() if name.startswith("en/"))
    (sample / "docs" / "how-to-read.md").unlink()
    edit(sample / "docs" / "index.md", "how-to-read\n", "")
    build(sample)
    assert not list(html.rglob("how-to-read.html"))
    assert not any("Before you start" in text for text in pages(html).values())


@pytest.mark.slow
def test_old_file_time_does_not_hide_an_edit(sample):
    import os

    html, chapter = build(sample), sample / "build" / "source" / "en" / "how-to-read.md"
    edit(sample / "docs" / "how-to-read.md", "easy", "child's play")
    site.stage(chapters_in(sample / "docs"), [], chapter.parent, "en")
    os.utime(chapter, (1, 1))
    build(sample)
    assert "child’s play" in pages(html)["en/how-to-read.html"]


# --- navigation -------------------------------------------------------------------------------------------


def navigation_of(html: Path, page: str) -> str:
    return re.search(r'<div class="sidebar-tree">(.*?)</div>', (html / page).read_text("utf-8"), re.DOTALL)[1]


def listed(html: Path, page: str) -> list[str]:
    """The pages that the navigation of a page names, as addresses from the language's folder; '#' is the page."""
    found = re.findall(r'<a class="[^"]*" href="([^"]+)"', navigation_of(html, page))
    folder = (html / page).parent
    return [
        a if a == "#" else (folder / a).resolve().relative_to(html.resolve() / page[:2]).as_posix() for a in found
    ]


def written(sample: Path, lang: str = "en") -> dict[str, tuple]:
    """What Sphinx has written, each page with what would betray that it was written again."""
    return {name: mark for name, mark in state(sample / "build" / "work" / lang / "html").items() if ".html" in name}


def rewritten(sample: Path, change) -> set[str]:
    """The English pages that Sphinx writes after a change; a build from nothing must give the same bytes."""
    build(sample, langs=["en"])
    before = written(sample)
    change()
    html = build(sample, langs=["en"])
    again = {name for name, mark in written(sample).items() if before.get(name) != mark}
    warm = contents(html)
    shutil.rmtree(sample / "build" / "work")
    build(sample, langs=["en"])
    assert contents(html) == warm
    return again - {"search.html"}


def test_navigation_lists_chapters_examples_and_the_own_pages(sample):
    sample_book.write_more_examples(sample / "build" / "source", "pair")
    html = build(sample)
    chapters, examples = ["how-to-read.html", "examples/index.html"], ["examples/seed/index.html"]
    assert listed(html, "en/index.html") == [*chapters, *examples, "examples/pair/index.html"]
    own = ["#", "examples/seed/backward.html"]
    assert listed(html, "en/examples/seed/forward.html") == [*chapters, *examples, *own, "examples/pair/index.html"]
    assert listed(html, "zh/examples/pair/index.html")[-2:] == ["#", "examples/pair/forward.html"]
    assert listed(html, "en/search.html") == listed(html, "en/index.html")
    assert re.findall('class="caption-text">([^<]+)', navigation_of(html, "en/index.html")) == [
        "Group seed",
        "Group pair",
    ]


@pytest.mark.slow
def test_navigation_marks_the_page_and_opens_its_branch(sample):
    sample_book.write_more_examples(sample / "build" / "source", "pair")
    text = navigation_of(build(sample), "zh/examples/seed/forward.html")
    marked = r'<li class="toctree-l(\d) current[^"]*"><a [^>]*href="([^"]+)"'
    branch = [("1", "../../examples/index.html"), ("2", "../../examples/seed/index.html"), ("3", "#")]
    assert re.findall(marked, text) == branch
    assert len(re.findall("current-page", text)) == 1
    assert 'current-page"><a class="current reference internal" href="#" aria-current="page">前向传播</a>' in text
    folds = re.findall(r'<input class="toctree-checkbox"[^>]*aria-label="([^"]*)"( checked)?>', text)
    assert folds == [("展开或收起：演算示例", " checked"), ("展开或收起：一个小网络", " checked")]


@pytest.mark.slow
def test_new_and_removed_example_reach_every_page(sample):
    source = sample / "build" / "source"
    again = rewritten(sample, lambda: sample_book.write_more_examples(source, "pair"))
    assert again >= {"index.html", "how-to-read.html", "examples/seed/backward.html", "examples/pair/forward.html"}

    def remove():
        sample_book.write_more_examples(source)
        for lang in sample_book.WORDS:
            shutil.rmtree(source / lang / "examples" / "pair")

    again = rewritten(sample, remove)
    assert again >= {"index.html", "how-to-read.html", "examples/seed/backward.html"}
    assert not any("pair" in text for text in pages(sample / "build" / "html").values())


LISTS = {"index.html", "examples/index.html", "examples/seed/index.html"}
"""The pages of the sample that show contents lists: they are written again whenever any heading changes."""


@pytest.mark.slow
def test_new_section_of_an_example_rewrites_no_other_example(sample):
    source = sample / "build" / "source"
    sample_book.write_more_examples(source, "pair")
    page = source / "en" / "examples" / "pair" / "forward.md"
    again = rewritten(sample, lambda: page.write_text(f"{page.read_text('utf-8')}\n(pair-a)=\n## More\n", "utf-8"))
    assert again - LISTS == {"examples/pair/forward.html", "examples/pair/index.html"}


@pytest.mark.slow
def test_new_title_of_an_examples_page_reaches_its_other_pages_and_its_neighbours(sample):
    source = sample / "build" / "source"
    sample_book.write_more_examples(source, "pair", "zebra")
    page = source / "en" / "examples" / "pair" / "forward.md"
    again = rewritten(sample, lambda: edit(page, "# Forward pass pair", "# There"))
    own = {"examples/pair/forward.html", "examples/pair/index.html"}
    assert again - LISTS == own | {"examples/zebra/index.html"}  # which says what is before it


@pytest.mark.slow
def test_new_heading_reaches_the_links_that_show_it(sample):
    with open(sample / "docs" / "how-to-read.md", "a", encoding="utf-8") as chapter:
        chapter.write("\nSee [](#seed-layer1-z).\n")
    page = sample / "build" / "source" / "en" / "examples" / "seed" / "forward.md"
    again = rewritten(sample, lambda: edit(page, "## First layer", "## The layer at the door"))
    assert "how-to-read.html" in again and "examples/seed/backward.html" in again
    assert "The layer at the door" in pages(sample / "build" / "html")["en/how-to-read.html"]


def test_unchanged_chapters_are_not_read_again(sample):
    build(sample, langs=["zh"])
    trees = sample / "build" / "work" / "zh" / "doctrees"
    before = state(trees)
    build(sample, langs=["zh"])
    assert state(trees) == before


# --- mistakes -----------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_mistake_is_told_with_the_authors_file_until_it_is_mended(sample):
    html = build(sample, langs=["en"])
    before = state(html)
    chapter = sample / "docs" / "how-to-read.md"
    text = chapter.read_text(encoding="utf-8")
    chapter.write_text(f"{text}\nSee [nothing](#no-such-target).\n", encoding="utf-8")
    for _ in range(2):  # the second time Sphinx has read the page already
        with pytest.raises(BookError) as caught:
            build(sample, langs=["en"])
        assert re.search(r"^docs/how-to-read\.md:\d+: .*no-such-target", str(caught.value), re.MULTILINE)
        assert str(sample) not in str(caught.value)
    assert state(html) == before
    chapter.write_text(text, encoding="utf-8")
    build(sample, langs=["en"])
    assert state(html) == before


@pytest.mark.parametrize(
    ("wrong", "said"),
    some_slow(
        [
            ("$\\frac{1}$", "formula"),
            ("{value}`seed:layer9.z`", "unknown step"),
            ("{value}`nobody:z`", "unknown example"),
        ]
    ),
)
def test_wrong_formula_or_value_is_a_mistake(sample, wrong, said):
    with open(sample / "docs" / "how-to-read.md", "a", encoding="utf-8") as chapter:
        chapter.write(f"\n{wrong}\n")
    with pytest.raises(BookError, match=rf"docs/how-to-read\.md(:\d+)?: .*{said}"):
        build(sample, langs=["en"])
    assert not (sample / "build" / "html").exists()


# --- editions -------------------------------------------------------------------------------------------------


@pytest.fixture
def work(tmp_path) -> Path:
    """Two languages as Sphinx would leave them."""
    for lang in ("en", "zh"):
        for name in ("index.html", "a/b.html"):
            path = tmp_path / "work" / lang / "html" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(f"{lang} {name} one")
    good_run(tmp_path / "work", "en", "zh")
    return tmp_path / "work"


def good_run(work: Path, *langs: str) -> None:
    """What is written now is what a run of Sphinx has left that went well."""
    for lang in langs:
        whole.keep(work / lang, "html", "the same version of everything")


@pytest.mark.parametrize("can_swap", [True, False])
def test_edition_keeps_what_is_the_same(work, monkeypatch, can_swap):
    if not can_swap:
        monkeypatch.setattr(publish, "_swap", lambda one, other: False)
    html = work.parent / "html"
    assert publish.publish(work, html)
    before = state(html)
    assert not publish.publish(work, html)
    assert state(html) == before
    (work / "en" / "html" / "a" / "b.html").write_text("two")
    (work / "zh" / "html" / "a" / "b.html").unlink()
    assert not publish.publish(work, html), "no run of Sphinx has left it so"
    good_run(work, "en", "zh")
    assert publish.publish(work, html)
    after = state(html)
    assert {name for name in after if after[name] != before[name]} == {"en/a/b.html"}
    assert set(before) - set(after) == {"zh/a/b.html"}
    assert sorted(p.name for p in work.parent.iterdir()) == ["html", "work"]


def test_unfinished_language_is_not_shown_or_stays_as_it_was(work):
    (work / "zh" / "whole").unlink()
    html = work.parent / "html"
    publish.publish(work, html)
    assert not (html / "zh").exists()
    assert "zh/index.html" not in (html / "index.html").read_text(encoding="utf-8")
    good_run(work, "zh")
    publish.publish(work, html)
    (work / "en" / "whole").unlink()
    for lang in ("en", "zh"):
        (work / lang / "html" / "index.html").write_text("half")
    good_run(work, "zh")
    publish.publish(work, html)
    assert (html / "en" / "index.html").read_text() == "en index.html one"
    assert (html / "zh" / "index.html").read_text() == "half"


@pytest.mark.parametrize("stop", ["_place", "_swap", "rmtree"])
def test_killed_at_any_point_leaves_one_whole_edition(work, monkeypatch, stop):
    html = work.parent / "html"
    publish.publish(work, html)
    old = contents(html)
    (work / "en" / "html" / "index.html").write_text("two")
    good_run(work, "en")

    def die(*args, **kwargs):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        if stop == "rmtree":  # the last act: both editions are there, and nothing was to be cleared before
            patch.setattr(publish, "_recover", lambda html: None)
            patch.setattr(publish.shutil, "rmtree", die)
        else:
            patch.setattr(publish, stop, die)
        publish.publish(work, html)
    new = old | {"en/index.html": b"two"}
    assert contents(html) == (new if stop == "rmtree" else old)
    publish.publish(work, html)
    assert contents(html) == new
    assert sorted(p.name for p in work.parent.iterdir()) == ["html", "work"]


def test_killed_between_two_renames_is_mended(work):
    html = work.parent / "html"
    publish.publish(work, html)
    html.rename(publish._beside(html, "last"))
    assert not publish.publish(work, html)
    assert (html / "en" / "index.html").exists()


# --- the pages --------------------------------------------------------------------------------------------------


def test_pages_hold_no_inline_styles_or_scripts_and_fetch_nothing(any_site):
    for name, text in pages(any_site).items():
        assert " style=" not in text and "<style" not in text, name
        assert not re.search(r"<script(?![^>]*\bsrc=)", text), name
        assert not re.search(r"\son\w+=\"", text), name
        assert not re.search(r"""(?:src|href)="(?:https?:)?//[^"]*"[^>]*(?:stylesheet|script)""", text), name
        assert not re.search(r"""<(?:script|img|link|source|iframe)\b[^>]*(?:src|href)="(?:https?:)?//""", text), name
        assert "/tmp/" not in text and "/home/" not in text and "/root" not in text, name


def test_chinese_sentences_stand_without_spaces_between_them(any_site):
    for path in (any_site / "zh").rglob("*.html"):
        text = re.sub(r"(?s)<(script|pre|math|svg|title)\b.*?</\1>", "|", path.read_text(encoding="utf-8"))
        assert not (found := re.findall(r">[^<]*[。；？！][ \n]+[^\s<][^<]{0,20}", text)), (path, found[:3])


def test_every_link_and_file_is_there(any_site):
    for name, text in pages(any_site).items():
        for target in re.findall(r"""(?:href|src)="([^"#?]+)[#?"]""", text):
            if not re.match(r"\w+:", target):
                assert (any_site / name).parent.joinpath(target).resolve().is_file(), f"{name}: {target}"


def test_ids_are_unique(any_site):
    for name, text in pages(any_site).items():
        ids = re.findall(r"""\sid="([^"]+)\"""", text)
        assert len(ids) == len(set(ids)), name


def test_same_page_in_the_other_language(any_site):
    english = pages(any_site)["en/examples/seed/forward.html"]
    assert 'rel="alternate" hreflang="zh-CN" href="../../../zh/examples/seed/forward.html"' in english
    assert '<html class="no-js" lang="zh-CN"' in pages(any_site)["zh/examples/seed/forward.html"]


def test_fold_figure_and_value(sample_site):
    page = pages(sample_site)["en/examples/seed/forward.html"]
    assert re.search(r'<details class="fold">\s*<summary>Why the transpose\?</summary>', page)
    overview = pages(sample_site)["zh/examples/seed/index.html"]
    assert 'role="group"' in overview and "一条从 0.3 降到接近 0 的曲线" in overview
    assert not list(sample_site.rglob("_images/*"))
    prose = pages(sample_site)["en/how-to-read.html"]
    assert '<span class="value" data-value="seed:layer1.z[0]">0.3775</span>' in prose
    assert "_static/traces/seed.js" in prose


def test_figure_has_its_own_ids_and_the_pages_colours():
    svg = inline_svg.inline(sample_book.figure(), "A <curve>", "f7-")
    assert "style" not in svg and 'id="f7-box"' in svg and "url(#f7-box)" in svg
    assert "var(--figure-ink)" in svg and "currentColor" in svg
    assert 'aria-labelledby="f7-title"' in svg and "A &lt;curve&gt;" in svg
    assert 'font-weight="bold"' in svg and 'href="forward.html#seed-layer1-z"' in svg
