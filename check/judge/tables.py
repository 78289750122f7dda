"""Redoes the tables whose meaning can be told from their form, in whatever language their words are.

A gradient table has a derivative in its first column; an update table an arrow in its last; a table of symbols a
shape in its second; an errata table five columns; a table of losses counts and numbers; a history symbols in its
head and counts below; a drift table symbols and numbers.
"""

from collections.abc import Callable
from decimal import Decimal

from ..arithmetic.tree import Node, Num, Op, Partial, Sym, cells, is_literal
from ..read.html import NUMERAL, Page
from .gradients import gradients, is_gradient
from .redo import Rules
from .report import Report
from .sheet import OWN, Sheet, near, node_of

LOST = Decimal("1e-10")
"""How much of a value, relatively, float64 may lose in thousands of updates."""
FLOAT64 = Decimal("1e-15")
"""A difference below this is the noise of float64, not a drift."""
IN_WORDS = 6
"""The digits to which numbers are rounded that only illustrate."""
MOST_UPDATES = 50_000


def check_tables(page: Page, example, reading: Callable, report: Report) -> None:
    for table in page.tables:
        rows = [[node_of(cell, reading) for cell in row] for row in table.rows]
        for check in CHECKS:
            check(Sheet(page, table, rows, example, reading, report))


# The tables


def updates(sheet: Sheet) -> None:
    """symbol | old | new | entry: old → new, or words if no digit moves"""
    for i, row in sheet.of_width(4):
        moved = isinstance(row[3], Op) and row[3].name == "related"
        if isinstance(row[0], Sym) and (moved or (row[3] is None and _is_new(sheet, row[2]))):
            _update(sheet, i, *row)


def _is_new(sheet: Sheet, node: Node | None) -> bool:
    """Whether a cell holds the new value of a parameter."""
    numbers = [n for row in cells(node) for n in row] if node is not None and is_literal(node) else []
    steps = {p[0] for n in numbers if isinstance(n, Num) and (p := sheet.example.home_of(n.address))}
    return bool(steps) and steps <= set(sheet.example.trace.updates.values())


def _update(sheet: Sheet, i: int, symbol: Sym, old: Node, new: Node, moved: Op | None) -> None:
    sheet.done()
    example, step = sheet.example, sheet.step(symbol)
    names = step in example.trace.updates and is_literal(old) and is_literal(new)
    if not names or (moved is not None and len(moved.args) != 3):
        return sheet.fail(i, symbol, "", "names no parameter that is updated")
    wanted = (step, example.trace.updates[step])
    for node, name in zip((old, new), wanted, strict=True):
        if {p[0] for r in cells(node) for n in r if (p := example.home_of(n.address))} != {name}:
            sheet.fail(i, node, name, "is not the value of this step")
    if moved is not None:
        _moved(sheet, i, cells(old), cells(new), *moved.args)
    elif [[n.value for n in row] for row in cells(old)] != [[n.value for n in row] for row in cells(new)]:
        sheet.fail(i, sheet.text(i, 3), f"{old} → {new}", "is said of numbers that move")


def _moved(sheet: Sheet, i: int, old, new, entry: Node, before: Node, after: Node) -> None:
    """The entry that changed most, with its old and new value."""
    places = [(r, c) for r, row in enumerate(old) for c in range(len(row))]
    named = [p for p in places if any(_is(x, old[p[0]][p[1]], sheet) for x in sheet.example.symbols.lookup(entry))]
    if not named:
        return sheet.fail(i, entry, "", "is no entry of this parameter")
    change = {(r, c): _change(sheet, old[r][c], new[r][c]) for r, c in places}
    told = [p for p in named if _shows(before, old[p[0]][p[1]]) and _shows(after, new[p[0]][p[1]])]
    if not told:
        r, c = named[0]
        sheet.fail(i, f"{before} → {after}", f"{old[r][c]} → {new[r][c]}", "is not what the matrices say")
    elif max(change.values()) - change[told[0]] > LOST * max(abs(new[r][c].value) for r, c in places):
        r, c = max(change, key=change.get)
        sheet.fail(i, entry, f"{old[r][c]} → {new[r][c]}", "is not the entry that changed most")


