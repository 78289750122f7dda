"""The command line: one sentence on standard error, exit code 2, nothing written; help that answers at once."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.tiers import some_slow

ROOT = Path(__file__).parent.parent
SEED = "examples/seed.toml"


def run(*args, cwd=ROOT):
    command = [sys.executable, str(ROOT / "build.py"), *map(str, args)]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, encoding="utf-8", check=False)


def refusal(*args) -> str:
    """The sentence with which the command refuses."""
    done = run(*args)
    assert done.returncode == 2, done.stderr
    assert done.stdout == ""
    assert "Traceback" not in done.stderr
    assert done.stderr.startswith("error: ") and done.stderr.count("\n") == 1
    return done.stderr


def listing(folder: Path) -> dict[str, tuple]:
    return {str(p.relative_to(folder)): (p.stat().st_mtime_ns, p.stat().st_size) for p in folder.rglob("*")}


@pytest.mark.parametrize(
    ("args", "words"),
    some_slow([
        (["trace", "examples/sed.toml"], ["'sed.toml'", "Did you mean 'seed.toml'?"]),
        (["trace", "examples"], ["examples: is not an example file"]),
        (["trace", "examples/Seed.toml"], ["'Seed.toml'", "Did you mean 'seed.toml'?"]),
        (["trace", SEED, "--set", "updat.learning_rate=1"], ["unknown key 'updat'", "Did you mean 'update'?"]),
        (["trace", SEED, "--set", "layers[9].W=1"], ["index 9 is outside a list of 2"]),
        (["trace", SEED, "--set", "update.learning_rate=0"], ["expected a number greater than 0, found 0"]),
        (["trace", SEED, "--set", "title.en={{ x }}"], ["title.en: is plain text and may not hold '{'"]),
        (["trace", SEED, "--set", "data.x=[[1e308, 1e308]]", "--set", "layers[0].W[0]=[9, 9]"], ["overflows"]),
        (["trace", SEED, "--set", 'update.frozen=["W"]'], ["update.frozen: unknown parameter 'W'"]),
        (["htlm"], ["unknown target 'htlm'", "Did you mean 'html'?"]),
        (["schema", "mpl"], ["unknown family 'mpl'", "Did you mean 'mlp'?"]),
        (["new", "Bad Name"], ["an example's name is made of"]),
        (["new", "fresh", "--layers", "3,0,2"], ["--layers", "expected widths from 1 to 20"]),
        (["new", "seed"], ["is already there"]),
    ], 2),
)  # fmt: skip
def test_refusals(args, words):
    text = refusal(*args)
    for word in words:
        assert word in text


@pytest.mark.parametrize(
    "args", [["--nonsense"], ["trace"], ["trace", SEED, "--arithmetic", "pen"], ["html", "--jobs", "0"]]
)
def test_wrong_usage(args):
    done = run(*args)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


@pytest.mark.parametrize("target", some_slow(["html", "pdf", "pages"]))
@pytest.mark.parametrize(
    ("option", "value", "words"),
    [
        ("--only", "sed", "Did you mean 'seed'?"),
        ("--lang", "zz", "unknown language 'zz'"),
        ("--set", "update.learning_rate=nan", "expected a finite number"),
    ],
)
def test_nothing_is_written_for_a_mistake(tmp_path, target, option, value, words):
    out = tmp_path / "book"
    assert words in refusal(target, "--out", out, option, value)
    assert not out.exists()


@pytest.mark.parametrize("target", some_slow(["html", "pages", "clean"]))
def test_a_folder_that_is_not_ours(tmp_path, target):
    (tmp_path / "thesis.txt").write_text("mine")
    assert "holds files that are not this book's" in refusal(target, "--out", tmp_path)
    assert "is a file" in refusal(target, "--out", tmp_path / "thesis.txt")
    assert list(listing(tmp_path)) == ["thesis.txt"]


def test_clean_leaves_an_empty_folder_that_is_not_ours(tmp_path):
    (tmp_path / "mine").mkdir()
    assert run("clean", "--out", tmp_path / "mine").returncode == 0
    assert (tmp_path / "mine").is_dir()


@pytest.mark.slow
def test_a_book_built_before_stays_as_it_is(tmp_path):
    out = tmp_path / "book"
    assert run("pages", "--lang", "en", "--out", out).returncode == 0
    before = listing(out)
    assert any(name.endswith("seed/forward.md") for name in before)
    refusal("pages", "--lang", "en", "--out", out, "--only", "seed", "--set", "layers[0].W=[[1, 2]]")
    refusal("html", "--lang", "en", "--out", out, "--only", "seed", "--set", r"notation.x=\input{x}")
    assert listing(out) == before
    assert run("clean", "--out", out).returncode == 0
    assert not out.exists()


def test_schema():
    assert json.loads(run("schema", "mlp").stdout)["properties"]["family"] == {"const": "mlp"}
    assert "anyOf" in json.loads(run("schema").stdout)


def test_works_from_any_folder(tmp_path):
    assert json.loads(run("trace", ROOT / SEED, cwd=tmp_path).stdout)["example"] == "seed"


@pytest.mark.parametrize(
    ("built", "readable", "told"),
    [
        (["en", "zh"], True, []),
        ([], True, ["No PDF is built in en, zh: none was checked there."]),
        (["en"], True, ["No PDF is built in zh: none was checked there."]),
        (["en", "zh"], False, ["Not checked: gradbook-en.pdf and gradbook-zh.pdf, because PyMuPDF is not installed"]),
    ],
)
def test_a_check_that_is_left_out_is_told(tmp_path, monkeypatch, built, readable, told):
    from gradbook.book.project import Project
    from gradbook.book.site import check_inputs

    for name in [f"html/{lang}/index.html" for lang in ("en", "zh")] + [f"pdf/gradbook-{lang}.pdf" for lang in built]:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    project = Project.at(ROOT)
    for lang in built:
        check_inputs.keep_pdf(tmp_path, lang, tmp_path / "pdf" / project.pdf_name(lang))
    monkeypatch.setattr(check_inputs, "find_spec", lambda name: readable or None)
    found = check_inputs.skipped(tmp_path, project)
    assert len(found) == len(told) and all(line.startswith(start) for line, start in zip(found, told, strict=True))
    assert [lang for lang, _ in check_inputs.built(tmp_path, project)["pdfs"]] == (built if readable else [])
    check_inputs.keep(tmp_path, '{"ok": true}', found)
    assert json.loads((tmp_path / check_inputs.RESULT).read_text("utf-8"))["skipped"] == found
    (tmp_path / "source" / "zh").mkdir(parents=True)
    (tmp_path / "source" / "zh" / "index.md").write_text("# Edited since\n", "utf-8")
    others = [line for line in check_inputs.skipped(tmp_path, project) if "of another edition" in line]
    assert len(others) == ("zh" in built and readable)


def test_help_names_every_target():
    done = run("--help")
    assert done.returncode == 0 and done.stderr == ""
    for target in ("html", "pdf", "pages", "trace", "check", "clean", "new", "serve", "schema"):
        assert f"  {target} " in done.stdout


DOCUMENTS = {"sphinx", "docutils", "fontTools", "typst", "babel", "jinja2"}
HEAVY = {"numpy", "pydantic", "rich", "gradbook.engine", "gradbook.book"} | DOCUMENTS
LOADED = """
import runpy, sys
sys.argv = ["build.py", *sys.argv[1:]]
try:
    runpy.run_path("build.py", run_name="__main__")
except SystemExit:
    print(*(m for m in sys.modules if m.count(".") <= m.startswith("gradbook")), file=sys.stderr)
"""
"""A program that runs the command line and tells which packages it loaded."""


def loaded(args) -> set[str]:
    command = [sys.executable, "-c", LOADED, *args]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, encoding="utf-8", check=True)
    return set(done.stderr.split())


@pytest.mark.parametrize("args", [["--help"], *([target, "--help"] for target in ("html", "trace", "new", "serve"))])
def test_help_loads_nothing_heavy(args):
    """What is loaded tells what the first answer costs, on any machine."""
    found = loaded(args)
    assert "click" in found
    assert not HEAVY & found


@pytest.mark.parametrize("args", [["trace", "examples/sed.toml"], ["htlm"], ["trace", SEED]])
def test_numbers_need_no_documents(args):
    """Errors and traces load the engine alone: no Sphinx, no figures, no languages."""
    found = loaded(args)
    assert "gradbook.engine" in found
    assert not DOCUMENTS & found
