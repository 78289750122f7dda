"""The grammar of what stands between two signs: numbers, symbols, brackets, functions and matrices, with scripts."""

import re
from collections.abc import Callable

from ..arithmetic.functions import PI
from ..arithmetic.tree import Matrix, Node, NotUnderstoodError, Num, Op, Partial, Sym
from ..ops import BARE, KNOWN, SCRIPTED
from .scan import END, Scanner, text_of
from .tex import Token

TRANSPOSE = ("𝖳", "T")
INTEGER = re.compile(r"\d+")
NAME_MARKS = ("(", "*", "+", "′", "⟨", "[", "{")
"""A superscript that begins so belongs to the name of the symbol; it is no power."""
CONVOLUTION = "*"


class Atoms(Scanner):
    """Reads one factor; `listed`, `expression` and `product`, for what stands in brackets, are the parser's."""

    def starts_factor(self) -> bool:
        if self.has("begin"):
            return self.next.text == "matrix"
        if self.has("bar"):
            return not self.in_bars
        kinds = ("num", "sym", "open", "{", "frac", "sqrt", "brace", "sum", "accent")
        return self.next.kind in kinds and not self.has("sym", CONVOLUTION)

    def factor(self) -> Node:
        node = self.atom()
        sub, sup = [], []
        while self.has("_") or self.has("^"):
            (sub if self.take().kind == "_" else sup).append(self.script())
        for script in sub:
            node = _subscripted(node, self._index_text(script))
        for script in sup:
            node = self._raised(node, script)
        return node

    def scripts(self) -> tuple[str, str]:
        """What stands below and above what was read last, as text; a transpose is T."""
        found = {"_": "", "^": ""}
        while self.has("_") or self.has("^"):
            mark = self.take().kind
            found[mark] = text_of(self.script())
        return found["_"], "T" if found["^"] in TRANSPOSE else found["^"]

    def _raised(self, node: Node, script: list[Token]) -> Node:
        text = text_of(script)
        if text in TRANSPOSE:
            return Op("T", (node,))
        if text.startswith("⊙"):
            return _power("h", node, text[1:], lambda: self._sub_parser(script[1:]))
        if isinstance(node, Sym) and _is_name(node, script):
            return Sym(node.base, node.sub, node.sup + text)
        if node == Sym("e"):
            return Op("exp", (self._sub_parser(script),))
        return _power("", node, text, lambda: self._sub_parser(script))

    def _index_text(self, script: list[Token]) -> str:
        """An index as text; one that has an index and a power of its own, in whatever order, as that symbol."""
        if not any(t.kind in ("_", "^") for t in script):
            return text_of(script)
        inner = type(self)(script)
        node = inner.factor()
        return str(node) if inner.next is END and isinstance(node, Sym) else text_of(script)

    def _sub_parser(self, tokens: list[Token]) -> Node:
        inner = type(self)(tokens)
        node = inner.listed()
        if inner.next is not END:
            raise NotUnderstoodError(f"{inner.next.text!r} in a script")
        self.notes += inner.notes
        return node

    # Atoms

    def atom(self) -> Node:
        readers = {"num": self._number, "sym": self._symbol, "open": self._bracket, "{": self._group,
                   "frac": self._fraction, "sqrt": self._root, "brace": self._underbrace, "sum": self._sum,
                   "begin": self._matrix, "accent": self._accent, "bar": self._absolute}  # fmt: skip
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
            return Op("∂", (self.factor(),)) if self.starts_factor() else Sym("∂")
        if name == "Δ" and self.has("sym"):  # a change of something is one symbol
            return Sym(name + self.take().text)
        if call := self._call(name):
            return call
        ahead = self.tokens[self.at : self.at + 3]
        if [t.kind for t in ahead] == ["open", "num", "close"] and INTEGER.fullmatch(ahead[1].text):
            self.at += 3
            return Sym(f"{name}({ahead[1].text})")
        return Num(PI) if name == "π" else Sym(name)

    def _call(self, name: str) -> Node | None:
        """A function with its arguments; None if the name stands alone."""
        start = self.at
        below, above = self.scripts() if name in SCRIPTED else ("", "")
        bare = name in BARE and self.starts_factor()
        if name not in KNOWN or not (bare or self.has("open")):
            self.at = start
            return None
        note = name + (f"_{below}" if below else "") + (f"^{above}" if above else "")
        return Op("call", self._arguments(), note)

    def _arguments(self) -> tuple[Node, ...]:
        if not self.has("open"):
            return (self.factor(),)
        node = self._bracket()
        return node.args if isinstance(node, Op) and node.name == "list" else (node,)

    def _bracket(self) -> Node:
        start = self.at
        opening = self.take("open").text
        node = self._mask(self._inside())
        node = Op("call", (node,), "floor") if opening == "⌊" else node
        if opening == "{" and not self.has("close"):
            return Op("cases", (node,))
        self.take("close")
        if opening == "⌊":
            return Op("call", (node,), "floor")
        self._note_doubled(start)
        return node

    def _inside(self, bars: bool = False) -> Node:
        """What stands between two signs; between bars the next bar is the second one."""
        outer, self.in_bars = self.in_bars, bars
        node = self.listed()
        self.in_bars = outer
        return node

    def _mask(self, node: Node) -> Node:
        """[a > b], [a ≥ b], [b < a] or [low ≤ a ≤ high]: 1 where it is so, 0 elsewhere."""
        if self.has("rel", ">"):
            self.take()
            return Op("mask", (node, self.expression()))
        if self.has("rel", "≥"):
            self.take()
            return Op("reaches", (node, self.expression()))
        if self.has("rel", "<"):
            self.take()
            return Op("exceeds", (self.expression(), node))
        if not self.has("rel", "≤"):
            return node
        self.take()
        middle = self.expression()
        if self.take("rel").text != "≤":
            raise NotUnderstoodError("a comparison with two different signs")
        return Op("within", (node, middle, self.expression()))

    def _absolute(self) -> Node:
        opening = self.take("bar").text
        node = self._inside(bars=True)
        if opening != "|" or self.take("bar").text != "|":
            raise NotUnderstoodError("‖ around an expression")
        return Op("call", (node,), "abs")

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
        node = self._inside()
        self.take("}")
        return node

    def _argument(self) -> Node:
        return self._group() if self.has("{") else self._sub_parser(self.script())

    def _fraction(self) -> Node:
        self.take()
        top, bottom = self._argument(), self._argument()
        return quotient("frac", top, bottom)

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
        """Σ of all that is multiplied behind it."""
        self.take()
        below, _ = self.scripts()
        return Op("sum", (self.product(),), below)

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


