"""The public names: what is promised is there, documented, and its examples are true; what a notebook shows."""

import ast
import doctest
import inspect
import re
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import lxml.html
import numpy as np
import pytest

import gradbook
from gradbook import OPS, BookError, Tape, Trace, backward, load, op, pencil, work
from gradbook.book.base.numbers import decimal_of
from gradbook.book.formula.address import IN_TEX
from gradbook.book.formula.formula import Formulas
from gradbook.book.formula.symbols import indexed, marked, named, transposed
from gradbook.book.pages.gradients import Gradient
from gradbook.book.pages.material import Material
from gradbook.book.pages.notebook import mathml
from gradbook.book.pages.view import View
from gradbook.book.pages.worked import Worked
from gradbook.engine.tape.tape import apply

ROOT = Path(__file__).parent.parent
EXAMPLES = sorted((ROOT / "examples").glob("*.toml"))
TELLING = ("seed", "cnn", "gcn", "momentum")
"""Examples whose lines are of every kind: matrices, maps, rows that come together, leaves that training changes."""


@pytest.fixture(scope="module")
def seed():
    return work(load(ROOT / "examples/seed.toml"))


@pytest.fixture(autouse=True)
def own_operations():
    """What a test enters into the table of operations goes with it."""
    before = dict(OPS)
    yield
    OPS.clear()
    OPS.update(before)


# The names


def top_level(kind) -> list:
    return [node for node in ast.parse(inspect.getsource(gradbook)).body if isinstance(node, kind)]


def test_a_type_checker_sees_the_public_names():
    (seen,) = (node for node in top_level(ast.If) if ast.unparse(node.test) == "TYPE_CHECKING")
    imported = [alias.name for node in seen.body for alias in node.names]
    assert sorted(imported) == sorted(gradbook.__all__)
    assert set(gradbook.__all__) - {"derivation"} == set(gradbook.engine.__all__)


def test_the_promised_names_are_public():
    promised = [
        "load",
        "work",
        "Trace",
        "Tape",
        "backward",
        "OPS",
        "op",
        "check_gradients",
        "pencil",
        "train",
        "lower",
    ]
    assert set(promised) <= set(gradbook.__all__) <= set(dir(gradbook))
    assert gradbook.work is work and gradbook.OPS is OPS


def test_a_star_brings_all_of_them():
    scope = {}
    exec("from gradbook import *", scope)
    assert scope.keys() - {"__builtins__"} == set(gradbook.__all__)


def test_dir_shows_nothing_of_the_kitchen():
    shown = {name for name in dir(gradbook) if not name.startswith("__")}
    assert shown == {*gradbook.__all__, "setup"}


def test_an_unknown_name_is_told_once():
    code = "import gradbook; gradbook.laod"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    told = done.stderr.splitlines()[-1]
    assert told.startswith("AttributeError: module 'gradbook' has no attribute 'laod'. Did you mean 'load'? Known: ")
    assert told.count("Did you mean") == 1
    assert not hasattr(gradbook, "zzz")
    with pytest.raises(ImportError, match="laod"):
        exec("from gradbook import laod", {})


def test_importing_the_package_loads_no_library():
    code = "import sys; before = set(sys.modules); import gradbook; dir(gradbook); print(*set(sys.modules) - before)"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    new = {module.partition(".")[0] for module in done.stdout.split()}
    assert new <= {"gradbook"} | sys.stdlib_module_names


# Their words


def is_ours(member) -> bool:
    return inspect.isfunction(member) or isinstance(member, property | classmethod)


@pytest.mark.parametrize("name", [name for name in gradbook.__all__ if name != "OPS"])
def test_a_public_name_is_documented_and_its_example_is_true(name, monkeypatch):
    monkeypatch.chdir(ROOT)
    public = getattr(gradbook, name)
    words = inspect.getdoc(public)
    assert words.split("\n\n")[0].rstrip().endswith(".") and ">>> " in words
    runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS)
    for test in doctest.DocTestFinder().find(public, name, globs={}):
        assert runner.run(test).failed == 0, test.name
    if inspect.isclass(public):
        for key, member in vars(public).items():
            assert key.startswith("_") or not is_ours(member) or inspect.getdoc(member), f"{name}.{key}"


def test_the_table_of_operations_is_documented():
    body = ast.parse((ROOT / "engine/ops/table.py").read_text(encoding="utf-8")).body
    place = next(i for i, node in enumerate(body) if isinstance(node, ast.AnnAssign) and node.target.id == "OPS")
    assert "Every operation by its name" in body[place + 1].value.value


