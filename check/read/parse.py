"""The grammar of printed mathematics: tokens in, rows of related expressions out.

From loosest to tightest: relations; sums; products with a sign (· ⊙ ⊘ ⊗ ∗ × /); products by juxtaposition; scripts.
"""

from dataclasses import dataclass, field

from ..arithmetic.tree import Matrix, Node, NotUnderstoodError, Num, Op, Sym, is_literal, is_numeric, walk
from .atoms import CONVOLUTION, Atoms, quotient
from .scan import END
from .tex import Token

PRODUCTS = {"·": "dot", "⊙": "had", "⊘": "hdiv", "⊗": "outer", "×": "cross", "/": "slash"}


@dataclass
class Row:
    """One line: expressions joined by relations. `relations[i]` stands before `parts[i]`; the first may be ''."""

    relations: list[str] = field(default_factory=list)
    parts: list[Node] = field(default_factory=list)


class Parser(Atoms):
    """Reads tokens from left to right. `notes` collects what is readable but not well formed."""

    def formula(self) -> list[Row]:
        """All rows of a formula; raises NotUnderstoodError if anything is left over."""
        self.tokens = continued(self.tokens)
        if self.next.kind == "begin" and self.next.text == "rows":
            rows = self._rows()
        else:
            rows = [Row([""], [Sym(self.take().text)])] if self._lone_sign() else [self._row()]
        if self.next is not END:
            raise NotUnderstoodError(f"{self.next.text!r} after the end of an expression")
        return rows

    def _lone_sign(self) -> bool:
        """A sign that is only spoken of, as in 'the sign ⊙'."""
        return len(self.tokens) == 1 and self.next.kind in ("op", "rel", "sum")

    # Rows and relations

    def _rows(self) -> list[Row]:
        self.take("begin")
        rows = [self._row()]
        while self.has("row"):
            self.take()
            if self._goes_on():
                rows[-1].parts[-1] = self.expression(rows[-1].parts[-1])
            else:
                rows.append(self._row())
        self.take("end")
        return [row for row in rows if row.parts]

    def _goes_on(self) -> bool:
        """Whether the row is the rest of a long sum: it begins with a plus. TeX has an empty group before it."""
        start = self.at
        self._skip_cells()
        if self.has("{") and self._braced_tokens():
            self.at = start
        return self.has("op", "+")

    def _row(self) -> Row:
        """Relations and expressions; an expression behind & that no relation leads to begins a new chain."""
        row = Row()
        self._skip_cells()
        if not self._row_ends() and not self.has("rel"):
            self._part(row, "")
        while True:
            self._skip_cells()
            if self._row_ends():
                return row
            if not self.has("rel") and self.tokens[self.at - 1].kind not in ("cell", "comma"):
                raise NotUnderstoodError(f"{self.next.text!r} after an expression")
            relation = self.take().text if self.has("rel") else ""
            self._skip_cells()
            if relation and self.next is END:  # 'δ =' in a sentence that goes on with the number
                return row
            self._part(row, relation)

    def _part(self, row: Row, relation: str) -> None:
        row.relations.append(relation)
        row.parts.append(self.listed())
        if relation == "=" and row.parts[-1] in row.parts[-2:-1] and not is_literal(row.parts[-1]):
            self.notes.append("an expression is set equal to itself")

    def _skip_cells(self) -> None:
        while self.has("cell") or (self.has("comma") and self._last_of_row()):
            self.take()

    def _last_of_row(self) -> bool:
        after = self.tokens[self.at + 1] if self.at + 1 < len(self.tokens) else END
        return after.kind in ("row", "end", END.kind)

    def _row_ends(self) -> bool:
        return self.next.kind in ("row", "end", END.kind)

    # Expressions

    def listed(self) -> Node:
        """Expressions separated by commas, or one alone."""
        found = [self.expression()]
        while self.has("comma") and not self._last_of_row():
            self.take()
            found.append(self.expression())
        return found[0] if len(found) == 1 else Op("list", tuple(found))

    def expression(self, left: Node | None = None) -> Node:
        left = left or self.product()
        while self.has("op", "+", "−", "±"):
            name = {"+": "add", "−": "sub", "±": "about"}[self.take().text]
            left = Op(name, (left, self.product()))
        return left

    def product(self) -> Node:
        left = self.factors()
        while self.has("op", *PRODUCTS) or self.has("sym", CONVOLUTION):
            name, note = self._product_sign()
            right = self.factors()
            left = quotient("frac", left, right) if name == "slash" else Op(name, (left, right), note)
        return left

    def _product_sign(self) -> tuple[str, str]:
        """The sign of a product, and what is noted at it: the steps of a convolution."""
        sign = self.take().text
        if sign != CONVOLUTION:
            return PRODUCTS[sign], ""
        below, above = self.scripts()
        return ("convT" if above else "conv"), below

    def factors(self) -> Node:
        if self.has("op", "−", "+"):
            sign = self.take().text
            return _negative(self.factors()) if sign == "−" else self.factors()
        left = self.factor()
        while self.starts_factor():
            if self.has("num") and is_numeric(left) and not any(isinstance(n, Matrix) for n in walk(left)):
                self.notes.append("a number follows another factor without a sign between them")
            left = Op("times", (left, self.factor()))
        return left


def continued(tokens: list[Token]) -> list[Token]:
    """The tokens without the ends of rows that go on: the next row has nothing on its left and begins with a sign."""
    found: list[Token] = []
    i = 0
    while i < len(tokens):
        if [t.kind for t in tokens[i : i + 2]] == ["row", "cell"]:
            ahead = next(k for k in range(i + 2, len(tokens) + 1) if k == len(tokens) or tokens[k].kind not in "{}")
            i = ahead if ahead < len(tokens) and tokens[ahead].kind == "op" else i
        found.append(tokens[i])
        i += 1
    return found


def _negative(node: Node) -> Node:
    if isinstance(node, Num) and not node.text.startswith("-"):
        return Num(f"-{node.text}", source=node.address)
    return Op("neg", (node,))
