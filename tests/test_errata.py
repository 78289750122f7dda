"""The errata find every slip of the shipped sources, and every slip that is put into a source that has none."""

import tomllib
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest

from gradbook.book.errata.errata import errata, source_of
from gradbook.book.errata.printed import cut, one_digit, power_of_ten, shows, swapped
from gradbook.book.errata.source import Figure, read_source
from gradbook.engine import BookError, load, pencil, work
from tests.tiers import some_slow

EXAMPLES = Path(__file__).parent.parent / "examples"


def judged(name, source=None):
    example = load(EXAMPLES / f"{name}.toml")
    exact = work(example)
    return errata(exact, pencil(exact, example.page.digits), source or source_of(EXAMPLES / f"{name}.toml"))


@pytest.fixture(scope="module")
def seed():
    return judged("seed")


@pytest.fixture(scope="module")
def mazur():
    return judged("mazur")


def first(found, step, index, printed, after=0, term=None):
    """The first figure of a source that prints this."""
    return next(
        j
        for j in found.figures
        if (j.step, j.index, j.printed, j.figure.after, j.figure.term) == (step, index, printed, after, term)
    )


def kinds(j):
    return (j.verdict.kind, *(r.kind for r in j.verdict.reasons))


def causes(j):
    return [(c.step, c.printed) for c in j.verdict.causes]


# The hand-worked source


@pytest.mark.parametrize(
    ("step", "index", "printed", "verdict"),
    [
        ("y", (0, 0), "0.1", ("wrong", "factor")),
        ("layer2.delta.mul", (0, 0), "0.249", ("wrong", "quantity")),
        ("layer2.delta.mul", (1, 0), "0.127", ("wrong", "quantity", "digit")),
        ("layer2.delta", (0, 0), "0.1386", ("follows",)),
        ("layer2.delta", (1, 0), "-0.0386", ("wrong", "digit")),
        ("layer1.delta", (0, 0), "0.0087", ("truncated",)),
        ("layer1.delta", (1, 0), "0.0099", ("truncated",)),
        ("layer2.dW", (1, 0), "-0.0229", ("follows",)),
        ("layer2.dW", (1, 1), "-0.023", ("follows",)),
        ("layer2.W_new", (0, 1), "0.4086", ("truncated",)),
        ("layer2.W_new", (1, 0), "0.5115", ("follows",)),
        ("layer2.W_new", (1, 1), "0.5615", ("follows",)),
        ("layer2.b_new", (0, 0), "0.5307", ("truncated",)),
        ("layer2.b_new", (1, 0), "0.6193", ("follows",)),
        ("layer1.dW", (0, 0), "0.00435", ("wrong", "factor")),
        ("layer1.dW", (0, 1), "0.0087", ("wrong", "factor")),
        ("layer1.dW", (1, 0), "0.00495", ("wrong", "factor")),
        ("layer1.dW", (1, 1), "0.0099", ("wrong", "factor")),
    ],
)
def test_slip_of_the_hand_worked_source(seed, step, index, printed, verdict):
    assert kinds(first(seed, step, index, printed)) == verdict


def test_these_are_all_slips_of_the_hand_worked_source(seed):
    assert len(seed.slips) == 18
    assert seed.counts == {"right": 100, "truncated": 10, "follows": 14, "wrong": 8}


@pytest.mark.parametrize(
    ("step", "index", "printed", "cause"),
    [
        ("layer2.delta", (0, 0), "0.1386", ("layer2.a", "0.751")),
        ("layer2.dW", (1, 1), "-0.023", ("layer2.delta", "-0.0386")),
        ("layer2.W_new", (1, 1), "0.5615", ("layer2.dW", "-0.023")),
        ("layer2.b_new", (1, 0), "0.6193", ("layer2.delta", "-0.0386")),
        ("layer1.delta", (0, 0), "0.0087", ("layer2.delta", "-0.0386")),
        ("layer1.dW", (0, 0), "0.00435", ("layer1.delta", "0.0087")),
    ],
)
def test_what_a_figure_follows_from(seed, step, index, printed, cause):
    assert causes(first(seed, step, index, printed)) == [cause]