@pytest.mark.parametrize("name", [name for name in gradbook.__all__ if inspect.isfunction(getattr(gradbook, name))])
def test_a_public_function_says_its_types(name):
    signature = inspect.signature(getattr(gradbook, name))
    assert signature.return_annotation is not signature.empty
    assert all(p.annotation is not p.empty for p in signature.parameters.values())


# Mistakes with a tape of one's own


def test_mistakes_on_a_tape_are_named():
    tape = Tape("mine")
    x = tape.data("x", [[1.0, 2.0]])
    with pytest.raises(ValueError, match="a step needs a name"):
        tape.data("", 1.0)
    with pytest.raises(ValueError, match="two steps are called x"):
        tape.param("x", 1.0)
    with pytest.raises(ValueError, match="x is already written"):
        tape.write("y", x)
    with pytest.raises(BookError, match=r"example 'mine': unknown step 'X'\. Did you mean 'x'\?"):
        tape.ref("X")
    with pytest.raises(BookError, match="unknown step 'J'"):
        tape.finish("J")
    tape.write("E", x.square())
    with pytest.raises(ValueError, match=r"the loss E has shape \(1, 2\); expected a single number"):
        backward(tape, "E")
    with pytest.raises(ValueError, match="'two words' cannot be called as a method"):
        op("two words", np.square)


# What a notebook shows


def pages(worked: Worked, view: View):
    """The name and the TeX of every line as its page writes it."""
    for phase in ("forward", "backward", "update"):
        for step in worked.printed.lines(phase):
            gradient = phase == "backward"
            line = view.written.line(step.name)
            yield step.name, Gradient(worked, step.name, step.of).block() if gradient else view.derivation(line)


@pytest.mark.parametrize(
    "path", [pytest.param(p, id=p.stem, marks=[] if p.stem in TELLING else [pytest.mark.slow]) for p in EXAMPLES]
)
def test_a_notebook_shows_what_the_page_shows(path):
    example = load(path)
    worked = Worked.of(example, work(example))
    view, shown = View(Material(worked), "en"), Formulas(worked.printed)
    for name, tex in pages(worked, view):
        assert shown.of(name).latex() == IN_TEX.sub(lambda found: found[2], tex), name
    for step in worked.printed.values():  # leaves and parts too
        tex = shown.of(step.name).latex()
        assert r"\val" not in tex and mathml(tex, display=True).startswith("<math"), step.name
        assert set(re.findall(r"\\([A-Za-z]+)", tex)) <= MATHJAX, step.name


MATHJAX = frozenset(
    """
    Delta Phi Sigma alpha approx ast bar begin beta cdot cdots ddots delta ell end epsilon eta exp frac ge gamma hat
    kappa lambda left ln lvert mathbf mathsf max min mu odot operatorname oslash partial right rvert sigma sqrt sum
    tanh text tfrac tilde times to underbrace varepsilon varphi vdots
    """.split()  # noqa: SIM905
)
"""Commands that MathJax knows without being told of any: of TeX and of amsmath."""


@pytest.mark.parametrize(
    ("version", "digits"),
    [
        (lambda trace: trace, 4),  # those of the example's page
        (lambda trace: pencil(trace, 6), 6),
        (lambda trace: trace.replay({"x": [[0.7], [-0.3]]}), 4),
    ],
    ids=["exact", "pencil", "replayed"],
)
def test_the_numbers_shown_are_those_of_the_trace(seed, version, digits):
    trace = version(seed)
    for name, step in trace.items():
        shown = last_numbers(trace[name]._repr_latex_())
        given = None if step.is_leaf else digits
        assert shown == [decimal_of(float(v), given) for v in step.value.ravel()], name


NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:e-?\d+)?")


def last_numbers(tex: str) -> list[Decimal]:
    """The numbers of the last row that is one number or a matrix of numbers."""
    tex = re.sub(r"\\times 10\^\{(-?\d+)\}", r"e\1", tex.strip("$")).removesuffix("\n\\end{aligned}")
    rights = [re.split(r"(?:=|\\approx) ", row)[-1] for row in tex.split(" \\\\\n")]
    cells = [re.split(r" & | \\\\ ", re.sub(r"\\(?:begin|end)\{pmatrix\}", "", right)) for right in rights]
    rows = [[cell.strip() for cell in row] for row in cells]
    return [[Decimal(cell) for cell in row] for row in rows if all(map(NUMBER.fullmatch, row))][-1]


def test_the_derivation_is_readmes(seed):
    readme = re.search(r"```math\n(.*?)\n```", (ROOT / "README.md").read_text(encoding="utf-8"), re.DOTALL)[1]
    assert pencil(seed, 4)["layer2.delta"]._repr_latex_() == f"$${readme}$$"


