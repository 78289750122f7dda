"""What a person leaves out when writing a line: signs that cancel, brackets that say nothing."""

from operator import neg
from pathlib import Path

import numpy as np
import pytest

from gradbook.book.formula.written import Written
from gradbook.book.pages.worked import Worked
from gradbook.engine import work
from gradbook.engine.load import validate
from gradbook.engine.tape.backward import backward
from gradbook.engine.tape.tape import Tape, apply
from tests.families.judges import tables, worked

A, B = np.array([[1.0, -2.0]]), np.array([[0.5, 3.0]])


def written(rule) -> tuple[str, list[str], np.ndarray]:
    """The operation of a line, what it reads, and its value."""
    tape = Tape("test")
    step = tape.write("z", rule(tape.data("a", A), tape.data("b", B)))
    return step.op, list(tape.steps["z"].args), step.value


@pytest.mark.parametrize(
    ("rule", "op", "args", "value"),
    [
        (lambda a, b: a + -b, "sub", ["a", "b"], A - B),
        (lambda a, b: -a + b, "sub", ["b", "a"], B - A),
        (lambda a, b: -(a - b), "sub", ["b", "a"], B - A),
        (lambda a, b: neg(neg(a)) + b, "add", ["a", "b"], A + B),
        (lambda a, b: -(-a * b), "mul", ["a", "b"], A * B),
        (lambda a, b: -a * b, "neg", ["z.mul"], -A * B),
    ],
)
def test_signs(rule, op, args, value):
    found = written(rule)
    assert found[:2] == (op, args)
    np.testing.assert_array_equal(found[2], value)


def test_a_line_of_its_own_keeps_its_sign():
    tape = Tape("test")
    minus = tape.write("m", -tape.data("a", A))
    assert (minus + tape.data("b", B)).op == "add" and (-minus).op == "neg"


@pytest.mark.parametrize(
    ("z", "ops"), [(lambda a: a, ["sigmoid", "sub"]), (lambda a: -a, ["sigmoid", "neg"])], ids=["1 - σ(a)", "-σ(a)"]
)
def test_the_slope_of_a_log_sigmoid_is_short(z, ops):
    tape = Tape("test")
    tape.write("J", apply("log_sigmoid", z(tape.param("a", A))).sum())
    backward(tape, "J")
    assert [s.op for s in tape.steps.values() if s.phase == "backward" and s.op != "const"] == ops


def test_three_factors_need_no_brackets_and_are_worked_in_one_go():
    trace = worked(tables("lstm"))
    assert trace["t3.delta_f"].op == trace["t3.delta_f.mul"].op == "mul"
    assert trace.is_inlined("t3.delta_f.mul") and not trace.is_inlined("t3.delta_f.mul2")


def formulas(name: str) -> Written:
    example = validate(tables(name), Path(f"{name}.toml"))
    return Worked.of(example, work(example)).written


def test_how_it_is_written():
    lstm, words = formulas("lstm"), formulas("word2vec")
    assert r"\odot \underbrace{c^{(2)}}_{2 \times 1} \odot \left[" in lstm.rule("t3.delta_f")
    assert r"\left[\tanh\left(c^{(3)}\right)\right]^{\odot 2}" in lstm.rule("t3.dc")
    assert r"\underbrace{W_{xf}}_{2 \times 1}\,x^{(1)} + \underbrace{W_{hf}}_{2 \times 2}" in lstm.rule("t1.z_f")
    assert r"\left(\operatorname{rows}_{2}\left(V\right)\right)^{\mathsf{T}}" in words.rule("v_c")
    assert r"&= \sigma(s_o) - 1" in words.rule("delta_o") and r"&= \sigma\left(s_" in words.rule("delta_neg")


def test_the_chain_rule_follows_the_way_back():
    lstm = formulas("lstm")
    chain = lstm.tex(lstm.chain.of("t2.h"))
    assert [chain.index(f"z_{gate}^") for gate in "ocif"] == sorted(chain.index(f"z_{gate}^") for gate in "ocif")
