"""Numbers without an address: on an example's page each must still be a quantity of the example.

Known quantities: every entry of every step, the losses on the way down, and the bounds of outputs and loss.
"""

import re
from collections.abc import Callable, Iterator
from decimal import Decimal

from ..arithmetic.tree import Num
from ..read.html import Formula, Page
from .redo import Rules
from .report import Report

COUNTS = (0, 1, 10, 100, 1000, 10_000)
"""The losses that a page tells: after so many updates."""
TELLING = 3
"""A decimal with fewer significant digits may be anything: a mark on an axis, a rounded share."""
DECIMAL = re.compile(r"(?<![\w.])-?\d+\.\d+(?![\w.]|\s*×)")
OWN = Rules()


def counts(page: Page) -> tuple[int, ...]:
    """The usual numbers of updates, and the whole numbers that the page tells."""
    told = {int(n) for block in page.prose for n in re.findall(r"(?<![\w.])\d{1,5}(?![\w.])", block)}
    return tuple(sorted(told.union(COUNTS)))


def check_loose(page: Page, example, reading: Callable, report: Report) -> None:
    for formula, number in _lone(page, reading):
        _check(number.text, page, formula.where, example, report)
    for block in page.prose:
        for text in DECIMAL.findall(block.replace("−", "-")):
            _check(text, page, cut(block), example, report)
    for n, drawing in enumerate(page.drawings, 1):
        for text in drawing:
            if DECIMAL.fullmatch(text.replace("−", "-")):
                _check(text.replace("−", "-"), page, f"figure {n}", example, report)


def _lone(page: Page, reading: Callable) -> Iterator[tuple[Formula, Num]]:
    """Formulas outside tables that are one number."""
    in_tables = {id(f) for table in page.tables for row in table.rows for cell in row for f in cell.formulas}
    for formula in page.formulas:
        nodes = list(reading(formula).nodes)
        if id(formula) not in in_tables and len(nodes) == 1 and isinstance(nodes[0], Num) and not nodes[0].address:
            yield formula, nodes[0]


def _check(text: str, page: Page, where: str, example, report: Report) -> None:
    if len(Decimal(text).normalize().as_tuple().digits) >= TELLING:
        report.counts["loose"] += 1
        if not is_known(text, example, counts(page)):
            report.fail("loose", page.path, where, text, "", "is no quantity of this example")


def is_known(text: str, example, told: tuple[int, ...] = COUNTS) -> bool:
    number = Num(text)
    if text in example.consensus.values() or Decimal(text).normalize() in example.printed_numbers:
        return True
    known = any(OWN.shows(value, number) for value in _candidates(example, told, number))
    return known or any(True for _ in _near(example.bounds, number))  # which are rounded outwards, so that they hold


def _candidates(example, told: tuple[int, ...], number: Num) -> Iterator[Decimal]:
    """Quantities near a number; those that take the longest training to know come last."""
    yield from _near(example.quantities, number)
    yield from _near([example.loss_again], number)
    for updates in told:
        yield from _near([example.loss(updates)], number)


def _near(values: list[Decimal], number: Num) -> Iterator[Decimal]:
    room = 2 * OWN.half(number)
    return (v for v in values if abs(v - number.value) <= room)


def cut(text: str) -> str:
    return text if len(text) <= 60 else text[:59] + "…"