def _power(kind: str, node: Node, text: str, read: Callable[[], Node]) -> Node:
    """A power; its exponent is a note if it is a plain number of counting, else an argument."""
    return Op(f"{kind}pow", (node,), text) if INTEGER.fullmatch(text) else Op(f"{kind}power", (node, read()))


def _is_name(node: Sym, script: list[Token]) -> bool:
    """Whether a superscript is part of the name: W^{(1)}, W^{Q}, x^{new}, but not β^t, x^{-1}, d^{(-0.5)} or e^{A}.
    Powers of the entries of a matrix are written with ⊙, so D^{-1/2} is a name as well."""
    text = text_of(script)
    if text.startswith("(−"):
        return False
    if node == Sym("e"):
        return text.startswith(NAME_MARKS[1:])
    first = next((t for t in script if t.kind not in "{}"), END)
    word = len(first.text) > 1 and first.text.isalpha() and first.text not in KNOWN
    capital = len(first.text) == 1 and first.text.isupper()
    matrix = len(node.base) == 1 and node.base.isupper()
    minus = first.text == "−" and (matrix or text == "−")
    return first.text in NAME_MARKS or minus or (first.kind == "sym" and (word or capital))


def quotient(name: str, top: Node, bottom: Node) -> Node:
    if all(isinstance(x, Op) and x.name == "∂" for x in (top, bottom)):
        return Partial(top.args[0], bottom.args[0])
    return Op(name, (top, bottom))


def _subscripted(node: Node, text: str) -> Node:
    if isinstance(node, Sym) and not node.sub:
        return Sym(node.base, text, node.sup)
    return Op("index", (node,), text)
