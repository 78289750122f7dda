"""One figure of an example, and what a figure is drawn from."""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from gradbook.engine.spec.example import Example
from gradbook.engine.tape.trace import Trace

from ..base.numbers import tex_number
from ..formula.notation import Notation

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