def test_reasons_carry_the_numbers_they_speak_of(seed):
    (quantity, digit) = first(seed, "layer2.delta.mul", (1, 0), "0.127").verdict.reasons
    assert quantity.other == ("layer2.delta.mul.sub", (1, 0))
    assert (quantity.expected, digit.expected) == ("0.176", "0.227")
    (moved,) = first(seed, "layer1.dW", (0, 0), "0.00435").verdict.reasons
    assert (moved.power, moved.expected) == (1, "0.000435")
    assert first(seed, "y", (0, 0), "0.01").verdict.kind == "right"


def test_a_slip_is_told_from_a_rounding(seed):
    assert first(seed, "layer2.b_new", (1, 0), "0.6193").verdict.from_slip
    assert not first(seed, "layer2.delta", (0, 0), "0.1386").verdict.from_slip


def test_restated_slips_point_to_the_first(seed):
    restated = [j for j in seed.figures if j.printed == "-0.0386"]
    assert len(restated) == 4
    assert all(j.verdict.repeats and j.verdict.causes == (restated[0],) for j in restated[1:])


def test_a_right_figure_may_ignore_the_slip_above_it(seed):
    new = first(seed, "layer1.W_new", (0, 0), "0.1498")
    assert new.verdict.kind == "right"
    assert [c.printed for c in new.verdict.against] == ["0.00435"]


def test_values_stand_beside_the_figure(seed):
    delta = first(seed, "layer2.delta", (1, 0), "-0.0386")
    assert delta.exact == pytest.approx(-0.03809823651655621653, rel=1e-14)
    assert delta.pencil == -0.0381


def test_every_number_of_the_source_text_is_there(seed):
    printed = [j.printed for j in seed.figures]
    assert printed.count("0.5933") == 7
    assert printed.count("0.1386") == 4
    assert {"0.74", "-0.217", "0.24061", "0.4067", "0.4031", "0.345", "0.2995"} <= set(printed)


# Mazur's page


@pytest.mark.parametrize(
    ("step", "index", "printed"),
    [
        ("J", (), "0.298371109"),
        ("layer2.W_new", (0, 0), "0.35891648"),
        ("layer2.W_new", (0, 1), "0.408666186"),
        ("layer2.W_new", (1, 0), "0.511301270"),
        ("layer2.W_new", (1, 1), "0.561370121"),
        ("layer1.W_new", (0, 0), "0.149780716"),
        ("layer1.W_new", (0, 1), "0.19956143"),
        ("layer1.W_new", (1, 0), "0.24975114"),
        ("layer1.W_new", (1, 1), "0.29950229"),
    ],
)
def test_what_holds_on_mazurs_page(mazur, step, index, printed):
    assert first(mazur, step, index, printed).verdict.kind == "right"


def test_loss_after_one_update_belongs_to_the_sequential_program(mazur):
    j = first(mazur, "J", (), "0.291027924", after=1)
    assert kinds(j) == ("wrong", "updated")
    assert j.verdict.reasons[0].names == ("layer2.W",)
    assert j.exact == pytest.approx(0.2910277736935993508, rel=1e-14)


def test_loss_after_ten_thousand_updates_is_one_update_early(mazur):
    j = first(mazur, "J", (), "0.0000351085", after=10_000)
    assert kinds(j) == ("wrong", "count")
    assert j.verdict.reasons[0].updates == 9_999


def test_outputs_after_ten_thousand_updates_belong_to_the_sequential_program(mazur):
    for index, printed in (((0, 0), "0.015912196"), ((1, 0), "0.984065734")):
        assert kinds(first(mazur, "layer2.a", index, printed, after=10_000)) == ("wrong", "updated")


def test_an_unprinted_rounding_is_found(mazur):
    j = first(mazur, "layer1.delta.matmul", (0, 0), "-0.019049119", term=1)
    assert kinds(j) == ("follows", "rounded")
    assert j.verdict.reasons[0].other == ("layer2.delta", (1, 0))
    assert j.verdict.reasons[0].expected == "-0.038098237"


def test_all_else_on_mazurs_page_is_right(mazur):
    assert mazur.counts == {"right": 69, "truncated": 0, "follows": 1, "wrong": 4}


# Slips put into a source that has none

DECIMALS = 6


@pytest.fixture(scope="module")
def batch():
    return work(load(EXAMPLES / "batch.toml"))