def _change(sheet: Sheet, old: Num, new: Num) -> Decimal:
    """How far an entry moves: by what is printed, and on pages that carry all digits by the true values, if the
    printed ones differ at all."""
    values = old.value, new.value
    if sheet.example.exact and old.value != new.value:
        true = [sheet.example.value(place) for n in (old, new) if (place := sheet.example.home_of(n.address))]
        values = true if len(true) == 2 and None not in true else values
    return abs(values[1] - values[0])


def _is(x: Node, number: Num, sheet: Sheet) -> bool:
    return isinstance(x, Num) and sheet.example.home(x.address) == sheet.example.home(number.address)


def _shows(node: Node, number: Num) -> bool:
    """Whether `node` is `number`, perhaps rounded to the digits of a sentence."""
    return isinstance(node, Num) and (node.value == number.value or Rules(IN_WORDS).fits(number.value, node))


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
    for i, updates, number in counts:
        if updates <= MOST_UPDATES:
            sheet.done()
            loss = Decimal(float(sheet.example.truth.losses(updates)[updates]))
            if not near(loss, number, LOST):
                sheet.fail(i, number, f"{loss:.10g}", f"is not the loss after {updates} updates")


def _count(text: str) -> str:
    return text.replace(",", "").replace(" ", "")


def drifts(sheet: Sheet) -> None:
    """symbol | drift: the largest difference of a printed from an exact value, by the largest exact value"""
    for i, row in sheet.of_width(2):
        if isinstance(row[0], Sym | Partial) and isinstance(row[1], Num) and (step := sheet.step(row[0])):
            sheet.done()
            drift = _drift(sheet, step)
            drift = Decimal(0) if drift is not None and drift < FLOAT64 else drift
            if drift is not None and not near(drift, row[1], Decimal("1e-9")):
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


def _indices(shape: tuple[int, ...]) -> list[tuple[int, ...]]:
    found: list[tuple[int, ...]] = [()]
    for n in shape:
        found = [(*index, i) for index in found for i in range(n)]
    return found


def errata(sheet: Sheet) -> None:
    """quantity | printed | exact | pencil | verdict"""
    for i, row in sheet.of_width(5):
        if is_gradient(row):
            continue
        place = sheet.place(row[0]) or _whole(sheet, row[0])
        if place and isinstance(row[2], Num):
            sheet.done()
            _judged(sheet, i, place, row[2], row[3])


def _judged(sheet: Sheet, i: int, place, exact: Num, pencil: Node | None) -> None:
    truth, common = sheet.example.value(place), sheet.example.consensus.get(place)
    if not any(OWN.shows(t, exact) for t in (truth, *_later(sheet, i, place))):
        sheet.fail(i, exact, f"{truth:.12g}", "is not the exact value")
    if not isinstance(pencil, Num):
        return
    if sheet.example.exact and abs(pencil.value - truth) > Decimal(sheet.example.bound(place)) + FLOAT64:
        sheet.fail(i, pencil, f"{truth:.12g}", "is farther off than pencil arithmetic may be")
    elif common and not sheet.example.exact and pencil.value != Decimal(common):
        sheet.fail(i, pencil, common, "is not the pencil value on the other pages")


def _later(sheet: Sheet, i: int, place) -> list[Decimal]:
    """The quantity after one update, and after as many as the row says."""
    counts = {1, *(int(n) for n in map(_count, NUMERAL.findall(sheet.text(i, 0))) if n.isdigit())}
    after = [sheet.example.truth.after(n) for n in sorted(counts) if n <= MOST_UPDATES]
    return [Decimal(f"{values[place[0]][place[1]]:.13g}") for values in after]


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
    value = sheet.example.truth.told(name, updates).reshape(-1).tolist()
    printed = [n for row in cells(node) for n in row] if node is not None and is_literal(node) else []
    if len(printed) != len(value):
        return sheet.fail(i, node, "", f"is not {name} whole")
    for number, truth in zip(printed, value, strict=True):
        if not near(Decimal(truth), number, LOST):
            sheet.fail(i, number, f"{truth:.10g}", f"is not {name} after {updates} updates")


CHECKS = (gradients, updates, shapes, losses, drifts, errata, histories)
