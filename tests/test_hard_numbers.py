"""Numbers that are hard: huge, tiny, tied, zero, saturated: printed so that every row holds, or refused by name."""

import re
from decimal import ROUND_HALF_EVEN, Context, Decimal
from fractions import Fraction
from pathlib import Path

import mpmath
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gradbook.book.base.numbers import plain_number, tex_number
from gradbook.book.formula.boxes import number
from gradbook.book.formula.derive import Sheet
from gradbook.book.formula.lines import Line
from gradbook.book.formula.mathml import to_mathml
from gradbook.book.formula.tex import PLACES
from gradbook.book.pages.history import loss_table
from gradbook.book.pages.values import lookup
from gradbook.book.pages.view import View
from gradbook.engine import BookError, work
from gradbook.engine.load import validate
from gradbook.engine.tape import fifty_digits
from gradbook.engine.tape.pencil import pencil
from gradbook.engine.tape.tape import Tape, apply
from tests import views
from tests.chance import draws, remember
from tests.set_rows import entry, in_numbers

DIGITS = 4


@pytest.mark.parametrize(
    ("value", "printed"),
    [
        (9.9996, "10"), (0.99996, "1"), (-9.9996e-7, r"-1\times 10^{-6}"), (999999.6, r"1000000"),
        (9999996.0, r"1\times 10^{7}"), (0.12345, "0.1234"), (0.12355, "0.1236"), (2.5e-5, "0.000025"),
        (-0.0, "0"), (0.0, "0"), (5e-324, r"5\times 10^{-324}"), (-1e300, r"-1\times 10^{300}"),
        (1.7976931348623157e308, r"1.798\times 10^{308}"), (float("inf"), r"\infty"), (float("-inf"), r"-\infty"),
        (float("nan"), r"\text{–}"), (1 - 1e-17, "1"), (0.1 + 0.2, "0.3"),
    ],
)  # fmt: skip
def test_a_hard_number_is_printed(value, printed):
    assert tex_number(value, DIGITS) == printed
    to_mathml(printed, False)


def test_a_product_of_many_digits_is_rounded_by_all_of_them():
    """-0.0988754821771 · 1.16147328384 = -0.114841230975499729…, of which float64 has no more than a 5 behind."""
    tape = Tape("ties")
    a, b = tape.data("a", [[-0.0988754821771]]), tape.data("b", [[1.16147328384]])
    tape.write("z", a * b)
    shown = pencil(tape.finish(""), 12)
    assert shown.value("z").item() == -0.114841230975
    assert Line(Sheet(shown, 12), "z").relation({"z"}) == "="


def test_a_root_beside_a_tie_is_rounded_to_its_side():
    """√0.0050880721967 is 0.07133072407245001463…: float64 does not tell it from a tie of twelve digits."""
    tape = Tape("root")
    tape.write("z", tape.data("v", [[0.0050880721967]]).sqrt())
    shown = pencil(tape.finish(""), 12)
    assert shown.value("z").item() == 0.0713307240725
    assert Line(Sheet(shown, 12), "z").relation({"z"}) == "="


FUNCTIONS = {
    "sqrt": mpmath.sqrt, "tanh": mpmath.tanh, "exp": mpmath.exp, "log": mpmath.log, "square": lambda z: z**2,
    "sigmoid": lambda z: 1 / (1 + mpmath.exp(-z)), "softplus": lambda z: mpmath.log1p(mpmath.exp(z)),
}  # fmt: skip


@pytest.mark.random
@pytest.mark.parametrize("name", FUNCTIONS)
def test_functions_are_rounded_to_the_digit_that_is_printed(name, chance):
    """Of some thousand results of twelve digits a few lie so near to a tie that float64 does not tell the side."""
    given = [round(chance.uniform(0.01, 2), 11) for _ in range(draws(4000, 1000))]
    tape = Tape("functions")
    tape.write("z", apply(name, tape.data("x", [given])))
    with mpmath.workdps(40):
        right = [float(mpmath.nstr(FUNCTIONS[name](mpmath.mpf(repr(x))), 12)) for x in given]
    assert pencil(tape.finish(""), 12).value("z")[0].tolist() == right


