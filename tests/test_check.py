"""The checker: the real book agrees, and every fault that is put into a built page is found and named."""

import functools
import json
import pickle
import random
import re
from collections import Counter
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from gradbook import check
from gradbook.book.pages.traces import traces as traces_of
from gradbook.check import Checker, Page
from gradbook.check.judge.figures import Drawing
from gradbook.check.judge.lines import check as check_lines
from gradbook.check.judge.recompute import Rules
from gradbook.check.judge.report import Report
from gradbook.check.read.parse import Parser
from gradbook.check.read.tex import tokens
from gradbook.check.truth.symbols import Symbols
from tests.chance import draws, remember

LANGS = ("en", "zh")
FORWARD, BACKWARD = "en/examples/seed/forward.html", "en/examples/seed/backward.html"
FOUND = 0.995


@pytest.fixture(scope="module")
def traces(any_examples) -> dict[str, str]:
    return traces_of(sorted(any_examples.glob("*.toml")))


@pytest.fixture
def mutations(whole) -> int:
    """So many digits are changed: few of the lean book, in either tier, and many of the whole one."""
    return draws(500) if whole else 25


@pytest.fixture(scope="module")
def checker(any_site, traces) -> Checker:
    return Checker(any_site, traces, LANGS)


@pytest.fixture(scope="module")
def report(checker, whole, once):
    """What is found in a book, by whichever worker asks first."""

    def make(folder: Path) -> None:
        folder.mkdir()
        (folder / "report").write_bytes(pickle.dumps(checker.run(jobs=2)))

    return pickle.loads((once(f"report-{whole}", make) / "report").read_bytes())


# The book


def test_the_book_agrees(report):
    assert report.ok, report.summary()


def test_little_is_not_understood(report):
    assert report.counts["equations"] > 100
    assert report.share_unknown <= 0.01, report.summary()


def test_the_report_says_how_much_was_read(report):
    told = json.loads(report.to_json())
    for name in (
        "redone",
        "substituted",
        "numbers",
        "digits",
        "gradients",
        "table_rows",
        "links",
        "listings",
        "twins",
    ):
        assert told["counts"][name] > 0, name
    assert "relations redone" in report.summary()


def test_the_pdf_holds_the_numbers_of_the_site(pdfs, checker):
    pytest.importorskip("pymupdf")
    from gradbook.check.judge.pdf import check_pdf

    for lang, pdf in pdfs.items():
        found = check_pdf(pdf, [p for p in checker.pages.values() if p.lang == lang])
        assert found.counts["pdf_numbers"] > 100
        assert not found.failures, found.summary()


# One fault, found and named. None of these compares languages, unless it says so.


def faults(checker, path: str, old: str, new: str, twins: bool = False) -> list[check.Failure]:
    """What is found when `old` is replaced by `new`, once, in a page."""
    text = checker.pages[path].text
    assert old in text, f"{old!r} is not on {path}"
    return new_faults(checker, Page(path, text.replace(old, new, 1)), twins)


def new_faults(checker, page: Page, twins: bool = False) -> list[check.Failure]:
    return [f for f in checker.recheck(page, twins).failures if f not in known_faults(checker, page.path, twins)]


@functools.cache
def known_faults(checker, path: str, twins: bool) -> frozenset[check.Failure]:
    """What is found on the page as it was built: nothing, in a good book."""
    return frozenset(checker.recheck(checker.pages[path], twins).failures)


def without_annotation(found: list[check.Failure]) -> list[check.Failure]:
    """Faults found although the annotation were wrong in the same way."""
    return [f for f in found if f.check != "seen"]


def number(address: str, text: str) -> str:
    return f'<mn data-value="{address}">{text}</mn>'


def test_a_changed_digit(checker):
    found = faults(checker, FORWARD, number("seed:layer1.z[0][0]", "0.3775"), number("seed:layer1.z[0][0]", "0.3776"))
    assert any(f.page == FORWARD and f.expected == "0.3775" for f in without_annotation(found))


