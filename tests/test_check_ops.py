"""The checker knows every operation: what it means, how far roundings carry in it, and how it is written."""

import random
import re
from contextlib import suppress
from dataclasses import replace
from decimal import Decimal
from types import SimpleNamespace

import numpy as np
import pytest
from lxml import etree

from gradbook.book.formula.address import IN_TEX
from gradbook.book.formula.boxes import Box
from gradbook.book.formula.mathml import to_mathml
from gradbook.book.formula.notation import Notation
from gradbook.book.formula.rows import SetRow
from gradbook.book.formula.wide import is_wide
from gradbook.book.formula.written import Written
from gradbook.book.i18n.words import environment
from gradbook.check.arithmetic.arith import evaluate
from gradbook.check.arithmetic.arrays import rows_of
from gradbook.check.arithmetic.interval import Interval, interval
from gradbook.check.arithmetic.tree import NotUnderstoodError, Num, Op, Sym, walk
from gradbook.check.judge.book import read_formula
from gradbook.check.judge.example import Example
from gradbook.check.judge.lines import bindings, chains, check, elided
from gradbook.check.judge.recompute import Rules
from gradbook.check.ops import MEANINGS, exact
from gradbook.check.read.mathml import tokens as seen_tokens
from gradbook.check.read.parse import Parser
from gradbook.check.read.tex import tokens
from gradbook.check.truth.exact import Truth, pencil_bounds
from gradbook.check.truth.symbols import Symbols
from gradbook.check.truth.trace import Trace
from gradbook.engine import pencil
from gradbook.engine.ops import OPS
from gradbook.engine.tape.backward import backward
from gradbook.engine.tape.tape import Tape, apply
from tests.op_cases import case
from tests.set_rows import entry, said
from tests.tiers import some_slow

NAMES = sorted(OPS)
SEEDS = range(12)


def test_every_operation_has_a_meaning():
    assert set(MEANINGS) == set(OPS)


@pytest.mark.parametrize("name", NAMES)
def test_meaning(name):
    """In 50 digits and in float64 it is what the engine computes."""
    for seed in SEEDS:
        args, attrs = case(name, seed)
        found = np.asarray(OPS[name].forward(*args, **attrs))
        quick = np.asarray(MEANINGS[name].value(*args, **attrs))
        careful = np.asarray(MEANINGS[name].value(*map(exact, args), **attrs), dtype=object)
        assert quick.dtype == np.float64 and quick.shape == careful.shape == found.shape
        np.testing.assert_allclose(quick, found, rtol=1e-13, atol=1e-14)
        np.testing.assert_allclose(careful.astype(float), found, rtol=1e-13, atol=1e-14)


def worked(name: str, seed: int):
    """A trace with one line, the operation's result, and the loss made from it; with gradients if it has any."""
    args, attrs = case(name, seed)
    tape = Tape("ops")
    leaves = [(tape.data if _is_fixed(name, i) else tape.param)(f"p{i}", a) for i, a in enumerate(args)]
    out = tape.write("out", apply(name, *leaves, **attrs))
    weights = tape.data("weights", np.round(np.random.default_rng(seed).uniform(0.5, 1.5, out.shape), 2))
    tape.write("J", (weights * out).sum())
    smooth = any(OPS[name].vjp(i) and not _is_fixed(name, i) for i in range(len(args)))
    return tape.finish("J", backward(tape, "J") if smooth else {}, {})


def _is_fixed(name: str, i: int) -> bool:
    return OPS[name].accepts(i) in ("distribution", "mask")


@pytest.mark.parametrize("name", NAMES)
def test_truth(name):
    """No step of a trace is called wrong, a changed entry is, and gradients are what differences say."""
    for seed in range(3):
        trace = worked(name, seed)
        truth = Truth(Trace(trace.to_json()))
        assert not truth.faults
        limit = 1e-15 if name == "gelu_tanh_slope" else 1e-20  # its rule has float64's √(2/π) in it
        assert all(slope.error < limit for slope in truth.gradients())
    told = Trace(trace.to_json())
    told.steps["out"].value.flat[0] += 1e-9
    assert [f.step.partition("[")[0] for f in Truth(told).faults][:1] == ["out"]