@pytest.mark.random
@pytest.mark.parametrize("name", ["exp", "expm1", "log", "log1p", "sqrt", "tanh", "erf", "sin", "cos"])
def test_functions_of_fifty_digits(name, chance):
    """Beside mpmath, from where they are their argument to where they are at their limit."""
    given = [chance.uniform(0.1, 1) * 10.0 ** chance.randint(-80, 2) * chance.choice((1, -1)) for _ in range(300)]
    given = [abs(x) if name in ("log", "sqrt", "log1p") else x for x in given]
    with mpmath.workdps(120):
        for x in given:
            right = getattr(mpmath, name)(mpmath.mpf(repr(x)))
            found = mpmath.mpf(str(getattr(fifty_digits.Number(x), name)().decimal))
            assert abs(found - right) <= abs(right) * mpmath.mpf(10) ** -48, x


def test_what_has_no_fifty_digits_is_left_to_float64():
    tape = Tape("far")
    tape.write("z", tape.data("v", [[4151000.25, -1e300]]).tanh())
    tape.write("c", apply("cos", tape.data("w", [[4151000.25]])))
    trace = tape.finish("")
    assert pencil(trace, 4).value("z").tolist() == [[1.0, -1.0]]
    assert pencil(trace, 12).value("c").item() == pytest.approx(np.cos(4151000.25), abs=1e-11)


@pytest.mark.random
@pytest.mark.parametrize("digits", [4, 8, 10, 12])
def test_what_is_left_of_a_sum_has_no_noise(digits, chance):
    """A sum, a mean and a product of which most cancels, as fractions."""
    count = draws(1000, 100)
    a, b = ([[round(chance.uniform(-1, 1), digits) for _ in range(2)] for _ in range(count)] for _ in range(2))
    rows = [[*x, round(-sum(x) + chance.choice((0, 10.0**-digits)), digits)] for x in a]
    tape = Tape("left")
    terms, weights = tape.data("x", rows), tape.data("w", b)
    tape.write("mean", apply("mean_axis", terms, axis=1))
    tape.write("sum", apply("sum_axis", terms, axis=1) * weights)
    by_hand = pencil(tape.finish(""), digits)
    totals = [sum(map(Fraction, map(repr, row))) for row in rows]
    assert by_hand.value("mean")[:, 0].tolist() == [to_digits(total / 3, digits) for total in totals]
    products = [
        [to_digits(Fraction(repr(w)) * to_digits(t, digits, Fraction), digits) for w in row]
        for t, row in zip(totals, b, strict=True)
    ]
    assert by_hand.value("sum").tolist() == products


def to_digits(value: Fraction, digits: int, kind: type = float):
    """A fraction to so many digits, ties to even."""
    quotient = Context(60).divide(Decimal(value.numerator), Decimal(value.denominator))
    return kind(Context(digits, ROUND_HALF_EVEN).plus(quotient))


@pytest.mark.parametrize("rows", [1, 9])
def test_what_float64_leaves_of_nothing_is_not_said_to_follow(rows):
    """0.3·(-0.4) + 1·(-0.2) + 0.8 + 0.8·(-0.6) is 0, however many rows there are."""
    tape = Tape("noise")
    x, w = tape.data("x", [[0.3, 1, 0.8, 0.8]] * rows), tape.data("w", [[-0.4], [-0.2], [1], [-0.6]])
    tape.write("z", x @ w)
    trace = tape.finish("")
    assert 0 < abs(trace.value("z")[0, 0]) < 1e-15
    assert Line(Sheet(trace, 4), "z").relation({"z"}) == "≈"


