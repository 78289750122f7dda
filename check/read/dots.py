"""Matrices that are printed in part: how large they are, and where the numbers that are left out stand in the trace.

An array with many rows or columns is printed with dots. The addresses on both sides of the dots say how many entries
are left out, and which: they become `Hidden` numbers, which have an address and no value.
"""

import re

from ..arithmetic.tree import DOTS, Hidden, Matrix, Node, Num, Op, Repeated, cells, is_elided

INDEX = re.compile(r"\[(\d+)\]")
Line = tuple[Node, ...]


def completed(node: Node) -> Node:
    """The node with its printed matrices at their full size; one whose size nothing tells keeps its dots."""
    if isinstance(node, Op):
        return Op(node.name, tuple(map(completed, node.args)), node.note)
    if not is_elided(node) or not all(isinstance(c, Num) or c in DOTS for row in node.rows for c in row):
        return node
    rows = _across(node.rows)
    columns = _across(tuple(zip(*rows, strict=True))) if rows else None
    if not columns:
        return node
    known = len(rows[0]) >= len(node.rows[0]) and len(columns[0]) >= len(node.rows)
    whole = tuple(zip(*columns, strict=True))
    return Matrix(whole) if known else Repeated(whole, node)


def placed(node: Node, shape: tuple[int, int]) -> list[tuple[int, int, Num]]:
    """Each number of a matrix of this size with its place, the others behind dots; none if it has another size."""
    table = cells(node.seen if isinstance(node, Repeated) and node.seen else node)
    down = _counted([row[0] for row in table], shape[0])
    across = _counted(table[0], shape[1])
    found = [(i, j, table[r][c]) for r, i in down for c, j in across]
    return found if found and all(isinstance(n, Num) for *_, n in found) else []


def _counted(line: Line, size: int) -> list[tuple[int, int]]:
    """The places of a printed line that are no dots, each with the number that it has among so many."""
    at = next((i for i, n in enumerate(line) if n in DOTS), None)
    if at is None:
        return [(i, i) for i in range(size)] if len(line) == size else []
    after = range(at + 1, len(line))
    return [*((i, i) for i in range(at)), *((i, size - len(line) + i) for i in after)] if size > len(line) else []


def beside(sym: Matrix, num: Node) -> list[tuple[Node, Node]]:
    """Each cell of a matrix of symbols with the number it stands for, without dots; none if the shapes differ."""
    rows = _opened(sym.rows, cells(num))
    pairs = [_opened(s, n) for s, n in rows]
    return [p for pair in pairs for p in pair] if rows and all(pairs) else []


def _opened(names: tuple, numbers: tuple) -> list[tuple]:
    """Names and numbers side by side; dots among the names take the place of several numbers."""
    at = next((i for i, n in enumerate(names) if n in DOTS or (isinstance(n, tuple) and set(n) <= set(DOTS))), None)
    if at is None:
        return list(zip(names, numbers, strict=True)) if len(names) == len(numbers) else []
    after = names[at + 1 :]
    if len(numbers) < len(names):
        return []
    return [*zip(names[:at], numbers, strict=False), *zip(after, numbers[len(numbers) - len(after) :], strict=True)]


def _across(rows: tuple[Line, ...]) -> tuple[Line, ...] | None:
    """The rows with what is left out of each of them; None if nothing tells how much that is."""
    at = next((i for i in range(len(rows[0])) if all(row[i] in DOTS for row in rows)), None)
    if at is None:
        return rows
    sizes = {size for row in rows if (size := _left_out(row[at - 1], row[at + 1]))}
    if len(sizes) == 1:
        (size,) = sizes
        return tuple((*row[:at], *_between(row[at - 1], row[at + 1], size), *row[at + 1 :]) for row in rows)
    return tuple(row[:1] for row in rows) if not sizes and all(map(_is_repeated, rows)) else None


def _left_out(before: Node, after: Node) -> int:
    """How many entries stand between two of one array that lie on one line; 0 if that is not known."""
    way = _way(before, after)
    return max(way) - 1 if way and sum(map(bool, way)) == 1 and max(way) > 1 else 0


def _way(before: Node, after: Node) -> list[int] | None:
    """From the index of one entry to that of another."""
    a, b = (getattr(n, "address", None) for n in (before, after))
    if not a or not b or INDEX.sub("", a) != INDEX.sub("", b):
        return None
    return [j - i for i, j in zip(_index(a), _index(b), strict=True)]


def _index(address: str) -> list[int]:
    return [int(i) for i in INDEX.findall(address)]


def _between(before: Node, after: Node, size: int) -> Line:
    """What stands between two entries; dots stay where they are left out in the other direction too."""
    if before in DOTS:
        return (before,) * size
    if _left_out(before, after) != size:  # a 1 above each sample has no address
        return (Hidden(),) * size
    start, step = _index(before.address), [int(n > 0) for n in _way(before, after)]
    places = [[i + k * s for i, s in zip(start, step, strict=True)] for k in range(1, size + 1)]
    name = INDEX.sub("", before.address)
    return tuple(Hidden(address=name + "".join(f"[{i}]" for i in place)) for place in places)


def _is_repeated(row: Line) -> bool:
    """Whether a row is one number again and again, as a bias is for every sample."""
    told = [(n.text, n.address) if isinstance(n, Num) else None for n in row if n not in DOTS]
    return len(set(told)) <= 1
