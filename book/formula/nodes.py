"""What a formula is made of. Nodes are frozen and few; none holds TeX, none holds words of a language.

`shape` is that of the array that a node stands for, () of a number; `scalar` says that it is a single number, in
whatever shape. An *entry* is written with the signs of single numbers: e^z where the whole array has exp(z).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from gradbook.engine.ops import CALL, OPS, PRODUCT, SUM

from .address import Address

Index = tuple[int, ...]


class Letters(str):
    """An index of letters, 'ij': any entry."""

    __slots__ = ()


@dataclass(frozen=True)
class Node:
    """A piece of a formula."""

    shape: tuple[int, ...] = field(default=(), kw_only=True)
    scalar: bool = field(default=True, kw_only=True)

    @property
    def precedence(self) -> int:
        """How tightly it holds together, on the scale of the operations: SUM, PRODUCT, POWER, CALL."""
        return CALL

    @property
    def is_matrix(self) -> bool:
        """Whether it is written as rows and columns, and so brings brackets of its own."""
        return False

    @property
    def is_call(self) -> bool:
        """Whether it is written as f(a)."""
        return False

    def children(self) -> tuple["Node", ...]:
        """The nodes it is made of, in the order in which a reader meets them."""
        return ()

    def walk(self) -> Iterator["Node"]:
        """The node and all below it."""
        yield self
        for child in self.children():
            yield from child.walk()


# What has nothing below it


@dataclass(frozen=True)
class Number(Node):
    """A number as it is printed, and which one it is; None where a number of the method has no address."""

    decimal: Decimal
    address: Address | None = None


@dataclass(frozen=True)
class Symbol(Node):
    """The symbol of a step, of one entry of it, or, with letters for an index, of any entry."""

    step: str
    index: Index | Letters | None = None


@dataclass(frozen=True)
class Letter(Node):
    """A symbol that stands for itself: the z of a curve that belongs to no example."""

    name: str


@dataclass(frozen=True)
class Ones(Node):
    """Ones in every place: as a symbol or, in a row of numbers, as a matrix."""

    in_numbers: bool = False

    @property
    def is_matrix(self) -> bool:
        return self.in_numbers and not self.scalar


@dataclass(frozen=True)
class Dots(Node):
    """What is left out: 'across' a row, 'down' a column, or 'both'."""

    way: str = "across"


# What is made of others


@dataclass(frozen=True)
class Apply(Node):
    """An operation on its arguments. `made` is what its one result, or the entry that is written, is made of; `entry`
    says that it is written for single numbers, `in_numbers` that it stands in a row of numbers, `step` whose rule it
    is."""

    op: str
    args: tuple[Node, ...]
    attrs: Mapping[str, Any] = field(default_factory=dict, hash=False)
    made: tuple[Node, ...] = ()
    entry: bool = False
    in_numbers: bool = False
    step: str = ""

    @property
    def is_fraction(self) -> bool:
        return OPS[self.op].infix == "/" and (self.entry or all(arg.scalar for arg in self.args))

    @property
    def precedence(self) -> int:
        """A fraction is a closed whole; what adds up and encloses nothing holds no tighter than the sum."""
        op = OPS[self.op]
        if self.made and op.bracket_below != CALL:
            return min(op.precedence, self.made[0].precedence)
        return CALL if self.is_fraction else op.precedence

    @property
    def is_matrix(self) -> bool:
        return OPS[self.op].stacks

    @property
    def is_call(self) -> bool:
        return self.precedence == CALL and not self.is_matrix

    def children(self) -> tuple[Node, ...]:
        return self.made or self.args


@dataclass(frozen=True)
class Matrix(Node):
    """Rows of cells, with dots in place of what is left out."""

    rows: tuple[tuple[Node, ...], ...]

    @property
    def is_matrix(self) -> bool:
        return True

    def children(self) -> tuple[Node, ...]:
        return tuple(cell for row in self.rows for cell in row)


@dataclass(frozen=True)
class Sum(Node):
    """A sum that is written out."""

    terms: tuple[Node, ...]

    @property
    def of_products(self) -> bool:
        return all(isinstance(term, Dot | Dots) for term in self.terms)

    @property
    def precedence(self) -> int:
        return SUM

    def children(self) -> tuple[Node, ...]:
        return self.terms


@dataclass(frozen=True)
class Over(Node):
    """The sum of `term` over all places that its letters count."""

    letters: str
    term: Node

    @property
    def precedence(self) -> int:
        return PRODUCT

    def children(self) -> tuple[Node, ...]:
        return (self.term,)


@dataclass(frozen=True)
class Dot(Node):
    """Two entries multiplied with each other."""

    left: Node
    right: Node

    @property
    def precedence(self) -> int:
        return PRODUCT

    def children(self) -> tuple[Node, ...]:
        return self.left, self.right


@dataclass(frozen=True)
class Fraction(Node):
    """A sum, or a term of one, divided by a sum or a count."""

    above: Node
    below: Node

    @property
    def precedence(self) -> int:
        return PRODUCT

    def children(self) -> tuple[Node, ...]:
        return self.above, self.below


@dataclass(frozen=True)
class Entry(Node):
    """One entry of something that has no symbol for its entries: (a b)_12."""

    of: Node
    index: Index | Letters

    def children(self) -> tuple[Node, ...]:
        return (self.of,)


@dataclass(frozen=True)
class Shaped(Node):
    """A factor with its shape beneath."""

    of: Node

    def children(self) -> tuple[Node, ...]:
        return (self.of,)


@dataclass(frozen=True)
class Derivative(Node):
    """The partial derivative of a step by another, or by one entry of it."""

    of: Symbol
    by: Symbol

    def children(self) -> tuple[Node, ...]:
        return self.of, self.by


@dataclass(frozen=True)
class Chain(Node):
    """One term of the chain rule: the gradient that arrives at the operation `op`, and the derivative by its argument
    number `argument`; `entrywise` says that each entry is passed on by itself."""

    op: str
    argument: int
    entrywise: bool
    arriving: Node
    derivative: Derivative

    @property
    def precedence(self) -> int:
        return PRODUCT

    def children(self) -> tuple[Node, ...]:
        return self.arriving, self.derivative


# Rows


@dataclass(frozen=True)
class Row:
    """One row of a block: left side, relation, right side. `goes_on` says that the row continues a sum."""

    left: Node | None
    relation: str
    right: Node
    goes_on: bool = False


EQUAL, ABOUT = "=", "≈"
Block = tuple[Row, ...]