def test_numbers_in_plain_letters():
    assert [plain_number(v, 4) for v in (-0.00000123456, 1e300, 0.5)] == ["−1.235 × 10⁻⁶", "1 × 10³⁰⁰", "0.5"]


def test_prose_has_no_negative_zero():
    traces = {"a": {"x": np.array([-0.0, -0.00001, -2.0])}}
    found = [lookup(f"a:x[{i}]{form}", traces).text for i, form in ((0, ""), (1, "|.2f"), (2, "|+.1f"))]
    assert found == ["0", "0.00", "−2.0"]


@pytest.mark.parametrize("address", ["", "a:b[0]"])
def test_a_number_with_a_power_of_ten_is_a_product(address):
    text = r"4.387\times 10^{-6}"
    box, negative = number(text, address), number(f"-{text}", address)
    assert PLACES["factor"](box).tex == PLACES["base"](box).tex == f"({box.tex})"
    assert PLACES["term"](box).tex == box.tex
    assert PLACES["term"](negative).tex == f"({negative.tex})"


def example(x, W, b, y, activation="sigmoid", arithmetic="pencil", loss="half_squared_error", rate=0.5):
    """A layer of the given numbers and one of friendly ones."""
    last = {"W": np.full((len(y), len(b)), 0.5).tolist(), "b": [0.1] * len(y), "activation": "sigmoid"}
    tables = {
        "family": "mlp", "title": {"en": "Hard"}, "loss": loss, "data": {"x": [x], "y": [y]},
        "layers": [{"W": W, "b": b, "activation": activation}, last], "update": {"learning_rate": rate},
        "page": {"arithmetic": arithmetic, "digits": DIGITS, "curve": 3},
    }  # fmt: skip
    remember(tables)
    return validate(tables, Path("hard.toml"))


def view(*args, **options) -> View:
    made = example(*args, **options)
    return views.view(made)


@pytest.mark.parametrize("arithmetic", ["pencil", "exact"])
def test_saturated_sigmoids_give_gradients_that_are_exactly_zero(arithmetic):
    page = view([1.0], [[1000.0], [-1000.0]], [0.0, 0.0], [0.5], arithmetic=arithmetic)
    trace = page.trace
    assert trace.value("layer1.a").ravel().tolist() == [1, 0]
    assert [not trace.value(name).any() for name in ("layer1.delta", "layer1.dW")] == [True, True]
    text = " ".join(row.right.seen for line in page.lines("backward") for row in in_numbers(page.written, line.name))
    assert "-0" not in re.sub(r"-0\.", "", text)


@pytest.mark.parametrize("target", [0.5, 1.0])
def test_a_saturated_output_is_refused_by_name_with_a_logarithm(target):
    with pytest.raises(BookError, match=r"step 'E' has an output of exactly 1, where.*more digits or exact"):
        view([1.0], [[1.0]] * 90, [50.0] * 90, [target], loss="binary_cross_entropy")


