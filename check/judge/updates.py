"""Redoes the table of an update: each parameter before and after it, and the entry that changed most."""

from decimal import Decimal

from ..arithmetic.arith import is_hidden
from ..arithmetic.tree import Node, Num, Op, Sym, cells, is_literal
from .recompute import Rules
from .sheet import LOST, OWN, Sheet

IN_WORDS = 6
"""The digits to which numbers are rounded that only illustrate."""


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
    elif any(_change(sheet, *pair) for pair in _pairs(old, new) if not is_hidden(*pair)):
        sheet.fail(i, sheet.text(i, 3), f"{old} → {new}", "is said of numbers that move")


def _pairs(old: Node, new: Node) -> list[tuple[Num, Num]]:
    rows = zip(cells(old), cells(new), strict=True)
    return [pair for row in rows for pair in zip(*row, strict=True)]


def _moved(sheet: Sheet, i: int, old, new, entry: Node, before: Node, after: Node) -> None:
    """The entry that changed most, with its old and new value."""
    places = [(r, c) for r, row in enumerate(old) for c in range(len(row))]
    named = [p for p in places if any(_is(x, old[p[0]][p[1]], sheet) for x in sheet.example.symbols.lookup(entry))]
    if not named:
        return sheet.fail(i, entry, "", "is no entry of this parameter")
    change = {(r, c): _change(sheet, old[r][c], new[r][c]) for r, c in places}
    told = [p for p in named if _tells(sheet, before, old[p[0]][p[1]]) and _tells(sheet, after, new[p[0]][p[1]])]
    if not told:
        r, c = named[0]
        sheet.fail(i, f"{before} → {after}", f"{old[r][c]} → {new[r][c]}", "is not what the matrices say")
    elif max(change.values()) - change[told[0]] > _room(sheet, [new[r][c] for r, c in places]):
        r, c = max(change, key=change.get)
        sheet.fail(i, entry, f"{old[r][c]} → {new[r][c]}", "is not the entry that changed most")


def _room(sheet: Sheet, new: list[Num]) -> Decimal:
    """How far apart changes may be that count as equal: what is hidden is known as far as the pencil may drift."""
    hidden = [_bound(sheet, n) for n in new if is_hidden(n)]
    return LOST * max(abs(_value(sheet, n)) for n in new) + 2 * max(hidden, default=Decimal(0))


def _value(sheet: Sheet, number: Num) -> Decimal:
    """A printed number; the true value of one in whose place dots are printed."""
    return sheet.example.value(sheet.example.home_of(number.address)) if is_hidden(number) else number.value


def _bound(sheet: Sheet, number: Num) -> Decimal:
    """How far the printed value of a number may be from the true one."""
    place = sheet.example.home_of(number.address)
    given = sheet.example.exact or sheet.example.trace.steps[place[0]].is_leaf
    return Decimal(0) if given else Decimal(sheet.example.bound(place))


def _change(sheet: Sheet, old: Num, new: Num) -> Decimal:
    """How far an entry moves: by what is printed, and on pages that carry all digits by the true values, if the
    printed ones differ at all."""
    values = _value(sheet, old), _value(sheet, new)
    if sheet.example.exact and values[0] != values[1]:
        true = [sheet.example.value(place) for n in (old, new) if (place := sheet.example.home_of(n.address))]
        values = true if len(true) == 2 and None not in true else values
    return abs(values[1] - values[0])


def _is(x: Node, number: Num, sheet: Sheet) -> bool:
    return isinstance(x, Num) and sheet.example.home(x.address) == sheet.example.home(number.address)


def _tells(sheet: Sheet, node: Node, number: Num) -> bool:
    """Whether `node` is `number`, perhaps rounded to the digits of a sentence."""
    if not isinstance(node, Num):
        return False
    value = _value(sheet, number)
    if is_hidden(number):
        return abs(node.value - value) <= _bound(sheet, number) + OWN.half(node)
    return node.value == value or Rules(IN_WORDS).fits(value, node)