@pytest.mark.parametrize("name", some_slow(NAMES, 4))
def test_pencil_arithmetic_keeps_its_bounds(name):
    """Arguments that are themselves rounded carry roundings into the operation."""
    for seed in SEEDS:
        args, attrs = case(name, seed)
        tape = Tape("ops")
        reals = [OPS[name].accepts(i) in ("real", "positive") for i in range(len(args))]
        factors = np.random.default_rng(seed).uniform(1.1, 1.9, (len(args), 2))
        leaves = [
            tape.write(f"q{i}", tape.write(f"r{i}", tape.data(f"p{i}", a) * f) * g) if real else tape.data(f"p{i}", a)
            for i, (a, real, (f, g)) in enumerate(zip(args, reals, factors, strict=True))
        ]
        out = tape.write("out", apply(name, *leaves, **attrs))
        tape.write("J", out.sum() if out.shape else out * 2)
        trace = tape.finish("J", {}, {})
        bounds = pencil_bounds(Truth(Trace(trace.to_json())), 3)["out"]
        drift = abs(pencil(trace, 3).value("out") - trace.value("out"))
        assert (drift <= bounds).all(), (seed, drift, bounds)
        if OPS[name].kind != "mask":
            assert np.median(bounds) <= 40 * max(np.max(drift), 1e-3 * np.max(abs(trace.value("out"))), 1e-3)


# How it is written: every line of a small trace, read from MathML and redone


MACROS = environment("en").get_template("math.j2").module


class Reader:
    """One operation as a page prints it: what the checker learns from its lines, and what it finds in them."""

    def __init__(self, name: str, seed: int, arithmetic: str = "pencil"):
        args, attrs = case(name, seed)
        tape = Tape("ops")
        leaves = [tape.data(f"p{i}", np.round(a, 2)) for i, a in enumerate(args)]
        out = tape.write("out", apply(name, *leaves, **attrs))
        tape.write("J", out.sum() if out.shape else out * 2)
        exact_trace = tape.finish("J", {}, {})
        self.trace = pencil(exact_trace, 4) if arithmetic == "pencil" else exact_trace
        self.written = Written(self.trace, self._notation(name), 4, MACROS)
        example = Example(exact_trace.to_json())
        self.symbols, self.rules = Symbols(example.home), Rules(4, example.is_given)
        for leaf in leaves:
            self.learn(read([given(self.written.symbol(leaf.name), self.written.value(leaf.name))]))

    def _notation(self, name: str) -> Notation:
        names = {"p0": "A", "p1": "t" if name == "power" else "B", "p2": "C", "out": "S", "J": "J"}
        example = SimpleNamespace(name="ops", notation={})
        return Notation(example, self.trace, {step: [symbol, ""] for step, symbol in names.items()})

    def learn(self, reading) -> list[str]:
        """Take in what the lines bind; returns the symbols that are bound to something else already."""
        again = []
        for chain in chains(reading.rows):
            self.symbols.elided.update(elided(chain))
            for key, literal, _ in bindings(chain):
                before = self.symbols.known.get(key, [])
                again += [f"{key}" for other in before if not self.symbols.same(literal, other)]
                self.symbols.bind(key, literal)
        return again

    def blocks(self) -> list[list[SetRow]]:
        """The derivations, and an entry of the result in full."""
        step = self.trace["out"]
        entries = [entry(self.written, "out", (0,) * len(step.shape))] if step.value.size > 1 else []
        return [said(self.written, "out"), *entries, said(self.written, "J")]

    def slips(self, rows: list[SetRow]) -> list[str]:
        reading = read(rows)
        again = self.learn(reading)
        assert not (reading.unknown or reading.differs or reading.notes), (reading, rows)
        result = check(reading.rows, self.symbols, self.rules)
        assert not result.unknown, (result.unknown, rows)
        return again + [f"{slip.printed} {slip.expected} {slip.why}" for slip in result.slips]


def given(left: str, right: str) -> SetRow:
    return SetRow(Box((left,)), "=", Box((right,)))


