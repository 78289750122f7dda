"""The errata by the thousand: slips of every kind over all families are named, right figures are never condemned."""

from decimal import ROUND_DOWN, ROUND_HALF_EVEN, Decimal
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from gradbook.book.errata.errata import Judge
from gradbook.book.errata.source import Figure, decimals
from gradbook.engine import load, pencil, work
from gradbook.engine.ops import OPS
from gradbook.engine.tape.lower import train
from tests.chance import draws, remember

EXAMPLES = sorted((Path(__file__).parent.parent / "examples").glob("*.toml"))
MOST = 40
"""Figures of one array that a source prints at most."""


@cache
def judge_of(path: Path) -> Judge:
    example = load(path)
    exact = work(example)
    return Judge(exact, pencil(exact, example.page.digits))


def fresh(path: Path) -> Judge:
    """A judge who has seen nothing yet, but knows the trace's programs and precisions."""
    known = judge_of(path)
    judge = Judge.__new__(Judge)
    judge.__dict__ = known.__dict__ | {"done": [], "pins": {}}
    return judge


def written(value, places: int, rounding=ROUND_HALF_EVEN) -> str:
    """A number with so many significant digits, by Python alone."""
    exact = Decimal(float(value))
    if not exact:
        return "0"
    return f"{exact.quantize(Decimal(1).scaleb(exact.adjusted() - places + 1), rounding=rounding):f}"


def computed(trace) -> list[str]:
    return [s.name for s in trace.values() if not s.is_leaf and s.value.size <= MOST and s.op != "heaviside"]


def drawn(chance):
    """(path, trace, step, index) of a computed entry that is neither 0 nor tiny."""
    while True:
        path = chance.choice(EXAMPLES)
        trace = judge_of(path).exact
        name = chance.choice(computed(trace))
        places = [i for i in np.ndindex(trace[name].shape) if 1e-6 < abs(trace.value(name)[i]) < 1e5]
        if places:
            return path, trace, name, chance.choice(places)


def verdict_on(path, trace, name, index, text, after=0):
    """What is said of a figure in a source that also prints, rightly, what it is computed from."""
    judge, places = fresh(path), len(Decimal(text).as_tuple().digits)
    for arg in trace[name].args if not after else ():
        if not trace[arg].is_leaf and trace[arg].value.size <= MOST:
            for i in np.ndindex(trace[arg].shape):
                printed = written(trace.value(arg)[i], max(places, 4))
                judge.add(Figure(0, arg, i, printed, decimals(printed)))
    judge.add(Figure(0, name, index, text, decimals(text), after))
    remember(f"{path.name} {name}{list(index)} after {after}: {text}", "figure.txt")
    return judge.done[-1].verdict


# Slips: what is printed in place of the right figure; None where this entry has no such slip


def changed_digit(chance, trace, name, index, right):
    places = [i for i, c in enumerate(right) if c.isdigit() and right[:i].strip("-0.")]
    i = chance.choice(places) if places else None
    return i and right[:i] + str((int(right[i]) + chance.randint(1, 9)) % 10) + right[i + 1 :]


def swapped_digits(chance, trace, name, index, right):
    first = next((i for i, c in enumerate(right) if c in "123456789"), 0)
    pairs = [i for i in range(first, len(right) - 1) if right[i : i + 2].isdigit() and right[i] != right[i + 1]]
    i = chance.choice(pairs) if pairs else None
    return None if i is None else right[:i] + right[i + 1] + right[i] + right[i + 2 :]


def moved_point(chance, trace, name, index, right):
    return f"{Decimal(right).scaleb(chance.choice([-2, -1, 1, 2])):f}"


def other_sign(chance, trace, name, index, right):
    return right[1:] if right.startswith("-") else f"-{right}"


def cut_off(chance, trace, name, index, right):
    return written(trace.value(name)[index], chance.choice([3, 4, 5, 6]), ROUND_DOWN)


def other_quantity(chance, trace, name, index, right):
    steps = [a for a in (name, *trace[name].args) if not a.startswith("const.")]
    others = [(a, i) for a in steps for i in np.ndindex(trace[a].shape) if (a, i) != (name, index)]
    if not others:
        return None
    step, i = chance.choice(others)
    return written(trace.value(step)[i], 6)


def other_operand(chance, trace, name, index, right):
    """The step reads another array of the same shape in the place of one that it should read."""
    step = trace[name]
    at = chance.randrange(len(step.args))
    like = [s.name for s in trace.values() if s.shape == trace[step.args[at]].shape and s.op != "const"]
    others = [n for n in like if n not in (name, step.args[at])]
    if not others:
        return None
    args = list(step.args)
    args[at] = chance.choice(others)
    with np.errstate(all="ignore"):
        wrong = np.asarray(OPS[step.op].forward(*map(trace.value, args), **step.attrs))
    return written(wrong[index], 6) if np.isfinite(wrong[index]) else None


