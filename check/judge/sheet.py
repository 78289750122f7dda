"""A table of a page, read: its cells as nodes, and where what they name stands in the trace."""

from collections.abc import Callable, Sequence
from decimal import Decimal
from math import prod

from ..arithmetic.tree import Matrix, Node, Num, Op, Partial, Repeated, Sym, cells
from ..read.html import Cell, Page, Table
from .redo import Rules
from .report import Report

OWN = Rules()
"""Numbers in tables show by themselves how many digits they have."""
ACROSS, DOWN = (Sym("⋯"), Sym("⋱")), (Sym("⋮"), Sym("⋱"))
"""The dots of columns, and those of rows, that are left out."""
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

    def place(self, node: Node | None):
        """The entry that a symbol names."""
        found = self.example.symbols.lookup(node) if isinstance(node, Sym) else []
        places = [self.example.named_by(f.address) for f in found if isinstance(f, Num)]
        return next((p for p in places if p), None)

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


def shown_of(node: Node | None, shape: tuple[int, ...]) -> list[tuple[int, Num]] | None:
    """The numbers of a printed array of this shape, each with its place row by row; what stands behind dots is left
    out. None if the array cannot be of this shape."""
    rows = cells(node) if isinstance(node, Num | Matrix) else ()
    if not rows:
        return None
    height, width = shape if len(shape) == 2 else (1, prod(shape))
    is_again = isinstance(node, Repeated)
    down = _places([row[0] for row in rows], height, is_again, DOWN)
    across = _places(rows[0], width, is_again, ACROSS)
    if down is None or across is None:
        return None
    found = [(i * width + j, rows[r][c]) for r, i in down for c, j in across]
    return found if all(isinstance(n, Num) for _, n in found) else None


def _places(line: Sequence[Node], length: int, is_again: bool, dots: Sequence[Node]) -> list[tuple[int, int]] | None:
    """Which cells of a line stand for which of `length` entries; a cell that is repeated, with dots,
    for the first and the last: both are seen, and what is between need not be equal."""
    at = next((k for k, cell in enumerate(line) if cell in dots), None)
    if is_again and len(line) == 1:
        return [(0, i) for i in sorted({0, length - 1})]
    if at is None:
        return [(k, k) for k in range(length)] if len(line) == length else None
    if len(line) > length:
        return None
    return [(k, k) for k in range(at)] + [(k, length - len(line) + k) for k in range(at + 1, len(line))]


def near(value: Decimal, number: Num, room: Decimal) -> bool:
    half = OWN.half(number)
    return abs(value - number.value) <= half + room * abs(value)
