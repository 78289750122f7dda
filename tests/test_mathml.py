"""Formulas on the site: numbers are addressed, TeX is kept, and nothing that would be misread gets through."""

import re
from xml.etree import ElementTree

import pytest

from gradbook.book.formula.mathml import CLASSES, CSS, MathError, to_mathml

CONSTRUCTS = [
    r"\begin{pmatrix}0.15&-0.2\\0.25&0.3\end{pmatrix}^{\mathsf{T}}",
    r"\begin{bmatrix}1\\2\end{bmatrix}\begin{vmatrix}1&2\\3&4\end{vmatrix}",
    r"\begin{aligned}\delta&=a\odot\\[4pt]&=\underbrace{\mathbf{W}^{\mathsf T}}_{2\ \text{形状}}\end{aligned}",
    r"\left[\begin{pmatrix}1\\2\end{pmatrix}-\begin{pmatrix}3\\4\end{pmatrix}\right]\odot\left\{\mathbf{1}-a\right\}",
    r"\left[\begin{array}{c|r}b&w\\\hline c&v\end{array}\right]",
    r"f(x)=\begin{cases}x&x>0\\0&\text{否则}\end{cases}",
    r"\frac{\partial J_{\text{总}}}{\partial\mathbf h}=\tfrac12\sum_{i=1}^n(y_i-a_i)^2",
    r"\sigma'(z)\,\cdot\;\operatorname{softmax}(z)\quad\max_i z_i\!\!\approx w_5^{+}",
    r"\sqrt{x}\binom nk\hat y\bar x\overline{ab}\boxed{z}\color{red}{x}",
]


def tree(latex, display=True):
    return ElementTree.fromstring(to_mathml(latex, display))


@pytest.mark.parametrize("latex", CONSTRUCTS)
def test_no_construct_needs_an_inline_style_or_a_class_without_a_rule(latex):
    root = tree(latex)
    ruled = {"lines", "matrix", "cases", *CLASSES.values(), "m-box"}
    assert not [element for element in root.iter() if element.get("style")]
    assert {name for element in root.iter() for name in element.get("class", "").split()} <= ruled
    assert all(f".{name}{{" in CSS for name in CLASSES.values())


def test_a_number_is_one_element_with_its_address_and_a_true_minus():
    found = tree(r"\begin{pmatrix}\val{seed:layer1.z[0][0]}{0.3775}\\\val{seed:layer1.z[1][0]}{-0.217}\end{pmatrix}")
    numbers = [(e.tag, e.get("data-value"), e.text) for e in found.iter() if e.get("data-value")]
    assert numbers == [("mn", "seed:layer1.z[0][0]", "0.3775"), ("mn", "seed:layer1.z[1][0]", "−0.217")]


def test_a_number_in_scientific_form_is_one_addressed_row():
    row = tree(r"x=\val{seed:loss}{-4.387\times 10^{-5}}").find(".//mrow[@data-value]")
    assert row.get("data-value") == "seed:loss"
    assert "".join(row.itertext()) == "−4.387×10−5"
    assert [child.tag for child in row] == ["mn", "mo", "msup"]


def test_neighbouring_numbers_stay_apart_and_plain_numbers_plain():
    root = tree(r"2\val{a:b}{3}\val{a:c}{4}+900000000")
    assert [e.text for e in root.iter("mn")] == ["2", "3", "4", "900000000"]
    assert [e.get("data-value") for e in root.iter("mn")] == [None, "a:b", "a:c", None]


def test_the_annotation_is_the_tex_without_addresses():
    note = tree(r"a<\val{seed:loss}{4.387\times 10^{-5}}").find(".//annotation")
    assert (note.get("encoding"), note.text) == ("application/x-tex", r"a<4.387\times 10^{-5}")


def test_derivations_matrices_and_cases_are_told_apart():
    kinds = [re.search(r'<mtable class="(\w+)', to_mathml(CONSTRUCTS[i], True))[1] for i in (0, 2, 4, 5)]
    assert kinds == ["matrix", "lines", "matrix", "cases"]


def test_lines_outside_of_an_environment_get_one_as_sphinx_promises():
    for latex in (r"a &= b \\ &= c", "a=1\n\nb=2"):
        assert len(tree(latex).findall(".//mtr")) == 2


@pytest.mark.parametrize(
    ("latex", "position", "reason"),
    [
        ("x^a^b", 3, "uplicate"),
        (r"\val{a:b}{1}+x_a_b", 16, "uplicate"),
        ("x^2'", 3, "uplicate"),
        ("{a", 2, "}"),
        ("a}", 1, "}"),
        (r"中\nosuch{a}", 1, "nosuch"),
        (r"\begin{pmatrix}1", 16, "end"),
        (r"\left(a", 7, "right"),
        (r"\frac{1}", 8, "argument"),
        ("50% of x", 2, "%"),
        (r"\def\x{1}\x", 0, "define"),
        (r"\val{a:b}", 0, "address and a number"),
        (r"\val{nowhere}{1}", 5, "no address"),
        (r"\val{a:b}{x}", 10, "no decimal"),
        (r"\text{\val{a:b}{1}}", 6, "no number can stand"),
        (r"\cancel{x}", 0, "strokes"),
        ("", 0, "empty"),
    ],
)
def test_what_would_not_be_read_as_written_is_refused_with_its_place(latex, position, reason):
    with pytest.raises(MathError, match=re.escape(reason)) as caught:
        to_mathml(latex, True)
    assert caught.value.position == position
    assert f"character {position + 1} " in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_sentence_cannot_hold_lines():
    with pytest.raises(MathError, match="sentence"):
        to_mathml(r"a \\ b", False)


def test_markup_in_a_formula_stays_text():
    assert "<script" not in to_mathml(r"\text{<script>alert(1)</script>} < 3", False)
