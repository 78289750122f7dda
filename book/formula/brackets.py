"""Where brackets stand: decided here for every view, from how tightly things bind and where they stand.

A view sets a piece and says what became of it (`Piece`): a fraction or a root needs no brackets where a line of text
would. A place is how its surroundings hold a piece: as an argument of an operation, as a later term of a sum, as a
factor, as what is divided, as the base of a power, under a transpose.
"""

from typing import Protocol

from gradbook.engine.ops import CALL, PRODUCT, SUM, Op


class Piece(Protocol):
    """What a view has set, as far as brackets depend on it."""

    precedence: int
    is_matrix: bool
    is_call: bool
    is_enclosed: bool

    @property
    def is_negative(self) -> bool:
        """Whether it begins with a minus sign."""

    @property
    def is_scientific(self) -> bool:
        """Whether it is a number with a power of ten, which is a product itself."""

    @property
    def is_raised(self) -> bool:
        """Whether it has a superscript already."""

    @property
    def is_quotient(self) -> bool:
        """Whether it begins with a fraction."""


def as_argument(op: Op, i: int, piece: Piece, first: bool) -> bool:
    """Of an operation that encloses nothing itself. `first` says that it is the same operation once more, in front: a
    ⊙ b ⊙ c."""
    if op.bracket_below == CALL or (first and op.repeats):
        return False
    negative = piece.is_negative and (i > 0 or op.precedence >= PRODUCT)
    return piece.precedence <= op.bracket_below or negative or (piece.is_scientific and op.bracket_below >= PRODUCT)


def as_term(piece: Piece) -> bool:
    """As a later term: a sum, or what begins with a minus sign."""
    return piece.precedence <= SUM or piece.is_negative


def as_factor(piece: Piece) -> bool:
    """As a factor: a number with a power of ten too."""
    return piece.is_scientific or as_term(piece)


def as_dividend(piece: Piece) -> bool:
    """As what a division works on: a product too."""
    return piece.precedence <= PRODUCT or piece.is_negative


def as_base(piece: Piece) -> bool:
    """As the base of a power: a fraction, what has a superscript already, f(a)."""
    if piece.is_quotient:
        return True
    return (piece.is_call or piece.is_scientific or piece.is_raised) and not piece.is_matrix and not piece.is_enclosed
