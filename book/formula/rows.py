"""Rows of a derivation in TeX: which of them are said, which go on in a further row, and the block they make."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from .boxes import Box
from .lines import Derivation
from .nodes import Node, Row, Sum
from .tex import RELATIONS, Tex, as_term
from .wide import LINE


@dataclass(frozen=True)
class SetRow:
    """A row of which every part is set."""

    left: Box
    relation: str
    right: Box


EMPTY = Box(())


class Rows:
    """Sets rows with a view."""

    def __init__(self, tex: Tex):
        self.tex = tex

    def row(self, row: Row) -> SetRow:
        left = self.tex.box(row.left) if row.left else EMPTY
        right = self._going_on(row.right) if row.goes_on else self.tex.box(row.right)
        return SetRow(left, RELATIONS.get(row.relation, row.relation), right)

    def _going_on(self, node: Node) -> Box:
        """What begins with its plus, after a row that ends."""
        terms = node.terms if isinstance(node, Sum) else (node,)
        parts: list[str | Box] = ["{} "]
        for term in terms:
            parts += ["+ " if len(parts) == 1 else " + ", as_term(self.tex.box(term))]
        return Box(tuple(parts))

    def block(self, rows: Iterable[Row]) -> str:
        """The rows as one aligned block."""
        return self.aligned(self.fresh(rows))

    def fresh(self, rows: Iterable[Row]) -> list[SetRow]:
        """The rows, set; one that says again what stands on its left, or above it in the same chain, is left out."""
        found: list[SetRow] = []
        left, told = EMPTY, set[str]()
        for row in map(self.row, rows):
            if row.left.parts:
                left, told = row.left, {row.left.seen}
            if row.relation and row.right.seen in told:
                continue
            told |= {row.right.seen}
            found.append(replace(row, left=left))
            left = EMPTY
        return found

    def aligned(self, rows: list[SetRow]) -> str:
        """An aligned block of rows; what is too wide for one goes on in the next."""
        lines: list[tuple[str, str, str]] = []
        left = max((row.left for row in rows), key=lambda box: box.width.total, default=EMPTY)
        for row in rows:
            first, *more = broken(row.right, left)
            lines += [(row.left.tex, row.relation, first.tex), *(("", "", rf"{{}} {rest.tex}") for rest in more)]
        return str(self.tex.patterns.macros.aligned(lines)).strip()

    def derivation(self, derivation: Derivation) -> str:
        return self.aligned(self.said(derivation))

    def said(self, derivation: Derivation) -> list[SetRow]:
        """The rows of a derivation, without those that would say again what stands above them. Where all numbers
        together are too wide for the page, the innermost parts are worked first, each by itself, and what only moves
        is moved."""
        left = self.tex.box(derivation.left)
        rules = [SetRow(EMPTY, "=", self.tex.box(rule)) for rule in derivation.rules]
        rows = self.numbers(derivation)
        if len(rows) > 2 and is_too_wide(rows[0].right, left):
            parts = [self.row(row) for row in derivation.parts]
            rows = [*parts, SetRow(left if parts else EMPTY, "=", rows[1].right), *rows[2:]]
        if not (rules or rows):
            return [SetRow(left, "", EMPTY)]
        if rules:
            rows = [row for row in rows if row.right.seen != rules[-1].right.seen]
        first, *others = [*rules, *rows, *(SetRow(EMPTY, "=", self.tex.box(node)) for node in derivation.last)]
        return [replace(first, left=left), *others]

    def numbers(self, derivation: Derivation) -> list[SetRow]:
        """The rows in numbers; a block that looks like the one before it is not said again."""
        blocks = [[self.row(row) for row in block] for block in derivation.blocks]
        looks = [[row.right.seen for row in block] for block in blocks]
        return [row for i, block in enumerate(blocks) if i == 0 or looks[i] != looks[i - 1] for row in block]


def broken(box: Box, left: Box = EMPTY) -> list[Box]:
    """The rows in which an expression is set beside its left side: one, or if it is too wide several that begin with
    their sign. It is broken where a sum stands in no brackets; where that is not enough, at ⊙ and ⊘ too."""
    room = LINE - left.width.total
    if box.width.total <= room:
        return [box]
    return [row for part in _filled(box.pieces("sum"), room) for row in _filled(part.pieces("product"), room)]


def is_too_wide(box: Box, left: Box = EMPTY) -> bool:
    """Whether a row of an expression is too wide for the page even where it is broken."""
    return max(row.width.total for row in broken(box, left)) > LINE - left.width.total


def _filled(pieces: list[Box], room: float) -> list[Box]:
    """As many pieces in each row as there is room for."""
    rows = pieces[:1]
    for piece in pieces[1:]:
        joined = rows[-1].followed_by(piece)
        if joined.width.total <= room:
            rows[-1] = joined
        else:
            rows.append(piece)
    return rows