def test_a_changed_annotation(checker):
    found = faults(checker, FORWARD, r"\begin{pmatrix} 0.3775 \\ 0.3925", r"\begin{pmatrix} 0.3775 \\ 0.3926")
    assert [f.check for f in found] == ["seen"]


def test_a_dropped_minus_sign(checker):
    sign = number("seed:layer2.delta.sub[1][0]", "−0.2171")
    found = faults(checker, BACKWARD, sign, sign.replace("−", ""))
    assert any(f.check == "line" and f.expected == "−0.2171" for f in found)


def test_swapped_entries(checker):
    a, b = number("seed:layer1.dW[0][0]", "0.0004386"), number("seed:layer1.dW[0][1]", "0.0008771")
    between = "</mtd><mtd>"
    found = faults(checker, BACKWARD, a + between + b, b + between + a)
    assert any(f.check == "line" for f in found)


def test_a_transposed_matrix(checker):
    """W stands where its transpose belongs; here both have the same shape."""
    text = checker.pages[BACKWARD].text
    cells = re.search(
        r'<mn data-value="seed:layer1.delta.matmul.transpose\[0\]\[1\]">0.5</mn>(.*?)'
        r'<mn data-value="seed:layer1.delta.matmul.transpose\[1\]\[0\]">0.45</mn>',
        text,
    )[0]
    found = faults(checker, BACKWARD, cells, cells.replace("0.5<", "0.45<").replace("0.45</mn>", "0.5</mn>"))
    assert any(f.check == "line" for f in found)


def test_an_entry_of_what_belongs_to_a_matrix_is_known():
    """s_{v_{12}} is an entry of s_V, as v_{12} is one of V, whatever its index looks like."""
    names = ((r"s_{V}^{*}", r"s_{v_{12}}^{*}"), (r"m_{W^{(1)}}", r"m_{w^{(1)}_{12}}"), (r"m_{W_q}", r"m_{w_{q,12}}"))
    for whole, entry in names:
        symbols, bound = Symbols(), Parser(tokens(rf"{whole} = \begin{{pmatrix}} 0 & 2 \\ 3 & 4 \end{{pmatrix}}"))
        name, value = bound.formula()[0].parts
        symbols.known[name] = [value]
        assert [str(n) for n in symbols.lookup(Parser(tokens(entry)).formula()[0].parts[0])] == ["2"], entry


def test_a_wrong_index(checker):
    found = faults(checker, BACKWARD, "<msub><mi>w</mi><mn>41</mn></msub>", "<msub><mi>w</mi><mn>42</mn></msub>")
    assert any("w_42" in f.why or "w_42" in f.printed for f in found)


def test_a_wrong_shape(checker):
    shape = '<mrow><mn>2</mn><mo lspace="0" rspace="0">×</mo><mn>1</mn></mrow>'
    found = faults(checker, BACKWARD, shape, shape.replace("<mn>1<", "<mn>2<"))
    assert any("shape" in f.why for f in found)


def test_a_chain_that_does_not_lead_to_its_end(checker):
    link = "<mfrac><mrow><mi>∂</mi><mi>a</mi></mrow><mrow><mi>∂</mi><mi>h</mi></mrow></mfrac>"
    found = faults(checker, BACKWARD, link, link.replace("<mi>h</mi>", "<mi>H</mi>"))
    assert any("chain of derivatives" in f.why for f in found)


def test_a_broken_link(checker):
    found = faults(checker, FORWARD, 'href="index.html#seed-symbol-x"', 'href="index.html#seed-symbol-xx"')
    assert any(f.check == "link" and "seed-symbol-xx" in f.printed for f in found)


def test_a_link_to_another_symbol(checker):
    found = faults(checker, FORWARD, 'href="index.html#seed-symbol-x"', 'href="index.html#seed-symbol-y"')
    assert any("is not what is defined" in f.why for f in found)


