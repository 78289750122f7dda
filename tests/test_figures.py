"""Figures: every number drawn is the trace's, no text stands on another, same bytes on every run, all links valid."""

import hashlib
import os
import re
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass
from itertools import combinations, pairwise
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from gradbook.book.base.numbers import decimal_of
from gradbook.book.figures import figures, palette, tex
from gradbook.book.figures.canvas import CAP, Box, Canvas
from gradbook.book.figures.fonts import FAMILY
from gradbook.book.figures.line import NEAR, line
from gradbook.book.figures.svg import XLINK, number
from gradbook.book.formula.notation import Notation
from gradbook.book.pages.worked import Worked
from gradbook.book.site.inline_svg import NAMED, inline
from gradbook.engine import load, train, work
from gradbook.engine.load import validate
from gradbook.engine.ops import OPS, of_kind
from gradbook.engine.optim import update
from gradbook.engine.tape.backward import backward
from gradbook.engine.tape.tape import Tape, apply
from tests.chance import draws, remember
from tests.tiers import some_slow

ROOT = Path(__file__).parent.parent
EXAMPLES = sorted((ROOT / "examples").glob("*.toml"))
NUMBER = re.compile(r"(-?\d+(?:\.\d+)?)(?:×10(-?\d+))?")


# --- reading a drawing ---


@dataclass
class Text:
    """A label as it is drawn: its characters in ordinary letters, its colour, and the box it fills."""

    plain: str
    fill: str
    box: Box

    @property
    def number(self) -> str | None:
        """The decimal that the label is, or that stands after its '='."""
        found = NUMBER.fullmatch(self.plain.replace("−", "-").rpartition("=")[2].strip())
        return found and found[1] + (f"e{found[2]}" if found[2] else "")


def advance(text: str) -> float:
    return sum(tex.advance(c) for c in text if ord(c) not in range(0x300, 0x370))


def read(element) -> Text:
    size, x, y = (float(element.get(name)) for name in ("font-size", "x", "y"))
    wide = far = size * advance(element.text or "")
    top = [y - CAP * size] * bool(element.text)
    bottom, line = [y], y
    for span in element:
        own = float(span.get("font-size", size))
        wide += float(span.get("dx", 0)) + own * advance(span.text)
        line += float(span.get("dy", 0))
        far = max(far, wide)
        top.append(line - CAP * own)
        bottom.append(line)
    left = x - {"middle": far / 2, "end": far}.get(element.get("text-anchor"), 0)
    plain = tex.unicodedata.normalize("NFKC", "".join(element.itertext()))
    return Text(plain, element.get("fill"), Box(left, min(top), left + far, max(bottom)))


def texts(figure) -> list[Text]:
    return [read(e) for e in ElementTree.fromstring(figure.svg).iter() if e.tag.endswith("}text")]


def numbers(figure, fill=None) -> list[str]:
    return [t.number for t in texts(figure) if t.number and fill in (None, t.fill)]


def printed(value: float, digits: int) -> float:
    return float(decimal_of(value, digits))


def is_printed(text: str, value: float) -> bool:
    """Whether `text` is `value` to some number of digits, of which trailing zeros are not written."""
    return any(float(text) == printed(value, digits) for digits in range(1, 5))


# --- examples ---


def drawn(example, trace):
    notation = Worked.of(example, trace).notation
    return figures(example, trace, notation, lambda name: f"to.html#{name}")


@pytest.fixture(scope="module", params=some_slow(EXAMPLES), ids=lambda path: path.stem)
def shipped(request):
    example = load(request.param)
    trace = work(example)
    return example, trace, drawn(example, trace)


@st.composite
def nets(draw, most=13):
    sizes = draw(st.lists(st.integers(1, most), min_size=2, max_size=10))
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    spread, samples = 10.0 ** draw(st.integers(-3, 1)), draw(st.integers(1, 5))
    places = draw(st.sampled_from([1, 8]))

    def numbers(*shape):
        return (spread * rng.normal(size=shape)).round(places).tolist()

    layers = [
        {"W": numbers(m, n), "b": numbers(m), "activation": draw(st.sampled_from(of_kind("activation")))}
        for n, m in pairwise(sizes)
    ]
    low, high = OPS[layers[-1]["activation"]].bounds()
    y = np.clip(numbers(samples, sizes[-1]), low, high).tolist()
    data = {"x": numbers(samples, sizes[0]), "y": y}
    tables = {
        "family": "mlp", "title": {"en": "random"}, "data": data,
        "layers": layers, "update": {"learning_rate": 0.1}, "page": {"curve": 12},
    }  # fmt: skip
    remember(tables)
    return validate(tables, Path("random.toml"))