def read(rows: list[SetRow]):
    tex = MACROS.aligned([(row.left.tex, row.relation, row.right.tex) for row in rows])
    seen = IN_TEX.sub(lambda found: found[2], tex)
    return read_formula(SimpleNamespace(tex=seen, math=etree.fromstring(to_mathml(tex, display=True))))


@pytest.mark.parametrize("name", some_slow(NAMES, 4))
@pytest.mark.parametrize("arithmetic", ["pencil", "exact"])
def test_every_line_is_understood_and_right(name, arithmetic):
    for seed in range(6):
        reader = Reader(name, seed, arithmetic)
        for rows in reader.blocks():
            assert not reader.slips(rows), rows


@pytest.mark.parametrize("name", some_slow(NAMES, 4))
def test_a_changed_digit_in_the_result_is_found(name):
    rng, found = random.Random(name), 0
    for seed in range(6):
        reader = Reader(name, seed)
        *rows, last = said(reader.written, "out")
        if any(is_wide(reader.trace[step].shape) for step in ("out", *reader.trace["out"].args)):
            continue
        places = [m.end(1) + m[2].index(d) for m in VALUE.finditer(last.right.tex) for d in m[2] if d.isdecimal()]
        place = rng.choice(places)
        right = change(last.right.tex, place, rng)
        if VALUE.sub(lambda m: repr(float(m[2])), right) == VALUE.sub(lambda m: repr(float(m[2])), last.right.tex):
            continue
        assert reader.slips([*rows, replace(last, right=Box((right,)))]), right
        found += 1
    assert found > 2


VALUE = re.compile(r"(\\val\{[^}]*\}\{)([^{}\\]+)")


def change(text: str, place: int, rng: random.Random) -> str:
    return text[:place] + rng.choice([d for d in "123456789" if d != text[place]]) + text[place + 1 :]


# Forms by themselves, with results from the textbook


def matrix(*rows: str) -> str:
    body = r" \\ ".join(" & ".join(row.split()) for row in rows)
    return rf"\begin{{pmatrix}} {body} \end{{pmatrix}}"


A = matrix("1 -2", "3 4")

