"""Writing a step as TeX: in symbols, in numbers, whole or one entry, with its parts inside it.

Glossary. A *form* says how a leaf or an earlier line is written: `Symbols`, `Numbers`. `worked` is the set of
parts already replaced by their value. `index` picks one entry; None stands for the whole array.
"""

from dataclasses import dataclass, replace
from itertools import product

import numpy as np

from gradbook.engine.errors import BookError
from gradbook.engine.ops import CALL, OPS, PRODUCT, SUM
from gradbook.engine.tape.trace import Step, Trace

from ..base.numbers import printed_array, tex_number
from .notation import Notation
from .operand import Operand
from .symbols import indexed, transposed
from .wide import TERMS, elided, filled, shown

PRODUCTS = ("matmul", "conv", "conv_back")
"""Operations of which an entry is a sum of products."""


@dataclass(frozen=True)
class Sheet:
    """One example as it is printed: its trace in the page's arithmetic, its notation, its number format."""

    trace: Trace
    notation: Notation
    digits: int
    macros: object

    def number(self, name: str, index: tuple[int, ...] = ()) -> str:
        """The printed number, with its address: \\val{seed:layer1.z[0][0]}{0.3775}."""
        text = self.text(name, index)
        if self.is_constant(name):
            return text
        place = "".join(f"[{i}]" for i in index)
        return rf"\val{{{self.trace.example}:{name}{place}}}{{{text}}}"

    def text(self, name: str, index: tuple[int, ...] = ()) -> str:
        """The printed number alone; a constant of the method, such as pi, by its symbol."""
        step = self.trace[name]
        if self.is_constant(name):
            return self.notation.symbol(name)
        return tex_number(float(step.value[index]), None if step.is_leaf else self.digits)

    def is_constant(self, name: str) -> bool:
        """Whether a leaf is a number of the method, which needs no address."""
        return self.trace[name].op == "const" and name.startswith("const.")

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
        many = shape and np.prod(shape) > 1
        tex = notation.ones if number and many and step.value == 1 else notation.symbol(name)
        total = rf"\sum {tex}" if step.shape == () else self._total(name, step)
        return Operand(tex, scalar=step.value.size == 1, total=total, ones=self.ones, shape=step.shape)

    def ones(self, rows: int, columns: int) -> str:
        ones = self.sheet.notation.ones
        return transposed(ones) if rows == 1 and columns > 1 else ones

    def total(self, writer: "Writer", name: str) -> str:
        """The sum over the entries of a part: of its symbols with letters for an index."""
        letters = letters_of(self.sheet.trace[name].shape)
        operand = writer.operand(name, Letters(letters))
        return rf"\sum_{{{','.join(letters)}}} {operand.term}" if letters else operand.tex

    def _total(self, name: str, step: Step) -> str:
        letters = letters_of(step.shape)
        if not letters:  # a single entry is its own sum
            return self.sheet.notation.symbol(name)
        return rf"\sum_{{{','.join(letters)}}} {indexed(self.sheet.notation.symbol(name), letters)}"

    def shaped(self, operand: Operand, shape: tuple[int, ...]) -> Operand:
        if not self.shapes or len(shape) != 2 or shape == (1, 1):
            return operand
        tex = self.sheet.macros.shaped(operand.tex, rf"{shape[0]} \times {shape[1]}")
        return replace(operand, tex=tex, binds=CALL, matrix=False)


class Letters(str):
    """An index of letters, 'ij': any entry."""

    __slots__ = ()


def letters_of(shape: tuple[int, ...]) -> str:
    """The letters that count the entries of an array: one for each axis that has more than one."""
    return "".join(c for c, n in zip("ij", shape, strict=False) if n > 1)


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
        return replace(operand, total=total, ones=self.ones, shape=step.shape)

    def _cell(self, name: str, k: int) -> Operand:
        index = np.unravel_index(k, self.sheet.trace[name].shape)
        return Operand(self.sheet.number(name, tuple(map(int, index))), scalar=True)

    def total(self, writer: "Writer", name: str) -> str:
        shape = self.sheet.trace[name].shape
        return _sum(int(np.prod(shape)), lambda k: writer.operand(name, _place(k, shape)))

    def ones(self, rows: int, columns: int) -> str:
        return matrix(np.full((rows, columns), "1", dtype=object)).tex

    def shaped(self, operand: Operand, shape) -> Operand:
        return operand