def rows(value, slips=()):
    value = np.asarray(value)
    texts = np.array([f"{v:.{DECIMALS}f}" for v in value.ravel()], dtype=object).reshape(value.shape)
    for index, text in slips:
        texts[index] = text
    return texts.tolist() if texts.shape else str(texts)


def source_text(trace, slips=None):
    """A source file that prints every line of a trace with six decimals; `slips` maps (step, index) to a text."""
    slips, names = slips or {}, [s.name for s in trace.values() if s.op not in ("const", "data", "param")]
    names = [name for name in names if not trace.is_inlined(name) and trace[name].op != "heaviside"]
    lines = ["title = { en = 'test' }", "about = { en = 'made for a test' }"]
    for name in names:
        own = [(index, text) for (step, index), text in slips.items() if step == name]
        value = rows(trace.value(name), own)
        lines.append(
            f"[[place]]\nwhere = {{ en = '{name}' }}\nfigures = [{{ step = '{name}', printed = {value!r} }}]"
        )
    return "\n".join(lines)


def judge_text(tmp_path, text, name="batch"):
    path = tmp_path / "source.toml"
    path.write_text(text)
    return judged(name, path)


def test_a_source_without_slips_has_none(tmp_path, batch):
    found = judge_text(tmp_path, source_text(batch))
    assert len(found.figures) > 100
    assert not found.slips


def changed_digit(text, random):
    places = [i for i, c in enumerate(text) if c.isdigit() and text[:i].strip("-0.")]
    i = int(random.choice(places))
    return text[:i] + str((int(text[i]) + int(random.integers(1, 10))) % 10) + text[i + 1 :]


def swapped_digits(text, random):
    pairs = [i for i in range(3, len(text) - 1) if text[i] != text[i + 1] and text[:i].strip("-0.")]
    i = int(random.choice(pairs))
    return text[:i] + text[i + 1] + text[i] + text[i + 2 :]


def moved_point(text, random):
    return f"{Decimal(text).scaleb(int(random.choice([-1, 1]))):f}"


def other_sign(text, random):
    return text[1:] if text.startswith("-") else f"-{text}"


SLIPS = {"digit": changed_digit, "swap": swapped_digits, "factor": moved_point, "sign": other_sign}


@pytest.mark.parametrize("kind", SLIPS)
@pytest.mark.parametrize("attempt", some_slow(range(4), 4))
def test_an_injected_slip_is_named(tmp_path, batch, kind, attempt):
    random = np.random.default_rng([attempt, *kind.encode()])
    name = str(random.choice(["layer1.a", "layer2.z", "layer3.a", "layer3.delta", "layer2.dW", "layer1.W_new"]))
    value = batch.value(name)
    index = tuple(int(i) for i in random.choice(np.argwhere(np.abs(value) > 1e-3)))
    slip = SLIPS[kind](f"{value[index]:.{DECIMALS}f}", random)
    found = judge_text(tmp_path, source_text(batch, {(name, index): slip}))
    assert [(j.step, j.index) for j in found.slips] == [(name, index)]
    assert kinds(found.slips[0]) == ("wrong", kind)


def test_digits_cut_off_are_named(tmp_path, batch):
    value = batch.value("layer1.a")
    short = {i: f"{value[i]:.9f}"[:-6] for i in np.ndindex(value.shape)}
    index = next(i for i, text in short.items() if not shows(value[i], Decimal(text), 3))
    found = judge_text(tmp_path, source_text(batch, {("layer1.a", index): short[index]}))
    assert [kinds(j) for j in found.slips] == [("truncated",)]


def test_another_quantity_is_named(tmp_path, batch):
    other = batch.value("layer3.a")[1, 2]
    found = judge_text(tmp_path, source_text(batch, {("layer3.a", (0, 2)): f"{other:.6f}"}))
    assert kinds(found.slips[0]) == ("wrong", "quantity")
    assert found.slips[0].verdict.reasons[0].other == ("layer3.a", (1, 2))


