"""The view in TeX: nodes filled into the patterns of templates/math.j2, symbols from the example's notation."""

from collections.abc import Callable

import numpy as np

from gradbook.engine.ops import OPS

from ..base.numbers import tex_decimal
from . import brackets
from .boxes import Box, grid, number
from .derive import matrix
from .nodes import (
    ABOUT,
    Apply,
    Chain,
    Derivative,
    Dot,
    Dots,
    Entry,
    Fraction,
    Index,
    Letter,
    Letters,
    Matrix,
    Node,
    Number,
    Ones,
    Over,
    Shaped,
    Sum,
    Symbol,
)
from .notation import Notation
from .patterns import Pattern, Patterns, StandIn
from .symbols import transposed as transposed_symbol

DOTS = {"across": r"\cdots", "down": r"\vdots", "both": r"\ddots"}
RELATIONS = {ABOUT: r"\approx"}


class Tex:
    """Sets nodes as boxes. Without `addresses` numbers stand alone, as LaTeX outside of the book needs them."""

    def __init__(self, patterns: Patterns, notation: Notation, addresses: bool = True):
        self.patterns, self.notation, self.addresses = patterns, notation, addresses
        self._set: dict[type, Callable] = {
            Number: self._number, Symbol: self._symbol, Letter: self._letter, Ones: self._ones, Dots: self._dots,
            Apply: self._apply, Matrix: self._matrix, Sum: self._sum, Over: self._over, Dot: self._dot,
            Fraction: self._fraction, Entry: self._entry, Shaped: self._shaped, Derivative: self._derivative,
            Chain: self._chain,
        }  # fmt: skip

    def __call__(self, node: Node) -> str:
        """The TeX of a node."""
        return self.box(node).tex

    def box(self, node: Node) -> Box:
        return self._set[type(node)](node)

    # Leaves

    def _number(self, node: Number) -> Box:
        address = str(node.address) if node.address and self.addresses else ""
        return number(tex_decimal(node.decimal), address)

    def _symbol(self, node: Symbol) -> Box:
        whole = node.index is None
        tex = self.notation.symbol(node.step) if whole else self.notation.entry(node.step, node.index)
        return Box((tex,), scalar=node.scalar)

    def _letter(self, node: Letter) -> Box:
        return Box((node.name,), scalar=node.scalar)

    def _dots(self, node: Dots) -> Box:
        return Box((DOTS[node.way],))

    def _ones(self, node: Ones) -> Box:
        rows, columns = node.shape if len(node.shape) == 2 else (1, 1)
        if node.in_numbers:
            return self.box(matrix(np.full((rows, columns), Letter("1"), dtype=object)))
        ones = self.notation.ones
        return Box((transposed_symbol(ones) if rows == 1 and columns > 1 else ones,), scalar=node.scalar)

    # Patterns

    def _apply(self, node: Apply) -> Box:
        arguments = [self._argument(node, i) for i in range(len(node.args))]
        nodes = node.args
        macro = node.op
        if node.entry and self.patterns.has(f"{node.op}_entry"):
            macro = f"{node.op}_entry"
            if not node.args:
                arguments, nodes = [self.box(part) for part in node.made], node.made
        pattern = self.patterns.of(macro, nodes, None if not node.args else node.attrs)
        parts = self._filled(pattern, arguments, node)
        return Box(parts, node.precedence, node.scalar, node.is_matrix, node.is_call)

    def _argument(self, node: Apply, i: int) -> Box:
        """An argument with the brackets that the operation needs; its shape stands beneath these."""
        argument = node.args[i]
        inner = argument.of if isinstance(argument, Shaped) else argument
        piece = self.box(inner)
        again = isinstance(inner, Apply) and inner.op == node.op and i == 0 and argument not in node.args[1:]
        if brackets.as_argument(OPS[node.op], i, piece, again):
            piece = piece.bracketed
        return self._with_shape(piece, argument) if isinstance(argument, Shaped) else piece

    def _filled(self, pattern: Pattern, arguments: list[Box], node: Node) -> tuple[str | Box, ...]:
        return tuple(
            part if isinstance(part, str) else self._placed(part.place, arguments[part.argument], node)
            for part in pattern
        )

    def _placed(self, place: str, piece: Box, node: Node) -> Box:
        match place.split():
            case ["ones", rows, columns]:
                return self._ones(Ones(node.in_numbers, shape=(int(rows), int(columns)), scalar=False))
            case ["total"]:
                return self.box(node.made[0])
            case [name]:
                return PLACES[name](piece)
        raise ValueError(place)

    def _sum(self, node: Sum) -> Box:
        first, *others = node.terms
        parts: list[str | Box] = [self.box(first)]
        for term in others:
            piece = self.box(term)
            parts += [" + ", piece if isinstance(term, Dots) else as_term(piece)]
        return Box(tuple(parts), node.precedence)

    def _over(self, node: Over) -> Box:
        term = self.box(node.term)
        return Box((rf"\sum_{{{','.join(node.letters)}}} ", as_term(term)), node.precedence)

    def _dot(self, node: Dot) -> Box:
        left, right = StandIn(0), StandIn(1)
        pattern = self.patterns.whole("dot", [(left.wrapped, right.wrapped)])
        return Box(self._filled(pattern, [self.box(node.left), self.box(node.right)], node), node.precedence)

    def _fraction(self, node: Fraction) -> Box:
        pattern = self.patterns.whole("fraction", StandIn(0), StandIn(1))
        return Box(self._filled(pattern, [self.box(node.above), self.box(node.below)], node), node.precedence)

    def _entry(self, node: Entry) -> Box:
        of = self.box(node.of)
        counted = node.index if isinstance(node.index, Letters) else counted_from_one(node.index)
        return Box((of if node.of.is_matrix else of.bracketed, f"_{{{counted}}}"))

    def _matrix(self, node: Matrix) -> Box:
        return grid([[self.box(cell) for cell in row] for row in node.rows])

    def _shaped(self, node: Shaped) -> Box:
        return self._with_shape(self.box(node.of), node)

    def _with_shape(self, piece: Box, node: Shaped) -> Box:
        pattern = self.patterns.whole("shaped", StandIn(0), StandIn(1))
        shape = Box((shape_tex(node.shape),), is_silent=len(node.shape) == 2)
        return Box(self._filled(pattern, [piece, shape], node), scalar=piece.scalar, is_call=piece.is_call)

    def _derivative(self, node: Derivative) -> Box:
        return Box((r"\frac{\partial ", self.box(node.of), r"}{\partial ", self.box(node.by), "}"))

    def _chain(self, node: Chain) -> Box:
        own = f"chain_{node.op}_{node.argument}"
        macro = own if self.patterns.has(own) else "chain" if node.entrywise else "chain_whole"
        arriving = self.box(node.arriving)
        arriving = arriving.rounded if isinstance(node.arriving, Sum) else arriving
        pattern = self.patterns.whole(macro, StandIn(0), StandIn(1))
        return Box(self._filled(pattern, [arriving, self.box(node.derivative)], node), node.precedence)


