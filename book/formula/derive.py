"""From a step of a trace to its formula: the rule in symbols or in numbers, whole or one entry, its parts inside it.

Glossary. A *form* says how a leaf or an earlier line is written: `Symbols`, `Numbers`. `worked` is the set of parts
already replaced by their value. `index` picks one entry; None stands for the whole array.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Protocol

import numpy as np

from gradbook.engine.ops import CALL, OPS, PRODUCT, SUM, Op
from gradbook.engine.ops import terms as made_of
from gradbook.engine.tape.given import given_entries
from gradbook.engine.tape.trace import Step, Trace

from ..base.numbers import decimal_of, printed_array
from .address import Address
from .nodes import (
    Apply,
    Dot,
    Dots,
    Entry,
    Fraction,
    Index,
    Letters,
    Matrix,
    Node,
    Number,
    Ones,
    Over,
    Shaped,
    Sum,
    Symbol,
)
from .wide import TERMS, filled, shown

Place = Index | Letters | None


@dataclass(frozen=True)
class Sheet:
    """A trace as it is printed: its values, its significant digits, and which of the method's numbers have a symbol
    (`has_symbol`)."""

    trace: Trace
    digits: int
    has_symbol: Callable[[str], bool] = lambda _: False

    @cached_property
    def given(self) -> Mapping[str, np.ndarray]:
        """Where numbers stand that were given, and so are printed in full."""
        return given_entries(self.trace)

    def number(self, name: str, index: Index = ()) -> Node:
        """The printed number, with its address; a constant of the method by its symbol, if it has one."""
        step = self.trace[name]
        if self.is_constant(name):
            return Symbol(name) if self.has_symbol(name) else Number(decimal_of(float(step.value[index]), None))
        given = name in self.given and self.given[name][index]
        decimal = decimal_of(float(step.value[index]), None if given else self.digits)
        return Number(decimal, Address(self.trace.example, name, index))

    def symbol(self, name: str) -> Symbol:
        """The symbol of the whole array."""
        step = self.trace[name]
        return Symbol(name, shape=step.shape, scalar=step.value.size == 1)

    def is_constant(self, name: str) -> bool:
        """Whether a leaf is a number of the method, which needs no address."""
        return self.trace[name].op == "const" and name.startswith("const.")

    def printed(self, name: str) -> np.ndarray:
        """The array as the reader sees it."""
        value = self.trace[name].value
        return np.where(self.given.get(name, False), value, printed_array(value, self.digits))

    def numbers(self, name: str, shape: tuple[int, ...] | None = None) -> Node:
        """The whole array in numbers; a smaller array is repeated to fill `shape`."""
        value = self.trace[name].value
        shape = value.shape if shape is None or (value.shape == () and shape == ()) else shape
        cells = matrix(np.broadcast_to(filled(value.shape, lambda index: self.number(name, index)), shape))
        return replace(cells, shape=value.shape)


def matrix(cells: np.ndarray) -> Node:
    """A matrix of nodes, with dots if it is wide; a single cell stands alone."""
    if cells.size == 1:
        return cells.reshape(-1)[0]
    rows, columns = map(shown, np.atleast_2d(cells).shape)
    table = np.atleast_2d(cells)
    found = tuple(tuple(_dots(i, j) if None in (i, j) else table[i, j] for j in columns) for i in rows)
    return Matrix(found, shape=cells.shape, scalar=False)


def _dots(i: int | None, j: int | None) -> Dots:
    return Dots("across" if i is not None else "down" if j is not None else "both")


class Form(Protocol):
    """How leaves, lines and worked parts are written."""

    in_numbers: bool

    def plain(self) -> "Form": ...

    def leaf(self, name: str, index: Place, shape) -> Node: ...

    def shaped(self, node: Node, shape: tuple[int, ...]) -> Node: ...


@dataclass(frozen=True)
class Symbols:
    """As symbols; `shapes` puts each factor's shape beneath it."""

    sheet: Sheet
    shapes: bool = False
    in_numbers = False

    def plain(self) -> "Symbols":
        return Symbols(self.sheet)

    def leaf(self, name: str, index: Place, shape) -> Node:
        step = self.sheet.trace[name]
        if self.sheet.is_constant(name):
            return self._constant(step, index, shape)
        if index is not None:
            return Symbol(name, index if step.value.size > 1 else None)
        return self.sheet.symbol(name)

    def _constant(self, step: Step, index: Place, shape) -> Node:
        if index is None and shape and np.prod(shape) > 1 and step.value == 1:
            return Ones(shape=step.shape)
        return replace(self.sheet.number(step.name), shape=step.shape if index is None else ())

    def shaped(self, node: Node, shape: tuple[int, ...]) -> Node:
        if not self.shapes or len(shape) != 2 or shape == (1, 1):
            return node
        return Shaped(node, shape=shape, scalar=node.scalar)


