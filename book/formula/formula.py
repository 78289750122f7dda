"""The formula of a step, for whoever asks for it: the tree, and its views."""

from functools import cached_property
from types import SimpleNamespace

from gradbook.engine.errors import BookError
from gradbook.engine.ops import OPS
from gradbook.engine.tape.trace import Trace

from ..i18n.words import SOURCE, environment
from .lines import Derivation
from .mathml import to_mathml
from .nodes import Node
from .notation import Notation
from .numpy_source import program
from .said import family_words
from .signs import PrintedNumber, printed_numbers
from .symbols import named
from .tex import Tex
from .text import rows_of
from .typst_formula import formula
from .written import Written

DIGITS = 4
"""The significant digits of a trace that neither pencil arithmetic nor an example gives any."""

FORMATS = ("latex", "markdown", "mathml", "typst", "text", "numpy")


class Formula:
    """How a step of a trace was computed: rule, symbols, numbers substituted, parts worked, result.

    `tree` is the derivation as data (`gradbook.book.formula.nodes`); the methods are its views. A notebook shows it.

    >>> from gradbook import derivation, load, work
    >>> formula = derivation(work(load("examples/seed.toml")), "layer2.delta")
    >>> print(formula.text().splitlines()[1].strip())
    = (layer2.a − y) ⊙ (layer2.a ⊙ (1 − layer2.a))
    """

    def __init__(self, written: Written, name: str, tree: Derivation, digits: int):
        self.name, self.tree = name, tree
        self._written, self._digits = written, digits

    @cached_property
    def _latex(self) -> str:
        if self._written.trace[self.name].is_leaf:
            return " = ".join(map(self._written.tex, (self.tree.left, *self.tree.rules, *self._given)))
        return self._written.block(self.tree)

    @property
    def _given(self) -> tuple[Node, ...]:
        """The numbers of a leaf."""
        return tuple(row.right for block in self.tree.blocks for row in block)

    def latex(self) -> str:
        """An aligned block of LaTeX in commands that amsmath and MathJax know; of a leaf one line."""
        return self._latex

    def markdown(self) -> str:
        """The block as Markdown shows it, in a fence that GitHub and MyST read."""
        return f"```math\n{self._latex}\n```"

    def mathml(self) -> str:
        """One `<math>` element, with its LaTeX as annotation."""
        return to_mathml(self._latex, display=True)

    def typst(self) -> str:
        """A displayed formula of Typst."""
        return f"$ {formula(self._latex, True).body} $"

    def text(self) -> str:
        """Lines of plain text, in which steps are called by their names."""
        return rows_of(self.tree)

    def numpy(self) -> str:
        """A program that prints the step's value to the digits that are printed."""
        return program(self._written.trace, self.tree, self._digits)

    def numbers(self) -> list[PrintedNumber]:
        """The numbers that are substituted, in the order in which they are read: address, printed decimal, and
        whether each would stand in brackets if it were negative."""
        tex = Tex(self._written.tex.patterns, self._written.notation)
        rows = [row for block in self.tree.blocks for row in block]
        return [number for row in rows for number in printed_numbers(tex, row.right)]

    def as_format(self, form: str) -> str:
        """The view of this name: one of FORMATS."""
        return getattr(self, form)()

    def __str__(self) -> str:
        return self.text()

    def _repr_latex_(self) -> str:
        return f"$${self._latex}$$"


def derivation(trace: Trace, name: str) -> Formula:
    """How the step `name` of a trace was computed, as data with views: LaTeX, Markdown, MathML, Typst, text, numpy.

    Symbols are those of the example that the trace was worked from; steps that were written by hand are called by
    their names. Numbers are printed to the digits of the trace's pencil arithmetic, else of its example, else to 4.
    Raises BookError for a name that is no step, and for a step that has more axes than rows and columns.

    >>> from gradbook import derivation, load, work
    >>> formula = derivation(work(load("examples/seed.toml")), "J")
    >>> formula.text().splitlines()[-1].strip()
    '= 0.2984'
    """
    found = Formulas(trace).of(name)
    if found is None:
        raise BookError(f"step {name!r} of {trace.example!r}: is no matrix, and the book writes matrices only.")
    return found


class Formulas:
    """The formulas of a trace, one by one as they are asked for."""

    def __init__(self, trace: Trace):
        self.trace = trace
        macros = environment(SOURCE).get_template("math.j2").module
        self.digits = trace.digits or (trace.spec.page.digits if trace.spec else DIGITS)
        self.written = Written(trace, _notation(trace), self.digits, macros, missing=_called, addresses=False)

    def of(self, name: str) -> Formula | None:
        """The formula of a step; None if the book has no way to write it: an array of three axes, say."""
        step, written = self.trace[name], self.written
        if not _is_written(self.trace, name):
            return None
        if step.is_leaf:
            tree = written.leaf(name)
        elif self.trace.parent(name):  # which has no symbol to be called by
            tree = written.part_derivation(name)
        elif step.phase == "backward" and step.of:
            tree = written.gradient(name, step.of)
        else:
            tree = written.derivation(name)
        return Formula(written, name, tree, self.digits)


def _called(op: str, *args) -> str:
    return rf"{named(op)}\left({', '.join(map(str, args))}\right)"


def _notation(trace: Trace) -> Notation:
    if trace.spec is None:
        return Notation(SimpleNamespace(name=trace.example, notation={}), trace, {})
    shared, family = (
        environment(SOURCE).get_template("symbols.j2").module,
        family_words(trace, trace.spec.family, SOURCE),
    )
    return Notation(trace.spec, trace, {**shared.symbols, **family.symbols}, shared.attached, shared.instead)


def _is_written(trace: Trace, name: str) -> bool:
    """Whether the book can write a step: all arrays in its line are matrices or numbers; lists of numbers too, where
    no operation asks for rows and columns."""
    step = trace[name]
    flat = step.is_leaf or step.shape == () or OPS[step.op].entrywise or OPS[step.op].multiplies
    axes = {len(trace[read].shape) for read in (name, *step.args)}
    return axes <= ({0, 1, 2} if flat else {0, 2}) and all(_is_written(trace, part) for part in trace.parts(name))
