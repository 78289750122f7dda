"""The second update: a page that starts from the printed values of the first, and that the checker redoes."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from gradbook.book.formula.wide import printed
from gradbook.book.pages.history import history
from gradbook.book.pages.pages import pages, prepare
from gradbook.book.pages.traces import traces as traces_of
from gradbook.book.pages.worked import Worked, meanings
from gradbook.check import Checker, Page
from gradbook.engine import BookError, load, train, work
from gradbook.engine.optim import OPTIMIZERS
from gradbook.engine.spec.limits import VARIABLE
from tests.small_project import small_project

EXAMPLES = Path(__file__).parent.parent / "examples"
ADAM = EXAMPLES / "adam.toml"
SECOND = "en/examples/adam/second.html"


@pytest.fixture(scope="module")
def worked() -> Worked:
    example = load(ADAM)
    return Worked.of(example, work(example))


@pytest.fixture(scope="module")
def material():
    return prepare(ADAM)


def test_it_starts_from_what_is_printed(worked):
    second = worked.second
    assert second.exact.example == "adam@2"
    for leaf, new in worked.printed.updates.items():
        np.testing.assert_array_equal(second.exact.value(leaf), worked.printed.value(new))
    assert float(second.printed.value("t_new")) == 2
    assert second.second.exact.value("t") == 2  # it could go on in the same way


def test_exact_pages_go_on_with_printed_numbers_too():
    example = load(ADAM, ["page.arithmetic=exact", "page.digits=3"])
    worked = Worked.of(example, work(example))
    assert worked.second.exact.value("layer1.b").item() == float(f"{worked.exact.value('layer1.b_new').item():.3g}")


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_the_page(material, lang):
    page = pages(material, lang)["second.md"]
    worked = material.worked.second
    addresses = set(re.findall(r"\\val\{([^:}]+):([^\[}]+)", page))
    assert {example for example, _ in addresses} == {"adam@2"}
    for phase in ("forward", "backward", "update"):
        assert {step.name for step in worked.printed.lines(phase)} <= {step for _, step in addresses}
    labels = re.findall(r"^\((.+)\)=$", page, re.MULTILINE)
    assert len(labels) == len(set(labels))
    assert all(label.startswith("adam-step2-") for label in labels if label not in ("adam-second", "adam-steps"))


def test_the_tables_tell_every_update(material, worked):
    found = history(material.worked)
    losses, final = train(worked.exact, 5)
    assert [table.columns[0] for table in found] == ["J", "layer1.W", "layer1.b"]
    assert found[1].columns == ["layer1.W", "layer1.m_W", "layer1.v_W"]
    assert [float(row[0]) for row in found[0].rows] == [float(f"{loss:.6g}") for loss in losses]
    assert float(found[2].rows[5][0]) == float(f"{final['layer1.b'].item():.6g}")


def test_tables_that_nobody_would_read_are_refused(monkeypatch):
    count = 6 * (1 + 3 * 2 + 3 * 1)
    """Of each row: the loss, and two weights and a bias with two running means each."""
    fresh = prepare(ADAM).worked
    monkeypatch.setenv(VARIABLE, f"printed={count - 1}")
    with pytest.raises(BookError, match=rf"adam\.toml: page\.steps: .* {count} numbers; the limit \(printed\)"):
        history(fresh)
    monkeypatch.setenv(VARIABLE, f"printed={count}")
    assert history(fresh)
    assert printed((9, 2, 8)) == 4 * 2 * 8


def test_the_order_of_the_pages(material):
    kinds = list(pages(material, "en"))
    assert kinds.index("update.md") < kinds.index("second.md") < kinds.index("check.md")


def test_there_is_none_unless_it_is_asked_for():
    material = prepare(ADAM, ("page.steps=1",))
    assert material.worked.second is None
    found = pages(material, "en")
    assert "second.md" not in found and "second.md" not in found["update.md"]
    assert set(traces_of([ADAM], ("page.steps=1",))) == {"adam"}


def test_updates_are_told_by_their_own_symbols(material):
    """A running mean carries the symbol of its parameter, and each of its entries that of the entry."""
    notation = material.worked.notation
    assert notation.symbol("layer1.m_W") == "m_{W^{(1)}}"
    assert notation.symbol("layer1.m_W_new") == "m_{W^{(1)}}^{*}"
    assert notation.entry("layer1.vhat_W", (0, 1)) == r"\hat{v}_{w^{(1)}_{12}}"
    assert "weights of layer 1" in meanings(material.worked, "en").of("layer1.v_W_new")


# The checker reads it


@pytest.fixture(scope="module")
def built(tmp_path_factory) -> Path:
    """A small book with both examples that have a second step, in both languages."""
    project = small_project(tmp_path_factory.mktemp("second") / "book", "adam")
    shutil.copy(EXAMPLES / "momentum.toml", project / "examples")
    run = subprocess.run([sys.executable, "build.py", "html"], cwd=project, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    return project


@pytest.fixture(scope="module")
def checker(built) -> Checker:
    traces = traces_of(sorted((built / "examples").glob("*.toml")))
    assert set(traces) == {"adam", "adam@2", "momentum", "momentum@2"}
    return Checker(built / "build" / "html", traces, ("en", "zh"))


@pytest.mark.slow
def test_the_checker_agrees(checker):
    report = checker.run()
    assert [f for f in report.failures if "/examples/" in f.page or not f.page.endswith(".html")] == []
    assert not report.unknown, report.summary()
    assert report.counts["gradients"] == 12  # of both updates of both examples


@pytest.mark.slow
@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('data-value="adam@2:layer1.vhat_b[0][0]">1.7796', 'data-value="adam@2:layer1.vhat_b[0][0]">1.7797'),
        ('data-value="adam@2:layer1.W[0][0]">0.6', 'data-value="adam@2:layer1.W[0][0]">0.61'),
        ('data-value="adam@2:t_new">2', 'data-value="adam@2:t_new">3'),
        ("<mn>0.396266</mn>", "<mn>0.396265</mn>"),  # after two updates, in a table
        ("<mn>3.18601</mn>", "<mn>3.18602</mn>"),
        ("adam@2:layer1.m_b", "adam:layer1.m_b"),
    ],
)
def test_the_checker_finds_a_fault(checker, old, new):
    text = checker.pages[SECOND].text
    assert old in text
    found = checker.recheck(Page(SECOND, text.replace(old, new, 1)), twins=False).failures
    assert any(f.page == SECOND for f in found)


@pytest.mark.slow
def test_exact_values_of_both_updates_are_on_the_page(built):
    text = (built / "build" / "html" / SECOND).read_text("utf-8")
    assert "_static/traces/adam@2.js" in text
    scripts = built / "build" / "source" / "static" / "traces"
    told = (scripts / "adam@2.js").read_text("utf-8")
    steps = json.loads(told[told.index(",") + 1 : told.rindex(")")])["steps"]
    assert steps["layer1.z"]["href"] == "examples/adam/second.html#adam-step2-layer1-z"
    assert steps["x"]["href"] == "examples/adam/index.html#adam-symbol-x"


# Every optimiser, every clipping, every schedule

UPDATES = {
    "sgd": 'optimizer = "sgd"\nweight_decay = 0.1\nclip_norm = 0.5',
    "momentum": 'optimizer = "momentum"\nclip_norm = 100.0\nschedule = { kind = "warmup", steps = 4 }',
    "nesterov": 'optimizer = "nesterov"\nclip_value = 0.5\nschedule = { kind = "step", steps = 2, factor = 0.5 }',
    "adagrad": 'optimizer = "adagrad"\nschedule = { kind = "exponential", factor = 0.9 }',
    "rmsprop": 'optimizer = "rmsprop"\nschedule = { kind = "cosine", steps = 10 }',
    "adam": 'optimizer = "adam"\nweight_decay = 0.1\nschedule = { kind = "cosine", steps = 10, lowest = 0.001 }',
    "adamw": 'optimizer = "adamw"\nschedule = { kind = "inverse_sqrt" }',
    "lion": 'optimizer = "lion"\nweight_decay = 0.1\nfrozen = ["layer1.b"]',
}
NET = """
family = "mlp"
[title]
en = "A net"
[data]
x = [[1.0, 2.0], [2.0, -1.0]]
y = [[2.5], [0.5]]
[[layers]]
W = [[0.5, -0.5], [0.3, 0.2]]
b = [0.2, -0.1]
activation = "tanh"
[[layers]]
W = [[0.4, 0.6]]
b = [0.1]
activation = "identity"
[page]
steps = 4
curve = 20
"""


@pytest.mark.slow
@pytest.mark.parametrize("arithmetic", ["pencil", "exact"])
def test_every_optimiser_is_redone_from_its_printed_digits(tmp_path, arithmetic):
    assert set(UPDATES) == set(OPTIMIZERS)
    project = small_project(tmp_path / "book", "adam")
    for name, update in UPDATES.items():
        text = f'{NET}arithmetic = "{arithmetic}"\n[update]\nlearning_rate = 0.05\n{update}\n'
        (project / "examples" / f"{name}.toml").write_text(text, "utf-8")
    command = [sys.executable, "build.py", "html", "--lang", "en"]
    run = subprocess.run(command, cwd=project, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    traces = traces_of(sorted((project / "examples").glob("*.toml")))
    report = Checker(project / "build" / "html", traces, ("en",)).run()
    assert report.ok and not report.unknown, report.summary()