def test_a_wrong_address(checker):
    found = faults(checker, FORWARD, 'data-value="seed:layer1.z[0][0]"', 'data-value="seed:layer1.z[0][7]"')
    assert any(f.check == "address" for f in found)


def test_a_changed_listing(checker):
    found = faults(checker, FORWARD, '<span class="n">matmul</span>', '<span class="n">multiply</span>')
    assert any(f.check == "listing" for f in found)


def test_a_changed_chinese_formula(checker):
    path = FORWARD.replace("en/", "zh/")
    found = faults(
        checker, path, "<msub><mi>x</mi><mn>2</mn></msub>", "<msub><mi>x</mi><mn>1</mn></msub>", twins=True
    )
    assert any(f.check == "language" and f.page == path for f in found)


def test_a_wrong_relative_error(checker):
    found = faults(checker, "en/examples/seed/check.html", "<mn>0.0004385677345</mn>", "<mn>0.0004385677346</mn>")
    assert any(f.check == "table" and "gradient" in f.why for f in found)


def test_a_wrong_largest_error(checker):
    told = 'The largest relative error is <span class="nobreak"><math><semantics><mrow><mn>'
    found = faults(checker, "en/examples/seed/check.html", f"{told}6.5", f"{told}5.8")
    assert any("largest error" in f.why for f in found)


def test_words_of_no_change_where_a_number_moves(checker):
    path = "en/examples/seed/update.html"
    moved = re.search(r"<td>(?:(?!</td>).)*→.*?</td>", checker.pages[path].text)
    assert any("that move" in f.why for f in faults(checker, path, moved[0], "<td><p>nothing</p></td>"))


def test_a_wrong_number_in_a_figure(checker):
    found = faults(checker, "en/examples/seed/index.html", ">0.5933</text>", ">0.5938</text>")
    assert any(f.check in ("figure", "loose") for f in found)


@pytest.mark.slow
@pytest.mark.parametrize(
    "step, entry",
    [("layer1.W", 1), ("layer2.delta", 0), ("learning_rate", 0)],
)
def test_an_engine_constant_that_changed_after_the_build(site, lean_project, step, entry):
    traces = traces_of(sorted((lean_project / "examples").glob("*.toml")))
    told = json.loads(traces["seed"])
    values = next(s for s in told["steps"] if s["name"] == step)["value"]
    values[entry] += 0.001
    found = check.run(site, {**traces, "seed": json.dumps(told)}, LANGS, jobs=2)
    assert any(step in f.where or "seed" in f.page for f in found.failures)
    assert not found.ok


@pytest.mark.slow
def test_several_processes_find_what_one_finds(site, lean_project):
    traces = traces_of(sorted((lean_project / "examples").glob("*.toml")))
    told = json.loads(traces["adam"])
    told["steps"][2]["value"] = [2 * value for value in told["steps"][2]["value"]]
    del traces["adam@2"]
    one, three = (check.run(site, {**traces, "adam": json.dumps(told)}, LANGS, jobs=jobs) for jobs in (1, 3))
    assert len(one.failures) > 10 and one.to_json() == three.to_json()


def test_files_that_nothing_leads_to_and_examples_that_are_gone(checker, traces):
    site = checker.site
    stale = check.Site(site.folder, site.pages, LANGS, {n: t for n, t in traces.items() if n != "seed"}, site.sources)
    assert any("stale" in f.why for f in stale.check().failures)
    site.files.add("en/forgotten.bin")
    try:
        assert any(f.printed == "en/forgotten.bin" for f in site.check().failures)
    finally:
        site.files.remove("en/forgotten.bin")


# Lines on their own


def slips(tex: str, digits: int | None = 4) -> list[str]:
    rows = Parser(tokens(tex)).formula()
    result = check_lines(rows, Symbols(), Rules(digits))
    assert not result.unknown, result.unknown
    return [f"{slip.printed} {slip.expected}" for slip in result.slips]