HOLD = [
    rf"\operatorname{{softmax}}_{{j}}\!{matrix('0 0', '5 5')} = {matrix('0.5 0.5', '0.5 0.5')}",
    rf"\operatorname{{softmax}}\!{matrix('1 2', '1 3')} = {matrix('0.5 0.2689', '0.5 0.7311')}",
    rf"\operatorname{{softmax}}_{{j}}\left({matrix('7 1 1')};\, {matrix('0 1 1')}\right) = {matrix('0 0.5 0.5')}",
    rf"\operatorname{{mean}}_{{i}}\!{A} = {matrix('2 1')}",
    rf"\operatorname{{var}}_{{j}}\!{A} = {matrix('2.25', '0.25')}",
    rf"\operatorname{{max}}_{{i}}\!{A} = {matrix('3 4')}",
    rf"\operatorname{{largest}}_{{j}}\!{matrix('2 2 1')} = {matrix('1 0 0')}",
    rf"\operatorname{{top}}_{{2,j}}\!{matrix('2 1 2')} = {matrix('1 0 1')}",
    rf"\operatorname{{lse}}_{{j}}\!{matrix('0 0')} = 0.6931",
    rf"\operatorname{{logsoftmax}}_{{j}}\!{matrix('0 0')} = {matrix('-0.6931 -0.6931')}",
    rf"\operatorname{{flatten}}\!{A} = {matrix('1', '-2', '3', '4')}",
    rf"\operatorname{{reshape}}_{{1 \times 4}}\!{A} = {matrix('1 -2 3 4')}",
    rf"\operatorname{{rows}}_{{2:2}}\!{A} = {matrix('3 4')}",
    rf"\operatorname{{rows}}_{{2,1,2}}\!{A} = {matrix('3 4', '1 -2', '3 4')}",
    rf"\operatorname{{columns}}_{{1:1}}\!{A} = {matrix('1', '3')}",
    rf"\operatorname{{pad}}_{{1}}\!{matrix('5')} = {matrix('0 0 0', '0 5 0', '0 0 0')}",
    rf"\operatorname{{pad}}_{{0,1,2,0}}\!{matrix('5')} = {matrix('0 0 5', '0 0 0')}",
    rf"\operatorname{{scatter}}_{{3:3,1,3}}\!{matrix('1', '2', '4')} = {matrix('2', '0', '5')}",
    rf"{matrix('1 2 3', '4 5 6', '7 8 9')} \ast {matrix('1 0', '0 1')} = {matrix('6 8', '12 14')}",
    rf"{matrix('1 2 3', '4 5 6', '7 8 9')} \ast_{{2}} {matrix('1')} = {matrix('1 3', '7 9')}",
    rf"{matrix('1 2 3', '4 5 6', '7 8 9')} \ast_{{1,2}} {matrix('1 0', '0 1')} = 10",
    rf"{matrix('1 2')} \ast^{{\mathsf{{T}}}}_{{2}} {matrix('1 3')} = {matrix('1 3 2 6')}",
    rf"\operatorname{{maxpool}}_{{2}}\!{A} = 4",
    rf"\operatorname{{maxpool}}^{{\mathsf{{T}}}}_{{2}}\left(7;\, {matrix('1 4', '4 3')}\right)"
    rf" = {matrix('0 7', '0 0')}",
    rf"\operatorname{{pick}}_{{2}}\left({A};\, {matrix('1 4', '4 3')}\right) = -2",
    rf"\operatorname{{avgpool}}_{{2}}\!{A} = 1.5",
    rf"\operatorname{{avgpool}}^{{\mathsf{{T}}}}_{{2}}(8) = {matrix('2 2', '2 2')}",
    rf"{matrix('1', '2')} \otimes {matrix('3', '4')} = {matrix('3 4', '6 8')}",
    rf"\begin{{pmatrix}} {A} & {matrix('7', '8')} \end{{pmatrix}} = {matrix('1 -2 7', '3 4 8')}",
    rf"{matrix('1 4', '9 6.25')}^{{\odot 0.5}} = {matrix('1 2', '3 2.5')}",
    rf"{A}^{{\mathsf{{T}}}} = {matrix('1 3', '-2 4')}",
    rf"{A}\,{matrix('1', '1')} = {matrix('-1', '7')}",
    rf"{matrix('0 0.5')} \odot \ln\!{matrix('0 1')} = {matrix('0 0')}",
    rf"\left[\,-1 \le {A} \le 3\,\right] = {matrix('1 0', '1 0')}",
    r"\lvert 0.3 - 0.5 \rvert + \lvert -2 \rvert = 2.2",
    r"0.9^{3} = 0.729",
    r"4^{0.5} = 2",
    r"4^{-0.5} = 0.5",
    r"\operatorname{LReLU}_{0.1}(-3) = -0.3",
    r"\operatorname{ELU}_{1}(-1) = -0.6321",
    r"\operatorname{softplus}(0) = 0.6931",
    r"\operatorname{SiLU}(1) = 1 \cdot \sigma(1) = 0.7311",
    r"\operatorname{GELU}(1) = 1 \cdot \Phi(1) = 0.8413",
    r"\operatorname{GELU}_{\tanh}(1) = 0.8412",
    r"\operatorname{GELU}^{\prime}_{\tanh}(0) = 0.5",
    r"\varphi(0) = 0.3989",
    r"\operatorname{huber}_{1}(-3) = 2.5",
    r"\operatorname{sign}(-3) = -1",
    r"\operatorname{clip}\left(2,\, -0.5,\, 0.5\right) = 0.5",
    r"\min\left(2,\, -1\right) = -1",
    r"\left\lfloor -1.5 \right\rfloor = -2",
    r"\cos(0) + \sin(0) = 1",
    r"\begin{aligned} &= 1 + 2 \\ & {} + 3 \\ &= 6 \end{aligned}",
    r"\tanh(4151000) + \tanh(-4151000) + \sigma(4151000) = 1",
    r"2 + \sigma(-4151000) = 2",
    rf"\operatorname{{softmax}}\!{matrix('4151000', '4151000')} = {matrix('0.5', '0.5')}",
    r"e^{4151000} \cdot e^{-4151000} = 1",
]


