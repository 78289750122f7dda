"""The bias folded into the weights: z = (b W)(1; a), one matrix product instead of a product and a sum."""

from dataclasses import dataclass

import numpy as np

from .lines import Line, Row
from .symbols import transposed
from .wide import filled
from .writer import Sheet, matrix


@dataclass(frozen=True)
class Augmented:
    """TeX of one layer's folded form: inputs and weights, each as entries and as numbers, then the product."""

    inputs: list[Row]
    weights: list[Row]
    product: list[Row]


def augmented(sheet: Sheet, name: str) -> Augmented | None:
    """The folded form of the line `name`, or None if it is not W a + b with one bias per row of W."""
    found = _operands(sheet, name)
    if found is None:
        return None
    W, a, b = found
    trace = sheet.trace
    columns = trace[a].shape[1]
    inputs = _with_ones(_numbers(sheet, a))
    weights = np.hstack([_numbers(sheet, b), _numbers(sheet, W)])
    line = Line(sheet, name)
    folded = rf"\begin{{pmatrix}} {sheet.notation.symbol(b)} & {sheet.notation.symbol(W)} \end{{pmatrix}}"
    top = "1" if columns == 1 else transposed(sheet.notation.ones)
    extended = rf"\begin{{pmatrix}} {top} \\ {sheet.notation.symbol(a)} \end{{pmatrix}}"
    return Augmented(
        inputs=_rows(extended, matrix(_with_ones(_entries(sheet, a))).tex, matrix(inputs).tex),
        weights=_rows(folded, matrix(np.hstack([_entries(sheet, b), _entries(sheet, W)])).tex, matrix(weights).tex),
        product=[
            *_rows(
                line.symbol,
                matrix(_entries(sheet, name)).tex,
                rf"{folded}\,{extended}",
                rf"{matrix(weights).tex}\,{matrix(inputs).tex}",
            ),
            Row("", line.relation({name}), line.result),
        ],
    )


def _rows(left: str, *rights: str) -> list[Row]:
    """Rows of equal things, without those that would say the same again (a layer of one neuron)."""
    fresh = [right for right in dict.fromkeys(rights) if right != left]
    return [Row("" if i else left, "=", right) for i, right in enumerate(fresh)]


def _operands(sheet: Sheet, name: str) -> tuple[str, str, str] | None:
    trace, step = sheet.trace, sheet.trace[name]
    if step.op != "add" or not trace.parts(name):
        return None
    product, b = step.args
    if trace[product].op != "matmul" or trace[b].op != "param" or trace[b].shape != (step.shape[0], 1):
        return None
    W, a = trace[product].args
    return None if trace.parent(W) or trace.parent(a) else (W, a, b)


def _with_ones(below: np.ndarray) -> np.ndarray:
    return np.vstack([np.full((1, below.shape[1]), "1", dtype=object), below])


def _numbers(sheet: Sheet, name: str) -> np.ndarray:
    return filled(sheet.trace[name].shape, lambda index: sheet.number(name, index))


def _entries(sheet: Sheet, name: str) -> np.ndarray:
    return filled(sheet.trace[name].shape, lambda index: sheet.notation.entry(name, index))
