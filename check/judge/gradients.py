"""Redoes the table of gradients: each beside its central difference, and how far it is from a complex step."""

from decimal import Decimal
from itertools import islice, takewhile

from ..arithmetic.tree import Node, Num, Partial
from ..ops import mp
from .report import apart
from .sheet import OWN, Sheet

EPSILON = 2.0**-52
"""The relative distance of neighbouring float64 numbers; the step of a central difference is its cube root."""
ROUNDINGS = 8
"""So many roundings of the loss a central difference may be off."""
CROSSED = Decimal("1e-6")
"""Two differences farther apart than this, relatively, have a kink between them."""


def gradients(sheet: Sheet) -> None:
    """derivative | gradient | central difference | relative error, or words | relative error beside a complex step"""
    errors, slopes = [], []
    for i, row in [*sheet.of_width(4), *sheet.of_width(5)]:
        if is_gradient(sheet, i, row):
            _gradient(sheet, i, *row[:4])
            errors += [row[3]] if row[3] else []
            slopes += row[4:]
    if errors or slopes:
        _worst(sheet, errors, slopes)


def is_gradient(sheet: Sheet, i: int, row: list[Node | None]) -> bool:
    """An errata table may begin with a derivative too, but ends with words, in which there may be a number."""
    told = [*row[1:3], *row[4:], *([row[3]] if row[3] else [])]
    numbers = len(told) > 2 and all(isinstance(n, Num) for n in told)
    return isinstance(row[0], Partial) and numbers and not (len(row) > 4 and sheet.text(i, 4))


def _gradient(sheet: Sheet, i: int, symbol: Partial, gradient: Num, difference: Num, error: Num | None) -> None:
    sheet.done()
    trace, place = sheet.example.trace, sheet.place(symbol.bottom, sheet.example.trace.grads)
    if place is None:
        return sheet.fail(i, symbol, "", "names no parameter that has a gradient")
    found = trace.grads[place[0]], place[1]
    truth = sheet.example.value(found)
    if not sheet.example.shows(found, gradient, OWN):
        sheet.fail(i, gradient, apart(truth, gradient.text), "is not the gradient")
    if error is None:
        return _tells_no_slope(sheet, i, place, difference, truth)
    distance = abs(difference.value - truth)
    scale, half = abs(truth), OWN.half(difference)
    low, high = (error.value - OWN.half(error)) * scale - half, (error.value + OWN.half(error)) * scale + half
    if not low <= distance <= high:
        sheet.fail(i, f"{difference} with error {error}", f"{distance / scale if scale else 0:.2g}", "does not fit")


def _tells_no_slope(sheet: Sheet, i: int, place, difference: Num, truth: Decimal) -> None:
    """Words in the place of an error: the difference crosses a kink, or it is too small beside the loss."""
    example = sheet.example
    h = EPSILON ** (1 / 3) * max(1.0, abs(float(example.value(place))))
    crossing, smooth = (Decimal(mp.nstr(d, 45)) for d in example.truth.difference(place, h))
    noise = ROUNDINGS * Decimal(EPSILON) * abs(example.loss(0)) / Decimal(h)
    has_kink = abs(crossing - smooth) > CROSSED * max(abs(crossing), abs(smooth))
    if abs(difference.value - crossing) > noise + OWN.half(difference):
        sheet.fail(i, difference, f"{crossing:.10g}", "is not the central difference")
    elif not has_kink and max(abs(truth), abs(difference.value)) > noise:
        sheet.fail(i, sheet.text(i, 3), f"{truth:.10g}", "is said of a slope that the difference tells")


def _worst(sheet: Sheet, errors: list[Num], slopes: list[Num]) -> None:
    """The last number in the words below the table is the largest error of its rows and of those left out; of two
    columns of errors the last two, of those left out alternately."""
    told = _below(sheet)
    columns = [column for column in (errors, slopes) if column]
    if not told:
        told = [max(column, key=lambda n: n.value) for column in columns]
    if len(told) < len(columns):
        sheet.fail(len(sheet.rows) - 1, told[0], "", "stands alone below two columns of errors")
        columns = columns[: len(told)]
    for k, column in enumerate(columns):
        *left_out, last = told[k :: len(columns)]
        worst = max([*column, *left_out], key=lambda n: n.value)
        name = "table_error" if column is errors else "slope_error"
        sheet.report.figures[name] = max(sheet.report.figures.get(name, 0.0), float(worst.value))
        if last.value != worst.value:
            sheet.fail(len(sheet.rows) - 1, last, worst, "is not the largest error of the rows above")


def _below(sheet: Sheet) -> list[Num]:
    """The numbers that stand alone behind a table, under the same heading."""
    last = [f for row in sheet.table.rows for cell in row for f in cell.formulas][-1]
    behind = takewhile(lambda f: f.anchor == last.anchor, islice(sheet.page.formulas, last.n, None))
    found = [node for f in behind for row in sheet.reading(f).rows for node in row.parts if len(row.parts) == 1]
    return [node for node in found if isinstance(node, Num)]
