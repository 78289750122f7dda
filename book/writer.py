"""Writing a step as TeX: in symbols, in numbers, whole or one entry, with its parts inside it.

Glossary. A *form* says how a leaf or an earlier line is written: `Symbols`, `Numbers`. `worked` is the set of
parts already replaced by their value. `index` picks one entry; None stands for the whole array.
"""

from dataclasses import dataclass

import numpy as np

from engine.ops import CALL, OPS, PRODUCT, SUM
from engine.trace import Step, Trace

from .notation import Notation
from .numbers import printed_array, tex_number
from .operand import Operand
from .symbols import indexed
from .wide import TERMS, elided, filled, shown


@dataclass(frozen=True)
class Sheet:
    """One example as it is printed: its trace in the page's arithmetic, its notation, its number format."""

    trace: Trace
    notation: Notation
    digits: int
    macros: object

    def number(self, name: str, index: tuple[int, ...] = ()) -> str:
        """The printed number, with its address: \\val{seed:layer1.z[0][0]}{0.3775}."""
        step = self.trace[name]
        text = tex_number(float(step.value[index]), None if step.is_leaf else self.digits)
        if step.op == "const" and name.startswith("const."):
            return text
        place = "".join(f"[{i}]" for i in index)
        return rf"\val{{{self.trace.example}:{name}{place}}}{{{text}}}"

    def printed(self, name: str) -> np.ndarray:
        """The array as the reader sees it."""
        step = self.trace[name]
        return printed_array(step.value, None if step.is_leaf else self.digits)

    def numbers(self, name: str, shape: tuple[int, ...] | None = None) -> Operand:
        """The whole array in numbers; a smaller array is repeated to fill `shape`."""
        value = self.trace[name].value
        shape = value.shape if shape is None or (value.shape == () and shape == ()) else shape
        return matrix(np.broadcast_to(filled(value.shape, lambda index: self.number(name, index)), shape))


def matrix(cells: np.ndarray) -> Operand:
    """A pmatrix of TeX cells, with dots if it is wide; a single cell stands alone."""
    if cells.size == 1:
        return Operand(str(cells.reshape(-1)[0]), scalar=True)
    rows = [" & ".join(row) for row in elided(np.atleast_2d(cells))]
    return Operand(r"\begin{pmatrix} " + r" \\ ".join(rows) + r" \end{pmatrix}", matrix=True)


class Symbols:
    """Writes leaves and lines as symbols; `shapes` puts each factor's shape under it."""

    def __init__(self, sheet: Sheet, shapes: bool = False):
        self.sheet, self.shapes = sheet, shapes

    def plain(self) -> "Symbols":
        return Symbols(self.sheet)

    def leaf(self, name: str, index, shape) -> Operand:
        step, notation = self.sheet.trace[name], self.sheet.notation
        if index is not None:
            return Operand(notation.entry(name, index), scalar=True)
        number = step.op == "const" and name.startswith("const.")
        tex = notation.ones if number and shape and step.value == 1 else notation.symbol(name)
        total = rf"\sum {tex}" if step.shape == () else self._total(name, step)
        return Operand(tex, scalar=step.value.size == 1, total=total, ones=notation.ones)

    def _total(self, name: str, step: Step) -> str:
        letters = "".join(c for c, n in zip("ij", step.shape, strict=False) if n > 1)
        if not letters:  # a single entry is its own sum
            return self.sheet.notation.symbol(name)
        return rf"\sum_{{{','.join(letters)}}} {indexed(self.sheet.notation.symbol(name), letters)}"

    def shaped(self, operand: Operand, shape: tuple[int, ...]) -> Operand:
        if not self.shapes or len(shape) != 2 or shape == (1, 1):
            return operand
        tex = self.sheet.macros.shaped(operand.tex, rf"{shape[0]} \times {shape[1]}")
        return Operand(tex, CALL, operand.scalar, total=operand.total, ones=operand.ones)


class Numbers:
    """Writes leaves, lines and worked parts as the numbers that are printed."""

    def __init__(self, sheet: Sheet):
        self.sheet = sheet

    def plain(self) -> "Numbers":
        return self

    def leaf(self, name: str, index, shape) -> Operand:
        step = self.sheet.trace[name]
        if index is not None:
            return Operand(self.sheet.number(name, index if step.shape else ()), scalar=True)
        scalar = step.shape == () and (not name.startswith("const.") or shape is None)
        operand = self.sheet.numbers(name, None if scalar else shape)
        total = _sum(step.value.size, lambda k: self._cell(name, k))
        return Operand(operand.tex, operand.binds, operand.scalar, operand.matrix, total, self._ones(step))

    def _cell(self, name: str, k: int) -> Operand:
        index = np.unravel_index(k, self.sheet.trace[name].shape)
        return Operand(self.sheet.number(name, tuple(map(int, index))), scalar=True)

    @staticmethod
    def _ones(step: Step) -> str:
        if len(step.shape) != 2:
            return "1"
        return matrix(np.full((step.shape[1], 1), "1", dtype=object)).tex

    def shaped(self, operand: Operand, shape) -> Operand:
        return operand


def _sum(n: int, operand) -> str:
    """The sum of operand(0), operand(1), …, with dots if it is long."""
    terms = [(k, r"\cdots" if k is None else operand(k)) for k in shown(n, TERMS)]
    return " + ".join(str(term) if k in (0, None) else term.term for k, term in terms)


