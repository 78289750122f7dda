"""The formula of a step as data, and its views: what they say agrees with the trace, and with each other."""

import ast
import io
import re
from contextlib import redirect_stdout
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest

from gradbook import BookError, Tape, derivation, load, pencil, work
from gradbook.book.base.numbers import printed_array
from gradbook.book.formula import brackets
from gradbook.book.formula.address import IN_TEX
from gradbook.book.formula.boxes import Box, number
from gradbook.book.formula.formula import FORMATS, Formulas
from gradbook.book.formula.nodes import Apply, Matrix, Number, Symbol
from gradbook.book.formula.patterns import Patterns, Slot
from gradbook.book.formula.tex import Tex
from gradbook.book.i18n.words import SOURCE, environment
from gradbook.engine.load import validate
from gradbook.engine.ops import OPS
from tests.views import view

EXAMPLES = sorted((Path(__file__).parent.parent / "examples").glob("*.toml"))
FEW = {"seed", "lstm", "cnn", "multihead", "adam"}
"""Examples that have most kinds of operations among them."""


def marked(path: Path):
    return pytest.param(path, id=path.stem, marks=[] if path.stem in FEW else [pytest.mark.slow])


def trace_of(path: Path, arithmetic: str):
    example = load(path)
    exact = work(example)
    return pencil(exact, example.page.digits) if arithmetic == "pencil" else exact


def output(source: str) -> np.ndarray:
    """What a program prints, which is its last line's variable."""
    names: dict = {}
    with redirect_stdout(io.StringIO()):
        exec(compile(source, "program.py", "exec"), names)
    return np.asarray(names[ast.parse(source).body[-1].value.args[0].id])


@pytest.mark.parametrize("arithmetic", ["pencil", "exact"])
@pytest.mark.parametrize("path", [marked(path) for path in EXAMPLES])
def test_the_program_of_every_step_prints_the_number_that_the_page_prints(path, arithmetic):
    trace = trace_of(path, arithmetic)
    formulas = Formulas(trace)
    for name in (name for name in trace if not trace.is_inlined(name)):  # these are printed
        step = trace[name]
        printed = printed_array(step.value, None if step.is_leaf else formulas.digits)
        assert np.array_equal(output(formulas.of(name).numpy()), printed), name


@pytest.mark.parametrize("path", [marked(path) for path in EXAMPLES])
def test_text_says_the_numbers_that_latex_says(path):
    trace = trace_of(path, "pencil")
    formulas = Formulas(trace)
    for step in trace.values():
        text, tree = formulas.of(step.name).text(), formulas.of(step.name).tree
        printed = {row.right for block in tree.blocks for row in block} if tree.blocks else {tree.left}
        numbers = {node.decimal for right in printed for node in right.walk() if isinstance(node, Number)}
        assert {decimal(found) for found in NUMERAL.findall(text)} >= numbers, step.name
        assert not re.search(r"[\\{}_^]\w*[\\{]", text), text


NUMERAL = re.compile(r"−?\d+(?:\.\d+)?(?: × 10[⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+)?")


