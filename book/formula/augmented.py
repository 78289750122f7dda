"""The bias folded into the weights: W a + b as (b W) (1; a), one matrix product instead of a product and a sum."""

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


def augmented(sheet: Sheet, name: str) -> Augmented | None:
    """The folded form of the line `name`, or None if it is not W a + b with one bias per row of W."""
    found = _operands(sheet, name)
    if found is None:
        return None
    multiply, W, a, b = found
    line, columns = Line(sheet, name), sheet.trace[a].shape[1]
    folded = Matrix(((sheet.symbol(b), sheet.symbol(W)),), scalar=False)
    top = ONE if columns == 1 else Ones(shape=(1, columns), scalar=False)
    extended = Matrix(((top,), (sheet.symbol(a),)), scalar=False)
    inputs, weights = matrix(_with_ones(_numbers(sheet, a))), matrix(_beside(_numbers, sheet, b, W))
    return Augmented(
        inputs=_rows(extended, matrix(_with_ones(_entries(sheet, a))), inputs),
        weights=_rows(folded, matrix(_beside(_entries, sheet, b, W)), weights),
        product=(
            *_rows(
                line.symbol,
                matrix(_entries(sheet, name)),
                _product(multiply, folded, extended),
                _product(multiply, weights, inputs),
            ),
            Row(None, line.relation({name}), line.result),
        ),
    )


def _product(multiply: str, left: Node, right: Node) -> Node:
    return Apply(multiply, (left, right), scalar=False)


def _rows(left: Node, *rights: Node) -> Block:
    return tuple(Row(None if i else left, EQUAL, right) for i, right in enumerate(rights))


def _operands(sheet: Sheet, name: str) -> tuple[str, str, str, str] | None:
    """The operation that multiplies, and W, a, b."""
    trace, step = sheet.trace, sheet.trace[name]
    if step.is_leaf or OPS[step.op].infix != "+" or not trace.parts(name):
        return None
    product, b = step.args
    if trace[product].is_leaf or OPS[trace[product].op].infix != "@":
        return None
    if trace[b].op != "param" or trace[b].shape != (step.shape[0], 1):
        return None
    W, a = trace[product].args
    return None if trace.parent(W) or trace.parent(a) else (trace[product].op, W, a, b)


def _with_ones(below: np.ndarray) -> np.ndarray:
    return np.vstack([np.full((1, below.shape[1]), ONE, dtype=object), below])


def _beside(cells, sheet: Sheet, *names: str) -> np.ndarray:
    return np.hstack([cells(sheet, name) for name in names])


def _numbers(sheet: Sheet, name: str) -> np.ndarray:
    return filled(sheet.trace[name].shape, lambda index: sheet.number(name, index))


def _entries(sheet: Sheet, name: str) -> np.ndarray:
    return filled(sheet.trace[name].shape, Line(sheet, name).entry_symbol)