class Writer:
    """Writes a step in a form, its parts inside it."""

    def __init__(self, sheet: Sheet, form, worked: frozenset[str] = frozenset()):
        self.sheet, self.trace, self.form, self.worked = sheet, sheet.trace, form, worked

    def rule(self, name: str, index: tuple[int, ...] | None = None) -> Operand:
        """The right-hand side of the step `name`: its operation, written with its arguments."""
        step = self.trace[name]
        if index is not None and step.op in ("matmul", "transpose", "sum", "sum_axis"):
            return getattr(self, f"_{step.op}_entry")(step, index)
        arguments = [self._argument(step, i, index) for i in range(len(step.args))]
        tex = self._macro(step.op, index)(*arguments, **step.attrs)
        total = step.op == "sum" and isinstance(self.form, Numbers)
        return Operand(tex.strip(), SUM if total else OPS[step.op].binds, step.value.size == 1, ones=self._ones(step))

    def _macro(self, op: str, index):
        macros = self.sheet.macros
        entry = getattr(macros, f"{op}_entry", None) if index is not None else None
        return entry or getattr(macros, op)

    def _ones(self, step: Step) -> str:
        return Numbers._ones(step) if isinstance(self.form, Numbers) else self.sheet.notation.ones

    def operand(self, name: str, index=None, shape=None) -> Operand:
        """An argument: a leaf, an earlier line or a worked part as the form writes it; else the part's rule."""
        if self.trace.parent(name) and name not in self.worked:
            return self._part(name, index)
        return self.form.leaf(name, index, shape)

    def _part(self, name: str, index) -> Operand:
        """A part's rule; the shape stands under a bracketed sum as a whole, not under its terms."""
        if OPS[self.trace[name].op].binds == SUM and index is None:
            return Writer(self.sheet, self.form.plain(), self.worked).rule(name)
        return self.rule(name, index)

    def _argument(self, step: Step, i: int, index) -> Operand:
        name = step.args[i]
        inner = _aligned_index(index, self.trace[name].shape)
        operand = self.operand(name, inner, self._fill(step))
        op = OPS[step.op]
        part = self.trace.parent(name) and name not in self.worked
        if not part or self.trace[name].op == "transpose" or operand.binds <= SUM:
            shown = self._bracket(op, i, operand)
            return (
                self.form.shaped(shown, self.trace[name].shape)
                if op.binds in (SUM, PRODUCT) and op.opens != CALL
                else shown
            )
        return self._bracket(op, i, operand)

    def _fill(self, step: Step):
        """The shape that a smaller argument of an entrywise sum is repeated to when it is printed."""
        return step.shape if OPS[step.op].binds == SUM and step.op != "neg" else None

    @staticmethod
    def _bracket(op, i: int, operand: Operand) -> Operand:
        if op.opens == CALL:
            return operand
        negative = operand.negative and (i > 0 or op.binds >= PRODUCT)
        needed = operand.binds <= op.opens or negative or (operand.scientific and op.opens >= PRODUCT)
        if not needed:
            return operand
        return Operand(operand.bracketed, CALL, operand.scalar, total=operand.total, ones=operand.ones)

    # One entry of what moves or sums entries

    def _matmul_entry(self, step: Step, index) -> Operand:
        return Operand(" + ".join(self._products(step, index)), PRODUCT, scalar=True)

    def terms(self, name: str, index) -> list[str]:
        """The rule of one entry, cut into terms where it is a matrix product or begins with one."""
        step = self.trace[name]
        if step.op == "matmul":
            return self._products(step, index)
        part = step.args[0]
        if step.op == "add" and self.trace[part].op == "matmul" and self.trace.parent(part) == name:
            return [*self._products(self.trace[part], index), str(self._argument(step, 1, index))]
        return [self.rule(name, index).tex]

    def _products(self, step: Step, index) -> list[str]:
        """The products that add up to one entry of a matrix product; dots in place of many."""
        (left, right), inner = step.args, self.trace[step.args[0]].shape[-1]
        return [
            r"\cdots" if k is None else self._product(left, (index[0], k), right, (k, index[1]))
            for k in shown(inner, TERMS)
        ]

    def _product(self, left: str, i, right: str, j) -> str:
        return str(self.sheet.macros.dot([(self._factor(left, i), self._factor(right, j))])).strip()

    def _factor(self, name: str, index) -> str:
        return self.operand(name, index).wrapped

    def _transpose_entry(self, step: Step, index) -> Operand:
        return self.operand(step.args[0], index[::-1])

    def _sum_entry(self, step: Step, index) -> Operand:
        shape = self.trace[step.args[0]].shape
        total = _sum(int(np.prod(shape)), lambda k: self.operand(step.args[0], np.unravel_index(k, shape)))
        return Operand(total, SUM, scalar=True)

    def _sum_axis_entry(self, step: Step, index) -> Operand:
        source, axis = step.args[0], step.attrs["axis"]
        total = _sum(
            self.trace[source].shape[axis],
            lambda k: self.operand(source, tuple(k if a == axis else i for a, i in enumerate(index))),
        )
        return Operand(total, SUM, scalar=True)


def _aligned_index(index, shape):
    """The entry of an argument that an entry of the result is made from, where the argument was repeated."""
    if index is None:
        return None
    return tuple(0 if n == 1 else i for i, n in zip(index[len(index) - len(shape) :], shape, strict=True))