def matrix(*rows: str) -> str:
    body = r" \\ ".join(" & ".join(row.split()) for row in rows)
    return rf"\begin{{pmatrix}} {body} \end{{pmatrix}}"


@pytest.mark.parametrize(
    "tex",
    [
        r"0.5 \cdot 0.25 + 0.1 = 0.225",
        r"\begin{aligned} &= \frac{0.1 + 0.2}{4} \\ &= \frac{0.3}{4} \\ &= 0.075 \end{aligned}",
        rf"{matrix('1 2', '3 4')}\,{matrix('5', '6')} = {matrix('17', '39')}",
        r"\begin{pmatrix} 1 & 2 \end{pmatrix}^{\mathsf{T}} = \begin{pmatrix} 1 \\ 2 \end{pmatrix}",
        r"\tfrac{1}{2}(0.9 - 0.482)^2 = 0.08736",
        r"\left[\,\begin{pmatrix} 0.3 \\ -0.2 \end{pmatrix} > 0\,\right] = \begin{pmatrix} 1 \\ 0 \end{pmatrix}",
        r"\max(0,\, -0.3) = 0",
        r"\sigma(0.3775) = \frac{1}{1 + e^{-0.3775}} = 0.5933",
        r"-\left[0.2 \cdot \ln(0.5) + (1 - 0.2) \cdot \ln(1 - 0.5)\right] = 0.6931",
        r"4.387\times 10^{-6} \cdot 2 = 8.774\times 10^{-6}",
        r"0.1 \cdot 0.12345 = 0.01234",  # a tie goes to the even digit
        rf"{matrix('3', '8')} \oslash {matrix('2', '4')} = {matrix('1.5', '2')}",
        r"0.3333 \cdot 3 \approx 1",
    ],
)  # fmt: skip
def test_lines_that_hold(tex):
    assert not slips(tex)


@pytest.mark.parametrize(
    "tex, wanted",
    [
        (r"0.5 \cdot 0.25 + 0.1 = 0.2251", "0.225"),
        (r"0.1 \cdot 0.12345 = 0.01235", "0.01234"),
        (r"(0.1 - 0.3) \cdot 2 = 0.4", "−0.4"),
        (r"\sigma(0.3775) = 0.5932", "0.5933"),
        (r"\begin{aligned} &= (0.1 + 0.2) \cdot 3 \\ &= 0.3 \cdot 4 \end{aligned}", "3"),
        (
            r"\underbrace{\begin{pmatrix} 1 & 2 \end{pmatrix}}_{2 \times 1} = \begin{pmatrix} 1 & 2 \end{pmatrix}",
            "1×2",
        ),
        (r"0.3333 \cdot 3 \approx 1.1", "0.9999"),
    ],
)
def test_lines_that_do_not(tex, wanted):
    assert any(slip.endswith(f" {wanted}") for slip in slips(tex)), slips(tex)


def test_a_row_that_goes_on_is_read_with_the_row_before():
    tex = r"\begin{aligned} &1 \cdot 2 \\ & {} + 3 \cdot 4 \\ &= 14 \end{aligned}"
    assert slips(tex) == []
    assert slips(tex.replace("14", "15")) == ["15 14"]


@pytest.mark.parametrize("tex", [r"\left(\left(a + b\right)\right)", r"\sum_{} E_{}", r"\frac{1}{5}\,2 \cdot a"])
def test_what_is_readable_but_not_well_formed_is_noted(tex):
    parser = Parser(tokens(tex))
    parser.formula()
    assert parser.notes


# Random faults

PIECE = re.compile(r"<[^>]*>|[^<]+")
READ = re.compile(r'\b(?:data-value|href|id)="([^"]*)"')