SLIPS = {
    "digit": changed_digit, "swap": swapped_digits, "factor": moved_point, "sign": other_sign, "truncated": cut_off,
    "quantity": other_quantity, "operand": other_operand,
}  # fmt: skip


def is_named(kind: str, verdict) -> bool:
    """As itself, or by another way to the same digits, which the judge has worked: it follows from figures above, is
    the right one cut off, or is what a program of single precision gives."""
    reasons = {verdict.kind, *(r.kind for r in verdict.reasons)}
    if verdict.kind == "wrong":
        return kind in reasons or "unexplained" not in reasons
    return verdict.kind in ("follows", "truncated") or verdict.single


@pytest.mark.parametrize("kind", SLIPS)
def test_slips_over_all_families_are_named(chance, kind):
    done, unnamed = 0, []
    while done < draws(1000, 8):
        path, trace, name, index = drawn(chance)
        value = trace.value(name)[index]
        right = written(value, chance.randint(4, 6))
        slip = SLIPS[kind](chance, trace, name, index, right)
        if slip is None or not float(slip) or len(Decimal(slip).as_tuple().digits) < 3:
            continue
        if abs(float(slip) - float(value)) <= 0.5000001 * 10.0 ** -decimals(slip):
            continue  # by chance it is right, or a tie
        done += 1
        verdict = verdict_on(path, trace, name, index, slip)
        if not is_named(kind, verdict):
            unnamed.append((path.stem, name, index, slip, value, verdict))
    assert not unnamed, f"{len(unnamed)} of {done}: {unnamed[:5]}"


@pytest.mark.parametrize("kind", ["count", "updated"])
def test_slips_of_programs_are_named(chance, kind):
    done, unnamed = 0, []
    while done < draws(1000, 6):
        path, trace, name, index = drawn(chance)
        if not trace.updates or any(s.op == "dropout" for s in trace.values()):
            continue
        slip, after = (early if kind == "count" else too_new)(chance, trace, name, index)
        judge = judge_of(path)
        if slip is None or len(Decimal(slip).as_tuple().digits) < 6 or not np.isfinite(float(slip)):
            continue
        value = judge.programs.own_after(after).value(name)[index]
        if abs(Decimal(slip) - Decimal(float(value))) <= Decimal(1).scaleb(-decimals(slip)) * 2:
            continue
        done += 1
        verdict = verdict_on(path, trace, name, index, slip, after)
        if not is_named(kind, verdict):
            unnamed.append((path.stem, name, index, slip, after, value, verdict))
    assert not unnamed, f"{len(unnamed)} of {done}: {unnamed[:5]}"


def early(chance, trace, name, index):
    """The figure after one update less or more than the source says."""
    after = chance.randint(1, 4)
    done = after + chance.choice([-1, 1])
    read = trace.batches[done % len(trace.batches)] if trace.batches else {}
    value = trace.replay(train(trace, done)[1] | read).value(name)[index]
    return (written(value, 7) if abs(value) > 1e-6 else None), after


def too_new(chance, trace, name, index):
    """The figure of a backward pass that reads a parameter after its update."""
    read = [p for p in trace.updates if trace.users(p, "backward") and trace[p].op == "param"]
    if not read or trace[name].phase != "backward":
        return None, 0
    chosen = chance.choice(read)
    wires = {s.name: {chosen: trace.updates[chosen]} for s in trace.users(chosen, "backward")}
    try:
        value = trace.rewired(wires).value(name)[index]
    except ValueError:  # it would have to read its own result
        return None, 0
    return (written(value, 7) if abs(value) > 1e-6 else None), 0


# Right figures


def in_float32(trace) -> dict[str, np.ndarray]:
    values = {}
    with np.errstate(all="ignore"):
        for step in trace.values():
            made = step.value if step.is_leaf else OPS[step.op].forward(*map(values.get, step.args), **step.attrs)
            values[step.name] = np.asarray(made, dtype=np.float32)
    return values


@pytest.mark.parametrize("rounding", [ROUND_HALF_EVEN, ROUND_DOWN])
@pytest.mark.parametrize("precision", ["float32", "float64"])
def test_right_figures_are_not_condemned(chance, precision, rounding):
    singles = cache(lambda path: in_float32(judge_of(path).exact))
    condemned = []
    for _ in range(draws(1000, 40)):
        path, trace, name, index = drawn(chance)
        places = chance.randint(1, 17)  # 46.4 in one digit is 50
        value = singles(path)[name][index] if precision == "float32" else trace.value(name)[index]
        text = written(value, places, rounding)
        if places == 17 and rounding == ROUND_HALF_EVEN and chance.random() < 0.5:
            text = f"{Decimal(repr(float(value))):f}"
        verdict = verdict_on(path, trace, name, index, text)
        if verdict.kind == "wrong":
            condemned.append((path.stem, name, index, text, trace.value(name)[index], verdict))
    assert not condemned, f"{len(condemned)}: {condemned[:5]}"
