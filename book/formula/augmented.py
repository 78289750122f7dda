"""The bias folded into the weights: W a + b as (b W) (1; a), one matrix product instead of a product and a sum; with
samples in rows a W + b as (1 a) (b; W)."""

from dataclasses import dataclass
from decimal import Decimal

import numpy as np

from gradbook.engine.ops import OPS

from .derive import Sheet, matrix
from .lines import Line
from .nodes import EQUAL, Apply, Block, Matrix, Node, Number, Ones, Row
from .wide import filled

ONE = Number(Decimal(1))


@dataclass(frozen=True)
class Augmented:
    """One layer's folded form: inputs and weights, each as entries and as numbers, then the product."""

    inputs: Block
    weights: Block
    product: Block


@dataclass(frozen=True)
class _Sum:
    """A line W a + b or, with samples `in_rows`, a W + b: names of steps, and the operation that multiplies."""

    multiply: str
    weights: str
    inputs: str
    biases: str
    in_rows: bool

    def extended(self, ones: np.ndarray, inputs: np.ndarray) -> np.ndarray:
        """The inputs with ones above the columns, or before the rows."""
        return (np.hstack if self.in_rows else np.vstack)([ones, inputs])

    def folded(self, biases: np.ndarray, weights: np.ndarray) -> np.ndarray:
        """The weights with the biases as their first column, or as their first row."""
        return (np.vstack if self.in_rows else np.hstack)([biases, weights])

    def product(self, weights: Node, inputs: Node) -> Node:
        factors = (inputs, weights) if self.in_rows else (weights, inputs)
        return Apply(self.multiply, factors, scalar=False)


def augmented(sheet: Sheet, name: str) -> Augmented | None:
    """The folded form of the line `name`, or None if it is not W a + b with one bias per row of W, nor a W + b with
    one per column."""
    found = _operands(sheet, name)
    if found is None:
        return None
    line, shape = Line(sheet, name), sheet.trace[found.inputs].shape
    ones = np.full((shape[0], 1) if found.in_rows else (1, shape[1]), ONE, dtype=object)
    one = ONE if ones.size == 1 else Ones(shape=ones.shape, scalar=False)
    extended = _symbols(found.extended(_cell(one), _cell(sheet.symbol(found.inputs))))
    both = (found.biases, found.weights)
    folded = _symbols(found.folded(*(_cell(sheet.symbol(n)) for n in both)))
    inputs = [matrix(found.extended(ones, cells(sheet, found.inputs))) for cells in (_entries, _numbers)]
    weights = [matrix(found.folded(*(cells(sheet, n) for n in both))) for cells in (_entries, _numbers)]
    products = found.product(folded, extended), found.product(weights[-1], inputs[-1])
    return Augmented(
        inputs=_rows(extended, *inputs),
        weights=_rows(folded, *weights),
        product=(
            *_rows(line.symbol, matrix(_entries(sheet, name)), *products),
            Row(None, line.relation({name}), line.result),
        ),
    )


def _rows(left: Node, *rights: Node) -> Block:
    return tuple(Row(None if i else left, EQUAL, right) for i, right in enumerate(rights))


def _operands(sheet: Sheet, name: str) -> _Sum | None:
    trace, step = sheet.trace, sheet.trace[name]
    if step.is_leaf or OPS[step.op].infix != "+" or not trace.parts(name):
        return None
    product, b = step.args
    if trace[product].is_leaf or OPS[trace[product].op].infix != "@":
        return None
    left, right = trace[product].args
    in_rows = trace[right].op == "param" != trace[left].op
    one_each = (1, step.shape[1]) if in_rows else (step.shape[0], 1)
    if trace[b].op != "param" or trace[b].shape != one_each or trace.parent(left) or trace.parent(right):
        return None
    weights, inputs = (right, left) if in_rows else (left, right)
    return _Sum(trace[product].op, weights, inputs, b, in_rows)


def _cell(node: Node) -> np.ndarray:
    found = np.empty((1, 1), dtype=object)
    found[0, 0] = node
    return found


def _symbols(cells: np.ndarray) -> Matrix:
    """A matrix that is made of matrices."""
    return Matrix(tuple(map(tuple, cells)), scalar=False)


def _numbers(sheet: Sheet, name: str) -> np.ndarray:
    return filled(sheet.trace[name].shape, lambda index: sheet.number(name, index))


def _entries(sheet: Sheet, name: str) -> np.ndarray:
    return filled(sheet.trace[name].shape, Line(sheet, name).entry_symbol)