@dataclass(frozen=True)
class Numbers:
    """As the numbers that are printed."""

    sheet: Sheet
    in_numbers = True

    def plain(self) -> "Numbers":
        return self

    def leaf(self, name: str, index: Place, shape) -> Node:
        step = self.sheet.trace[name]
        if index is not None:
            return self.sheet.number(name, tuple(index) if step.shape else ())
        alone = step.shape == () and (not name.startswith("const.") or shape is None)
        return self.sheet.numbers(name, None if alone else shape)

    def shaped(self, node: Node, _shape: tuple[int, ...]) -> Node:
        return node


def letters_of(shape: tuple[int, ...]) -> Letters:
    """The letters that count the entries of an array: one for each axis that has more than one."""
    return Letters("".join(c for c, n in zip("ij", shape, strict=False) if n > 1))


def aligned_index(index: Place, shape: tuple[int, ...]) -> Place:
    """The entry of an argument that an entry of the result is made from, where the argument was repeated."""
    if index is None:
        return None
    if isinstance(index, Letters):
        return letters_of(shape) if shape else ()
    return made_of.repeated(index, shape)


class Rule:
    """Writes the rule of a step in a form, its parts inside it."""

    def __init__(self, sheet: Sheet, form: Form, worked: frozenset[str] = frozenset()):
        self.sheet, self.trace, self.form, self.worked = sheet, sheet.trace, form, worked

    def of(self, name: str, index: Place = None, shape=None) -> Node:
        """The right-hand side of the step `name`: its operation on its arguments; a smaller array is repeated to fill
        `shape`."""
        step = self.trace[name]
        op = OPS[step.op]
        if index is None and op.moves and self.form.in_numbers and not any(map(self.is_open, step.args)):
            return self.form.leaf(name, None, None)  # numbers only move: their new place says all
        if index is not None and not op.entrywise:
            return self._entry(step, op, index)
        arguments = tuple(self._argument(step, i, index, shape) for i in range(len(step.args)))
        made = self._everything(step, op) if index is None else ()
        of = {"shape": step.shape, "scalar": step.value.size == 1}
        return Apply(step.op, arguments, step.attrs, made, index is not None, self.form.in_numbers, name, **of)

    def is_open(self, name: str) -> bool:
        """Whether a step is a part that is written out, not yet worked."""
        return self.trace.parent(name) is not None and name not in self.worked

    def _everything(self, step: Step, op: Op) -> tuple[Node, ...]:
        """What an operation adds up that makes one number of all entries of its argument."""
        if op.terms is None or step.shape != ():
            return ()
        (name,) = step.args
        if self.trace[name].value.size == 1:  # a single entry is its own sum
            return (self.operand(name),)
        if self.form.in_numbers:
            return (self._made(step, op.terms((), *self._values(step), **step.attrs)),)
        letters = letters_of(self.trace[name].shape)
        return (Over(letters, self.operand(name, letters)),)

    def _values(self, step: Step) -> list[np.ndarray]:
        return [self.trace.value(arg) for arg in step.args]

    # Arguments

    def operand(self, name: str, index: Place = None, shape=None) -> Node:
        """An argument: a leaf, an earlier line or a worked part as the form writes it; else the part's rule."""
        if self.is_open(name):
            return self._part(name, index, shape)
        return self.form.leaf(name, index, shape)

    def _part(self, name: str, index: Place, shape=None) -> Node:
        """A part's rule; the shape stands under a bracketed sum as a whole, not under its terms."""
        if OPS[self.trace[name].op].precedence == SUM and index is None and not self.joins(name):
            return Rule(self.sheet, self.form.plain(), self.worked).of(name, None, shape)
        return self.of(name, index, shape)

    def _argument(self, step: Step, i: int, index: Place, shape=None) -> Node:
        name, op = step.args[i], OPS[step.op]
        inner = aligned_index(index, self.trace[name].shape)
        node = self.operand(name, inner, self._filled(step, i, shape))
        part, joins = self.is_open(name), self.joins(name)
        whole = not part or OPS[self.trace[name].op].infix == ".T" or (node.precedence <= SUM and not joins)
        if whole and index is None and op.precedence in (SUM, PRODUCT) and op.bracket_below != CALL:
            return self.form.shaped(node, self.trace[name].shape)
        return node

    def joins(self, name: str) -> bool:
        """Whether a part goes on without brackets in what it is a part of, as a term of a longer sum."""
        return self.is_open(name) and self.trace.is_inlined(name)

    def _filled(self, step: Step, i: int, shape):
        """The shape that argument i is repeated to: that of what the whole is a term of, if it is given."""
        fill = self._fill(step)
        many = fill or self.trace[step.args[i]].value.size > 1
        return shape if shape and many and OPS[step.op].entrywise else fill

    def _fill(self, step: Step):
        """The shape that a smaller argument of an entrywise operation is repeated to when it is printed."""
        op = OPS[step.op]
        if not op.entrywise or len(step.args) < 2:
            return None
        matrices = all(self.trace[a].value.size > 1 for a in step.args)
        return step.shape if matrices or op.precedence == SUM else None

    # One entry of what moves or adds up entries

    def _entry(self, step: Step, op: Op, index: Index | Letters) -> Node:
        """By what the operation's entry says it is made of; else as the entry of the whole."""
        if op.terms and not isinstance(index, Letters):
            made = op.terms(tuple(index), *self._values(step), **step.attrs)
            if isinstance(made, made_of.Several):
                parts = tuple(self._made(step, part) for part in made.parts)
                return Apply(step.op, (), step.attrs, parts, entry=True, in_numbers=self.form.in_numbers)
            return self._made(step, made)
        if self.form.in_numbers:
            return self.form.leaf(step.name, index, None)
        return Entry(self.of(step.name), index)

    def _made(self, step: Step, made) -> Node:
        match made:
            case made_of.Of(argument, index):
                return self.operand(step.args[argument], index)
            case made_of.Product(left, right):
                return Dot(self._made(step, left), self._made(step, right))
            case made_of.Applied(op, on):
                return Apply(op, (self._made(step, on),), entry=True, in_numbers=self.form.in_numbers)
            case made_of.Total(terms):
                return self._total(step, terms)
            case made_of.Share(above, below):
                divisor = Number(decimal_of(below, None)) if isinstance(below, int) else self._made(step, below)
                return Fraction(self._made(step, above), divisor)
        raise TypeError(f"{step.op}: {made!r} is no part of an entry")

    def _total(self, step: Step, terms: tuple) -> Node:
        """Only what will be printed is written."""
        nodes = tuple(Dots() if k is None else self._made(step, terms[k]) for k in shown(len(terms), TERMS))
        return nodes[0] if len(nodes) == 1 else Sum(nodes) if nodes else Number(decimal_of(0.0, None))