def decimal(text: str) -> Decimal:
    mantissa, _, power = text.replace("−", "-").partition(" × 10")
    exponent = int(power.translate(str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789")) or 0)
    return Decimal(mantissa).scaleb(exponent)


def test_all_formats_of_a_formula():
    formula = derivation(trace_of(EXAMPLES[0].with_name("seed.toml"), "pencil"), "layer2.delta")
    for form in FORMATS:
        assert formula.as_format(form).strip(), form
    assert formula.latex().startswith(r"\begin{aligned}") and r"\val" not in formula.latex()
    assert formula.markdown() == f"```math\n{formula.latex()}\n```"
    assert ElementTree.fromstring(formula.mathml()).tag == "math"
    assert formula.typst().startswith("$ ") and "frac(" in formula.typst()
    assert str(formula) == formula.text() and formula.text().splitlines()[-2].strip() == "= [0.1385; −0.0381]"
    assert formula._repr_latex_() == f"$${formula.latex()}$$"


def test_the_tree_knows_which_number_stands_where():
    trace = trace_of(EXAMPLES[0].with_name("seed.toml"), "pencil")
    result = derivation(trace, "layer2.delta").tree.blocks[-1][-1].right
    assert isinstance(result, Matrix)
    assert [str(node.address) for node in result.walk() if isinstance(node, Number)] == [
        "seed:layer2.delta[0][0]",
        "seed:layer2.delta[1][0]",
    ]


def test_what_is_no_step_and_what_is_no_matrix():
    tape = Tape("mine")
    tape.write("z", tape.data("x", np.ones((2, 2, 2))).square())
    trace = tape.finish("z")
    with pytest.raises(BookError, match=r"unknown step 'zz'"):
        derivation(trace, "zz")
    with pytest.raises(BookError, match=r"step 'z' of 'mine': is no matrix"):
        derivation(trace, "z")


def test_every_operation_has_a_pattern_for_its_sample():
    patterns = Patterns(environment(SOURCE).get_template("math.j2").module)
    for op in OPS.values():
        arguments = tuple(Symbol("x", shape=shape, scalar=False) for shape in op.sample)
        slots = {part.argument for part in patterns.of(op.name, arguments, op.attrs) if isinstance(part, Slot)}
        assert slots == set(range(len(arguments))), op.name


@pytest.mark.parametrize(
    ("op", "i", "text", "bracketed"),
    [
        ("add", 1, "-0.5", True),  # 1 + (-0.5)
        ("add", 0, "-0.5", False),
        ("sub", 1, "0.5", False),
        ("mul", 0, "-0.5", True),
        ("mul", 1, r"4.4\times 10^{-6}", True),
        ("add", 1, r"4.4\times 10^{-6}", False),
        ("exp", 0, "-0.5", False),  # which encloses its argument itself
    ],
)
def test_brackets_around_numbers(op, i, text, bracketed):
    assert brackets.as_argument(OPS[op], i, number(text, "seed:x[0][0]"), first=False) == bracketed


def test_a_number_tells_whether_it_would_stand_in_brackets_if_it_were_negative():
    tape = Tape("signs")
    a, b, c = (tape.data(name, value) for name, value in (("a", 2.0), ("b", -3.0), ("c", 0.5)))
    tape.write("d", a - b * c)
    tape.write("e", (a * b + c).exp())
    tape.write("f", a - (b - c))
    trace = tape.finish("d", {}, {})
    assert signs(trace, "d") == "a- b+ c+ d-"  # a - (b c), and b (c)
    assert signs(trace, "e") == "a+ b+ c+ e.add- e-"
    assert signs(trace, "f") == "a- b- c+ a- f.sub+ f-"


def signs(trace, name: str) -> str:
    return " ".join(f"{n.address.step}{'-+'[n.in_brackets_if_negative]}" for n in derivation(trace, name).numbers())


@pytest.mark.parametrize("path", [*map(marked, EXAMPLES)])
def test_negative_numbers_stand_in_brackets_where_they_say_so(path):
    """In every row of an example: where a number says so and is negative, a bracket opens before it."""
    formulas, said = Formulas(work(load(path))), 0
    tex = Tex(formulas.written.tex.patterns, formulas.written.notation)
    for step in formulas.trace.values():
        if step.is_leaf or (formula := formulas.of(step.name)) is None:
            continue
        rows = [tex(row.right) for block in formula.tree.blocks for row in block]
        shown = [found for row in rows for found in IN_TEX.finditer(row)]
        numbers = formula.numbers()
        assert [str(n.address) for n in numbers] == [found[1] for found in shown]
        for each, found in zip(numbers, shown, strict=True):
            if each.decimal < 0 and each.in_brackets_if_negative:
                assert found.string[: found.start()].endswith("("), found.string
                said += 1
    assert said or path.stem not in ("adam", "cnn", "lstm")


def test_brackets_grow_around_what_grows_and_change_their_kind():
    tall = Box((r"\frac{1}{2}",))
    once = tall.bracketed
    twice, thrice = once.bracketed, once.bracketed.bracketed
    assert [box.tex for box in (once, twice)] == [
        r"\left(\frac{1}{2}\right)",
        r"\left[\left(\frac{1}{2}\right)\right]",
    ]
    assert thrice.tex.startswith(r"\left\{\left[") and thrice.bracketed.tex.startswith(r"\left(\left\{")
    assert Box(("a",)).bracketed.tex == "(a)"


def test_a_sum_of_products_stands_in_brackets_where_it_is_taken_away():
    """b - (w1 x1 + w2 x2), one entry."""
    tape = Tape("mine")
    b, W, x = tape.data("b", [[1.0], [1.0]]), tape.data("W", [[2.0, 3.0], [4.0, 5.0]]), tape.data("x", [[6.0], [7.0]])
    tape.write("r", b - W @ x)
    tape.write("J", tape.ref("r").square().sum())
    written = Formulas(tape.finish("J")).written
    tex = written.entry("r", "r", (0, 0))
    assert r"1 - \left(2 \cdot 6 + 3 \cdot 7\right)" in tex or "1 - (2 \\cdot 6 + 3 \\cdot 7)" in tex


def test_a_macro_is_asked_once_for_all_formulas_of_one_form():
    asked = []

    class Macros:
        @staticmethod
        def twice(a):
            asked.append(a)
            return rf"2 \cdot {a.wrapped}"

    tex = Tex(Patterns(Macros), None)
    OPS_before = dict(OPS)
    try:
        OPS["twice"] = OPS["exp"]
        made = [tex(Apply("twice", (Number(Decimal(n)),))) for n in (1, -1, 2)]
    finally:
        OPS.clear()
        OPS.update(OPS_before)
    assert made == [r"2 \cdot 1", r"2 \cdot (-1)", r"2 \cdot 2"] and len(asked) == 1


ONE_NEURON = {
    "family": "mlp", "title": {"en": "One"}, "loss": "squared_error",
    "data": {"x": [[0.5], [0.2]], "y": [[1.0], [0.0]]},
    "layers": [{"W": [[0.3]], "b": [0.1], "activation": "tanh"}, {"W": [[0.22]], "b": [0.4], "activation": "tanh"}],
    "update": {"learning_rate": 0.1},
}  # fmt: skip


@pytest.mark.parametrize("samples", [1, 2])
def test_nothing_is_set_equal_to_itself(samples):
    """A layer of one neuron: its W is an entry of W, and all of W \\delta is the entry that is worked in full."""
    data = {key: rows[:samples] for key, rows in ONE_NEURON["data"].items()}
    example = validate({**ONE_NEURON, "data": data}, Path("one.toml"))
    page = view(example, "forward")
    blocks = []
    for line in page.lines("forward") + page.lines("backward"):
        blocks += [page.derivation(line), *page.worked_entries(line)]
        if folded := page.augmented(line):
            blocks += map(page.written.compact, (folded.inputs, folded.weights))
            blocks.append(page.written.rows.block(folded.product))
    assert len(blocks) > 10
    for block in blocks:
        plain = IN_TEX.sub(lambda found: found[2], block).replace("&", "").replace(r"\\", " ")
        sides = [side.strip() for side in plain.removeprefix(r"\begin{aligned}").split("=")]
        assert all(a != b for a, b in pairwise(sides)), block


# The command line


def said_by(*words: str) -> tuple[int, str]:
    from click.testing import CliRunner

    from gradbook.cli import main

    result = CliRunner().invoke(main, ["derivation", *words], obj={"root": Path(__file__).parent.parent})
    return result.exit_code, result.output


@pytest.mark.parametrize("form", FORMATS)
def test_the_command_prints_each_format(form):
    code, printed = said_by("seed:layer2.delta", "--format", form)
    formula = derivation(trace_of(EXAMPLES[0].with_name("seed.toml"), "pencil"), "layer2.delta")
    assert (code, printed.rstrip()) == (0, formula.as_format(form).rstrip())


def test_the_command_takes_changes_and_second_updates():
    assert "0.55" in said_by("seed:layer2.W", "--set", "layers[1].W[1][1]=0.55")[1]
    assert "≈" in said_by("mazur:layer2.delta")[1] and "≈" not in said_by("seed:J", "--arithmetic", "pencil")[1]
    first, second = (said_by(f"{name}:J") for name in ("adam", "adam@2"))
    assert first[0] == second[0] == 0 and first[1] != second[1]


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["seed"], "'seed' is no step; write it as in seed:layer2.delta"),
        (["sead:J"], "unknown example 'sead'. Did you mean 'seed'?"),
        (["seed:layer2.dleta"], "unknown step 'layer2.dleta'. Did you mean 'layer2.delta'?"),
        (["seed:J", "--format", "tex"], "unknown format 'tex'. Did you mean 'text'?"),
        (["seed@2:J"], "there is no 'seed@2'"),
    ],
)
def test_what_the_command_cannot_find(words, sentence):
    code, printed = said_by(*words)
    assert code == 2 and sentence in printed and "Traceback" not in printed
