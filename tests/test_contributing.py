"""The chapter for contributors is followed to the letter: its files are written, its book is built and checked."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.small_project import small_project

ROOT = Path(__file__).parent.parent
BLOCK = re.compile(r"```\{code-block\} \w+\n:caption: (?P<caption>[^\n]*)\n\n(?P<text>.*?)```", re.DOTALL)
AFTER = re.compile(r"in (?P<file>\S+), after the entry of (?P<entry>\w+) in `(?P<table>\w+)`")


def blocks() -> list[tuple[str, str]]:
    chapter = (ROOT / "docs" / "contributing.md").read_text(encoding="utf-8")
    return [(m["caption"], m["text"]) for m in BLOCK.finditer(chapter)]


def follow(project: Path, caption: str, text: str) -> None:
    """Do in the project what a caption says."""
    if caption.startswith("at the end of "):
        path = project / caption.removeprefix("at the end of ")
        path.write_text(path.read_text(encoding="utf-8").rstrip() + f"\n\n{text}", encoding="utf-8")
    elif found := AFTER.fullmatch(caption):
        insert(project / found["file"], found["table"], found["entry"], text)
    elif caption.endswith(", in the place of the line that begins so"):
        path = project / caption.split()[1].rstrip(",")
        start = " ".join(text.split()[:3])
        lines = [text.rstrip() if line.startswith(start) else line for line in path.read_text("utf-8").splitlines()]
        assert text.rstrip() in lines
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    elif caption.endswith(".po"):
        translate(project / caption.removeprefix("in "), text)
    else:
        path = project / caption
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")


def insert(path: Path, table: str, entry: str, text: str) -> None:
    before, found, after = re.split(
        rf"(?m)^((?:{{% set )?{table}\b.*)$", path.read_text(encoding="utf-8"), maxsplit=1
    )
    line = re.search(rf'(?m)^ *"{entry}": .*\n', after)
    place = line.end()
    path.write_text(before + found + after[:place] + text + after[place:], encoding="utf-8")


def translate(path: Path, text: str) -> None:
    catalogue = path.read_text(encoding="utf-8")
    for english, chinese in re.findall(r'msgid (".*")\nmsgstr (".*")', text):
        waiting = f'msgid {english}\nmsgstr ""'
        assert waiting in catalogue, f"not asked for: {english}"
        catalogue = catalogue.replace(waiting, f"msgid {english}\nmsgstr {chinese}")
    path.write_text(catalogue, encoding="utf-8")


def run(folder: Path, *words: str) -> subprocess.CompletedProcess:
    return subprocess.run([sys.executable, "build.py", *words], cwd=folder, capture_output=True, text=True)


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """A small copy of the project after everything that the chapter says has been done."""
    project = small_project(tmp_path_factory.mktemp("contributor") / "book")
    for caption, text in blocks():
        if caption.endswith(".po"):
            told = run(project, "messages")
            assert told.returncode == 0, told.stderr
        follow(project, caption, text)
    return project


def test_the_chapter_names_every_kind_of_file():
    captions = " ".join(caption for caption, _ in blocks())
    for room in ("engine/ops/", "engine/families/", "templates/", "examples/", "check/ops/", "locale/zh"):
        assert room in captions


@pytest.mark.slow
def test_what_the_chapter_adds_is_built_and_agrees(project):
    checked = run(project, "check")
    assert checked.returncode == 0, checked.stdout + checked.stderr
    result = json.loads((project / "build" / "check.json").read_text(encoding="utf-8"))
    assert result["failures"] == [] and result["not_understood"] == [], checked.stdout
    assert "oisson" not in checked.stdout, "everything that the chapter adds is translated"
    for example, seen in (("softsign", "softsign"), ("poisson-regression", "泊松回归")):
        page = project / "build" / "html" / "zh" / "examples" / example / "forward.html"
        assert seen in page.read_text("utf-8")


def judged(project: Path, path: Path, right: str, wrong: str) -> dict:
    """What the checker finds when a file says something else."""
    text = path.read_text(encoding="utf-8")
    assert text.count(right) == 1
    path.write_text(text.replace(right, wrong), encoding="utf-8")
    try:
        assert run(project, "check", "--lang", "en").returncode in (0, 1)
        return json.loads((project / "build" / "check.json").read_text(encoding="utf-8"))
    finally:
        path.write_text(text, encoding="utf-8")


@pytest.mark.slow
def test_a_wrong_rule_is_found(project):
    """What the chapter says at its end: the checker names the gradients that are wrong."""
    found = judged(project, project / "engine" / "ops" / "activations.py", "(1 - a.abs())", "(1 + a.abs())")
    wrong = {f["where"] for f in found["failures"] if f["check"] == "gradient"}
    assert wrong == {f"layer{n}.{part}" for n in (1, 2) for part in ("dW", "delta")}


@pytest.mark.slow
def test_a_function_without_its_name_is_not_understood(project):
    """Nothing else tells the checker what a page calls the operation."""
    found = judged(project, project / "check" / "ops" / "activations.py", ', printed="softsign"', "")
    assert found["not_understood"] and all("softsign" in str(line) for line in found["not_understood"])
