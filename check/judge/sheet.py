"""A table of a page, read: its cells as nodes, and where what they name stands in the trace."""

from collections.abc import Callable, Container
from decimal import Decimal

import numpy as np

from ..arithmetic.tree import Matrix, Node, Num, Op, Partial, Sym, cells
from ..read.dots import placed
from ..read.html import Cell, Page, Table
from .recompute import Rules
from .report import Report

OWN = Rules()
"""Numbers in tables show by themselves how many digits they have."""
SIX = Rules(6)
"""Tables of several updates have numbers of six digits."""
LOST = Decimal("1e-10")
"""How much of a value, relatively, float64 may lose in thousands of updates."""


class Sheet:
    """A table with what its cells say; `fail` and `done` report on one of its rows."""

    def __init__(
        self, page: Page, table: Table, rows: list[list[Node | None]], example, reading: Callable, report: Report
    ):
        self.page, self.table, self.rows, self.example, self.report = page, table, rows, example, report
        self.reading = reading

    def of_width(self, width: int) -> list[tuple[int, list[Node | None]]]:
        return [(i, row) for i, row in enumerate(self.rows) if len(row) == width]

    def text(self, row: int, column: int) -> str:
        return self.table.rows[row][column].text

    def fail(self, row: int, printed, expected, why: str) -> None:
        self.report.fail("table", self.page.path, f"{self.table.where}, row {row}", printed, expected, why)

    def done(self) -> None:
        self.report.counts["table_rows"] += 1

    def place(self, node: Node | None, within: Container[str] | None = None):
        """The entry that a symbol names, of one of the steps `within`: where that is not what the symbol was first
        seen at, as among samples that were put together, it is where the number comes from."""
        found = self.example.symbols.lookup(node) if isinstance(node, Sym) else []
        ways = (self.example.named_by, self.example.home_of)
        places = [way(f.address) for way in ways for f in found if isinstance(f, Num)]
        return next((p for p in places if p and (within is None or p[0] in within)), None)

    def step(self, node: Node | None):
        """The step that a symbol names, if it names a whole one."""
        found = self.example.symbols.lookup(node) if isinstance(node, Sym | Partial) else []
        for literal in found:
            steps = {p[0] for row in cells(literal) for n in row if (p := self.example.named_by(n.address))}
            if len(steps) == 1 and (name := steps.pop()):
                return name
        return None

    def shape(self, node: Node) -> tuple[int, ...] | None:
        """The shape of what a symbol was defined as: a part of a matrix may stand upright under a name of its own."""
        told = [
            (len(rows), len(rows[0])) for literal in self.example.symbols.lookup(node) if (rows := cells(literal))
        ]
        return told[0] if told else None


def node_of(cell: Cell, reading: Callable) -> Node | None:
    """What the first formula of a cell says; the last if it is a relation such as 'w: a → b'."""
    rows = [row for formula in cell.formulas for row in reading(formula).rows]
    if not rows:
        return None
    return Op("related", tuple(p for row in rows for p in row.parts)) if len(rows) > 1 else _one(rows[0])


def _one(row) -> Node | None:
    return row.parts[0] if len(row.parts) == 1 else Op("related", tuple(row.parts))


def entries(node: Node | None, value: np.ndarray) -> list[tuple[int, float, Num]]:
    """The numbers of a printed array, each with the entry of `value` that it stands for, by its place row by row, and
    with what that entry is; none of them if the array has another size."""
    table = np.atleast_2d(value)
    found = placed(node, table.shape) if isinstance(node, Num | Matrix) else []
    return [(i * table.shape[1] + j, float(table[i, j]), number) for i, j, number in found]


def near(value: Decimal, number: Num, room: Decimal, noise: Decimal = Decimal(0)) -> bool:
    """Whether a number in a table is a value, but for the part `room` of it and for `noise`."""
    return abs(value - number.value) <= _half(number) + room * abs(value) + noise


def _half(number: Num) -> Decimal:
    """Half a unit of the last digit: of 2670840 that of the sixth, for the zero behind it only fills its place."""
    filled = number.value == number.value.to_integral_value() and number.value % 10 == 0
    return max(OWN.half(number), SIX.half(number)) if filled and number.value else OWN.half(number)
