"""The public names: what is promised is there, documented, and its examples are true; what a notebook shows."""

import ast
import doctest
import inspect
import re
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import gradbook
import numpy as np
import pytest
from gradbook import OPS, BookError, Tape, Trace, backward, load, op, pencil, work
from gradbook.book import notebook
from gradbook.book.lines import Line, plain_tex
from gradbook.book.notebook import View, mathml
from gradbook.book.page import Gradient, PageView, Worked
from gradbook.book.symbols import named

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
    assert imported == gradbook.__all__
    assert sorted(gradbook.__all__) == sorted(gradbook.engine.__all__)


def test_the_promised_names_are_public():
    promised = "load work Trace Tape backward OPS op check_gradients pencil train lower".split()
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


def pages(worked: Worked, view: PageView):
    """The name and the TeX of every line as its page writes it."""
    for phase in ("forward", "backward", "update"):
        for step in worked.printed.lines(phase):
            gradient = phase == "backward"
            rows = None if gradient else Line(view.sheet, step.name).derivation()
            yield step.name, Gradient(view, step.name, step.of).block() if gradient else view.rows(rows)


@pytest.mark.parametrize(
    "path", [pytest.param(p, id=p.stem, marks=[] if p.stem in TELLING else [pytest.mark.slow]) for p in EXAMPLES]
)
def test_a_notebook_shows_what_the_page_shows(path):
    example = load(path)
    worked = Worked.of(example, work(example))
    view, shown = PageView(worked, "en"), View(worked.printed)
    for name, tex in pages(worked, view):
        assert shown.derivation(name) == plain_tex(tex), name
    for step in worked.printed.values():  # leaves and parts too
        tex = shown.derivation(step.name)
        assert r"\val" not in tex and mathml(tex, display=True).startswith("<math"), step.name
        assert set(re.findall(r"\\([A-Za-z]+)", tex)) <= MATHJAX, step.name
        assert result(tex).size == 0 or np.allclose(result(tex), ends(worked, step), rtol=1e-12), step.name


MATHJAX = frozenset(
    """
    Delta Phi alpha approx ast bar begin beta cdot cdots ddots delta ell end epsilon eta exp frac gamma hat kappa lambda
    left ln lvert mathbf mathsf max min mu odot operatorname oslash partial right rvert sigma sqrt sum tanh text
    tfrac tilde times to underbrace varepsilon varphi vdots
    """.split()  # noqa: SIM905
)
"""Commands that MathJax knows without being told of any: of TeX and of amsmath."""


def result(tex: str) -> np.ndarray:
    """The entries of the last row of numbers, if it is a matrix of plain numbers without dots."""
    rows = [row for row in re.findall(r"(?:=|\\approx) (.*?)(?: \\\\\n|\n\\end\{aligned\}|$)", tex)]
    found = [re.fullmatch(r"\\begin\{pmatrix\} (.*) \\end\{pmatrix\}", row) for row in rows]
    cells = [re.split(r" & | \\\\ ", match[1]) for match in found if match]
    numbers = [[number(cell) for cell in row] for row in cells]
    whole = [row for row in numbers if None not in row]
    return np.array(whole[-1] if whole else [])


def number(cell: str) -> float | None:
    mantissa, _, power = cell.partition(r"\times 10^{")
    return float(mantissa) * 10 ** int(power.rstrip("}") or 0) if re.fullmatch(r"-?[\d.]+", mantissa) else None


def ends(worked: Worked, step) -> np.ndarray:
    """The values of a step to the digits that are printed, in one row."""
    digits = worked.example.page.digits
    shown = step.value.ravel() if step.is_leaf else [float(f"{v:.{digits - 1}e}") for v in step.value.ravel()]
    return np.array(shown)
