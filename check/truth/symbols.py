"""What the symbols of an example stand for, learned from the pages themselves, and put into their place.

Glossary. A *binding* says that a symbol is a literal: 'X = (x_1; x_2) = (0.05; 0.1)' binds X, x_1 and x_2.
`sym` nodes are the symbolic side, `num` nodes the numeric side of two rows that should say the same.
"""

import re
from collections.abc import Callable, Iterator

from ..arithmetic.arith import evaluate, indices_of, is_hidden, shape
from ..arithmetic.tree import (
    DOTS,
    ElidedError,
    Matrix,
    Node,
    NotUnderstoodError,
    Num,
    Op,
    Partial,
    Sym,
    cells,
    holds_ones,
    is_literal,
    same_form,
    transposed,
)
from ..arithmetic.whole import only_moves
from ..read.dots import beside
from .keys import Key, index_in, power_name, wholes_of
from .summed import entry_of, entrywise, letters_of, spread

POWERS = (("power", "pow"), ("hpower", "hpow"))
"""A power with a symbol for its exponent, and the same with a number."""


class FormError(Exception):
    """The two sides have different forms; they may still have the same value."""


class MismatchError(Exception):
    """A symbol meets a number that it does not stand for."""

    def __init__(self, symbol, expected, printed):
        super().__init__(f"{symbol} is {expected}, not {printed}")
        self.symbol, self.expected, self.printed = symbol, expected, printed


