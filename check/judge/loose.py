"""Numbers without an address: on an example's page each must still be a quantity of the example.

Known quantities: every entry of every step, the losses on the way down, and the bounds of outputs and loss.
"""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator
from decimal import Decimal

from ..arithmetic.tree import Num
from ..read.html import Formula, Page
from .recompute import Rules
from .report import Report

COUNTS = (0, 1, 10, 100, 1000, 10_000)
"""The losses that a page tells: after so many updates."""
TELLING = 3
"""A decimal with fewer significant digits may be anything: a mark on an axis, a rounded share."""
DECIMAL = re.compile(r"(?<![\w.])-?\d+\.\d+(?![\w.]|\s*×)")
NUMBER = re.compile(r"-?\d+(\.\d+)?")
OWN = Rules()


def counts(page: Page) -> tuple[int, ...]:
    """The usual numbers of updates, and the whole numbers that the page tells."""
    told = {int(n) for block in page.prose for n in re.findall(r"(?<![\w.])\d{1,5}(?![\w.])", block)}
    return tuple(sorted(told.union(COUNTS)))


def check_loose(page: Page, example, reading: Callable, report: Report) -> None:
    told = counts(page)
    for text, where in _found(page, reading):
        if len(Decimal(text).normalize().as_tuple().digits) >= TELLING:
            report.counts["loose"] += 1
            if not is_known(text, example, told):
                report.fail("loose", page.path, where, text, "", "is no quantity of this example")


def _found(page: Page, reading: Callable) -> Iterator[tuple[str, str]]:
    """Every number without an address, and where it stands: alone in a formula, in words, in a drawing."""
    for formula, number in _lone(page, reading):
        yield number.text, formula.where
    for block in page.prose:
        yield from ((text, cut(block)) for text in DECIMAL.findall(block.replace("−", "-")))
    for n, drawing in enumerate(page.drawings, 1):
        texts = [text.replace("−", "-") for text in drawing]
        marks = _marks(texts)
        for i, text in enumerate(texts):
            if i not in marks and DECIMAL.fullmatch(text):
                yield text, f"figure {n}"


def _marks(texts: list[str]) -> set[int]:
    """Which texts of a drawing are marks on an axis: three numbers or more that stand one behind the other, evenly
    apart, all of them multiples of what they are apart."""
    numbers = [Decimal(text) if NUMBER.fullmatch(text) else None for text in texts]
    found: set[int] = set()
    for i in range(len(numbers) - 2):
        a, b, c = numbers[i : i + 3]
        if a is not None and b is not None and c is not None and b - a == c - b != 0 and not a % (b - a):
            found |= {i, i + 1, i + 2}
    return found


def _lone(page: Page, reading: Callable) -> Iterator[tuple[Formula, Num]]:
    """Formulas outside tables that are one number."""
    in_tables = {id(f) for table in page.tables for row in table.rows for cell in row for f in cell.formulas}
    for formula in page.formulas:
        nodes = list(reading(formula).nodes)
        if id(formula) not in in_tables and len(nodes) == 1 and isinstance(nodes[0], Num) and not nodes[0].address:
            yield formula, nodes[0]


def is_known(text: str, example, told: tuple[int, ...] = COUNTS) -> bool:
    number = Num(text)
    if text in example.printed_texts or Decimal(text).normalize() in example.printed_numbers:
        return True
    known = any(OWN.shows(value, number) for value in _candidates(example, told, number))
    known = known or bool(_near(example.bounds, number))  # which are rounded outwards, so that they hold
    return known or _is_noise(number, example, told)


def _is_noise(number: Num, example, told: tuple[int, ...]) -> bool:
    """Whether float64 carries a quantity so, where decimals cancel."""
    loss = example.trace.loss
    if any(example.is_noise(number, name) for name in example.truth.values):
        return True
    return any(example.is_noise(number, loss, updates) for updates in told if updates)


def _candidates(example, told: tuple[int, ...], number: Num) -> Iterator[Decimal]:
    """Quantities near a number; those that take the longest training to know come last."""
    yield from _near(example.quantities, number)
    if example.trace.loss:
        yield from _near([example.loss_again], number)
    for updates in told if example.trace.loss else ():
        yield from _near([example.loss(updates)], number)


def _near(ordered: list[Decimal], number: Num) -> list[Decimal]:
    """The values, of a list in order, that are near a number."""
    room = 2 * OWN.half(number)
    return ordered[bisect_left(ordered, number.value - room) : bisect_right(ordered, number.value + room)]


def cut(text: str) -> str:
    return text if len(text) <= 60 else text[:59] + "…"