def _place(k: int, shape: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(map(int, np.unravel_index(k, shape)))


def _terms(n: int, operand) -> list[str]:
    """operand(0), operand(1), … as the terms of a sum, with dots if there are many."""
    terms = [(k, r"\cdots" if k is None else operand(k)) for k in shown(n, TERMS)]
    return [str(term) if k in (0, None) else term.term for k, term in terms]


def _sum(n: int, operand) -> str:
    return " + ".join(_terms(n, operand))


class Writer:
    """Writes a step in a form, its parts inside it."""

    def __init__(self, sheet: Sheet, form, worked: frozenset[str] = frozenset()):
        self.sheet, self.trace, self.form, self.worked = sheet, sheet.trace, form, worked

    def rule(self, name: str, index: tuple[int, ...] | None = None, shape=None) -> Operand:
        """The right-hand side of the step `name`: its operation, written with its arguments; a smaller array is
        repeated to fill `shape`."""
        step = self.trace[name]
        if index is None and self._moves(step):
            return self.form.leaf(name, None, None)
        if index is not None and not OPS[step.op].entrywise:
            return self._entry(step, index)
        arguments = [self._argument(step, i, index, shape) for i in range(len(step.args))]
        tex = self._macro(step.op, index)(*arguments, **step.attrs)
        total = step.op == "sum" and isinstance(self.form, Numbers)
        fraction = step.op == "div" and (index is not None or all(a.scalar for a in arguments))
        binds = SUM if total else CALL if fraction else OPS[step.op].binds
        block = step.op == "concat"  # which is written as a matrix, and so has its brackets
        found = Operand(
            tex.strip(), binds, step.value.size == 1, block, ones=self.form.ones, shape=step.shape,
            applied=binds == CALL and not block,
        )  # fmt: skip
        return found if index is not None else replace(found, total=self._total(step, found))

    def _moves(self, step: Step) -> bool:
        """Whether numbers only move: then their new place says all. What is moved must have been worked before."""
        moved = OPS[step.op].kind == "layout" and step.op != "transpose" and isinstance(self.form, Numbers)
        return moved and not any(self._is_open(arg) for arg in step.args)

    def _is_open(self, name: str) -> bool:
        """Whether a step is a part that is written out, not yet worked."""
        return self.trace.parent(name) is not None and name not in self.worked

    def _total(self, step: Step, whole: Operand) -> str:
        """What `sum` and `mean` write of a part: only they ask for it. A single entry is its own sum."""
        parent = self.trace.parent(step.name)
        if step.value.size == 1:
            return whole.tex
        return self.form.total(self, step.name) if parent and self.trace[parent].op in ("sum", "mean") else ""

    def _macro(self, op: str, index):
        macros = self.sheet.macros
        entry = getattr(macros, f"{op}_entry", None) if index is not None else None
        if not (entry or hasattr(macros, op)):
            raise BookError(f"templates/math.j2: has no macro {op!r}, which says how the operation is written.")
        return entry or getattr(macros, op)

    def operand(self, name: str, index=None, shape=None) -> Operand:
        """An argument: a leaf, an earlier line or a worked part as the form writes it; else the part's rule."""
        if self._is_open(name):
            return self._part(name, index, shape)
        return self.form.leaf(name, index, shape)

    def _part(self, name: str, index, shape=None) -> Operand:
        """A part's rule; the shape stands under a bracketed sum as a whole, not under its terms."""
        if OPS[self.trace[name].op].binds == SUM and index is None and not self._joins(name):
            return Writer(self.sheet, self.form.plain(), self.worked).rule(name, None, shape)
        return self.rule(name, index, shape)

    def _argument(self, step: Step, i: int, index, shape=None) -> Operand:
        name = step.args[i]
        inner = _aligned_index(index, self.trace[name].shape)
        operand = self.operand(name, inner, self._filled(step, i, shape))
        op = OPS[step.op]
        part, joins = self._is_open(name), self._joins(name)
        shown = operand if joins and step.op == self.trace[name].op == "mul" else self._bracket(op, i, operand)
        whole = not part or self.trace[name].op == "transpose" or (operand.binds <= SUM and not joins)
        if whole and index is None and op.binds in (SUM, PRODUCT) and op.opens != CALL:
            return self.form.shaped(shown, self.trace[name].shape)
        return shown

    def _joins(self, name: str) -> bool:
        """Whether a part goes on without brackets in what it is a part of, as a term of a longer sum."""
        return self._is_open(name) and self.trace.silent(name)

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
        return step.shape if matrices or op.binds == SUM else None

    @staticmethod
    def _bracket(op, i: int, operand: Operand) -> Operand:
        if op.opens == CALL:
            return operand
        negative = operand.negative and (i > 0 or op.binds >= PRODUCT)
        needed = operand.binds <= op.opens or negative or (operand.scientific and op.opens >= PRODUCT)
        return operand.enclosed if needed else operand

    # One entry of what moves or sums entries

    def _entry(self, step: Step, index) -> Operand:
        """By a writer of its own, where the operation has one; else as the entry of the whole."""
        special = getattr(self, f"_{step.op}_entry", None)
        if special and not isinstance(index, Letters):
            return special(step, index)
        if isinstance(self.form, Numbers):
            return self.form.leaf(step.name, index, None)
        counted = index if isinstance(index, Letters) else "".join(str(i + 1) for i in index)
        whole = self.rule(step.name)
        return Operand(rf"{whole.tex if whole.matrix else whole.bracketed}_{{{counted}}}", CALL, scalar=True)

    def _matmul_entry(self, step: Step, index) -> Operand:
        return Operand(" + ".join(self._products(step, index)) or "0", PRODUCT, scalar=True)

    def summands(self, name: str) -> list[str]:
        """The terms of a sum over all entries; none of a line that is no such sum."""
        step = self.trace[name]
        if step.op != "sum":
            return []
        shape = self.trace[step.args[0]].shape
        return _terms(int(np.prod(shape)), lambda k: self.operand(step.args[0], _place(k, shape)))

    def terms(self, name: str, index) -> list[str]:
        """The rule of one entry, cut into terms where it is a sum of products or has one in it."""
        step = self.trace[name]
        if step.op in PRODUCTS:
            return self._products(step, index)
        if step.op == "add" and any(
            self._is_open(arg) and self.trace[arg].op in (*PRODUCTS, "add") for arg in step.args
        ):
            return [term for i in range(2) for term in self._summand(step, i, index)]
        return [self.rule(name, index).tex]

    def _summand(self, step: Step, i: int, index) -> list[str]:
        name = step.args[i]
        if self._is_open(name) and self.trace[name].op in (*PRODUCTS, "add"):
            return self.terms(name, _aligned_index(index, self.trace[name].shape))
        return [str(self._argument(step, i, index))]

    def _products(self, step: Step, index) -> list[str]:
        """The products that add up to one entry of a matrix product or a convolution; dots in place of many."""
        pairs = self._factors(step, index)
        left, right = step.args
        return [
            r"\cdots" if k is None else self._product(left, pairs[k][0], right, pairs[k][1])
            for k in shown(len(pairs), TERMS)
        ]

    def _factors(self, step: Step, index) -> list[tuple]:
        """The entries of the two arguments that are multiplied with each other."""
        left, right = step.args
        if step.op == "matmul":
            return [((index[0], k), (k, index[1])) for k in range(self.trace[left].shape[-1])]
        stride, dilation = step.attrs.get("stride", 1), step.attrs.get("dilation", 1)
        places = np.ndindex(self.trace[right].shape)
        if step.op == "conv":
            return [(_moved(index, place, stride, dilation), place) for place in places]
        windows = np.ndindex(self.trace[left].shape)
        return [(p, i) for p, i in product(windows, list(places)) if _moved(p, i, stride, dilation) == tuple(index)]

    def _product(self, left: str, i, right: str, j) -> str:
        return str(self.sheet.macros.dot([(self._factor(left, i), self._factor(right, j))])).strip()

    def _factor(self, name: str, index) -> str:
        return self.operand(name, index).wrapped

    _conv_entry = _conv_back_entry = _matmul_entry

    def _max_pool_entry(self, step: Step, index) -> Operand:
        seen = r",\, ".join(self.operand(step.args[0], place).tex for place in _window(step, index))
        return Operand(rf"\max({seen})", scalar=True)

    def _avg_pool_entry(self, step: Step, index) -> Operand:
        seen = list(_window(step, index))
        total = _sum(len(seen), lambda k: self.operand(step.args[0], seen[k]))
        return Operand(rf"\frac{{{total}}}{{{len(seen)}}}", PRODUCT, scalar=True)

    def _transpose_entry(self, step: Step, index) -> Operand:
        return self.operand(step.args[0], index[::-1])

    def _scatter_entry(self, step: Step, index) -> Operand:
        """The sum of the rows that come to this one."""
        source, rows = step.args[0], [k for k, row in enumerate(step.attrs["rows"]) if row == index[0]]
        total = _sum(len(rows), lambda k: self.operand(source, (rows[k], index[1])))
        return Operand(total or "0", SUM, scalar=True)

    def _broadcast_entry(self, step: Step, index) -> Operand:
        """Of a copy the entry that was copied."""
        return self.operand(step.args[0], _aligned_index(index, self.trace[step.args[0]].shape))

    def _sum_entry(self, step: Step, index) -> Operand:
        return Operand(self.form.total(self, step.args[0]), SUM, scalar=True)

    def _sum_axis_entry(self, step: Step, index) -> Operand:
        along = self._along(step, index)
        return Operand(_sum(len(along), lambda k: self.operand(step.args[0], along[k])), SUM, scalar=True)

    def _mean_axis_entry(self, step: Step, index) -> Operand:
        along = self._along(step, index)
        total = _sum(len(along), lambda k: self.operand(step.args[0], along[k]))
        return Operand(rf"\frac{{{total}}}{{{len(along)}}}", PRODUCT, scalar=True)

    def _softmax_entry(self, step: Step, index) -> Operand:
        """e to this entry, divided by the sum of e to all entries along the axis; a mask leaves some out."""
        power = self._power_of_e(step)
        if not self._seen(step, tuple(index)):
            return Operand("0", scalar=True)
        return Operand(rf"\frac{{{power(index)}}}{{{self._powers(step, index)}}}", PRODUCT, scalar=True)

    _masked_softmax_entry = _softmax_entry

    def _cross_entropy_logits_entry(self, step: Step, index) -> Operand:
        """The logarithm of the sum of e to all logits, minus the logits of the classes that are true."""
        logits, target = step.args
        line = self._line(step, index)
        true = [place for place in line if self.trace.value(target)[place] != 0]
        terms = [self._weighted(target, logits, place) for place in true]
        minus = f"({' + '.join(terms)})" if len(terms) > 1 else terms[0]
        return Operand(rf"\ln\left({self._powers(step, index)}\right) - {minus}", SUM, scalar=True)

    def _weighted(self, weight: str, name: str, place) -> str:
        """weight · entry, or the entry alone if its weight is 1."""
        if self.trace.value(weight)[place] == 1:
            return self.operand(name, place).term
        return self._product(weight, place, name, place)

    def _powers(self, step: Step, index) -> str:
        line = [place for place in self._line(step, index) if self._seen(step, place)]
        power = self._power_of_e(step)
        return _sum(len(line), lambda k: power(line[k]))

    def _power_of_e(self, step: Step):
        return lambda place: Operand(rf"e^{{{self.operand(step.args[0], place)}}}", scalar=True)

    def _line(self, step: Step, index) -> list[tuple[int, ...]]:
        """All entries of the step's first argument on the line along the axis that goes through `index`."""
        axis, place = step.attrs.get("axis", 0), tuple(index)
        return [(*place[:axis], k, *place[axis + 1 :]) for k in range(self.trace[step.args[0]].shape[axis])]

    def _seen(self, step: Step, place) -> bool:
        """Whether a softmax's mask, if it has one, lets this entry be seen."""
        return step.op != "masked_softmax" or self.trace.value(step.args[1])[place] != 0

    def _along(self, step: Step, index) -> list[tuple[int, ...]]:
        """The entries that are added up along the step's axis (or axes) to the entry `index`."""
        axis, shape = step.attrs["axis"], self.trace[step.args[0]].shape
        axes = axis if isinstance(axis, tuple | list) else (axis,)
        ranges = [range(n) if a in axes else [index[a]] for a, n in enumerate(shape)]
        return [tuple(map(int, place)) for place in product(*ranges)]


def collected(step: Step) -> int | None:
    """The first row to which a step adds up several rows, if there is one."""
    rows = step.attrs["rows"] if step.op == "scatter" else []
    return next((row for row in rows if rows.count(row) > 1), None)


def _moved(window, place, stride: int, dilation: int) -> tuple[int, ...]:
    """Which entry of the map the window at `window` has at its own entry `place`."""
    return tuple(stride * p + dilation * i for p, i in zip(window, place, strict=True))


def _window(step: Step, index):
    """The entries of the map that one entry of a pooling sees."""
    size, stride = step.attrs["size"], step.attrs["stride"]
    return (_moved(index, place, stride, 1) for place in np.ndindex(size, size))


def _aligned_index(index, shape):
    """The entry of an argument that an entry of the result is made from, where the argument was repeated."""
    if index is None:
        return None
    if isinstance(index, Letters):
        return Letters(letters_of(shape)) if shape else ()
    return tuple(0 if n == 1 else i for i, n in zip(index[len(index) - len(shape) :], shape, strict=True))
