"""The grammar of printed mathematics: tokens in, rows of related expressions out.

From loosest to tightest: relations; sums; products with a sign (· ⊙ ⊘ × /); products by juxtaposition; scripts.
"""

import re
from dataclasses import dataclass, field

from .arith import FUNCTIONS
from .tex import Token
from .tree import Matrix, Node, NotUnderstoodError, Num, Op, Partial, Sym, is_literal, is_numeric, walk

TRANSPOSE = ("𝖳", "T")
PRODUCTS = {"·": "dot", "⊙": "had", "⊘": "hdiv", "⊗": "outer", "×": "cross", "/": "slash"}
INTEGER = re.compile(r"\d+")
SHAPE = re.compile(r"(\d+)×(\d+)")
END = Token("end of formula", "")
NAME_MARKS = ("(", "*", "+", "−", "′", "⟨", "[", "{")
"""A superscript that begins so belongs to the name of the symbol; it is no power."""


@dataclass
class Row:
    """One line: expressions joined by relations. `relations[i]` stands before `parts[i]`; the first may be ''."""

    relations: list[str] = field(default_factory=list)
    parts: list[Node] = field(default_factory=list)


class Parser:
    """Reads tokens from left to right. `notes` collects what is readable but not well formed."""

    def __init__(self, tokens: list[Token]):
        self.tokens, self.at, self.notes = tokens, 0, []

    def formula(self) -> list[Row]:
        """All rows of a formula; raises NotUnderstoodError if anything is left over."""
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

    # Reading

    @property
    def next(self) -> Token:
        return self.tokens[self.at] if self.at < len(self.tokens) else END

    def take(self, kind: str | None = None) -> Token:
        token = self.next
        if token is END or (kind and token.kind != kind):
            raise NotUnderstoodError(f"{token.text or token.kind!r} where {kind or 'more'} was expected")
        self.at += 1
        return token

    def has(self, kind: str, *texts: str) -> bool:
        return self.next.kind == kind and (not texts or self.next.text in texts)

    # Rows and relations

    def _rows(self) -> list[Row]:
        self.take("begin")
        rows = [self._row()]
        while self.has("row"):
            self.take()
            rows.append(self._row())
        self.take("end")
        return [row for row in rows if row.parts]

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

    def expression(self) -> Node:
        left = self.product()
        while self.has("op", "+", "−", "±"):
            name = {"+": "add", "−": "sub", "±": "about"}[self.take().text]
            left = Op(name, (left, self.product()))
        return left

    def product(self) -> Node:
        left = self.factors()
        while self.has("op", *PRODUCTS):
            left = _product(PRODUCTS[self.take().text], left, self.factors())
        return left

    def factors(self) -> Node:
        if self.has("op", "−", "+"):
            sign = self.take().text
            return _negative(self.factors()) if sign == "−" else self.factors()
        left = self.factor()
        while self._starts_factor():
            if self.has("num") and is_numeric(left) and not any(isinstance(n, Matrix) for n in walk(left)):
                self.notes.append("a number follows another factor without a sign between them")
            left = Op("times", (left, self.factor()))
        return left

    def _starts_factor(self) -> bool:
        if self.has("begin"):
            return self.next.text == "matrix"
        return self.next.kind in ("num", "sym", "open", "{", "frac", "sqrt", "brace", "sum", "accent")

    def factor(self) -> Node:
        node = self.atom()
        sub, sup = [], []
        while self.has("_") or self.has("^"):
            (sub if self.take().kind == "_" else sup).append(self.script())
        for script in sub:
            node = _subscripted(node, script)
        for script in sup:
            node = self._raised(node, script)
        return node

    def script(self) -> list[Token]:
        """The tokens of a sub- or superscript, without its braces."""
        if not self.has("{"):
            token = self.take()
            if token.kind == "num" and len(token.text) > 1 and not token.address:
                self.at -= 1
                self.tokens = [*self.tokens[: self.at], Token("num", token.text[1:]), *self.tokens[self.at + 1 :]]
                return [Token("num", token.text[0])]
            return [token]
        inside = self._braced_tokens()
        if not inside:
            self.notes.append("an index or a power is empty")
        return inside

    def _braced_tokens(self) -> list[Token]:
        self.take("{")
        start, depth = self.at, 1
        while depth:
            depth += {"{": 1, "}": -1}.get(self.take().kind, 0)
        return self.tokens[start : self.at - 1]

    def _raised(self, node: Node, script: list[Token]) -> Node:
        text = text_of(script)
        if text in TRANSPOSE:
            return Op("T", (node,))
        if text.startswith("⊙"):
            return Op("hpow", (node,), text[1:])
        if isinstance(node, Sym) and text.startswith(NAME_MARKS) and not (node == Sym("e") and text[0] in "−("):
            return Sym(node.base, node.sub, node.sup + text)
        if INTEGER.fullmatch(text):
            return Op("pow", (node,), text)
        power = self._sub_parser(script)
        return Op("exp", (power,)) if node == Sym("e") else Op("power", (node, power))

    def _sub_parser(self, tokens: list[Token]) -> Node:
        inner = Parser(tokens)
        node = inner.listed()
        if inner.next is not END:
            raise NotUnderstoodError(f"{inner.next.text!r} in a script")
        self.notes += inner.notes
        return node

    # Atoms

    def atom(self) -> Node:
        readers = {"num": self._number, "sym": self._symbol, "open": self._bracket, "{": self._group,
                   "frac": self._fraction, "sqrt": self._root, "brace": self._underbrace, "sum": self._sum,
                   "begin": self._matrix, "accent": self._accent}  # fmt: skip
        if self.next.kind not in readers:
            raise NotUnderstoodError(f"{self.next.text or self.next.kind!r} where an expression was expected")
        return readers[self.next.kind]()

    def _number(self) -> Num:
        token = self.take()
        ahead = self.tokens[self.at : self.at + 3]
        if [t.text for t in ahead] == ["×", "10", "^"]:
            self.at += 3
            return Num(f"{token.text}e{text_of(self.script()).replace('−', '-')}", token.address)
        return Num(token.text, token.address)

    def _symbol(self) -> Node:
        name = self.take().text
        if name == "∂":
            return Op("∂", (self.factor(),)) if self._starts_factor() else Sym("∂")
        if name in FUNCTIONS and (self.has("open") or (FUNCTIONS[name].bare and self._starts_factor())):
            return Op("call", self._arguments(), name)
        ahead = self.tokens[self.at : self.at + 3]
        if [t.kind for t in ahead] == ["open", "num", "close"] and INTEGER.fullmatch(ahead[1].text):
            self.at += 3
            return Sym(f"{name}({ahead[1].text})")
        return Sym(name)

    def _arguments(self) -> tuple[Node, ...]:
        if not self.has("open"):
            return (self.factor(),)
        node = self._bracket()
        return node.args if isinstance(node, Op) and node.name == "list" else (node,)

    def _bracket(self) -> Node:
        start = self.at
        opening = self.take("open").text
        node = self.listed()
        if self.has("rel", ">"):
            self.take()
            node = Op("mask", (node, self.expression()))
        if opening == "{" and not self.has("close"):
            return Op("cases", (node,))
        self.take("close")
        self._note_doubled(start)
        return node

    def _note_doubled(self, start: int) -> None:
        """((x)): brackets around nothing but brackets."""
        inner = self.tokens[start + 1 : self.at - 1]
        if not inner or inner[0].kind != "open" or inner[-1].kind != "close":
            return
        depth = 0
        for token in inner[:-1]:
            depth += {"open": 1, "close": -1}.get(token.kind, 0)
            if depth == 0:
                return
        self.notes.append("brackets stand twice around the same expression")

    def _group(self) -> Node:
        self.take("{")
        node = self.listed()
        self.take("}")
        return node

    def _argument(self) -> Node:
        return self._group() if self.has("{") else self._sub_parser(self.script())

    def _fraction(self) -> Node:
        self.take()
        top, bottom = self._argument(), self._argument()
        return _quotient("frac", top, bottom)

    def _root(self) -> Node:
        self.take()
        return Op("call", (self._argument(),), "sqrt")

    def _accent(self) -> Node:
        mark = self.take().text
        node = self._argument()
        return Sym(f"{mark} {node.base}", node.sub, node.sup) if isinstance(node, Sym) else Op(mark, (node,))

    def _underbrace(self) -> Node:
        self.take()
        node = self._argument()
        if not self.has("_"):
            return node
        self.take()
        return Op("shaped", (node,), text_of(self.script()))

    def _sum(self) -> Node:
        self.take()
        notes = {}
        while self.has("_") or self.has("^"):
            mark = self.take().kind
            notes[mark] = text_of(self.script())
        return Op("sum", (self.factors(),), notes.get("_", ""))

    def _matrix(self) -> Node:
        self.take("begin")
        rows = [self._cells()]
        while self.has("row"):
            self.take()
            rows.append(self._cells())
        self.take("end")
        if len({len(row) for row in rows}) != 1:
            raise NotUnderstoodError("a matrix whose rows differ in length")
        return Matrix(tuple(rows))

    def _cells(self) -> tuple[Node, ...]:
        found = [self.listed()]
        while self.has("cell"):
            self.take()
            found.append(self.listed())
        return tuple(found)


def text_of(tokens: list[Token]) -> str:
    return "".join(t.text for t in tokens if t.kind not in "{}")


def _negative(node: Node) -> Node:
    if isinstance(node, Num) and not node.text.startswith("-"):
        return Num(f"-{node.text}", node.address)
    return Op("neg", (node,))


def _product(name: str, left: Node, right: Node) -> Node:
    return _quotient("frac", left, right) if name == "slash" else Op(name, (left, right))


def _quotient(name: str, top: Node, bottom: Node) -> Node:
    if all(isinstance(x, Op) and x.name == "∂" for x in (top, bottom)):
        return Partial(top.args[0], bottom.args[0])
    return Op(name, (top, bottom))


def _index_text(script: list[Token]) -> str:
    """An index as text; if it is a symbol with an index and a power of its own, in whatever order, as that symbol."""
    if not any(t.kind in ("_", "^") for t in script):
        return text_of(script)
    inner = Parser(script)
    node = inner.factor()
    return str(node) if inner.next is END and isinstance(node, Sym) else text_of(script)


def _subscripted(node: Node, script: list[Token]) -> Node:
    text = _index_text(script)
    if isinstance(node, Sym) and not node.sub:
        return Sym(node.base, text, node.sup)
    return Op("index", (node,), text)
