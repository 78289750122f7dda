"""Redoes the tables whose meaning can be told from their form, in whatever language their words are.

A gradient table has a derivative in its first column; an update table an arrow in its last; a table of symbols a
shape in its second; an errata table five columns; a table of losses counts and numbers; a history symbols in its
head and counts below, a course counts of updates and epochs and a verdict besides; a drift table symbols and numbers.
"""

from collections.abc import Callable
from decimal import Decimal

import numpy as np

from ..arithmetic.arith import is_hidden
from ..arithmetic.tree import Node, Num, Op, Partial, Sym
from ..read.html import NUMERAL, Page
from .courses import courses
from .gradients import gradients, is_gradient
from .report import Report, apart
from .sheet import LOST, OWN, Sheet, entries, near, node_of
from .updates import updates

FLOAT64 = Decimal("1e-15")
"""A difference below this is the noise of float64, not a drift."""
MOST_UPDATES = 50_000


def check_tables(page: Page, example, reading: Callable, report: Report) -> None:
    for table in page.tables:
        rows = [[node_of(cell, reading) for cell in row] for row in table.rows]
        for check in CHECKS:
            check(Sheet(page, table, rows, example, reading, report))


# The tables


def shapes(sheet: Sheet) -> None:
    """symbol | shape | meaning"""
    for i, row in sheet.of_width(3):
        if isinstance(row[0], Sym | Partial) and (told := _shape(row[1])) and (step := sheet.step(row[0])):
            sheet.done()
            found = sheet.example.trace.steps[step].value.shape
            if told not in (found, sheet.shape(row[0])) and any(n > 1 for n in (*found, *told)):
                printed, wanted = (" × ".join(map(str, shape)) for shape in (told, found))
                sheet.fail(i, printed, wanted, f"is not the shape of {row[0]}")


def _shape(node: Node | None) -> tuple[int, ...] | None:
    if isinstance(node, Num) and node.text.isdigit():
        return (int(node.text),)
    if isinstance(node, Op) and node.name == "cross" and all(isinstance(n, Num) for n in node.args):
        return tuple(int(n.value) for n in node.args)
    return None


def losses(sheet: Sheet) -> None:
    """updates | loss"""
    if _named(sheet) not in ([], [sheet.example.trace.loss]):
        return
    counts = [(i, int(_count(sheet.text(i, 0))), row[1]) for i, row in sheet.of_width(2)
              if _count(sheet.text(i, 0)).isdigit() and isinstance(row[1], Num)]  # fmt: skip
    counts += [(i, int(row[0].text), row[1]) for i, row in sheet.of_width(2)
               if isinstance(row[0], Num) and row[0].text.isdigit() and isinstance(row[1], Num)]  # fmt: skip
    for i, count, number in counts:
        if count <= MOST_UPDATES:
            sheet.done()
            loss = sheet.example.loss(count)
            known = near(loss, number, LOST) or sheet.example.is_noise(number, sheet.example.trace.loss, count)
            if not known:
                sheet.fail(i, number, apart(loss, number.text), f"is not the loss after {count} updates")


def _count(text: str) -> str:
    return text.replace(",", "").replace(" ", "")


def drifts(sheet: Sheet) -> None:
    """symbol | drift: the largest difference of a printed from an exact value, by the largest exact value"""
    for i, row in sheet.of_width(2):
        if isinstance(row[0], Sym | Partial) and isinstance(row[1], Num) and (step := sheet.step(row[0])):
            sheet.done()
            drift = _drift(sheet, step)
            drift = Decimal(0) if drift is not None and drift < FLOAT64 else drift
            if drift is not None and not near(drift, row[1], Decimal("1e-9"), _noise(sheet, step)):
                sheet.fail(i, row[1], f"{drift:.2g}", f"is not the drift of {row[0]}")


def _drift(sheet: Sheet, step: str) -> Decimal | None:
    example, places = sheet.example, []
    for index in _indices(example.trace.steps[step].value.shape):
        text, truth = example.consensus.get((step, index)), example.value((step, index))
        if text is None or truth is None:
            return None
        places.append((abs(Decimal(text) - truth), abs(truth)))
    largest = max(size for _, size in places)
    return max(d for d, _ in places) / largest if largest else Decimal(0)


