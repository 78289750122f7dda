"""Redoes the table of a training that stops by itself: every update, in which epoch, on what, with which verdict.

Its head names steps in all columns but the first two and that of the verdict; update and epoch are counted from 1.
The verdict is words: one for the updates whose error, the number before it, is 0, another for all others.
"""

from decimal import Decimal

import numpy as np

from ..arithmetic.arith import is_hidden
from ..arithmetic.tree import Node
from .report import apart
from .sheet import LOST, Sheet, entries, near

COUNTS = 2
"""So many columns come before those that name steps."""
NOISE = Decimal("1e-12")
"""What float64 may leave of decimals that cancel on paper."""


def courses(sheet: Sheet) -> None:
    """update | epoch | steps … | error | verdict | new values …"""
    names = [sheet.step(node) for node in sheet.rows[0][COUNTS:]] if sheet.rows else []
    if names.count(None) != 1 or not names[0] or not (0 < (k := names.index(None)) < len(names) - 1):
        return
    trace, verdicts = sheet.example.trace, {}
    size = max(len(trace.batches), 1)
    changed = [name for name in trace.updates if name in trace.parameters]
    if names[k + 1 :] != [trace.updates[name] for name in changed]:
        sheet.fail(0, names[k + 1 :], changed, "are not the parameters that are updated")
    for i, row in enumerate(sheet.rows[1:], start=1):
        sheet.done()
        if (sheet.text(i, 0), sheet.text(i, 1)) != (str(i), str((i - 1) // size + 1)):
            sheet.fail(
                i, f"{sheet.text(i, 0)}, {sheet.text(i, 1)}", f"{i}, {(i - 1) // size + 1}", "is counted wrongly"
            )
        for name, node in zip(names, row[COUNTS:], strict=True):
            if name:
                _value(sheet, i, name, node)
        wrong = bool(np.any(sheet.example.truth.training.value(names[k - 1], i - 1)))
        if verdicts.setdefault(wrong, said := sheet.text(i, COUNTS + k)) != said or verdicts.get(not wrong) == said:
            sheet.fail(i, said, verdicts[wrong], "is not the verdict")


def _value(sheet: Sheet, i: int, name: str, node: Node | None) -> None:
    """A whole array in the i-th update."""
    printed = entries(node, sheet.example.truth.training.value(name, i - 1))
    if not printed:
        return sheet.fail(i, node, "", f"is not {name} whole")
    for _, truth, number in printed:
        if is_hidden(number):
            continue
        exact = Decimal(truth)
        if abs(exact - number.value) > NOISE and not near(exact, number, LOST):
            sheet.fail(i, number, apart(truth, number.text), f"is not {name} in update {i}")
