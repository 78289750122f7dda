"""A derivation line: rule in symbols, numbers substituted, parts worked one after another, result."""

import re
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from gradbook.engine.ops import OPS

from .by_hand import decimals, redone, rounded
from .wide import MOST, TERMS_A_ROW, broken, filled, is_too_wide, is_wide, width
from .writer import PRODUCTS, Numbers, Sheet, Symbols, Writer, collected, matrix


def plain_tex(tex: str) -> str:
    """The TeX that is seen: without the addresses of numbers."""
    return re.sub(r"\\val\{[^{}]*\}\{((?:[^{}]|\{[^{}]*\})*)\}", r"\1", tex)


@dataclass(frozen=True)
class Row:
    """One row of an aligned block: left side, relation, right side."""

    left: str
    relation: str
    right: str


def aligned(macros, rows: list[Row]) -> str:
    """An aligned block of rows; what is too wide for one goes on in the next."""
    lines, left = [], max((row.left for row in rows), key=width, default="")
    for row in rows:
        first, *more = broken(row.right, left)
        lines += [(row.left, row.relation, first), *(("", "", rf"{{}} {rest}") for rest in more)]
    return str(macros.aligned(lines)).strip()


class Line:
    """The whole derivation of one step."""

    def __init__(self, sheet: Sheet, name: str):
        self.sheet, self.trace, self.name = sheet, sheet.trace, name
        self.step = sheet.trace[name]

    @property
    def symbol(self) -> str:
        return self.sheet.notation.symbol(self.name)

    @property
    def result(self) -> str:
        return self.sheet.numbers(self.name).tex

    @property
    def given(self) -> str:
        """'W = entries = numbers' for a leaf, or the number alone for a scalar; a wide one says its shape."""
        if self.step.value.size == 1:
            return f"{self.symbol} = {self.result}"
        wide = is_wide(self.step.shape)
        left = self.sheet.macros.shaped(self.symbol, shape_tex(self.step.shape)) if wide else self.symbol
        return f"{left} = {self.entries} = {self.result}"

    @property
    def entries(self) -> str:
        """A matrix of the symbols of the entries."""
        return matrix(filled(self.step.shape, lambda index: self.sheet.notation.entry(self.name, index))).tex

    def symbols(self, shapes: bool = True) -> str:
        return Writer(self.sheet, Symbols(self.sheet, shapes)).rule(self.name).tex

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
        if name == self.name or not self.shown(name):
            return below
        depths[name] = below + 1
        return depths[name]

    def shown(self, part: str) -> bool:
        """Whether the part's value is printed on its way: it was enclosed, or its entries only moved."""
        return not self.trace.silent(part) or OPS[self.trace[part].op].kind in ("layout", "mask")

    def derivation(self, chain: str = "", left: str = "") -> list[Row]:
        """The whole block: the chain rule if given, the rule in symbols, and `rows()`. Where all numbers together are
        too wide for the page, the innermost parts are worked first, each by itself, and what only moves is moved."""
        left, rule, rows = left or self.symbol, self.symbols(), self.rows()
        first = [Row("", "=", text) for text in (chain, rule) if text]
        first[0] = Row(left, "=", first[0].right)
        if is_too_wide(rows[0].right, left) and len(rows) > 2:
            parts = self._asides()
            rows = [*parts, Row(left if parts else "", "=", rows[1].right), *rows[2:]]
        return first + [row for row in rows if plain_tex(row.right) != plain_tex(rule)]

    def _asides(self) -> list[Row]:
        """The innermost parts in symbols, numbers and result; what only moves entries needs no words."""
        innermost = [Line(self.sheet, name) for name in self.trace if self.levels and name in self.levels[0]]
        worth = [line for line in innermost if OPS[line.step.op].kind not in ("layout", "mask")]
        return [row for line in worth for row in line._alone()]

    def _alone(self) -> list[Row]:
        """A part of a line as if it were a line."""
        return [
            Row(self.symbols(shapes=False), "=", self._numbers(frozenset())),
            Row("", self.relation({self.name}), self.result),
        ]

    def rows(self) -> list[Row]:
        """Numbers substituted, then each level of parts worked, then the result."""
        worked: frozenset[str] = frozenset()
        blocks = [self._block("=", worked)]
        for level in self.levels:
            worked |= level
            blocks.append(self._block(self.relation(level, worked - level), worked))
        blocks.append([Row("", self.relation({self.name}, worked), self.result)])
        shown = [[plain_tex(row.right) for row in block] for block in blocks]
        return [row for i, block in enumerate(blocks) if i == 0 or shown[i] != shown[i - 1] for row in block]

    def _block(self, relation: str, worked: frozenset[str]) -> list[Row]:
        """The line in numbers: one row, or a long sum over a matrix, which has a row for each of the matrix's."""
        terms = Writer(self.sheet, Numbers(self.sheet), worked).summands(self.name)
        if len(terms) <= MOST:
            return [Row("", relation, self._numbers(worked))]
        columns = self.trace[self.step.args[0]].shape[-1]
        return _broken("", relation, terms, columns if 1 < columns <= MOST else TERMS_A_ROW)

    def _numbers(self, worked: frozenset[str]) -> str:
        return Writer(self.sheet, Numbers(self.sheet), worked).rule(self.name).tex

    def relation(self, names, worked=frozenset()) -> str:
        """'=' if what is printed before gives what is printed now, digit for digit; else '≈'."""
        agree = all(self._agrees(name, worked) for name in names)
        return "=" if agree else r"\approx"

    def _agrees(self, name: str, worked) -> bool:
        try:
            found = rounded(self._from_printed(name, worked), self.sheet.digits)
        except ZeroDivisionError:
            return False
        return found == decimals(self.sheet.printed(name))

    def _from_printed(self, name: str, worked) -> np.ndarray:
        """The step computed from the numbers that the row before prints."""
        step = self.trace[name]
        values = [
            self._from_printed(arg, worked)
            if self.trace.parent(arg) and arg not in worked
            else self.sheet.printed(arg)
            for arg in step.args
        ]
        return redone(step, values)

    def entry(self, name: str, index: tuple[int, ...]) -> list[Row]:
        """One entry of the step (or of a part of it) in full: symbols, numbers, result."""
        worked = frozenset().union(*self.levels) - {name}
        symbols = Writer(self.sheet, Symbols(self.sheet))
        numbers = Writer(self.sheet, Numbers(self.sheet), worked)
        return [
            *self._sum(self._entry_symbol(name, index), symbols, name, index),
            *self._sum("", numbers, name, index),
            Row("", self.relation({name}, worked), self.sheet.number(name, index)),
        ]

    def _sum(self, left: str, writer: Writer, name: str, index: tuple[int, ...]) -> list[Row]:
        """The entry in one row; a long sum of products goes on in rows that begin with their plus."""
        terms = writer.terms(name, index)
        if len(terms) <= MOST:
            return [Row(left, "=", writer.rule(name, index).tex)]
        return _broken(left, "=", terms, TERMS_A_ROW)

    def _entry_symbol(self, name: str, index: tuple[int, ...]) -> str:
        if not self.trace.parent(name):
            return self.sheet.notation.entry(name, index)
        whole = Writer(self.sheet, Symbols(self.sheet)).rule(name)
        rows, columns = self.trace[name].shape
        counted = index if columns > 1 else index[: rows > 1]  # of a column only the row is counted
        return f"{whole.bracketed}_{{{''.join(str(i + 1) for i in counted)}}}" if counted else whole.tex

    def products(self) -> list[str]:
        """The sums of products in this line, innermost first, of which one entry is worth working out; and what adds
        up rows that come to the same place."""
        found: list[str] = []
        self._products(self.name, found)
        return found

    def _products(self, name: str, found: list[str]) -> None:
        for part in self.trace.parts(name):
            self._products(part, found)
        if self.trace[name].op in PRODUCTS and (whole := self._in_one_go(name)) not in found:
            found.append(whole)
        if collected(self.trace[name]) is not None:
            found.append(name)

    def _in_one_go(self, name: str) -> str:
        """The part, or the line, that a product is worked out in one go with: all of W x + U h + b."""
        while self.trace.silent(name):
            name = self.trace.parent(name)
        return name


def shape_tex(shape: tuple[int, ...]) -> str:
    return r" \times ".join(map(str, shape)) if shape else "1"


def _broken(left: str, relation: str, terms: list[str], length: int) -> list[Row]:
    """A long sum in rows of so many terms; those after the first begin with their plus."""
    first, *more = (" + ".join(terms[k : k + length]) for k in range(0, len(terms), length))
    return [Row(left, relation, first), *(Row("", "", rf"{{}} + {row}") for row in more)]
