"""The figures of an example, drawn from its trace as SVG: symbols and numbers only, for all languages."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from importlib import import_module

import numpy as np

from gradbook.engine.spec.example import Example
from gradbook.engine.tape.trace import Trace

from ..notation import Notation
from ..numbers import tex_number

CATALOGUE = ("network", "model", "graph", "activation", "heat", "loss_curve")
"""The kinds of figures: each a module of this package with `draw(view)`, which yields what applies to the example."""

DIGITS = 4
"""A drawing has less room than a page: it never prints more significant digits than these."""


@dataclass(frozen=True)
class Figure:
    """One drawing. `facts` are the numbers that its caption and its alternative in words need."""

    name: str
    svg: str
    facts: dict = field(default_factory=dict)

    def pdf(self) -> bytes:
        """The same drawing as a PDF, for TeX."""
        from .pdf import pdf

        return pdf(self.svg)


@dataclass(frozen=True)
class View:
    """What a figure is drawn from."""

    example: Example
    trace: Trace
    notation: Notation
    href: Callable[[str], str]
    losses: np.ndarray | None = None

    @property
    def digits(self) -> int:
        return min(self.example.page.digits, DIGITS)

    def number(self, value: float, digits: int | None = None) -> str:
        return tex_number(float(value), digits or self.digits)


def figures(
    example: Example,
    exact: Trace,
    notation: Notation,
    href: Callable[[str], str],
    losses: np.ndarray | None = None,
) -> dict[str, Figure]:
    """All figures that apply to the example, by name, which is also the name of the file.

    `href` gives the address of a step's derivation as seen from the page that shows the graph. `losses` are the
    losses over the further updates, if they are known already (engine.train); otherwise they are computed.
    """
    from .canvas import settings

    view = View(example, exact, notation, href, losses)
    with settings():
        return {figure.name: figure for kind in CATALOGUE for figure in _drawn(kind, view)}


def _drawn(kind: str, view: View) -> Iterable[Figure]:
    return import_module(f"{__name__}.{kind}").draw(view)