# --- what holds for every drawing ---


def check(example, trace, made):
    for figure in made.values():
        check_text(figure)
        check_paint(figure)
    if "graph" in made:
        lines = [s for phase in ("forward", "backward", "update") for s in trace.lines(phase)]
        check_links(made["graph"], [*lines, *trace.leaves("data", "param", "state")])
    if "model" in made:
        used = [s for s in trace.leaves("data") if trace.users(s.name, "forward")]
        check_links(made["model"], [*trace.lines("forward"), *used])


def check_text(figure):
    root = ElementTree.fromstring(figure.svg)
    width, height = map(float, root.get("viewBox").split()[2:])
    found = texts(figure)
    for text in found:
        box = text.box
        assert box.left >= -0.1 and box.top >= -0.1, (figure.name, text)
        assert box.right <= width + 0.1 and box.bottom <= height + 0.1, (figure.name, text)
    for one, other in combinations(found, 2):
        assert not one.box.meets(other.box), (figure.name, one, other)


def check_paint(figure):
    """Only colours that a page can turn dark, no style sheets, no ids, no foreign typefaces."""
    root = ElementTree.fromstring(figure.svg)
    for element in root.iter():
        assert {element.get("fill", "none"), element.get("stroke", "none")} <= {"none", *NAMED}
        assert not {"style", "id", "clip-path", "class"} & set(element.attrib)
        assert element.get("font-family", FAMILY) == FAMILY
    assert "nan" not in figure.svg.lower() and len(figure.svg) < 120_000


def check_links(figure, steps):
    links = [a.get(f"{{{XLINK}}}href") for a in ElementTree.fromstring(figure.svg).iter() if a.tag.endswith("}a")]
    assert sorted(links) == sorted(f"to.html#{step.name}" for step in steps)


def test_shipped_examples(shipped):
    check(*shipped)
    _, trace, made = shipped
    told = ("loss_curve" in made) + ("boundary" in made)
    assert told == bool(trace.updates) and ("network" in made) != ("model" in made)
    assert all(name == figure.name for name, figure in made.items())


@settings(
    max_examples=draws(40, 5),
    suppress_health_check=list(HealthCheck),
    phases=[Phase.explicit, Phase.generate],
)
@given(nets())
def test_random_networks(example):
    trace = work(example)
    made = drawn(example, trace)
    check(example, trace, made)
    network = made["network"]
    values = [v for s in trace.values() if s.phase == "forward" and s.shape for v in s.value.ravel()]
    assert all(any(is_printed(text, v) for v in values) for text in numbers(network))


# --- numbers ---


def test_network_carries_every_number(shipped):
    example, trace, made = shipped
    if "network" not in made or not {"x", "y"} <= set(trace):
        pytest.skip("is no chain of layers from x to y")
    params = [s.value.ravel() for s in trace.leaves("param")]
    data = [s.value for s in trace.values() if s.name in ("x", "y") or s.name.endswith(".a")]
    samples = [value if getattr(example, "layout", "") == "rows" else value.T for value in data]
    wanted = np.concatenate([*(value[0] for value in samples), *params])
    expected = Counter(printed(v, 4) for v in wanted)
    assert Counter(map(float, numbers(made["network"]))) == expected
    facts = made["network"].facts
    assert facts["labelled_weights"] == facts["weights"] and facts["samples"] == len(samples[0]) and facts["complete"]


