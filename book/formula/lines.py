"""The derivation of a step as rows: rule in symbols, numbers substituted, parts worked one after another, result."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property, partial

import numpy as np

from gradbook.engine.ops import CALL, OPS
from gradbook.engine.tape.by_fractions import exactly
from gradbook.engine.tape.trace import Step

from .by_hand import decimals, in_doubt, is_noise, redone, rounded
from .derive import Numbers, Rule, Sheet, Symbols, matrix
from .nodes import ABOUT, EQUAL, Apply, Block, Dot, Entry, Index, Node, Row, Shaped, Sum, Symbol
from .wide import MOST, TERMS_A_ROW, filled, is_wide


@dataclass(frozen=True)
class Derivation:
    """How the step `name` comes about. `left` is what stands on the left side; `rules` are the chain rule, if there
    is one, and the rule in symbols; `blocks` the numbers substituted, each level of parts worked, and the result.
    `parts` works the innermost parts each by itself, for a page on which the first of the blocks has no room. `last`
    are symbols by which the result is called besides."""

    name: str
    left: Node
    rules: tuple[Node, ...]
    blocks: tuple[Block, ...]
    parts: Block = ()
    last: tuple[Node, ...] = ()


class Line:
    """One step of a trace, as a sheet prints it."""

    def __init__(self, sheet: Sheet, name: str):
        self.sheet, self.trace, self.name = sheet, sheet.trace, name
        self.step: Step = sheet.trace[name]

    @property
    def symbol(self) -> Symbol:
        return self.sheet.symbol(self.name)

    @property
    def result(self) -> Node:
        return self.sheet.numbers(self.name)

    @property
    def given(self) -> tuple[Node, ...]:
        """W, its entries and its numbers for a leaf, which are equal; of a single number no entries. A wide one says
        its shape."""
        if self.step.value.size == 1:
            return self.symbol, self.result
        left = Shaped(self.symbol, shape=self.step.shape) if is_wide(self.step.shape) else self.symbol
        return left, self.entries, self.result

    @property
    def entries(self) -> Node:
        """A matrix of the symbols of the entries."""
        return matrix(filled(self.step.shape, self.entry_symbol))

    def entry_symbol(self, index: Index) -> Symbol:
        return Symbol(self.name, index if self.step.value.size > 1 else None)

    def symbols(self, shapes: bool = True) -> Node:
        return Rule(self.sheet, Symbols(self.sheet, shapes)).of(self.name)

    @cached_property
    def levels(self) -> list[set[str]]:
        """The parts that are worked before the line itself, innermost first, one set for each row."""
        depths: dict[str, int] = {}
        self._depth(self.name, depths)
        return [
            {n for n, d in depths.items() if d == level} for level in range(1, max(depths.values(), default=0) + 1)
        ]

    def _depth(self, name: str, depths: dict[str, int]) -> int:
        below = max((self._depth(part, depths) for part in self.trace.parts(name)), default=0)
        if name == self.name or not self._is_shown(name):
            return below
        depths[name] = below + 1
        return depths[name]

    def _is_shown(self, part: str) -> bool:
        """Whether the part's value is printed on its way: it was enclosed, or its entries only moved."""
        return not self.trace.is_inlined(part) or OPS[self.trace[part].op].kind in ("layout", "mask")

    def derivation(
        self, chain: Node | None = None, left: Node | None = None, last: Iterable[Node] = ()
    ) -> Derivation:
        """The whole of it, with the chain rule if it is given."""
        rules = (chain, self.symbols()) if chain else (self.symbols(),)
        return Derivation(
            self.name, left or self.symbol, rules, tuple(self.blocks()), tuple(self._parts_alone()), tuple(last)
        )

    def _parts_alone(self) -> list[Row]:
        """The innermost parts in symbols, numbers and result; what only moves entries needs no words."""
        innermost = [Line(self.sheet, name) for name in self.trace if self.levels and name in self.levels[0]]
        worth = [line for line in innermost if OPS[line.step.op].kind not in ("layout", "mask")]
        return [row for line in worth for row in line.alone()]

    def alone(self) -> Block:
        """A part of a line as if it were a line."""
        return (
            Row(self.symbols(shapes=False), EQUAL, self._numbers(frozenset())),
            Row(None, self.relation({self.name}), self.result),
        )

    def blocks(self) -> list[Block]:
        """Numbers substituted, then each level of parts worked, then the result."""
        worked: frozenset[str] = frozenset()
        found = [self._block(EQUAL, worked)]
        for level in self.levels:
            worked |= level
            found.append(self._block(self.relation(level, worked - level), worked))
        return [*found, (Row(None, self.relation({self.name}, worked), self.result),)]

    def _block(self, relation: str, worked: frozenset[str]) -> Block:
        """The line in numbers: one row, or a long sum over a matrix, which has a row for each of the matrix's."""
        node = self._numbers(worked)
        if not is_a_sum(node) or len(node.made[0].terms) <= MOST:
            return (Row(None, relation, node),)
        columns = self.trace[self.step.args[0]].shape[-1]
        return in_rows(Row(None, relation, node), node.made[0].terms, columns if 1 < columns <= MOST else TERMS_A_ROW)

    def _numbers(self, worked: frozenset[str]) -> Node:
        return Rule(self.sheet, Numbers(self.sheet), worked).of(self.name)

    def relation(self, names: Iterable[str], worked: frozenset[str] = frozenset()) -> str:
        """'=' if what is printed before gives what is printed now, digit for digit; else '≈'."""
        return EQUAL if all(self._agrees(name, worked) for name in names) else ABOUT

    def _agrees(self, name: str, worked: frozenset[str]) -> bool:
        printed, given = decimals(self.sheet.printed(name)), self.sheet.given.get(name, False)
        for wide in (False, True) if self.trace.digits else (False,):  # the pencil works wide arrays by fractions too
            try:
                found = rounded(self._from_printed(name, worked, wide), self.sheet.digits, given)
            except ZeroDivisionError:
                return False
            if found == printed:
                return not is_noise(self.trace, name)
        return False

    def _from_printed(self, name: str, worked: frozenset[str], wide: bool = False) -> np.ndarray:
        """The step computed from the numbers that the row before prints."""
        values = self._redone(name, worked, partial(redone, wide=wide))
        if in_doubt(values, self.sheet.digits):
            exact = self._redone(name, worked, lambda step, values, **_: exactly(step, values))
            return values if exact is None else exact
        return values

    def _redone(self, name: str, worked: frozenset[str], work: Callable) -> np.ndarray | None:
        """The step by `work(step, values, noisy)`, from printed values and, of its parts that are not `worked`, from
        what that gives; None if it gives none."""
        step = self.trace[name]
        opened = {arg for arg in step.args if self.trace.parent(arg) and arg not in worked}
        values = [self._redone(arg, worked, work) if arg in opened else self.sheet.printed(arg) for arg in step.args]
        if any(value is None for value in values):
            return None
        noisy = any(arg in opened and v.dtype != object for arg, v in zip(step.args, values, strict=True))
        return work(step, values, noisy=noisy)

    # One entry in full

    def entry(self, name: str, index: Index) -> Block:
        """One entry of the step (or of a part of it) in full: symbols, numbers, each level of parts, result."""
        symbols = Rule(self.sheet, Symbols(self.sheet)).of(name, index)
        rows = [Row(self._entry_of(name, index), EQUAL, symbols)]
        worked = frozenset(n for level in self.levels for n in level if self._is_at_once(n)) - {name}
        rows.append(Row(None, EQUAL, self._entry_numbers(name, index, worked)))
        for level in self.levels:
            before, worked = worked, worked | (level - {name})
            numbers = self._entry_numbers(name, index, worked)
            if numbers != rows[-1].right:
                rows.append(Row(None, self.relation(worked - before, before), numbers))
        rows.append(Row(None, self.relation({name}, worked), self.sheet.number(name, index)))
        return tuple(part for row in rows for part in _in_rows_if_long(row))

    def _entry_numbers(self, name: str, index: Index, worked: frozenset[str]) -> Node:
        return Rule(self.sheet, Numbers(self.sheet), worked).of(name, index)

    def _is_at_once(self, part: str) -> bool:
        """Whether a part needs no row of its own in an entry: numbers that move, or 1 and 0 that choose some."""
        return OPS[self.trace[part].op].kind in ("layout", "mask")

    def _entry_of(self, name: str, index: Index) -> Node:
        if not self.trace.parent(name):
            return Line(self.sheet, name).entry_symbol(index)
        rows, columns = self.trace[name].shape
        counted = index if columns > 1 else index[: rows > 1]  # of a column only the row is counted
        whole = Rule(self.sheet, Symbols(self.sheet)).of(name)
        return Entry(whole, counted) if counted else whole

    def products(self) -> list[str]:
        """The sums of products in this line, innermost first, of which one entry is worth working out; and what adds
        up rows that come to the same place."""
        found: list[str] = []
        self._products(self.name, found)
        return found

    def _products(self, name: str, found: list[str]) -> None:
        for part in self.trace.parts(name):
            self._products(part, found)
        if OPS[self.trace[name].op].multiplies and (whole := self._in_one_go(name)) not in found:
            found.append(whole)
        if collected(self.trace[name]) is not None:
            found.append(name)

    def _in_one_go(self, name: str) -> str:
        """The part, or the line, that a product is worked out in one go with: all of W x + U h + b."""
        while self.trace.is_inlined(name):
            name = self.trace.parent(name)
        return name