@pytest.mark.parametrize("tex", HOLD)
def test_form_holds(tex):
    result = check(Parser(tokens(tex)).formula(), Symbols(), Rules(4))
    assert not result.unknown and not result.slips and result.redone


@pytest.mark.parametrize("tex", HOLD)
def test_form_with_another_result_does_not(tex):
    place = max(i for i, c in enumerate(tex) if c.isdecimal())
    wrong = tex[:place] + str((int(tex[place]) + 3) % 10) + tex[place + 1 :]
    assert check(Parser(tokens(wrong)).formula(), Symbols(), Rules(4)).slips


# Numbers as float64 carries them


@pytest.mark.parametrize(
    ("value", "printed", "shown"),
    [
        ("0.00087025000000000003", "0.0008702", True),  # a tie but for the noise: the even digit
        ("0.00087025000000000003", "0.0008703", True),  # and what the noise says
        ("0.000870250001", "0.0008702", False),  # no tie
        ("-0.016857916874999999", "-0.01685791688", True),
        ("-0.016857916874999999", "-0.01685791687", True),
        ("-0.0168579168749", "-0.01685791688", False),
        ("0.1234567890124", "0.1234567890120", False),  # thirteen digits are judged by fifteen
        ("0", "0", True),
        ("0", "0.001", False),
    ],
)
def test_a_tie_shows_only_when_the_noise_of_float64_is_gone(value, printed, shown):
    assert Rules().shows(Decimal(value), Num(printed)) is shown


# Intervals: what the operands may stand for


@pytest.mark.parametrize(
    "tex", [tex.rpartition(" = ")[0] for tex in HOLD if "aligned" not in tex and r"\ln" not in tex]
)
def test_no_value_lies_outside_of_the_interval(tex):
    node = Parser(tokens(tex)).formula()[0].parts[0]
    compared = 0
    for seed in range(30):
        rng = random.Random(seed)
        with suppress(NotUnderstoodError):  # a logarithm of an interval around 0
            bounds, values = _bounds(node, Decimal(rng.choice(["0.01", "0.3", "2"])), rng)
            for value in values:
                pairs = list(zip(_entries(bounds), _entries(value), strict=True))
                assert all(interval(b).low - v < TINY and v - interval(b).high < TINY for b, v in pairs), (
                    bounds,
                    value,
                )
                compared += len(pairs)
    assert compared > 50


TINY = Decimal("1e-30")


def _bounds(node, width: Decimal, rng: random.Random):
    """What an expression is on intervals around its numbers, and on numbers in these intervals."""
    mask = {id(n) for n in walk(node.args[1])} if str(node).startswith("call[softmax_j]") and node.args[1:] else ()
    around: dict[int, Interval] = {}
    for number in (n for n in walk(node) if isinstance(n, Num)):
        around[id(number)] = _around(number, Decimal(0) if id(number) in mask else width, rng)
    bounds = evaluate(node, lambda number: around[id(number)])
    return bounds, [evaluate(node, lambda number: _between(around[id(number)], rng)) for _ in range(10)]


def _around(number, width: Decimal, rng: random.Random) -> Interval:
    low, high = (width * rng.randrange(100) / 100 for _ in range(2))
    return Interval(number.value - low, number.value + high)


def _between(ends: Interval, rng: random.Random) -> Decimal:
    return ends.low + (ends.high - ends.low) * rng.choice([0, 10, rng.randrange(10)]) / 10


def _entries(x) -> list:
    return [v for row in rows_of(x) for v in row]


# Symbols