@pytest.mark.parametrize(("op", "args", "said"), [
    ("binary_cross_entropy", ([0.5, 1.2], [1, 0]), "an output of 1.2, not between 0 and 1"),
    ("binary_cross_entropy", ([0.5, -0.25], [1, 0]), "an output of -0.25, not between 0 and 1"),
    ("binary_cross_entropy", ([1 + 1e-9, 0.5], [1, 0]), "an output of 1.000000001, not between 0 and 1"),
    ("binary_cross_entropy", ([0.5, 0.0], [1, 0]), "an output of exactly 0, where"),
    ("cross_entropy", ([0.0, 1.0], [1, 0]), "an output of exactly 0, where"),
    ("cross_entropy", ([-0.5, 1.5], [1, 0]), "an output of -0.5, less than 0"),
    ("kl_divergence", ([0.5, -1e-12], [0, 1]), "an output of -1e-12, less than 0"),
    ("log", ([2.0, 0.0],), "takes the logarithm of 0, which has none"),
    ("log", ([-0.3, 2.0],), "takes the logarithm of -0.3, which has none"),
    ("sqrt", ([1.0, -2.0],), "takes the square root of -2, which has none"),
    ("div", ([1.0, 0.0], [1.0, 0.0]), "divides by 0"),
    ("div", ([1e300, 1.0], [1e-300, 1.0]), "overflows"),
    ("reciprocal", ([0.0, 2.0],), "divides by 0"),
    ("power", ([0.0, 2.0], -1.0), "divides by 0"),
    ("power", ([-0.5, 2.0], 0.5), "takes a root of -0.5, which has none"),
    ("power", ([1e300, 2.0], 2.0), "overflows"),
])  # fmt: skip
def test_what_is_no_number_is_refused_by_what_is_wrong(op, args, said):
    """The sentence is true of the number at hand, when a tape is written and when it is replayed."""
    with np.errstate(all="ignore"), pytest.raises(BookError, match=rf"'t': step 'out' (has )?{said}.*; use .*\.$"):
        tape = Tape("t")
        tape.write("out", apply(op, *(tape.data(f"x{i}", arg) for i, arg in enumerate(args))))


def test_an_output_that_only_the_pencil_saturates_is_printed_exactly():
    numbers = [1.0], [[1.0]] * 22, [50.0] * 22, [0.5]
    with pytest.raises(BookError, match=r"step 'E'"):
        view(*numbers, loss="binary_cross_entropy")
    assert view(*numbers, loss="binary_cross_entropy", arithmetic="exact").exact.value("J") > 5


def test_overflow_is_refused_by_name():
    with pytest.raises(BookError, match=r"'hard': step 'layer1\.z\.matmul' overflows"):
        view([1e300], [[1e300]], [0.0], [0.5])


def test_a_sum_that_float64_loses_is_not_called_equal():
    page = view([1.0, 1.0, 1.0], [[1e17, 1.0, -1e17]], [0.0], [0.5], activation="tanh", arithmetic="exact")
    assert page.trace.value("layer1.z")[0, 0] == 0
    assert [row.relation for row in in_numbers(page.written, page.lines("forward")[0].name)] == ["=", r"\approx"]


def test_a_run_that_diverges_says_so_without_breaking_a_page():
    page = view([100.0], [[1.0]], [0.0], [0.5], activation="identity", rate=1e200)
    for _, loss in loss_table(page.worked):
        to_mathml(page.number(loss, 10), False)


# --- every printed row of one entry holds -------------------------------------------------------------------------

MAGNITUDES = [0.0, -0.0, 1.0, -1.0, 1e-300, 5e-324, -1e-12, 4.387e-6, -1e6, 1e17, 9.9996, 0.99995, 0.12345, 1e140]
HARD = st.sampled_from(MAGNITUDES) | st.floats(-1e6, 1e6) | st.floats(-1e-5, 1e-5)
SMALLEST = 1e-300
NUMBER = re.compile(r"(?<![\w.'])\d+(?:\.\d+)?")


@st.composite
def hard(draw) -> View:
    n, m = draw(st.integers(1, 3)), draw(st.integers(1, 2))
    x, b = (draw(st.lists(HARD, min_size=k, max_size=k)) for k in (n, m))
    W = draw(st.lists(st.lists(HARD, min_size=n, max_size=n), min_size=m, max_size=m))
    activation = draw(st.sampled_from(["identity", "sigmoid", "tanh", "relu"]))
    arithmetic = draw(st.sampled_from(["pencil", "exact"]))
    try:
        return view(x, W, b, [0.5], activation, arithmetic, rate=draw(st.sampled_from([0.5, 1e-7, 1e7])))
    except BookError as error:
        assert re.search(r"step '[\w.]+' (overflows|is not a number)", str(error))
        return view([1.0], [[1e-300]], [0.0], [0.5])


