"""The boxes of the graph of a computation, and the ways that lines take between them.

The words are those of `graph.py`: bands across the page, columns of what belongs to a forward step.
"""

from dataclasses import dataclass

from gradbook.engine.tape.trace import Step

from .canvas import Box

PARAMETERS, FORWARD, BACKWARD, GRADIENTS, UPDATES = range(5)
SPREAD = (PARAMETERS, GRADIENTS, UPDATES)
HEIGHT = 21.0


@dataclass
class Node:
    """A box. `args` are the nodes it is computed from, its parts' arguments included."""

    step: Step
    args: list[str]
    band: int = 0
    column: int = 0
    text: str = ""
    x: float = 0.0
    y: float = 0.0
    width: float = 0.0
    middle: float = 0.0  # of its column

    @property
    def box(self) -> Box:
        half = self.width / 2
        return Box(self.x - half, self.y - HEIGHT / 2, self.x + half, self.y + HEIGHT / 2)


def curve(a: Node, b: Node, nodes) -> tuple[float, ...]:
    """Sideways within a row, downwards between rows, and around the boxes that stand between."""
    if a.column == b.column and _between(a, b, nodes):
        return _around(a, b)
    if a.band == b.band and a.column != b.column:
        return _over(a, b) if _between(a, b, nodes) else _sideways(a, b)
    if b.band in SPREAD and a.column != b.column:
        return _into_side(a, b)
    down = 1 if a.y < b.y else -1
    y0, y1 = a.y + down * HEIGHT / 2, b.y - down * HEIGHT / 2
    first, last = (0.9, 0.1) if a.band == PARAMETERS and a.column != b.column else (0.5, 0.5)
    return a.x, y0, a.x, y0 + first * (y1 - y0), b.x, y1 - last * (y1 - y0), b.x, y1


def _between(a: Node, b: Node, nodes) -> bool:
    """Whether another box stands on the straight way."""
    left, right = sorted((a.x, b.x))
    top, bottom = sorted((a.y, b.y))
    if a.y == b.y:
        way = Box(left + 1, top - 1, right - 1, bottom + 1)
    else:
        way = Box(left - 1, top + HEIGHT / 2 + 1, right + 1, bottom - HEIGHT / 2 - 1)
    return any(node is not a and node is not b and node.box.meets(way) for node in nodes)


def _sideways(a: Node, b: Node) -> tuple[float, ...]:
    side = 1 if a.x < b.x else -1
    x0, x1 = a.x + side * a.width / 2, b.x - side * b.width / 2
    middle = (x0 + x1) / 2
    return x0, a.y, middle, a.y, middle, b.y, x1, b.y


def _over(a: Node, b: Node) -> tuple[float, ...]:
    top = min(a.y, b.y) - HEIGHT / 2
    return a.x, a.y - HEIGHT / 2, a.x, top - 18, b.x, top - 18, b.x, b.y - HEIGHT / 2


def _into_side(a: Node, b: Node) -> tuple[float, ...]:
    """Down to the height of the target, then in from the side: what stands above the target is not touched."""
    side = 1 if a.x < b.x else -1
    y0, x1 = a.y + HEIGHT / 2, b.x - side * b.width / 2
    return a.x, y0, a.x, y0 + 0.75 * (b.y - y0), x1 - side * 0.5 * abs(x1 - a.x), b.y, x1, b.y


def _around(a: Node, b: Node) -> tuple[float, ...]:
    """Out of the column where the target stands, and back in; from a value, whose sides are taken, below."""
    side = -1 if b.x < b.middle + 1 else 1
    x0, x1 = a.x + side * a.width / 2, b.x + side * b.width / 2
    out = (min if side < 0 else max)(x0, x1) + side * (9 + abs(b.y - a.y) / 16)
    if a.band in SPREAD:
        return x0, a.y, out, a.y, out, b.y, x1, b.y
    y0 = a.y + HEIGHT / 2
    return x0 - side * 7, y0, out + side * 6, y0 + 14, out + side * 6, b.y, x1, b.y