def _noise(sheet: Sheet, step: str) -> Decimal:
    """What float64 does not know of a drift: its noise in the exact values, by the largest of these."""
    largest = max(abs(sheet.example.value((step, i))) for i in _indices(sheet.example.trace.steps[step].value.shape))
    noise = Decimal(float(np.max(sheet.example.truth.noise(step))))
    return noise / largest if largest else noise


def _indices(shape: tuple[int, ...]) -> list[tuple[int, ...]]:
    found: list[tuple[int, ...]] = [()]
    for n in shape:
        found = [(*index, i) for index in found for i in range(n)]
    return found


def errata(sheet: Sheet) -> None:
    """quantity | printed | exact | pencil | verdict"""
    for i, row in sheet.of_width(5):
        if is_gradient(sheet, i, row):
            continue
        place = sheet.place(row[0]) or _whole(sheet, row[0])
        if place and isinstance(row[2], Num):
            sheet.done()
            _judged(sheet, i, place, row[2], row[3])


def _judged(sheet: Sheet, i: int, place, exact: Num, pencil: Node | None) -> None:
    truth, common = sheet.example.value(place), sheet.example.consensus.get(place)
    if not sheet.example.shows(place, exact, OWN) and not any(OWN.shows(t, exact) for t in _later(sheet, i, place)):
        sheet.fail(i, exact, apart(truth, exact.text), "is not the exact value")
    if not isinstance(pencil, Num):
        return
    if sheet.example.exact and abs(pencil.value - truth) > Decimal(sheet.example.bound(place)) + FLOAT64:
        sheet.fail(i, pencil, apart(truth, pencil.text), "is farther off than pencil arithmetic may be")
    elif common and not sheet.example.exact and pencil.value != Decimal(common):
        sheet.fail(i, pencil, common, "is not the pencil value on the other pages")


def _later(sheet: Sheet, i: int, place) -> list[Decimal]:
    """The quantity after one update, and after as many as the row says."""
    counts = {1, *(int(n) for n in map(_count, NUMERAL.findall(sheet.text(i, 0))) if n.isdigit())}
    step, index = place
    after = [sheet.example.truth.training.value(step, n)[index] for n in sorted(counts) if n <= MOST_UPDATES]
    return [Decimal(f"{value:.13g}") for value in after]


def _whole(sheet: Sheet, node: Node | None):
    """The place of a symbol for a single number."""
    step = sheet.step(node)
    return (step, ()) if step and not sheet.example.trace.steps[step].value.shape else None


def histories(sheet: Sheet) -> None:
    """updates | parameter | its state …: a table whose first row names steps"""
    names = _named(sheet)
    for i, row in sheet.of_width(len(names) + 1):
        if names and _count(sheet.text(i, 0)).isdigit():
            sheet.done()
            for name, node in zip(names, row[1:], strict=True):
                _told(sheet, i, name, int(_count(sheet.text(i, 0))), node)


def _named(sheet: Sheet) -> list[str]:
    """The steps that the first row names, if it names one for each column but the first."""
    names = [sheet.step(node) for node in sheet.rows[0][1:]] if sheet.rows else []
    return names if all(names) else []


def _told(sheet: Sheet, i: int, name: str, updates: int, node: Node | None) -> None:
    """A whole array after so many updates."""
    value = sheet.example.truth.training.value(name, updates)
    printed = entries(node, value)
    if not printed:
        return sheet.fail(i, node, "", f"is not {name} whole")
    for k, truth, number in printed:
        if is_hidden(number) or near(Decimal(truth), number, LOST):
            continue
        if not sheet.example.is_noise(number, name, updates, k):
            sheet.fail(i, number, apart(truth, number.text), f"is not {name} after {updates} updates")


CHECKS = (gradients, updates, shapes, losses, drifts, errata, histories, courses)