@pytest.mark.parametrize(
    "tex, wanted",
    [
        (r"W^{Q}", Sym("W", "", "Q")),
        (r"W^{Q(1)}_{12}", Sym("W", "12", "Q(1)")),
        (r"W^{(1)*}", Sym("W", "", "(1)*")),
        (r"x^{\text{in}}", Sym("x", "", "in")),
        (r"\hat{y}_{1}", Sym("hat y", "1")),
        (r"m_{w^{(1)}_{12}}", Sym("m", "w_12^(1)")),
        (r"\beta^{t}", Op("power", (Sym("β"), Sym("t")))),
        (r"x^{-1}", Op("power", (Sym("x"), Num("-1")))),
        (r"e^{A_{11}}", Op("exp", (Sym("A", "11"),))),
        (r"{W^{Q}}^{\mathsf{T}}", Op("T", (Sym("W", "", "Q"),))),
        (r"X \ast K", Op("conv", (Sym("X"), Sym("K")))),
        (r"G \ast^{\mathsf{T}}_{2} K", Op("convT", (Sym("G"), Sym("K")), "2")),
    ],
)
def test_symbol(tex, wanted):
    assert Parser(tokens(tex)).formula()[0].parts == [wanted]
    seen = etree.fromstring(to_mathml(tex, display=True))
    assert Parser(seen_tokens(seen)).formula()[0].parts == [wanted]


def known() -> Symbols:
    symbols = Symbols()
    for tex in (rf"W = {A}", r"b = \begin{pmatrix} 5 & 6 \end{pmatrix}", rf"\sigma^{{2}} = {matrix('1', '4')}"):
        for chain in chains(Parser(tokens(tex)).formula()):
            for key, literal, _ in bindings(chain):
                symbols.bind(key, literal)
    return symbols


ROWS = [
    (r"\sum_{i,j} w_{ij}", "1 + (-2) + 3 + 4", "1 + (-2) + 4 + 3"),
    (r"\sum_{i,j} w_{ij}^{2}", "1^{2} + (-2)^{2} + 3^{2} + 4^{2}", "1^{2} + (-2)^{2} + 4^{2} + 3^{2}"),
    (
        r"\sum_{i,j} \lvert w_{ij} \rvert + \sum_{j} b_{j}",
        r"\lvert 1 \rvert + \lvert -2 \rvert + \lvert 3 \rvert + \lvert 4 \rvert + 5 + 6",
        r"\lvert 1 \rvert + \lvert -2 \rvert + \lvert 3 \rvert + \lvert 4 \rvert + 6 + 5",
    ),
    (r"\sum_{i,j} w_{ij} \cdot b_{j}", r"1 \cdot 5 + (-2) \cdot 6 + 3 \cdot 5 + 4 \cdot 6", "31"),
    (r"\frac{1}{4}\left(\sum_{i,j} (w_{ij} - 1)\right)", r"\frac{1}{4}\left(2\right)", r"\frac{1}{4}\left(6\right)"),
    (r"W + b", rf"{A} + {matrix('5 6', '5 6')}", rf"{A} + {matrix('5 6', '6 5')}"),
    (r"W \odot \sigma^{2}", rf"{A} \odot {matrix('1 1', '4 4')}", rf"{A} \odot {matrix('1 4', '1 4')}"),
    (r"W_{21} + b_{2}", "3 + 6", "3 + 5"),
    (r"\begin{pmatrix} W \\ b \end{pmatrix}", matrix("1 -2", "3 4", "5 6"), matrix("1 -2", "3 4", "6 5")),
    (r"b\,W^{\mathsf{T}}", rf"{matrix('5 6')}\,{matrix('1 3', '-2 4')}", rf"{matrix('5 6')}\,{A}"),
    (
        r"\operatorname{rows}_{2:2}(W) + b",
        rf"{matrix('3 4')} + {matrix('5 6')}",
        rf"{matrix('1 4')} + {matrix('5 6')}",
    ),
    (r"\begin{pmatrix} W & b^{\mathsf{T}} \end{pmatrix}", matrix("1 -2 5", "3 4 6"), matrix("1 -2 6", "3 4 5")),
]


@pytest.mark.parametrize("symbolic, right, wrong", ROWS, ids=[row[0] for row in ROWS])
def test_numbers_in_the_place_of_symbols(symbolic, right, wrong):
    for numeric, holds in ((right, True), (wrong, False)):
        tex = rf"\begin{{aligned}} S &= {symbolic} \\ &= {numeric} \end{{aligned}}"
        result = check(Parser(tokens(tex)).formula(), known(), Rules(4))
        assert not result.unknown and bool(result.slips) != holds, (numeric, result)


