"""What a notebook shows: the lines of a trace as a table, and how a step was computed, from the trace's own numbers.

This is the engine's `Viewer`; the package `gradbook` puts it in its place. Symbols are those of the example that the
trace was worked from; steps that were written by hand are called by their names.
"""

from functools import cache
from html import escape

import math_core

from gradbook.engine.tape.trace import Step, Trace

from ..formula.formula import Formula, Formulas

ROOM = "overflow-x: auto; overflow-y: hidden; padding: 0.3em 0"
"""A wide formula scrolls sideways, and only so."""

COLUMNS = ("name", "symbol", "shape", "phase", "operation")


def table(trace: Trace) -> str:
    """The leaves and lines of a trace as an HTML table: name, symbol, shape, phase, operation."""
    formulas = Formulas(trace)
    steps = [s for s in trace.values() if not trace.parent(s.name) and not s.name.startswith("const.")]
    head = "".join(f"<th>{column}</th>" for column in COLUMNS)
    rows = "".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in _cells(formulas, step))}</tr>" for step in steps)
    caption = f"<caption>{escape(repr(trace))}</caption>"
    return f"<table>{caption}<thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"


def _cells(formulas: Formulas, step: Step) -> list[str]:
    symbol = mathml(formulas.written.notation.inline(step.name), display=False)
    shape = " × ".join(map(str, step.shape)) or "number"
    return [f"<code>{escape(step.name)}</code>", symbol, shape, step.phase, f"<code>{escape(step.op)}</code>"]


def html(step: Step) -> str | None:
    """The derivation of a step in MathML, with its own styles; None if it cannot be written."""
    formula = _formula(step)
    return None if formula is None else f'<div style="{ROOM}">{mathml(formula.latex(), display=True)}</div>'


def latex(step: Step) -> str | None:
    """The derivation of a step in LaTeX, in commands that MathJax knows; None if it cannot be written."""
    formula = _formula(step)
    return None if formula is None else formula._repr_latex_()


def _formula(step: Step) -> Formula | None:
    return Formulas(step.trace).of(step.name) if step.trace is not None else None


@cache
def _converter() -> math_core.LatexToMathML:
    return math_core.LatexToMathML(fancy_error=False)


def mathml(tex: str, display: bool) -> str:
    """One <math> element that needs no style sheet."""
    return _converter().convert_with_local_state(tex, displaystyle=display)
