"""What the hand-written chapters show is true: listings run, excerpts and error sentences are the program's own."""

import doctest
import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import numpy as np
import pytest

import gradbook
from gradbook.book.errata.errata import errata
from gradbook.book.pages.listing import listing
from gradbook.book.pages.values import lookup
from gradbook.engine import BookError, load, pencil, work
from gradbook.engine.ops import OPS
from tests.tiers import some_slow

ROOT = Path(__file__).parent.parent
SEED = ROOT / "examples/seed.toml"
EXAMPLES = sorted((ROOT / "examples").glob("*.toml"))


def chapter(name):
    return (ROOT / "docs" / f"{name}.md").read_text(encoding="utf-8")


def blocks(name, language):
    return re.findall(rf"^```{language}\n(.*?)^```$", chapter(name), re.MULTILINE | re.DOTALL)


@pytest.fixture(scope="module")
def seed():
    return work(load(SEED))


@pytest.mark.parametrize("path", some_slow(EXAMPLES, 6), ids=lambda path: path.stem)
def test_the_replay_listing_replays_an_example_or_names_what_it_does_not_know(path):
    (program,) = blocks("trace-format", "python")
    assert program.count("\n") == 20
    trace = work(load(path))
    run = subprocess.run([sys.executable, "-c", program], input=trace.to_json(), capture_output=True, text=True)
    listed = re.findall(r'"(\w+)": ', program.split("trace, values")[0])
    known = {*listed, *(op for op in OPS if hasattr(np, op) and not OPS[op].attrs)}
    strange = [step.op for step in trace.values() if not step.is_leaf and step.op not in known]
    if path.stem in ("seed", "mazur", "batch", "adam", "momentum"):
        assert not strange
    assert (f"steps agree; {trace.loss} = " in run.stdout) == (not strange), run.stderr
    assert not strange or strange[0] in run.stderr


@pytest.mark.parametrize("example", ["seed", "batch", "cnn-two-layers", "moe"])
def test_the_former_format_differs_in_the_names_of_operations_only(example):
    trace = work(load(ROOT / f"examples/{example}.toml"))
    new, old = (json.loads(trace.to_json(version)) for version in (2, 1))
    assert (new.pop("format"), old.pop("format")) == (2, 1)
    former = {"argmax_mask": "largest", "topk_mask": "top", "heaviside": "positive", "conv_transpose": "conv_back"}
    assert not former.keys() & {step["op"] for step in old["steps"]}
    assert not any(name in json.dumps(old) for name in former)
    renamed = json.dumps(new)
    for name, was in former.items():
        renamed = renamed.replace(name, was)
    assert json.loads(renamed) == old
    assert [s["op"] for s in old["steps"]] == [former.get(s["op"], s["op"]) for s in new["steps"]]


def test_the_former_format_is_replayed_by_a_program_of_its_time():
    (program,) = blocks("trace-format", "python")
    program = program.replace('"heaviside"', '"positive"')
    trace = work(load(ROOT / "examples/batch.toml")).to_json(1)
    run = subprocess.run([sys.executable, "-c", program], input=trace, capture_output=True, text=True)
    assert "steps agree; J = " in run.stdout, run.stderr


def test_a_trace_has_no_other_format(seed):
    with pytest.raises(ValueError, match="no format 3; there are 1, 2"):
        seed.to_json(3)


def test_the_excerpt_of_the_trace_is_its_own(seed):
    steps = {step["name"]: step for step in json.loads(seed.to_json())["steps"]}
    (excerpt,) = blocks("trace-format", "json")
    for line in excerpt.splitlines():
        shown = json.loads(line)
        exact = dict(steps[shown["name"]])
        np.testing.assert_allclose(shown.pop("value"), exact.pop("value"), rtol=1e-14)
        assert shown == exact


def test_the_trace_format_names_every_field_and_operation(seed):
    text, form = chapter("trace-format"), json.loads(seed.to_json())
    for name in [*form, *form["steps"][0], *OPS]:
        assert f"`{name}`" in text, name