def test_weights_read_after_their_update_are_named(tmp_path, batch):
    reader = next(s.name for s in batch.users("layer3.W", "backward"))
    mutant = batch.rewired({reader: {"layer3.W": "layer3.W_new"}})
    slip = f"{mutant.value('layer2.delta')[0, 1]:.6f}"
    found = judge_text(tmp_path, source_text(batch, {("layer2.delta", (0, 1)): slip}))
    assert kinds(found.slips[0]) == ("wrong", "updated")
    assert found.slips[0].verdict.reasons[0].names == ("layer3.W",)


def test_a_wrong_operand_is_named(tmp_path):
    """W2 where its transpose belongs."""
    trace = work(load(EXAMPLES / "seed.toml"))
    wrong = trace.value("layer2.W") @ trace.value("layer2.delta")
    slip = f"{wrong[0, 0]:.6f}"
    found = judge_text(tmp_path, source_text(trace, {("layer1.delta.matmul", (0, 0)): slip}), "seed")
    assert kinds(found.slips[0]) == ("wrong", "operand")
    assert found.slips[0].verdict.reasons[0].other == ("layer2.W", None)


def test_what_follows_from_an_injected_slip_is_named(tmp_path, batch):
    wrong = batch.value("layer3.delta").copy()
    wrong[0, 1] = round(wrong[0, 1], DECIMALS) + 0.004

    def slipped(step, value):
        return np.round(wrong if step.name == "layer3.delta" else value, DECIMALS)

    carried = batch.replay(rounding=slipped)
    found = judge_text(tmp_path, source_text(carried))
    wrong = [j for j in found.slips if j.verdict.kind == "wrong"]
    assert [(j.step, j.index, *kinds(j)) for j in wrong] == [("layer3.delta", (0, 1), "wrong", "digit")]
    led_astray = [j for j in found.slips if abs(float(j.printed) - j.exact) > 1e-4 and j not in wrong]
    assert len(led_astray) > 5
    assert all(j.verdict.kind == "follows" and j.verdict.from_slip for j in led_astray)


def test_a_figure_from_nowhere_is_left_unexplained(tmp_path, batch):
    found = judge_text(tmp_path, source_text(batch, {("layer2.z", (1, 1)): "7.777777"}))
    assert [kinds(j) for j in found.slips] == [("wrong", "unexplained")]


# Comparing digits


def test_of_a_tie_both_neighbours_are_right():
    assert shows(0.125, Decimal("0.12"), 2) and shows(0.125, Decimal("0.13"), 2)
    assert shows(0.135, Decimal("0.13"), 2) and shows(0.135, Decimal("0.14"), 2)
    assert not shows(0.126, Decimal("0.12"), 2)


def test_cut_keeps_the_sign_and_refuses_nothing():
    assert cut(-0.0387, Decimal("-0.038"), 3)
    assert not cut(0.0004, Decimal("0.000"), 3)


def test_powers_of_ten():
    assert power_of_ten(0.0123, Decimal("0.123"), 3) == 1
    assert power_of_ten(0.0123, Decimal("0.0012"), 4) == -1
    assert power_of_ten(0.26, Decimal("3"), 0) is None


def test_digits_of_numbers_of_other_length():
    assert one_digit(0.1234, Decimal("0.1934"), 4)
    assert not one_digit(0.1234, Decimal("-0.1934"), 4)
    assert swapped(0.1234, Decimal("0.1324"), 4)
    assert not one_digit(float("inf"), Decimal("0.1"), 1)


def test_of_a_tie_a_slip_may_be_made_on_either_neighbour():
    assert swapped(0.33545, Decimal("0.3535"), 4) and swapped(0.33545, Decimal("0.3534"), 4)
    assert one_digit(0.33545, Decimal("0.3955"), 4) and one_digit(0.33545, Decimal("0.3954"), 4)


def test_zeros_before_the_point_may_only_hold_the_place(tmp_path):
    trace = work(load(EXAMPLES / "momentum.toml"))
    assert 46 < trace.value("layer1.q_W") < 46.5
    for printed, kind in (("50", "right"), ("40", "truncated"), ("46", "right"), ("30", "wrong")):
        text = PLACE.format(f"{{ step = 'layer1.q_W', printed = '{printed}' }}")
        assert judge_text(tmp_path, text, "momentum").figures[0].verdict.kind == kind, printed