def test_heat_maps_carry_the_arrays(shipped):
    _, trace, made = shipped
    for name, figure in made.items():
        if name.startswith("heat"):
            found = numbers(figure, palette.INK)
            room = figure.facts["columns"] <= 6  # where a cell is narrow, an array may stand without its numbers
            steps = [trace.value(step).ravel() for step in figure.facts["steps"]]
            values = [v for step in steps[: None if room else len(found) // steps[0].size] for v in step]
            assert len(found) == len(values)
            assert all(is_printed(text, v) for text, v in zip(found, values, strict=True))


def test_loss_curve_marks_losses_of_training(shipped):
    example, trace, made = shipped
    losses = train(trace, example.page.curve)[0]
    if "boundary" in made or not trace.updates:
        return  # a perceptron's training is told by its own picture
    figure = made["loss_curve"]
    found = numbers(figure, palette.INK)
    marks = figure.facts["marked"]
    assert all(losses[t] == loss for t, loss in marks.items()) and {0, 1, example.page.curve} <= set(marks)
    assert [float(text) for text in found] == [printed(loss, min(example.page.digits, 4)) for loss in marks.values()]
    assert figure.facts["end"] == losses[-1] and not figure.facts["diverges"]


def test_activation_points_are_those_of_the_trace(shipped):
    _, trace, made = shipped
    for op in of_kind("activation"):
        steps = [s for s in trace.values() if s.op == op and s.phase == "forward" and OPS[op].entrywise]
        assert bool(steps) == (f"activation-{op}" in made)
        if steps:
            facts = made[f"activation-{op}"].facts
            z = np.concatenate([trace.value(s.args[0]).ravel() for s in steps])
            assert (facts["z_min"], facts["z_max"], facts["points"]) == (z.min(), z.max(), len(np.unique(z)))


def test_a_training_that_diverges_is_drawn_up_to_there():
    example = load(ROOT / "examples" / "seed.toml")
    trace = work(example)
    losses = np.array([0.3, 4.0, 7e5, np.inf, np.nan])
    curve = figures(example, trace, Worked.of(example, trace).notation, str, losses)["loss_curve"]
    check_text(curve)
    assert curve.facts["diverges"] and curve.facts["updates"] == 2


def test_a_computation_without_layers_has_a_graph_but_no_network():
    """A shortcut past a layer, one weight used twice, and no activation after the last sum."""
    tape = Tape("shortcut")
    x, W = tape.data("x", [[0.3], [-0.2]]), tape.param("W", [[0.1, 0.4], [-0.5, 0.2]])
    a = tape.write("a", apply("tanh", W @ x))
    h = tape.write("h", W @ a + x)
    loss = tape.write("J", h.square().sum()).name
    grads = backward(tape, loss)
    trace = tape.finish(loss, grads, update(tape, grads, "sgd", 0.1))
    example = load(ROOT / "examples" / "batch.toml")
    made = figures(example, trace, Notation(example, trace, {}), lambda name: f"to.html#{name}", np.array([1.0, 0.5]))
    check(example, trace, made)
    assert set(made) == {"model", "graph", "activation-tanh", "loss_curve"}


# --- symbols ---


@pytest.mark.parametrize(
    ("symbol", "wanted"),
    [
        ("W^{(1)}_{12}", [("𝑊", ""), ("(1)", "^"), ("12", "_")]),
        (r"J_{\text{总}}", [("𝐽", ""), ("总", "_")]),
        (r"\delta^{(2)}", [("𝛿", ""), ("(2)", "^")]),
        (r"\frac{\partial J}{\partial W_{1}}", [("𝜕𝐽/𝜕𝑊", ""), ("1", "_")]),
        (r"\text{out}_{o1}", [("out", ""), ("𝑜1", "_")]),
        (r"\hat{y}", [("𝑦\u0302", "")]),
        (r"\mathbf{x}' h", [("𝐱′ℎ", "")]),
        ("W_1^{*}", [("𝑊", ""), ("1", "_"), ("∗", "^")]),
        (r"-4.387\times 10^{-6}", [("−4.387×10", ""), ("−6", "^")]),
        (r"\operatorname{ReLU}\left(z\right)", [("ReLU(𝑧)", "")]),
        ("x^{(1,1)}", [("𝑥", ""), ("(1,1)", "^")]),
        (r"K^{(1\to1)}", [("𝐾", ""), ("(1→1)", "^")]),
        (r"\left(1,\,2\right)", [("(1,2)", "")]),
        ("", []),
    ],
)
def test_symbols(symbol, wanted):
    assert [(run.text, run.place) for run in tex.runs(symbol)] == wanted


@settings(max_examples=draws(200, 50))
@given(st.text(alphabet="aW1{}^_\\ δ总*'", max_size=12))
def test_any_text_is_set_somehow(symbol):
    assert tex.width(symbol, 9) >= 0


# --- what is written ---


def test_a_label_and_a_link_may_hold_any_characters():
    canvas, words = Canvas(200, 40), '<a="x">&amp\'数'
    canvas.label(10, 20, rf"\text{{{words}}}_{{<}}", url='"?a=1&b=<2>\n')
    root = ElementTree.fromstring(canvas.svg())
    (link,) = (e for e in root.iter() if e.tag.endswith("}a"))
    assert link.get(f"{{{XLINK}}}href") == '"?a=1&b=<2>\n'
    assert "".join(link.itertext()) == words + "<" == link.get("aria-label")


def test_neighbours_that_lead_to_one_place_are_one_link():
    canvas = Canvas(90, 30)
    for i, url in enumerate(["a", "a", None, "a", "b"]):
        canvas.label(20 * i, 20, str(i), url=url)
    links = [e for e in ElementTree.fromstring(canvas.svg()).iter() if e.tag.endswith("}a")]
    assert [e.get(f"{{{XLINK}}}href") for e in links] == ["a", "a", "b"]
    assert ["".join(e.itertext()) for e in links] == ["01", "3", "4"] and links[0].get("aria-label") == "1"


@pytest.mark.parametrize(
    ("value", "wanted"),
    [(1, "1"), (100.0, "100"), (-0.004, "0"), (0.1 + 0.2, "0.3"), (2.675 + 1e-12, "2.67"), (-7.125, "-7.12")],
)
def test_numbers_have_two_decimals_whatever_the_last_bits(value, wanted):
    assert number(value) == wanted


@settings(max_examples=draws(60, 20))
@given(st.integers(0, 2**32), st.integers(128, 300), st.sampled_from([0.01, 0.3, 5.0]))
def test_a_thinned_curve_is_the_same_to_the_eye(seed, count, rough):
    """Nothing that is left out lies farther from the line than a strip is wide, and each piece keeps its ends."""
    rng = np.random.default_rng(seed)
    ys = 50 + 40 * np.sin(np.linspace(0, 9, count)) + rough * rng.normal(size=count)
    kinds = rng.choice(["L", "M"], size=count, p=[0.98, 0.02])
    kinds[[0, -2]], kinds[[1, -1]] = "M", "L"
    path = [(kind, float(x), float(y)) for kind, x, y in zip(kinds, np.linspace(0, 300, count), ys, strict=True)]
    kept = line(path)
    xs = [x for _, x, _ in kept]
    drawn = [c for c, after in pairwise([*path, ("M",)]) if "L" in (c[0], after[0])]
    assert [c for c in kept if c[0] == "M"] == [c for c in drawn if c[0] == "M"] and kept[-1] == path[-1]
    assert len(kept) < len(path) or rough == 5.0
    for _, x, y in drawn:
        right = next(i for i, other in enumerate(xs) if other >= x)
        start, end = (complex(*place) for _, *place in kept[max(right, 1) - 1 : max(right, 1) + 1])
        assert xs[right] == x or apart(complex(x, y), start, end) < 2 * NEAR


def apart(point, start, end):
    return abs(((point - start) * (end - start).conjugate()).imag / abs(end - start))


def test_a_curve_that_turns_back_keeps_its_turn():
    there = [("M", 0.0, 0.0), *(("L", 0.0, float(y)) for y in range(1, 100))]
    back = [("L", 0.0, float(y)) for y in range(98, 0, -1)]
    assert line(there + back)[:3] == [("M", 0.0, 0.0), ("L", 0.0, 99.0), ("L", 0.0, 1.0)]


def test_what_is_short_bent_or_filled_keeps_its_points():
    straight = [("M", 0.0, 0.0), *(("L", float(x), 0.0) for x in range(1, 127))]
    assert line(straight) == straight and len(line([*straight, ("L", 127.0, 0.0)])) < 5
    bent = [*straight, ("C", 1.0, 1.0, 2.0, 2.0, 3.0, 3.0), ("L", 5.0, 5.0)]
    assert line(bent) == bent
    canvas = Canvas(200, 10)
    canvas.path([*straight, ("L", 127.0, 0.0)], fill=palette.INK)
    assert canvas.svg().count(" L ") == 127


# --- the same bytes, in silence ---

SCRIPT = """
import hashlib, sys
sys.path.insert(0, "tests")
from test_figures import EXAMPLES, drawn, load, work
for path in EXAMPLES:
    if sys.argv[1:] and path.stem not in sys.argv[1:]:
        continue
    example = load(path)
    for name, figure in drawn(example, work(example)).items():
        print(path.stem, name, hashlib.sha256(figure.svg.encode()).hexdigest())
"""


@pytest.mark.slow
@pytest.mark.parametrize("names", [("seed", "cnn"), ()], ids=["two", "all"])
def test_same_bytes_in_every_process_and_nothing_said(names):
    outputs = [
        subprocess.run(
            [sys.executable, "-W", "error", "-c", SCRIPT, *names],
            env=os.environ | {"PYTHONHASHSEED": seed},
            cwd=ROOT,
            capture_output=True,
            text=True,
        )
        for seed in ("1", "2")
    ]
    assert [o.stderr for o in outputs] == ["", ""]
    assert outputs[0].stdout == outputs[1].stdout
    assert len(outputs[0].stdout.splitlines()) > (5 if names else 100)


def test_a_page_can_take_a_figure_in(shipped):
    for figure in shipped[2].values():
        page = inline(figure.svg, "title", "f1-")
        assert "style=" not in page and "#" + "1a5fb4" not in page


def test_pdf_for_tex(shipped):
    figure = shipped[2].get("network") or shipped[2]["model"]
    data = figure.pdf()
    assert data.startswith(b"%PDF")
    assert hashlib.sha256(figure.pdf()).digest() == hashlib.sha256(data).digest()
