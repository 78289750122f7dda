"""Whole builds from the command line: what is written, what is left alone, what is refused."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from gradbook.book.i18n.words import languages
from gradbook.engine import load
from tests.chance import remember
from tests.conftest import ROOT
from tests.small_project import small_project


def build(*words, folder: Path = ROOT) -> subprocess.CompletedProcess:
    return subprocess.run([sys.executable, "build.py", *words], cwd=folder, capture_output=True, text=True)


def snapshot(folder: Path) -> dict[str, tuple[int, int]]:
    """Every file with its inode and the time of its last change: a file written again shows."""
    files = (p for p in sorted(folder.rglob("*")) if p.is_file())
    return {str(p.relative_to(folder)): (p.stat().st_ino, p.stat().st_mtime_ns) for p in files}


@pytest.fixture
def clone(tmp_path, lean_project) -> Path:
    """A copy of the lean project with its built book; a test may edit it."""
    return Path(shutil.copytree(lean_project, tmp_path / "gradbook", symlinks=True))


def test_the_site_has_every_page_in_every_language(any_site, any_examples):
    names = {
        lang: {p.relative_to(any_site / lang).as_posix() for p in (any_site / lang).rglob("*.html")}
        for lang in languages()
    }
    assert len(languages()) > 1 and len(set(map(frozenset, names.values()))) == 1
    for example in any_examples.glob("*.toml"):
        kinds = {"index", "forward", "backward", "check"} | ({"update"} if load(example).update else set())
        assert {f"examples/{example.stem}/{kind}.html" for kind in kinds} <= names["en"]
    for source in any_examples.glob("sources/*.toml"):
        assert f"examples/{source.stem}/errata.html" in names["en"]
    assert {"examples/seed/errata.html", "examples/adam/second.html"} <= names["en"]
    assert (any_site / "index.html").is_file()


def test_formulas_are_the_same_in_every_language(any_site):
    site = any_site
    for page in sorted((site / "en" / "examples").rglob("*.html")):
        english, *others = (list(formulas(site / lang / page.relative_to(site / "en"))) for lang in languages())
        assert all(other == english for other in others), page


def formulas(page: Path) -> list[str]:
    return sorted(re.findall(r'encoding="application/x-tex">(.*?)</annotation>', page.read_text(encoding="utf-8")))


@pytest.mark.slow
def test_a_second_build_writes_nothing(clone):
    before = snapshot(clone / "build" / "html")
    made = build("html", folder=clone)
    assert made.returncode == 0 and snapshot(clone / "build" / "html") == before


@pytest.mark.slow
def test_one_changed_example_rewrites_only_its_pages(clone):
    before = snapshot(clone / "build" / "html")
    path = clone / "examples" / "multihead.toml"
    text = path.read_text(encoding="utf-8")
    assert "learning_rate = 0.1" in text
    path.write_text(text.replace("learning_rate = 0.1", "learning_rate = 0.25"), encoding="utf-8")
    assert build("html", folder=clone).returncode == 0
    after = snapshot(clone / "build" / "html")
    changed = {name for name in before | after if before.get(name) != after.get(name)}
    assert {"en/examples/multihead/update.html", "zh/examples/multihead/update.html"} <= changed
    allowed = re.compile(
        r"(en|zh)/(examples/multihead/.*|_images/.*|_static/traces/multihead\.js|searchindex\.js|objects\.inv)"
    )
    assert [name for name in changed if not allowed.fullmatch(name)] == []


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('activation = "sigmoid"', 'activation = "sigmiod"', "Did you mean 'sigmoid'?"),
        ("b = [0.35, 0.35]", "b = [0.35]", "layers[0].b"),
        ('en = "A 2-2-2', 'en = "{{ x }} A 2-2-2', "title.en"),
    ],
)
def test_a_wrong_example_leaves_the_book_alone(clone, old, new, said):
    path = clone / "examples" / "seed.toml"
    text = path.read_text(encoding="utf-8")
    before = snapshot(clone / "build")
    path.write_text(text.replace(old, new), encoding="utf-8")
    made = build("html", folder=clone)
    assert made.returncode == 2 and said in made.stderr and "Traceback" not in made.stderr
    assert "seed.toml" in made.stderr and snapshot(clone / "build") == before


@pytest.mark.slow
def test_a_wrong_value_in_a_chapter_is_named_with_its_line(clone):
    chapter = clone / "docs" / "how-to-read.md"
    text = chapter.read_text(encoding="utf-8")
    before = snapshot(clone / "build" / "html")
    chapter.write_text(text + "\nIt is {value}`seed:layer2.detla[0]|.4f`.\n", encoding="utf-8")
    made = build("html", folder=clone)
    line = len(text.splitlines()) + 2
    assert made.returncode == 2 and f"docs/how-to-read.md:{line}" in made.stderr
    assert "Did you mean 'layer2.delta'?" in made.stderr and "Traceback" not in made.stderr
    assert snapshot(clone / "build" / "html") == before


@pytest.mark.slow
def test_only_named_examples_are_in_the_edition(clone):
    html = clone / "build" / "html"
    before = {name: (html / name).read_bytes() for name in snapshot(html)}
    assert build("html", "--only", "seed", "--set", "update.learning_rate=0.1", folder=clone).returncode == 0
    after = {name for name in snapshot(clone / "build" / "html") if name.endswith(".html")}
    assert "en/examples/seed/update.html" in after
    assert not [name for name in after if "/examples/adam/" in name or "/examples/multihead/" in name]
    text = (clone / "build" / "html" / "en" / "examples" / "seed" / "update.html").read_text(encoding="utf-8")
    assert ">0.1</mn>" in text
    assert build("html", folder=clone).returncode == 0
    assert {name: (html / name).read_bytes() for name in snapshot(html)} == before


def test_a_folder_that_is_not_ours_is_refused(tmp_path):
    (tmp_path / "letter.txt").write_text("mine")
    made = build("html", "--out", str(tmp_path))
    assert made.returncode == 2 and "not this book's" in made.stderr
    made = build("clean", "--out", str(tmp_path))
    assert made.returncode == 2 and (tmp_path / "letter.txt").read_text() == "mine"


def test_the_pdf_of_every_language(pdfs, whole):
    from pypdf import PdfReader

    words = {"en": "Error term", "zh": "误差项"}
    assert pdfs.keys() == (words.keys() if whole else {"en"})
    for lang, path in pdfs.items():
        pdf, word = PdfReader(path), words[lang]
        assert pdf.outline and any(word in page.extract_text() for page in pdf.pages)
        assert {tuple(round(float(v)) for v in page.mediabox[2:]) for page in pdf.pages} == {(595, 842)}


def test_no_ink_leaves_the_page(pdfs):
    import pymupdf

    for lang, path in pdfs.items():
        for page in pymupdf.open(path):
            for x0, y0, x1, y1, *_ in page.get_text("blocks"):
                assert x0 > 20 and x1 < page.rect.width - 20 and y0 > 0 and y1 < page.rect.height, (lang, page.number)


@pytest.mark.slow
@pytest.mark.latex
@pytest.mark.skipif(not shutil.which("xelatex"), reason="no xelatex here")
def test_the_latex_road(tmp_path, chance):
    """A book of two examples, in one of the languages: TeX takes half a second for each page."""
    from pypdf import PdfReader

    lang = chance.choice(languages())
    remember(f"LaTeX: {lang}", "latex.txt")
    project = small_project(tmp_path / "project")
    shutil.copy(ROOT / "examples" / "attention.toml", project / "examples")
    made = build("pdf", "--engine", "latex", "--lang", lang, folder=project)
    assert made.returncode == 0, made.stderr
    pdf = PdfReader(project / "build" / "pdf" / f"gradbook-{lang}.pdf")
    assert len(pdf.pages) > 30


def test_without_tex_one_sentence_says_what_to_install(monkeypatch):
    from gradbook.book.site import pdf
    from gradbook.engine import BookError

    monkeypatch.setattr(pdf.shutil, "which", lambda tool: None)
    with pytest.raises(BookError, match=r"xelatex and latexmk.*apt-get install texlive-xetex"):
        pdf.check_tex()