def test_a_power_is_a_name_only_where_it_has_numbers_of_its_own():
    symbols = Symbols()
    symbols.bind(Sym("σ"), Num("3"))
    tex = r"\begin{aligned} S &= \sigma^{2} + 1 \\ &= 3^{2} + 1 \\ &= 10 \end{aligned}"
    assert not check(Parser(tokens(tex)).formula(), symbols, Rules(4)).slips
    assert check(Parser(tokens(tex)).formula(), known(), Rules(4)).slips


def test_a_negative_power_in_brackets_is_no_name():
    symbols = Symbols()
    symbols.bind(Sym("d"), Num("4"))
    tex = r"\begin{aligned} S &= d^{(-0.5)} \\ &= 4^{(-0.5)} \\ &= 0.5 \end{aligned}"
    result = check(Parser(tokens(tex)).formula(), symbols, Rules(4))
    assert result.redone and not result.slips and not result.unknown
    assert check(Parser(tokens(tex.replace("= 0.5", "= 0.25"))).formula(), symbols, Rules(4)).slips


@pytest.mark.parametrize(
    ("line", "is_right"),
    [
        (r"S = 1 + \cos(3.1415926536) = 0", True),  # float64 has −1 for the cosine; 5.2e−23 is left of 50 digits
        (r"S = 1 + \cos(3.14159) = 0", False),
        (r"S = 1 \cdot 10^{-20} \cdot 1 = 0", False),
    ],
)
def test_nothing_is_left_where_float64_has_nothing_left(line, is_right):
    result = check(Parser(tokens(line)).formula(), Symbols(), Rules(11))
    assert result.redone and bool(result.slips) != is_right


def test_a_tie_of_a_third_goes_to_the_even_digit():
    """2.2898389851 / 3 − 0.098048431185 is 0.665231230515, of which 50 digits of a third leave 0.66523123051499…"""
    line = r"S = -0.098048431185 + \frac{1}{3} \cdot 2.2898389851 = 0.66523123052"
    assert not check(Parser(tokens(line)).formula(), Symbols(), Rules(11)).slips
    assert check(Parser(tokens(line.replace("3052", "3051"))).formula(), Symbols(), Rules(11)).slips


ONES = [
    (r"\left\{{W - \mathbf{{1}}^{{\mathsf{{T}}}}\,W\right\}}_{{12}}", "-2 - (-2 + 4)", "-4"),
    (r"\left\{{W - W\,\mathbf{{1}}\right\}}_{{21}}", "3 - (3 + 4)", "-4"),
]


@pytest.mark.parametrize("left, row, last", ONES)
def test_ones_are_as_long_as_what_stands_beside_asks_for(left, row, last):
    """On the pages of one example a row of three ones and one of two have the same symbol."""
    symbols = known()
    symbols.bind(Sym("𝟏"), Parser(tokens(matrix("1", "1", "1"))).formula()[0].parts[0])
    tex = rf"\begin{{aligned}} {left.format()} &= w_{{12}} - w_{{21}} \\ &= {row} \\ &= {last} \end{{aligned}}"
    found = check(Parser(tokens(tex)).formula(), symbols, Rules(4))
    assert not found.unknown, found


def test_a_symbol_whose_number_is_rounded_only_at_the_end_of_its_line():
    symbols = Symbols()
    symbols.bind(Sym("J"), Num("0.4908", "ops:J"))
    tex = r"J = \frac{0.9815}{2} = 0.4908"
    result = check(Parser(tokens(tex)).formula(), symbols, Rules(4))
    assert result.redone and not result.slips
    assert check(Parser(tokens(tex.replace("9815", "9825"))).formula(), symbols, Rules(4)).slips


def test_what_is_printed_with_dots_is_no_riddle():
    symbols = known()
    tex = rf"\begin{{aligned}} S &= X \odot W \\ &= {A} \end{{aligned}}"
    assert check(Parser(tokens(tex)).formula(), symbols, Rules(4)).unknown == ["the symbol X"]
    wide = Parser(tokens(r"X = \begin{pmatrix} 1 & \cdots & 3 \end{pmatrix}")).formula()
    symbols.elided.update(elided(chains(wide)[0]))
    assert not check(Parser(tokens(tex)).formula(), symbols, Rules(4)).unknown
