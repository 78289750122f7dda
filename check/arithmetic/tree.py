"""The nodes of a printed formula: numbers, symbols, matrices, operations.

Glossary. A *literal* is a number or a matrix that holds numbers only: what a line arrives at.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property


class NotUnderstoodError(Exception):
    """The formula says something that this reader has no rule for; the message names it."""


class ElidedError(NotUnderstoodError):
    """The formula needs numbers in whose place dots are printed."""


@dataclass(frozen=True)
class Num:
    """A printed number, as a Python decimal literal: '-0.217', '4.387e-6'. Where it comes from does not matter
    when two formulas are compared. `source` is the address of a number that a minus stands before: it is of another
    value, and so not at this address."""

    text: str
    address: str | None = field(default=None, compare=False)
    source: str | None = field(default=None, compare=False)

    @cached_property
    def value(self) -> Decimal:
        return Decimal(self.text)

    def __str__(self) -> str:
        return self.text.replace("-", "−")


@dataclass(frozen=True)
class Hidden(Num):
    """A number in whose place dots are printed: it has its place in the trace, and no value."""

    text: str = "NaN"


@dataclass(frozen=True)
class Sym:
    """A symbol with its subscript and the superscripts that are part of its name: w^{(2)}_{11}."""

    base: str
    sub: str = ""
    sup: str = ""

    def __str__(self) -> str:
        return self.base + (f"_{self.sub}" if self.sub else "") + (f"^{self.sup}" if self.sup else "")


@dataclass(frozen=True)
class Partial:
    """The derivative of `top` with respect to `bottom`, read as one symbol."""

    top: "Node"
    bottom: "Node"

    def __str__(self) -> str:
        return f"∂{self.top}/∂{self.bottom}"


@dataclass(frozen=True)
class Matrix:
    """Rows of cells."""

    rows: tuple[tuple["Node", ...], ...]

    @property
    def shape(self) -> tuple[int, int]:
        return len(self.rows), len(self.rows[0])

    @cached_property
    def is_literal(self) -> bool:
        return all(isinstance(cell, Num) for row in self.rows for cell in row)

    def __str__(self) -> str:
        return "(" + "; ".join(" ".join(map(str, row)) for row in self.rows) + ")"


@dataclass(frozen=True)
class Repeated(Matrix):
    """A single row or column that is printed again and again, with dots: nothing says how often. `seen` is the
    matrix with its dots."""

    seen: Matrix | None = field(default=None, compare=False)


@dataclass(frozen=True)
class Op:
    """An operation on nodes. `note` holds what is not a node: a function's name, an index, a printed shape."""

    name: str
    args: tuple["Node", ...]
    note: str = ""

    def __str__(self) -> str:
        return f"{self.name}{'[' + self.note + ']' if self.note else ''}({', '.join(map(str, self.args))})"


Node = Num | Sym | Partial | Matrix | Op
DOTS = (Sym("⋯"), Sym("⋮"), Sym("⋱"))


def is_literal(node: Node) -> bool:
    return isinstance(node, Num) or (isinstance(node, Matrix) and node.is_literal)


def is_elided(node: Node) -> bool:
    """Whether the node is a matrix with dots in the place of numbers."""
    return isinstance(node, Matrix) and any(cell in DOTS for row in node.rows for cell in row)


def children(node: Node) -> tuple[Node, ...]:
    if isinstance(node, Op):
        return node.args
    return tuple(cell for row in node.rows for cell in row) if isinstance(node, Matrix) else ()


def walk(node: Node) -> Iterator[Node]:
    """The node and everything in it."""
    yield node
    for child in children(node):
        yield from walk(child)


def is_numeric(node: Node) -> bool:
    """Whether the node can be worked out: it holds no symbol."""
    return not any(isinstance(n, Sym | Partial) for n in walk(node))


def cells(literal: Node) -> tuple[tuple[Num, ...], ...]:
    """A literal as rows; a number is a row of one."""
    return literal.rows if isinstance(literal, Matrix) else ((literal,),)


def holds_ones(literal: Node) -> bool:
    """Whether these are ones that no step has given."""
    return all(isinstance(n, Num) and n.value == 1 and not n.address for row in cells(literal) for n in row)


def transposed(literal: Node) -> Node:
    return Matrix(tuple(zip(*literal.rows, strict=True))) if isinstance(literal, Matrix) else literal


def same_form(a: Node, b: Node) -> bool:
    """Whether two nodes are the same operation on as many arguments."""
    if isinstance(a, Matrix) and isinstance(b, Matrix):
        return a.shape == b.shape
    return isinstance(a, Op) and isinstance(b, Op) and (a.name, a.note, len(a.args)) == (b.name, b.note, len(b.args))