def test_a_dropped_zero_does_not_make_a_figure_right_by_chance():
    figure = Figure(0, "layer2.dW", (1, 1), "-0.023", column=4)
    assert (figure.decimals, figure.digits) == (3, 2)


def test_figures_in_one_list_are_a_row_where_the_step_is_one(tmp_path):
    text = PLACE.format("{ step = 'b', printed = ['0.1', '0.2', '0.7'] }")
    found = judge_text(tmp_path, text, "softmax-regression").figures
    assert [f.figure.index for f in found] == [(0, 0), (0, 1), (0, 2)]


# Hostile source files

PLACE = "title = {{ en = 'a' }}\nabout = {{ en = 'a' }}\n[[place]]\nwhere = {{ en = 'p' }}\nfigures = [{}]\n"


@pytest.mark.parametrize(
    ("figure", "sentence"),
    [
        ("{ step = 'layer1.dleta', printed = ['1', '2'] }", "Did you mean 'layer1.delta'"),
        ("{ step = 'x', printed = ['1', '2', '3'] }", "place[0].figures[0].printed: expected 2 rows of 1"),
        ("{ step = 'layer1.W', printed = [['1', '2'], ['3']] }", "found rows of [2, 1]"),
        ("{ step = 'J', printed = ['1', '2'] }", "expected one figure"),
        ("{ step = 'x', printed = [0.05, 0.1] }", "list"),
        ("{ step = 'J', printed = 'NaN' }", "is not a number as one prints it"),
        ("{ step = 'J', printed = '1e999' }", "too large or too small"),
        ("{ step = 'J', printed = '{{ 7 }}' }", "is not a number as one prints it"),
        ("{ step = 'J', printed = '٣' }", "is not a number as one prints it"),
        ("{ step = 'x', index = [2, 0], printed = '1' }", "[2, 0] is not an entry of 'x'"),
        ("{ step = 'x', index = [-1, 0], printed = '1' }", "figures[0].index[0]"),
        ("{ step = 'x', index = [0], printed = '1' }", "[0] is not an entry of 'x'"),
        ("{ step = 'x', index = [0, 0], term = 0, printed = '1' }", "only an entry (index) of a matrix product"),
        ("{ step = 'layer1.z.matmul', index = [0, 0], term = 2, printed = '1' }", "2 is too large"),
        ("{ step = 'J', after = 1000000000, printed = '1' }", "figures[0].after"),
        ("{ step = 'J', printed = '1', verdict = 'right' }", "unknown key 'verdict'"),
        ("", "is empty"),
    ],
)
def test_a_hostile_figure_gives_one_sentence(tmp_path, figure, sentence):
    with pytest.raises(BookError) as error:
        judge_text(tmp_path, PLACE.format(figure), "seed")
    text = str(error.value)
    assert sentence in text
    assert "source.toml" in text
    assert "\n" not in text


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("title = [", "is not valid TOML"),
        ("", "title: is missing"),
        ("title = { en = '<b>' }\nabout = { en = 'a' }\nplace = []", "may not hold '<'"),
        (
            "url = 'javascript:alert(1)'\ntitle = { en = 'a' }\nabout = { en = 'a' }\nplace = []",
            "is not a web address",
        ),
    ],
)
def test_a_hostile_source_gives_one_sentence(tmp_path, text, sentence):
    with pytest.raises(BookError) as error:
        judge_text(tmp_path, text, "seed")
    assert sentence in str(error.value)
    assert "\n" not in str(error.value)


def test_a_missing_source_is_no_source():
    assert source_of(EXAMPLES / "batch.toml") is None
    assert source_of(EXAMPLES / "seed.toml") == EXAMPLES / "sources" / "seed.toml"


def test_sources_speak_both_languages():
    for path in (EXAMPLES / "sources").glob("*.toml"):
        tables = tomllib.loads(path.read_text(encoding="utf-8"))
        words = [tables["title"], tables["about"], *(place["where"] for place in tables["place"])]
        assert all(set(text) == {"en", "zh"} for text in words)


def test_every_entry_of_a_block_is_a_figure():
    trace = work(load(EXAMPLES / "seed.toml"))
    source, figures = read_source(EXAMPLES / "sources" / "seed.toml", trace)
    printed = sum(len(row) for place in source.place for block in place.figures for row in block.printed)
    assert len(figures) == printed