class Symbols:
    """The bindings of one example. `home` gives for an address the address its number comes from, so that an
    entry of a transposed matrix is known to be an entry of the matrix. `elided`: symbols printed with dots only."""

    def __init__(self, home: Callable[[str | None], str | None] = lambda address: address):
        self.home = home
        self.elided: set[Key] = set()
        self.known: dict[Key, list[Node]] = {}

    def bind(self, key: Key, literal: Node) -> None:
        found = self.known.setdefault(key, [])
        if not any(self.same(literal, other) for other in found):
            found.append(literal)

    def same(self, a: Node, b: Node) -> bool:
        """Whether two literals show the same numbers from the same place."""
        x, y = cells(a), cells(b)
        if (len(x), len(x[0])) != (len(y), len(y[0])):
            return False
        return all(self._same(u, v) for r, s in zip(x, y, strict=True) for u, v in zip(r, s, strict=True))

    def _same(self, a: Num, b: Num) -> bool:
        known = a.address and b.address
        same = a.value == b.value or is_hidden(a, b)
        return same and (not known or self.home(a.address) == self.home(b.address))

    def lookup(self, key: Key) -> list[Node]:
        """What a symbol may stand for; an entry may also be named by the matrix and its indices."""
        return self.known.get(key, []) or list(self._entry(key))

    def _entry(self, key: Key) -> Iterator[Node]:
        for name in wholes_of(key):  # w_{11,7} is no entry of w_{11}
            index = index_in(key).removeprefix(f"{index_in(name)},")
            for matrix in self.known.get(name, []) if index else []:
                for i, j in indices_of(index, cells(matrix)):
                    yield cells(matrix)[i][j]

    def wholes(self, key: Key) -> list[Node]:
        """The arrays whose entries a symbol names: E of E_{12}, W of w_{12}, ∂J/∂W of ∂J/∂w_{12}."""
        return next((found for name in wholes_of(key) if (found := self.known.get(name))), [])

    def renamed(self, node: Node) -> Node:
        """A power that is the name of something, as σ² is of a variance, as that symbol."""
        name = power_name(node)
        return name if name and (name in self.elided or self.wholes(name)) else node

    # Putting numbers in the place of symbols

    def unify(self, sym: Node, num: Node, learned: list[tuple[Key, Node]]) -> None:
        """Check that `num` is `sym` with numbers in the place of symbols. Symbols not known yet are added to
        `learned`. Raises MismatchError, FormError or NotUnderstoodError."""
        sym = self.renamed(sym)
        if isinstance(sym, Sym | Partial):
            self._meet(sym, num, learned)
        elif isinstance(sym, Op) and sym.name == "shaped":
            self._shaped(sym, num, learned)
        elif _is_sum(sym):
            self._sums(sym, num, learned)
        elif isinstance(sym, Op) and sym.name == "T" and is_literal(num):
            self.unify(sym.args[0], transposed(num), learned)
        elif isinstance(sym, Op) and is_literal(num) and only_moves(sym.note):
            self._moved(sym, num)
        elif isinstance(sym, Matrix) and isinstance(num, Matrix):
            self._matrix(sym, num, learned)
        else:
            self._parts(sym, num, learned)

    def _parts(self, sym: Node, num: Node, learned) -> None:
        if isinstance(sym, Num) and isinstance(num, Num):
            if not self._same(sym, num):
                raise MismatchError("the number", sym, num)
        elif isinstance(sym, Op) and isinstance(num, Op) and (sym.name, num.name) in POWERS:
            self.unify(sym.args[0], num.args[0], learned)
            self.unify(sym.args[1], Num(num.note), learned)
        elif isinstance(sym, Op) and sym.name == "add" and any(_is_sum(t) for t in _terms(sym)):
            self._sums(sym, num, learned)
        elif same_form(sym, num):
            for s, n in zip(sym.args, num.args, strict=True):
                self.unify(s, n, learned)
        else:
            raise FormError

    def _meet(self, key: Key, num: Node, learned) -> None:
        if not is_literal(num):
            raise FormError
        candidates = self.lookup(key) or [literal for k, literal in learned if k == key]
        if not candidates:
            learned.append((key, num))
        elif not any(self.same(num, c) or self._repeats(c, num) for c in candidates):
            if all(_shape(c) != _shape(num) for c in candidates):
                raise FormError
            raise MismatchError(key, _nearest(candidates, num), num)

    def _repeats(self, small: Node, num: Node) -> bool:
        """Whether `num` is a column or a row repeated, as a bias is for every sample; ones may have any shape."""
        x, y = cells(small), cells(num)
        if holds_ones(small) and holds_ones(num):
            return True
        if len(x) not in (1, len(y)) or len(x[0]) not in (1, len(y[0])):
            return False
        return all(self._same(entry_of(small, i, j), n) for i, row in enumerate(y) for j, n in enumerate(row))

    def _moved(self, sym: Op, num: Node) -> None:
        """Numbers that have only moved stand at their new places, and the function is not written."""
        found = evaluate(self.put(sym))
        printed = evaluate(num)
        if shape(found) != shape(printed):
            raise FormError
        pairs = zip(_values(found), _values(printed), strict=True)
        if any(x != y and not is_hidden(x, y) for x, y in pairs):
            raise MismatchError(sym, self.put(sym), num)

    def _shaped(self, sym: Op, num: Node, learned) -> None:
        self.unify(sym.args[0], num, learned)
        compound = isinstance(sym.args[0], Op)  # there may be ones in it, which have any shape: the numbers say which
        known = set() if compound else self.shapes(sym.args[0])
        known = known or {"{}×{}".format(*shape(evaluate(num)))}
        if sym.note not in known and re.fullmatch(r"\d+×\d+", sym.note):
            raise MismatchError(f"the shape under {sym.args[0]}", min(known), sym.note)

    def shapes(self, node: Node) -> set[str]:
        """The shapes that an expression may have, as 'rows×columns'; none if a symbol in it is not known."""
        if isinstance(node, Sym | Partial):
            return {"{}×{}".format(*_shape(literal)) for literal in self.lookup(node)}
        try:
            return {"{}×{}".format(*shape(evaluate(self.put(node))))}
        except NotUnderstoodError:
            return set()

    def _sums(self, sym: Op, num: Node, learned) -> None:
        """Σ over all entries of an array: its body for each entry, row by row. Several sums follow each other."""
        terms = list(_terms(num))
        for part in _terms(sym):
            body = max(self._bodies(part), key=len, default=[]) if _is_sum(part) else [part]
            if not 0 < len(body) <= len(terms):
                raise FormError
            self._all(body, terms[: len(body)], learned)
            terms = terms[len(body) :]
        if terms:
            raise FormError

    def _bodies(self, sym: Op) -> Iterator[list[Node]]:
        """The terms of a sum, for each array that its symbol may stand for."""
        body = sym.args[0]
        if isinstance(body, Sym):
            yield from ([n for row in cells(matrix) for n in row] for matrix in self.wholes(body))
        elif letters := letters_of(sym.note):
            yield spread(self._indexed(body, letters))

    def _all(self, body: list[Node], terms: list[Node], learned) -> None:
        for i, (wanted, term) in enumerate(zip(body, terms, strict=True), 1):
            if isinstance(wanted, Num) and isinstance(term, Num) and not self._same(wanted, term):
                raise MismatchError(f"entry {i} of the sum", wanted, term)
            self.unify(wanted, term, learned)

    def _indexed(self, node: Node, letters: str) -> Node:
        """The node with arrays, marked as such, in the place of symbols that have letters for an index."""
        if isinstance(node, Sym) and node.sub and set(index_in(node).rpartition(",")[2]) <= set(letters):
            found = self.wholes(node)
            return Op("each", (found[0] if found else self._unknown(wholes_of(node)[0]),))
        if isinstance(node, Op) and node.name == "index" and set(node.note) <= set(letters):
            return Op("each", (self.put(node.args[0]),))
        if isinstance(node, Op):
            return Op(node.name, tuple(self._indexed(arg, letters) for arg in node.args), node.note)
        return self.put(node)

    def _matrix(self, sym: Matrix, num: Matrix, learned) -> None:
        pairs = beside(sym, num)
        if pairs and not any(self._is_block(c) for row in sym.rows for c in row):
            for s, n in pairs:
                self.unify(s, n, learned)
            return
        blocks = self._blocks(sym, num)
        if blocks is None:
            raise FormError
        if not self.same(blocks, num):
            raise MismatchError(sym, blocks, num)

    def _is_block(self, node: Node) -> bool:
        found = self.lookup(node) if isinstance(node, Sym) else []
        return bool(found) and all(isinstance(x, Matrix) and x.shape != (1, 1) for x in found)

    def _blocks(self, sym: Matrix, num: Matrix) -> Matrix | None:
        """A matrix of matrices written out; a row of ones is as wide, a column of ones as high, as the whole."""
        bands = []
        for row in sym.rows:
            blocks = [self._block(cell, num.shape) for cell in row]
            if None in blocks or len({len(b) for b in blocks}) != 1:
                return None
            bands += [sum(lines, ()) for lines in zip(*blocks, strict=True)]
        return Matrix(tuple(bands)) if len({len(b) for b in bands}) == 1 else None

    def _block(self, cell: Node, whole: tuple[int, int]):
        if isinstance(cell, Num):
            return ((cell,),)
        if isinstance(cell, Op) and cell.name == "T":
            return ((Num("1"),) * whole[1],)
        found = self.lookup(cell) if isinstance(cell, Sym) else []
        if isinstance(cell, Sym) and all(map(holds_ones, found)):
            return ((Num("1"),),) * whole[0]
        matrices = [f for f in found if isinstance(f, Matrix)] or found
        return cells(matrices[0]) if matrices else None

    def put(self, node: Node) -> Node:
        """The node with a literal in the place of each symbol. Raises NotUnderstoodError if one is not known."""
        node = self.renamed(node)
        if isinstance(node, Sym | Partial):
            found = self.lookup(node)
            return found[0] if found else self._unknown(node)
        if _is_sum(node):
            return self._put_sum(node)
        if isinstance(node, Op):
            args = tuple(self.put(arg) for arg in node.args)
            return Op(node.name, self._with_ones(node.args, args) if node.name == "times" else args, node.note)
        if isinstance(node, Matrix):
            return Matrix(tuple(tuple(self.put(cell) for cell in row) for row in node.rows))
        return node

    def _with_ones(self, symbols: tuple[Node, ...], args: tuple[Node, ...]) -> tuple[Node, ...]:
        """The factors of a matrix product; a row or a column of ones is as long as the other factor asks for."""
        left, right = symbols
        if isinstance(left, Op) and left.name == "T" and self._is_ones(left.args[0]):
            return Matrix(((Num("1"),) * shape(evaluate(args[1]))[0],)), args[1]
        if self._is_ones(right):
            return args[0], Matrix(((Num("1"),),) * shape(evaluate(args[0]))[1])
        return args

    def _is_ones(self, node: Node) -> bool:
        return isinstance(node, Sym) and bool(found := self.lookup(node)) and all(map(holds_ones, found))

    def _unknown(self, key: Key):
        if key in self.elided or key in DOTS:
            raise ElidedError(f"the symbol {key}")
        raise NotUnderstoodError(f"the symbol {key}")

    def _put_sum(self, node: Op) -> Node:
        letters, body = letters_of(node.note), node.args[0]
        if isinstance(body, Sym) and (found := self.wholes(body)):
            return Op("total", (found[0],))
        return Op("total", (entrywise(self._indexed(body, letters)),)) if letters else Op("sum", node.args, node.note)


def _values(x) -> list:
    return [v for row in x for v in row] if isinstance(x, tuple) else [x]


def _is_sum(node: Node) -> bool:
    return isinstance(node, Op) and node.name == "sum"


def _terms(node: Node) -> Iterator[Node]:
    if isinstance(node, Op) and node.name == "add":
        yield from _terms(node.args[0])
        yield node.args[1]
    else:
        yield node


def _shape(literal: Node) -> tuple[int, int]:
    return len(cells(literal)), len(cells(literal)[0])


def _nearest(candidates: list[Node], num: Node) -> Node:
    return next((c for c in candidates if _shape(c) == _shape(num)), candidates[0])