def as_term(piece: Box) -> Box:
    return piece.bracketed if brackets.as_term(piece) else piece


def _as_call(piece: Box) -> Box:
    return Box((r"\!", piece)) if piece.is_matrix else piece.bracketed


def _as_base(piece: Box) -> Box:
    if piece.is_quotient:
        return piece.rounded
    return piece.bracketed if brackets.as_base(piece) else piece


def _as_transposed(piece: Box) -> Box:
    if not piece.is_matrix and (piece.is_call or piece.is_quotient):
        piece = piece.rounded
    elif piece.is_raised and not piece.is_matrix:
        piece = Box(("{", piece, "}"))
    return Box((piece, r"^{\mathsf{T}}"))


PLACES: dict[str, Callable[[Box], Box]] = {
    "plain": lambda piece: piece,
    "call": _as_call,
    "term": as_term,
    "factor": lambda piece: piece.bracketed if brackets.as_factor(piece) else piece,
    "dividend": lambda piece: piece.bracketed if brackets.as_dividend(piece) else piece,
    "base": _as_base,
    "transposed": _as_transposed,
}


def shape_tex(shape: tuple[int, ...]) -> str:
    return r" \times ".join(map(str, shape)) if shape else "1"


def counted_from_one(index: Index) -> str:
    return "".join(str(i + 1) for i in index)