def test_the_example_file_shown_is_the_first_example():
    shown = tomllib.loads(blocks("your-own-example", "toml")[0])
    actual = tomllib.loads((ROOT / "examples/seed.toml").read_text(encoding="utf-8"))
    actual = {key: value for key, value in actual.items() if key not in ("intro", "notation")}
    assert shown.pop("page") == {"arithmetic": "pencil", "digits": 4} | actual.pop("page", {})
    assert shown == actual


def test_the_source_file_shown_is_judged_as_it_stands(tmp_path):
    trace = work(load(ROOT / "examples/mazur.toml"))
    (shown,) = [text for text in blocks("your-own-example", "toml") if "[[place]]" in text]
    path = tmp_path / "my-net.toml"
    path.write_text(shown, encoding="utf-8")
    found = errata(trace, pencil(trace, 4), path)
    printed = ["0.3775", "0.3925", "0.3589", "0.2910"]
    assert [(j.printed, j.verdict.kind) for j in found.figures] == [(figure, "right") for figure in printed]


MISTAKES = [
    ["update.learning_rat=0.1"],
    ["layers[0].W=[[0.1, 0.2, 0.3], [0.4, 0.5, 0.6]]"],
    ["layers[1].b=[0.6]"],
    ["update.learning_rate='fast'"],
    ["layers[0].W[0][2]=0.3"],
    ["layers[0].activation=identity", "layers[0].W=[[1e308, 1e308], [0.1, 0.2]]", "data.x=[[10.0, 10.0]]"],
]


@pytest.mark.parametrize(
    ("shown", "changes"), list(zip(blocks("your-own-example", "text")[:-1], MISTAKES, strict=True))
)
def test_the_error_sentences_are_real(shown, changes, monkeypatch):
    monkeypatch.chdir(ROOT)
    with pytest.raises(BookError) as told:
        work(load("examples/seed.toml", changes))
    assert str(told.value) == shown.strip()


def test_the_sentence_for_a_wrong_address_is_real():
    with pytest.raises(BookError) as told:
        lookup("seed:layer2.detla[0]", {"seed": {"layer2.delta": np.ones(())}})
    assert str(told.value).startswith(blocks("your-own-example", "text")[-1].strip())


def test_the_four_lines_of_the_way_back(seed):
    (lines,) = blocks("chain-rule", "python")
    names = {"x": "x", "y": "y", "a1": "layer1.a", "a2": "layer2.a", "W2": "layer2.W"}
    scope = {short: seed.value(name) for short, name in names.items()}
    exec(lines, scope)
    for short, name in {"dW1": "layer1.W", "db1": "layer1.b", "dW2": "layer2.W", "db2": "layer2.b"}.items():
        np.testing.assert_allclose(scope[short], seed.value(seed.grads[name]), rtol=1e-14)


def test_the_entry_of_the_sigmoid_is_the_engines_own():
    assert listing("sigmoid") == blocks("how-it-is-made", "python")[0].strip()


def test_the_session_in_python_answers_as_it_says(monkeypatch):
    monkeypatch.chdir(ROOT)
    session = doctest.DocTestParser().get_doctest("".join(blocks("python", "pycon")), {}, "python.md", None, 0)
    before = dict(OPS)
    try:
        result = doctest.DocTestRunner().run(session)
    finally:
        OPS.clear()
        OPS.update(before)
    assert result.failed == 0 and result.attempted == chapter("python").count("\n>>> ")


def test_the_chapter_on_python_names_every_public_name():
    listed = re.findall(r"^\| `(\w+)` \|", chapter("python"), re.MULTILINE)
    assert sorted(listed) == sorted(gradbook.__all__)


def test_numbers_of_examples_are_not_typed(seed):
    """No long decimal of the first example stands in a chapter's prose: it comes through a value role."""
    typed = {f"{v:.{d}g}" for step in seed.values() for v in np.ravel(step.value) for d in (4, 5, 6)}
    typed = {text.lstrip("-") for text in typed if len(text.replace(".", "").lstrip("-0")) >= 4}
    for path in sorted((ROOT / "docs").glob("*.md")):
        prose = re.sub(r"^```(?!\{math\}).*?^```$", "", path.read_text(encoding="utf-8"), flags=re.M | re.S)
        found = set(re.findall(r"(?<![\d.])\d+\.\d{4,}", prose)) & typed
        assert found <= {"0.3925"}, path.name  # the trace format explains how this decimal is written
