"""The same sources give the same bytes, whatever the folder, user, locale, time zone, hash seed and jobs."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from small_project import ROOT, small_project

from gradbook.book.cache.shaping import CARRIERS, PROGRAMS
from gradbook.book.i18n.language import fonts
from gradbook.book.i18n.words import languages
from gradbook.book.pages.colophon import colophon, edition, typefaces
from gradbook.book.pdf.typst import MATHEMATICS
from gradbook.book.project import Project

CONDITIONS = (
    {"USER": "root", "LANG": "C.UTF-8", "TZ": "UTC", "PYTHONHASHSEED": "1", "OPENBLAS_NUM_THREADS": "1"},
    {
        "USER": "somebody", "LC_ALL": "zh_CN.UTF-8", "LANG": "de_DE.UTF-8", "TZ": "Pacific/Chatham",
        "PYTHONHASHSEED": "777", "OPENBLAS_NUM_THREADS": "2", "COLUMNS": "40", "NO_COLOR": "1",
    },
)  # fmt: skip


def build(project: Path, out: Path, condition: dict, *words: str) -> dict[str, bytes]:
    """Every file of the site, the PDFs and what Sphinx has read, built under a condition."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "SYSTEMROOT") if name in os.environ}
    settings = kept | condition | {"PYTHONDONTWRITEBYTECODE": "1"}
    for target in ("html", "pdf"):
        command = [sys.executable, "build.py", target, "--out", str(out), *words]
        done = subprocess.run(command, cwd=project, env=settings, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
    shown = [p for room in ("html", "pdf", "source") for p in sorted((out / room).rglob("*"))]
    return {p.relative_to(out).as_posix(): p.read_bytes() for p in shown if p.is_file() and p.suffix != ".mo"}


@pytest.mark.slow
def test_two_builds_under_different_conditions_agree_in_every_byte(tmp_path):
    here, there = tmp_path / "here", tmp_path / "somewhere else" / "数" / "much deeper"
    first = build(small_project(here / "book"), here / "out", CONDITIONS[0], "--jobs", "1")
    elsewhere = CONDITIONS[1] | {"HOME": str(tmp_path / "a home")}
    second = build(small_project(there / "copy"), there / "its output", elsewhere, "--jobs", "2")
    assert first.keys() == second.keys()
    assert [name for name in first if first[name] != second[name]] == []
    kinds = {Path(name).suffix for name in first}
    assert {".html", ".pdf", ".svg", ".js", ".woff2"} <= kinds
    assert "html/en/searchindex.js" in first and "html/zh/about/colophon.html" in first
    assert [name for name in second if str(tmp_path).encode() in second[name]] == []


@pytest.mark.slow
def test_the_date_is_the_one_that_is_given(tmp_path):
    project = small_project(tmp_path / "book")
    undated = build(project, tmp_path / "out", CONDITIONS[0], "--lang", "en")
    dated = build(project, tmp_path / "out", CONDITIONS[0] | {"SOURCE_DATE_EPOCH": "86400"}, "--lang", "en")
    assert [name for name in dated if dated[name] != undated[name]] == ["pdf/gradbook-en.pdf"]
    made = b"<xmp:CreateDate>1970-01-02T00:00:00"
    assert [made in files["pdf/gradbook-en.pdf"] for files in (undated, dated)] == [False, True]


def test_arithmetic_runs_on_one_thread():
    """Several threads cut a sum into pieces, and the pieces decide its last bit."""
    asked = "import gradbook.cli, os; print(os.environ['OPENBLAS_NUM_THREADS'], os.environ['OMP_NUM_THREADS'])"
    settings = os.environ | {"OPENBLAS_NUM_THREADS": "7"}
    run = subprocess.run([sys.executable, "-c", asked], cwd=ROOT, env=settings, capture_output=True, text=True)
    assert run.stdout.split() == ["1", "1"]


@pytest.mark.parametrize("lang", languages())
def test_the_colophon_says_what_shapes_the_book(lang):
    page = colophon(Project.at(ROOT), lang)
    assert colophon(Project.at(ROOT), lang) == page
    for name in ("Python", *PROGRAMS, *(face.name for face in typefaces()), edition()):
        assert name in page
    assert "Open Font License" in page
    carriers = {source for source, _ in (*fonts(languages()), MATHEMATICS)}
    assert {face.source for face in typefaces()} >= carriers == set(CARRIERS)
