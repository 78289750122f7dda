"""An operand: a piece of TeX that knows how tightly it binds, so that each macro can bracket it as it needs."""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace

from gradbook.engine.ops import CALL, PRODUCT, SUM

from .symbols import has_superscript, transposed

_OUTER = {"": "()", "(": "[]", "[": [r"\{", r"\}"], r"\{": "()"}
"""The pair of brackets that goes around the outermost pair inside."""

_NEGATIVE = re.compile(r"(\\val\{[^}]*\}\{)?-")
_SCIENTIFIC = re.compile(r"(\\val\{[^}]*\}\{)?-?[\d.]+\\times 10\^\{-?\d+\}\}?")


@dataclass(frozen=True)
class Operand:
    """What a macro of math.j2 receives. Printing it gives the TeX.

    `total` is the sum of its entries, `ones(m, n)` a matrix of ones in the form in which the operand is written,
    `shape` that of the array, `closed` that it stands in brackets already, `applied` that it is f(a).
    """

    tex: str
    binds: int = CALL
    scalar: bool = False
    matrix: bool = False
    total: str = ""
    ones: Callable[[int, int], str] | None = None
    shape: tuple[int, ...] = ()
    closed: bool = False
    applied: bool = False

    def __str__(self) -> str:
        return self.tex

    @property
    def negative(self) -> bool:
        return bool(_NEGATIVE.match(self.tex))

    @property
    def scientific(self) -> bool:
        """A number with a power of ten is a product itself."""
        return bool(_SCIENTIFIC.fullmatch(self.tex))

    @property
    def bracketed(self) -> str:
        """In brackets: round ones, around those square ones, around those curly ones."""
        if self.scalar and not any(tall in self.tex for tall in (r"\left", r"\frac")):
            return f"({self.tex})"
        inner = next((b for b in (r"\{", "[", "(") if rf"\left{b}" in self.tex), "")
        opening, closing = _OUTER[inner]
        return rf"\left{opening}{self.tex}\right{closing}"

    @property
    def enclosed(self) -> "Operand":
        """The operand in brackets, which binds as tightly as can be."""
        return replace(self, tex=self.bracketed, binds=CALL, matrix=False, closed=True, applied=False)

    @property
    def wrapped(self) -> str:
        """As a factor: a sum, a negative number or one with a power of ten stands in brackets."""
        return self.bracketed if self.scientific else self.term

    @property
    def term(self) -> str:
        """As a later term: a sum or a negative number stands in brackets."""
        return self.bracketed if self.binds <= SUM or self.negative else self.tex

    @property
    def factor(self) -> str:
        """As what a division works on: a product stands in brackets too."""
        return self.bracketed if self.binds <= PRODUCT or self.negative else self.tex

    @property
    def call(self) -> str:
        """As the argument of a function: a matrix brings its own parentheses."""
        return rf"\!{self.tex}" if self.matrix else self.bracketed

    @property
    def transposed(self) -> str:
        """With a T: f(a) stands in brackets."""
        if self.applied:
            return rf"\left({self.tex}\right)^{{\mathsf{{T}}}}"
        return rf"{self.tex}^{{\mathsf{{T}}}}" if self.matrix else transposed(self.tex)

    @property
    def base(self) -> str:
        """As the base of a power: a fraction, or a symbol that already has a superscript, stands in brackets, and so
        does f(a)."""
        if self.tex.startswith(r"\frac"):
            return rf"\left({self.tex}\right)"
        raised = self.applied or self.scientific or has_superscript(self.tex)
        return self.bracketed if raised and not self.matrix and not self.closed else self.tex