def collected(step: Step) -> int | None:
    """The first row to which a step adds up several rows, if there is one."""
    rows = step.attrs.get("rows", []) if not step.is_leaf and OPS[step.op].kind == "sum" else []
    return next((row for row in rows if rows.count(row) > 1), None)


def is_a_sum(node: Node) -> bool:
    """Whether a whole is written as a sum of all entries, and as nothing else."""
    if not isinstance(node, Apply) or not node.made or OPS[node.op].bracket_below == CALL:
        return False
    return isinstance(node.made[0], Sum)


def _in_rows_if_long(row: Row) -> Block:
    """The row; a long sum of products goes on in rows that begin with their plus."""
    terms = tuple(_long_terms(row.right))
    return (row,) if len(terms) <= MOST else in_rows(row, terms, TERMS_A_ROW)


def in_rows(row: Row, terms: tuple[Node, ...], length: int) -> Block:
    """A long sum in rows of so many terms."""
    first, *more = (Sum(terms[k : k + length]) for k in range(0, len(terms), length))
    return Row(row.left, row.relation, first), *(Row(None, "", part, goes_on=True) for part in more)


def _long_terms(node: Node) -> list[Node]:
    """The terms of a sum that may go on in further rows: of a sum of products, or of one that has such sums in it."""
    if isinstance(node, Sum) and node.of_products:
        return list(node.terms)
    if isinstance(node, Apply) and OPS[node.op].infix == "+" and any(map(_is_long, node.args)):
        return [term for arg in node.args for term in (_long_terms(arg) if _is_long(arg) else [arg])]
    return [node]


def _is_long(node: Node) -> bool:
    """Whether an argument is a sum of products or itself a sum of two."""
    return isinstance(node, Dot) or (isinstance(node, Sum) and node.of_products) or (
        isinstance(node, Apply) and OPS[node.op].infix == "+"
    )  # fmt: skip