def digits(text: str) -> list[tuple[int, str]]:
    """Every digit of a page that is seen, annotated, or part of an address, a link or an anchor; with its kind."""
    found, tag = [], ""
    for piece in PIECE.finditer(text, text.index("<article"), text.index("</article>")):
        if piece[0][0] == "<":
            tag = piece[0]
            spans = [(m.start(1), m.end(1)) for m in READ.finditer(tag)]
            kind = "address"
        else:
            spans, kind = [(0, len(piece[0]))], "formula" if re.match("<(m[a-z]|annotation)", tag) else "words"
        places = (piece.start() + i for start, end in spans for i in range(start, end) if piece[0][i].isdecimal())
        found += [(place, kind) for place in places]
    return found


def change(text: str, place: int, rng: random.Random) -> str:
    digit = rng.choice([d for d in "0123456789" if d != text[place]])
    return text[:place] + digit + text[place + 1 :]


def test_random_single_digits(checker, chance, mutations):
    """Digits changed one at a time, anywhere in what a reader can see or follow on an English page."""
    pages = [p for p in checker.pages.values() if p.lang == "en" and "<article" in p.text]
    spots = [(page, *spot) for page in pages for spot in digits(page.text)]
    missed, tried = [], Counter()
    for page, place, kind in chance.sample(spots, mutations):
        tried[kind] += 1
        if not new_or_unknown(checker, Page(page.path, change(page.text, place, chance))):
            missed.append(f"{kind}: {page.path}: …{page.text[place - 60 : place + 20]}…")
    remember("\n".join(missed), "missed.txt")
    assert len(missed) <= (1 - FOUND) * mutations, f"{tried}\n" + "\n".join(missed)


def test_random_digits_of_worked_numbers_in_one_language(checker, chance, mutations):
    """Numbers of steps, changed in what is seen, and neither the annotation nor the other language may tell."""
    pages = [
        p for p in checker.pages.values() if re.fullmatch(r"en/examples/\w+/(forward|backward|update)\.html", p.path)
    ]
    spots = [(p, m.start(1) + i) for p in pages for m in re.finditer(r"<mn data-value=[^>]*>([^<]*)", p.text)
             for i, c in enumerate(m[1]) if c.isdecimal()]  # fmt: skip
    missed = []
    for page, place in chance.sample(spots, mutations // 2):
        changed = Page(page.path, change(page.text, place, chance))
        if not without_annotation(new_faults(checker, changed)):
            missed.append(f"{page.path}: …{page.text[place - 60 : place + 20]}…")
    remember("\n".join(missed), "missed.txt")
    assert len(missed) <= (1 - FOUND) * mutations / 2, "\n".join(missed)


def new_or_unknown(checker, page: Page) -> bool:
    found = checker.recheck(page)
    return bool(found.unknown) or bool(set(found.failures) - known_faults(checker, page.path, True))


def test_a_heat_map_with_nearly_all_numbers_of_an_example_is_no_network():
    """Its scale may end at the number that a bias has, too."""
    steps = {name: SimpleNamespace(value=np.array(value), is_leaf=True) for name, value in PARAMETERS.items()}
    trace = SimpleNamespace(parameters=list(steps), steps=steps)
    example = SimpleNamespace(trace=trace, flat_names={"a1": {("a", (0, 0))}}, value=lambda place: None, consensus={})
    report, page = Report(), SimpleNamespace(path="page.html")
    map_of_weights = ["W(1)", "0.2", "0.3", "-0.1", "0.4", "0.5", "0.6", "0.7", "0.8", "-0.21", "0.21", "0"]
    Drawing(map_of_weights, page, 1, example, report).check()
    assert not report.failures
    example.trace.steps["a"] = SimpleNamespace(value=np.array([[0.2]]), is_leaf=True)
    Drawing([*map_of_weights, "a1", "0.2"], page, 1, example, report).check()
    assert [failure.printed for failure in report.failures] == ["0.37"]


PARAMETERS = {"W": [[0.2, 0.3, -0.1, 0.4, 0.5, 0.6, 0.7, 0.8]], "b": [0.21, 0.37]}
