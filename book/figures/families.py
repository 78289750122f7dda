"""What to read before what: the model families in rows, joined by arrows from what helps to what builds on it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from graphlib import TopologicalSorter
from itertools import pairwise

from . import palette, tex
from .canvas import Box, Canvas

HEIGHT, ROW, GAP, MARGIN, ARROW = 22.0, 54.0, 12.0, 6.0, 4.2
MOST = 6
"""So many families stand beside each other; more begin a new row."""

Before = Mapping[str, tuple[str, ...]]
"""For each family those to read first; no family comes before itself on any way."""


@dataclass
class Node:
    """A family; or, without a name, the place where an arrow passes a row. `above` are those it hangs on."""

    name: str
    row: int
    above: list["Node"]
    x: float = 0.0

    @property
    def label(self) -> str:
        return rf"\text{{{self.name}}}".replace("_", "\N{NO-BREAK SPACE}")

    @property
    def width(self) -> float:
        return max(tex.width(self.label, 9) + 14, 34) if self.name else 4.0

    @property
    def y(self) -> float:
        return MARGIN + HEIGHT / 2 + self.row * ROW

    @property
    def box(self) -> Box:
        half = self.width / 2
        return Box(self.x - half, self.y - HEIGHT / 2, self.x + half, self.y + HEIGHT / 2)


def draw(before: Before, href: Callable[[str], str]) -> str:
    """The drawing as SVG; `href` gives where the box of a family leads."""
    nodes = _nodes(needed(before))
    canvas = Canvas(*_place(nodes))
    for node in nodes:
        for other in node.above if node.name else ():
            _arrow(canvas, other, node)
    for node in nodes:
        if node.name:
            url = href(node.name)
            canvas.rectangle(node.box, 2.5, fill=palette.GROUND, stroke=palette.PHASES["forward"], width=1.1, url=url)
            canvas.label(node.x, node.y, node.label, url=url)
    return canvas.svg()


def order(before: Before) -> list[str]:
    """The families so that each comes after what it builds on, else by how many build on it, else by name.
    Raises graphlib.CycleError."""
    sorter = TopologicalSorter(before)
    sorter.prepare()
    earlier = {name: _all_before(before, name) for name in before}
    later = {name: sum(name in names for names in earlier.values()) for name in before}
    found: list[str] = []
    while sorter.is_active():
        ready = sorted(sorter.get_ready(), key=lambda name: (-later[name], name))
        found += ready
        sorter.done(*ready)
    return found


def needed(before: Before) -> dict[str, tuple[str, ...]]:
    """Without the arrows that say nothing new: what is read first by way of another family."""
    earlier = {name: _all_before(before, name) for name in before}
    return {
        name: tuple(b for b in dict.fromkeys(direct) if not any(b in earlier[o] for o in direct if o != b))
        for name, direct in before.items()
    }


def _all_before(before: Before, name: str) -> set[str]:
    found: set[str] = set()
    waiting = list(before[name])
    while waiting:
        if (other := waiting.pop()) not in found:
            found.add(other)
            waiting += before[other]
    return found


def rows(before: Before) -> dict[str, int]:
    """The row of each family: below all that it builds on, and below a row that is full."""
    found: dict[str, int] = {}
    for name in order(before):
        row = max((found[b] + 1 for b in before[name]), default=0)
        while sum(r == row for r in found.values()) >= MOST:
            row += 1
        found[name] = row
    return found


def _nodes(before: Before) -> list[Node]:
    """The families, and a place in every row that an arrow passes."""
    named: dict[str, Node] = {}
    passed: list[Node] = []
    for name, row in rows(before).items():
        named[name] = Node(name, row, [])
        for other in before[name]:
            above = named[other]
            for between in range(above.row + 1, row):
                above = Node("", between, [above])
                passed.append(above)
            named[name].above.append(above)
    return [*named.values(), *passed]


def _place(nodes: list[Node]) -> tuple[float, float]:
    """Gives every node its place, each row in the order of what it hangs on; returns the size of the sheet."""
    by_row = [[n for n in nodes if n.row == row] for row in range(max(n.row for n in nodes) + 1)]
    wide = max(map(_width, by_row))
    for row in by_row:
        row.sort(key=lambda node: (_middle(node.above), node.name))
        x = MARGIN + (wide - _width(row)) / 2
        for node in row:
            node.x = x + node.width / 2
            x += node.width + GAP
    return wide + 2 * MARGIN, 2 * MARGIN + HEIGHT + (len(by_row) - 1) * ROW


def _width(row: list[Node]) -> float:
    return sum(node.width for node in row) + GAP * (len(row) - 1)


def _middle(nodes: list[Node]) -> float:
    return sum(node.x for node in nodes) / len(nodes) if nodes else 0.0


def _arrow(canvas: Canvas, above: Node, node: Node) -> None:
    """From the lower side of a box to the upper side of one below, through the places where it passes a row."""
    way = [node, above]
    while not way[-1].name:
        way += way[-1].above
    x, y = node.x, node.y - HEIGHT / 2
    path = [("M", way[-1].x, way[-1].y + HEIGHT / 2)]
    for a, b in pairwise(reversed(way)):
        top, bottom = a.y + HEIGHT / 2, b.y - HEIGHT / 2
        bend = (bottom - top) / 2
        path.append(("C", a.x, top + bend, b.x, bottom - bend, b.x, bottom - (ARROW if b is node else 0)))
        if b is not node:
            path.append(("L", b.x, b.y + HEIGHT / 2))
    canvas.path(path, stroke=palette.MUTED, width=0.9, alpha=(0.8, 1))
    canvas.path([("M", x, y), ("L", x - 2.4, y - 4.7), ("L", x + 2.4, y - 4.7), ("Z",)], fill=palette.MUTED)