@pytest.mark.slow
@given(hard())
@settings(max_examples=draws(300, 60), suppress_health_check=list(HealthCheck))
def test_every_printed_row_holds(page):
    given = {abs(float(value)) for step in page.trace.values() if step.is_leaf for value in step.value.ravel()}
    for phase in ("forward", "backward", "update"):
        for line in page.lines(phase):
            rows = in_numbers(page.written, line.name)
            to_mathml(page.written.rows.aligned(rows), True)
            for row in rows:
                _assert_numbers(row.right.tex, given)
            if line.step.op not in ("log", "heaviside"):
                _assert_entry(page, line, (0,) * len(line.step.shape))


def _assert_numbers(tex: str, given: set[float]):
    """Only what is given, as it stands or moved as in a transpose, has more digits than the page prints."""
    assert not re.search(r"\}\{-0\}", tex)
    shown = re.findall(r"\\val\{([^}]*)\}\{([-\d.]+)(?:\\times 10\^\{(-?\d+)\})?", tex)
    for address, printed, power in shown:
        if abs(float(f"{printed}e{power or 0}")) not in given:
            assert len(re.sub(r"\D", "", printed).strip("0")) <= DIGITS, (address, printed)


def _assert_entry(page: View, line: Line, index):
    *_, numbers, result = entry(page.written, line.name, index)
    to_mathml(page.written.rows.aligned([numbers, result]), True)
    told = value(result.right.seen)
    found = value(numbers.right.seen.rpartition(" = ")[2])
    if abs(found) < SMALLEST and line.step.op == "sigmoid":
        assert told < SMALLEST, "a calculator's e^x ends there, too"
    elif result.relation == "=" and found != told:
        unit = mpmath.mpf(10) ** (mpmath.floor(mpmath.log10(abs(found))) - DIGITS + 1)
        assert abs(found - told) <= unit / 2 * (1 + mpmath.mpf(10) ** -6), (numbers.right, result.right)


def value(tex: str) -> mpmath.mpf:
    """What a printed expression of one entry comes to, with 400 digits, read as a person reads it."""
    tex = re.sub(r"\\left|\\right|\\,|\s", "", tex).replace("[", "(").replace("]", ")")
    tex = re.sub(r"\\\{", "(", tex).replace(r"\}", ")")
    tex = re.sub(r"\\times10\^\{(-?\d+)\}", r"*10**(\1)", tex)
    tex = tex.replace(r"\cdot", "*").replace(r"\tanh", "tanh").replace(r"\max(0,", "max(0,")
    tex = re.sub(r"\^\{?2\}?", "**2", tex)
    tex = re.sub(r"e\^\{-([^{}]*)\}", r"exp(-(\1))", tex)
    while r"frac" in tex:
        tex, count = re.subn(r"\\t?frac\{([^{}]*)\}\{([^{}]*)\}", r"((\1)/(\2))", tex)
        assert count, tex
    tex = re.sub(r"\((\w[^()]*|\([^()]*\))>0\)", r"step(\1)", tex)
    tex = tex.replace(")(", ")*(").replace(r"\operatorname{ReLU}", "relu")
    names = {"tanh": mpmath.tanh, "exp": mpmath.exp, "max": max, "step": lambda z: int(z > 0), "F": mpmath.mpf}
    with mpmath.workdps(400):
        return mpmath.mpf(eval(NUMBER.sub(lambda m: f"F('{m[0]}')", tex), {"__builtins__": {}}, names))


def test_a_loss_that_is_a_tie_goes_to_the_even_digit():
    """½ · (0.372 − 0.5147)² is 0.010181645, of which float64 has a little more."""
    layer = {"W": [[1]], "activation": "identity"}
    tables = {"family": "mlp", "title": {"en": "T"}, "data": {"x": [[0.5147]], "y": [[0.372]]}, "layers": [layer]}
    example = validate(tables | {"update": {"learning_rate": 1}}, Path("tie.toml"))
    assert pencil(work(example), 7).value("E") == 0.01018164
