"""What a notebook shows: the lines of a trace as a table, and how a step was computed, from the trace's own numbers.

This is the engine's `Viewer`; the package `gradbook` puts it in its place. Symbols are those of the example that the
trace was worked from; steps that were written by hand are called by their names.
"""

from functools import cache, partial
from html import escape
from types import SimpleNamespace

import math_core

from gradbook.engine.ops import OPS
from gradbook.engine.tape.trace import Step, Trace

from ..formula.chain import Chain
from ..formula.lines import Line, Row, aligned
from ..formula.notation import Notation
from ..formula.symbols import named
from ..formula.writer import Sheet
from ..i18n.words import SOURCE, environment
from .page import Gradient

DIGITS = 4
"""The significant digits of a trace that neither pencil arithmetic nor an example gives any."""

ROOM = "overflow-x: auto; overflow-y: hidden; padding: 0.3em 0"
"""A wide formula scrolls sideways, and only so."""

COLUMNS = ("name", "symbol", "shape", "phase", "operation")


def table(trace: Trace) -> str:
    """The leaves and lines of a trace as an HTML table: name, symbol, shape, phase, operation."""
    view = View(trace)
    steps = [s for s in trace.values() if not trace.parent(s.name) and not s.name.startswith("const.")]
    head = "".join(f"<th>{column}</th>" for column in COLUMNS)
    rows = "".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in _cells(view, step))}</tr>" for step in steps)
    caption = f"<caption>{escape(repr(trace))}</caption>"
    return f"<table>{caption}<thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"


def _cells(view: "View", step: Step) -> list[str]:
    symbol = mathml(view.sheet.notation.inline(step.name), display=False)
    shape = " × ".join(map(str, step.shape)) or "number"
    return [f"<code>{escape(step.name)}</code>", symbol, shape, step.phase, f"<code>{escape(step.op)}</code>"]


def html(step: Step) -> str | None:
    """The derivation of a step in MathML, with its own styles; None if it cannot be written."""
    tex = _derivation(step)
    return None if tex is None else f'<div style="{ROOM}">{mathml(tex, display=True)}</div>'


def latex(step: Step) -> str | None:
    """The derivation of a step in LaTeX, in commands that MathJax knows; None if it cannot be written."""
    tex = _derivation(step)
    return None if tex is None else f"$${tex}$$"


def _derivation(step: Step) -> str | None:
    return View(step.trace).derivation(step.name) if step.trace is not None else None


class View:
    """A trace ready to be written: as much of a page as a derivation asks for."""

    def __init__(self, trace: Trace):
        self.trace, self.macros = trace, Macros(environment(SOURCE).get_template("math.j2").module)
        self.sheet = Plain(trace, _notation(trace), _digits(trace), self.macros)
        self.chain = Chain(self.sheet)

    def symbol(self, name: str) -> str:
        return self.sheet.notation.symbol(name)

    def rows(self, rows: list[Row]) -> str:
        return aligned(self.macros, rows)

    def derivation(self, name: str) -> str | None:
        """Rule, symbols, numbers, result, as one block of LaTeX; of a leaf its entries. None if the book has no way
        to write it: an array of three axes, say."""
        if not _is_written(self.trace, name):
            return None
        step, line = self.trace[name], Line(self.sheet, name)
        if step.is_leaf:
            return line.result if line.symbol == line.result else line.given
        if self.trace.parent(name):  # which has no symbol to be called by
            first, *others = line.rows()
            return self.rows([Row(line.symbols(shapes=False), "=", first.right), *others])
        if step.phase == "backward" and step.of:
            return Gradient(self, name, step.of).block()
        return self.rows(line.derivation())


class Plain(Sheet):
    """A sheet without addresses, which need the book's own macro."""

    number = Sheet.text


class Macros:
    """How mathematics is written: by the book's macros, and as a function where an operation is someone else's."""

    def __init__(self, written):
        self.written = written

    def __getattr__(self, name: str):
        if not hasattr(self.written, name) and name in OPS:
            return partial(_called, name)
        return getattr(self.written, name)


def _called(op: str, *args, **attrs) -> str:
    return rf"{named(op)}\left({', '.join(map(str, args))}\right)"


def _notation(trace: Trace) -> Notation:
    if trace.spec is None:
        return Notation(SimpleNamespace(name=trace.example, notation={}), trace, {})
    shared, family = (
        environment(SOURCE).get_template(name).module for name in ("symbols.j2", f"families/{trace.spec.family}.j2")
    )
    return Notation(trace.spec, trace, {**shared.symbols, **family.symbols}, shared.attached, shared.derived)


def _digits(trace: Trace) -> int:
    return trace.digits or (trace.spec.page.digits if trace.spec else DIGITS)


def _is_written(trace: Trace, name: str) -> bool:
    """Whether the book can write a step: all arrays in its line are matrices or numbers; lists of numbers too, where
    no operation asks for rows and columns."""
    step = trace[name]
    flat = step.is_leaf or step.op in ("sum", "matmul") or OPS[step.op].entrywise
    axes = {len(trace[read].shape) for read in (name, *step.args)}
    return axes <= ({0, 1, 2} if flat else {0, 2}) and all(_is_written(trace, part) for part in trace.parts(name))


@cache
def _converter() -> math_core.LatexToMathML:
    return math_core.LatexToMathML(fancy_error=False)


def mathml(tex: str, display: bool) -> str:
    """One <math> element that needs no style sheet."""
    return _converter().convert_with_local_state(tex, displaystyle=display)
