"""Derivation lines, whole: what stands on the page for the seed and the batch example."""

import re
from pathlib import Path

import numpy as np
import pytest

from gradbook.book.i18n.words import languages
from gradbook.book.pages.entries import worked_entries
from gradbook.book.pages.view import View
from tests import views
from tests.set_rows import entry, in_numbers
from tests.tiers import some_slow

EXAMPLES = sorted(Path("examples").glob("*.toml"))


def view(name: str, lang: str = "en") -> View:
    return views.view(name, "forward", lang)


def text(tex: str) -> str:
    """TeX as it reads: matrices as (a b; c d)."""
    tex = tex.replace(r"\begin{pmatrix} ", "(").replace(r" \end{pmatrix}", ")")
    tex = tex.replace(r" \\ ", "; ").replace(" & ", " ").replace(r"\,", " ").replace(r"\odot", "⊙")
    return tex.replace(r"\mathsf{T}", "T").replace(r"\left", "").replace(r"\right", "")


def rows(name: str, step: str) -> list[str]:
    return [f"{row.relation} {text(row.right.seen)}" for row in in_numbers(view(name).written, step)]


def test_the_output_error_term_is_worked_bracket_by_bracket():
    assert rows("seed", "layer2.delta") == [
        "= ((0.7514; 0.7729) - (0.01; 0.99)) ⊙ [(0.7514; 0.7729) ⊙ ((1; 1) - (0.7514; 0.7729))]",
        "= (0.7414; -0.2171) ⊙ ((0.7514; 0.7729) ⊙ (0.2486; 0.2271))",
        "= (0.7414; -0.2171) ⊙ (0.1868; 0.1755)",
        "= (0.1385; -0.0381)",
    ]


def test_a_hidden_error_term_shows_the_transposed_weights():
    assert rows("seed", "layer1.delta")[1:3] == [
        "= ((0.4 0.5; 0.45 0.55) (0.1385; -0.0381)) ⊙ ((0.5933; 0.5969) ⊙ (0.4067; 0.4031))",
        "= (0.03635; 0.04137) ⊙ (0.2413; 0.2406)",
    ]


def test_a_product_inside_a_sum_is_worked_in_one_go():
    assert rows("seed", "layer2.z") == [
        "= (0.4 0.45; 0.5 0.55) (0.5933; 0.5969) + (0.6; 0.6)",
        "= (1.106; 1.225)",
    ]


def test_a_mask_is_shown_before_it_is_used():
    assert "(1 1 1 1; 1 1 1 1; 1 0 1 1)" in rows("batch", "layer2.delta")[-2]


def test_an_entry_of_a_product_in_full():
    found = entry(view("seed").written, "layer2.z", (0, 0))
    told = [f"{text(row.left.seen)} {row.relation} {text(row.right.seen)}" for row in found]
    assert told[1:] == [r" = 0.4 \cdot 0.5933 + 0.45 \cdot 0.5969 + 0.6", " = 1.106"]


def test_an_entry_is_worked_part_by_part():
    """A part that is rounded on its way has a row, as it has in the whole line, with the sign that belongs there."""
    found = entry(view("adam").written, "layer1.W_new", (0, 0))
    whole = in_numbers(view("adam").written, "layer1.W_new")
    assert len(found) == 5 and r"\sqrt" in text(found[1].right.seen) and r"\sqrt" not in text(found[2].right.seen)
    assert [row.relation for row in found[1:]] == [row.relation for row in whole if row.relation][-4:]


def test_exact_arithmetic_says_where_printed_digits_do_not_suffice():
    relations = {
        row.relation
        for name in view("mazur").trace.lines("backward")
        for row in in_numbers(view("mazur").written, name.name)
    }
    assert relations <= {"=", r"\approx"} and r"\approx" in relations


@pytest.mark.parametrize("path", some_slow(EXAMPLES, 5), ids=lambda p: p.stem)
def test_pencil_lines_never_need_an_approximate_sign(path):
    shown = view(path.stem)
    if shown.example.page.arithmetic != "pencil":
        pytest.skip("prints exact arithmetic")
    for phase in ("forward", "backward", "update"):
        for line in shown.lines(phase):
            assert {row.relation for row in in_numbers(shown.written, line.name)} - {""} == {"="}, (
                line.name
            )  # a long row goes on without
            for block in worked_entries(shown.worked, line.name):
                assert r"\approx" not in block, line.name


@pytest.mark.parametrize("path", some_slow(EXAMPLES, 5), ids=lambda p: p.stem)
def test_every_printed_number_is_the_traces_value_at_its_address(path):
    shown = view(path.stem)
    found = 0
    for phase in ("forward", "backward", "update"):
        for line in shown.lines(phase):
            for name, index, printed in addressed(shown.derivation(line)):
                value = shown.trace.value(name)[index]
                assert float(printed.replace(r"\times 10^{", "e").replace("}", "")) == pytest.approx(value, rel=1e-3)
                found += 1
    assert found > 50


def addressed(tex: str):
    for name, index, printed in re.findall(r"\\val\{[\w-]+:([\w.]+)((?:\[\d+\])*)\}\{((?:[^{}]|\{[^{}]*\})*)\}", tex):
        yield name, tuple(int(i) for i in re.findall(r"\d+", index)), printed


def test_folding_the_bias_gives_the_same_numbers():
    for path in EXAMPLES:
        shown = view(path.stem)
        folded = [a for line in shown.lines("forward") if (a := shown.augmented(line))]
        assert len(folded) == len(shown.example.layers if shown.example.family == "mlp" else [])
        assert all(a.product[-1].relation == "=" or shown.example.page.arithmetic == "exact" for a in folded)


@pytest.mark.parametrize("lang", languages())
def test_formulas_do_not_depend_on_the_language(lang):
    here, english = view("seed", lang), view("seed")
    lines = [line.name for line in english.lines("backward")]
    assert [here.derivation(line) for line in here.lines("backward")] == [
        english.written.block(english.written.derivation(name)) for name in lines
    ]


def test_the_chain_rule_follows_the_forward_pass():
    shown = view("batch")
    chain = text(shown.written.tex(shown.written.chain.of("layer1.z")))
    assert chain == text(
        r"\left(\frac{\partial z^{(2)}}{\partial a^{(1)}}\right)^{\mathsf{T}} \frac{\partial J}{\partial z^{(2)}}"
        r" \odot \frac{\partial a^{(1)}}{\partial z^{(1)}}"
    )
    assert shown.written.chain.reasons("layer1.z") == ["tanh_0", "matmul_1", "add_0"]


def test_values_stay_what_the_trace_says():
    assert np.allclose(view("seed").exact.value("layer2.delta").ravel(), [0.1384985616, -0.0380982365])