def test_a_notebook_lists_the_lines(seed):
    table = lxml.html.fromstring(seed._repr_html_())
    rows = [[cell.text_content() for cell in row] for row in table.iter("tr")]
    assert rows[0] == ["name", "symbol", "shape", "phase", "operation"]
    listed = [s for s in seed.values() if s.is_leaf or not seed.parent(s.name)]
    names = [s.name for s in listed if not s.name.startswith("const.")]
    assert [row[0] for row in rows[1:]] == names
    assert rows[1 + names.index("layer2.delta")][2:] == ["2 × 1", "backward", "mul"]
    assert table.findtext("caption") == "<Trace 'seed': 14 lines, J = 0.298371>"
    assert all(row.find(".//math") is not None for row in table.find("tbody"))


def own_tape() -> Trace:
    """A trace without an example, whose names are no TeX, with an operation of one's own."""
    op("cube", lambda a: a**3, lambda g, out, a: g * (3 * a.square()))
    op("swell", np.exp, lambda g, out, a: g * out)  # which takes no fractions
    tape = Tape("mine")
    x, W = tape.data("x", [[1.0], [2.0]]), tape.param("W", [[0.1, 0.2]])
    b = tape.param("rate", [[0.1]])  # a word that the book's own updates use
    z = tape.write("z_{1}^%~\\", W @ x + b)
    J = tape.write("J", z.cube().swell().sum())
    grads = backward(tape, J.name)
    tape.phase = "update"
    tape.write("W_new", W - 0.1 * tape.ref(grads["W"]))
    return tape.finish("J", grads, {"W": "W_new"})


def test_steps_written_by_hand_are_shown_by_their_names():
    trace = own_tape()
    for step in trace.values():
        assert mathml(step._repr_latex_().strip("$"), display=True) in step._repr_html_(), step.name
    assert r"\text{swell}\left(\text{cube}\left(0.6\right)\right)" in trace["J"]._repr_latex_()
    assert trace["W_new"]._repr_latex_().startswith("$$\\begin{aligned}\nW^{*} &= ")
    assert trace["rate"]._repr_latex_() == r"$$\text{rate} = 0.1$$"
    assert trace._repr_html_().count("<tr>") == 9


@pytest.mark.parametrize("name", ["W", "layer1.z", "a_b", "{", "}_a", "50%", "a\\b", "x^2", "$&#~", "权重"])
def test_any_name_can_be_set(name):
    symbol = named(name)
    for tex, end in (
        (symbol, ""),
        (indexed(symbol, "12"), "12"),
        (marked(symbol, "*"), "∗"),
        (transposed(symbol), "𝖳"),
    ):
        text = lxml.html.fromstring(mathml(tex, display=False)).text_content()
        assert text.endswith(end), text
        assert all(sign in text for sign in name if sign.isalnum() or sign in "{}%$&#_"), text


def test_what_the_book_cannot_write_is_left_to_plain_text():
    tape = Tape()
    cube, row = tape.data("cube", np.ones((2, 2, 2))), tape.data("row", [1.0, 2.0])
    tape.write("a", cube.square())
    tape.write("b", row.square())
    tape.write("c", row.mean())
    trace = tape.finish("c")
    shown = {name for name, step in trace.items() if step._repr_latex_()}
    assert shown == {"row", "b", "c"} and trace["a"]._repr_html_() is None
    assert "<code>cube</code>" in trace._repr_html_()


@pytest.mark.parametrize("name", [name for name, entry in OPS.items() if entry.entrywise and not entry.attrs])
def test_lists_of_numbers_are_shown_where_rows_and_columns_do_not_matter(name):
    tape = Tape()
    args = [tape.data(f"x{i}", [0.25, 0.5]) for i in range(len(OPS[name].sample))]
    tape.write("out", apply(name, *args))
    assert r"\begin{pmatrix}" in tape.finish("out")["out"]._repr_latex_()


def test_the_engine_alone_shows_plain_text(seed, monkeypatch):
    monkeypatch.setattr(Trace, "viewer", None)
    assert seed._repr_html_() is seed["x"]._repr_html_() is seed["x"]._repr_latex_() is None
    assert repr(seed) == "<Trace 'seed': 14 lines, J = 0.298371>"


def test_a_trace_remembers_what_it_was_made_of(seed):
    by_hand = pencil(seed, 3)
    assert (seed.digits, by_hand.digits, by_hand.replay().digits) == (None, 3, None)
    assert by_hand.spec is seed.spec is seed.replay().spec is seed.called("other").spec
    assert all(step.trace is by_hand for step in by_hand.values())
    assert seed.spec.name == "seed" and "trace" not in repr(seed["x"])
