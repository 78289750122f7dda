"""The model as its forward pass: from what is given, at the top, down to the loss; parameters stand inside the boxes.

Glossary. A *box* is a line of the forward pass or a leaf of data. A *level* is its depth: the longest way to it. An
edge that passes other levels has a *joint* on each, which keeps its place free. After Sugiyama, Tagawa & Toda 1981.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise

from gradbook.engine.tape.trace import Trace

from . import palette, tex
from .canvas import Box, Canvas
from .figure import Figure, View
from .layers import layers

HEIGHT, LEVEL, GAP, JOINT = 25.0, 44.0, 14.0, 8.0
SIZE, SMALL = 9.5, 7.0
SWEEPS = 8
ARROW = 4.2
PULL = 0.15


@dataclass(eq=False)
class Place:
    """A box, or with no `name` a joint."""

    name: str | None
    level: int
    width: float = JOINT
    text: str = ""
    parameters: str = ""
    x: float = 0.0
    above: list["Place"] = field(default_factory=list)
    below: list["Place"] = field(default_factory=list)

    @property
    def y(self) -> float:
        return HEIGHT / 2 + 3 + self.level * LEVEL

    @property
    def box(self) -> Box:
        return Box(self.x - self.width / 2, self.y - HEIGHT / 2, self.x + self.width / 2, self.y + HEIGHT / 2)


def draw(view: View) -> Iterator[Figure]:
    if layers(view.trace):
        return  # a chain of layers is drawn as a network
    boxes = _boxes(view)
    levels = _levels(boxes, _edges(view.trace, boxes))
    _order(levels)
    width = _spread(levels)
    canvas = Canvas(width, HEIGHT + 6 + (len(levels) - 1) * LEVEL)
    _draw_edges(canvas, levels)
    for place in boxes.values():
        _draw_box(canvas, place, view)
    yield Figure("model", canvas.svg(), {"boxes": len(boxes), "levels": len(levels)})


# What stands on which level


def _boxes(view: View) -> dict[str, Place]:
    trace = view.trace
    found: dict[str, Place] = {}
    lines = trace.lines("forward")
    used = {name for line in lines for name in _used(trace, line.name)}
    for step in (s for s in trace.values() if s in lines or (s.op == "data" and s.name in used)):
        args = _used(trace, step.name)
        level = 1 + max((found[a].level for a in args if a in found), default=-1)
        learned = ", ".join(view.notation.symbol(a) for a in args if trace[a].op == "param")
        text = view.notation.symbol(step.name)
        width = max(tex.width(text, SIZE), tex.width(learned, SMALL) if learned else 0) + 12
        found[step.name] = Place(step.name, level, max(width, 26), text, learned)
    _lower_leaves(trace, found)
    return found


def _used(trace: Trace, name: str) -> list[str]:
    """The lines and leaves that a line is computed from."""
    found: list[str] = []
    for arg in trace[name].args:
        found += _used(trace, arg) if trace.parent(arg) else [arg] * (trace[arg].op != "const")
    return list(dict.fromkeys(found))


def _lower_leaves(trace: Trace, boxes: dict[str, Place]) -> None:
    """Data stands just above what first uses it."""
    for name, place in boxes.items():
        if trace[name].is_leaf:
            place.level = max(0, min(b.level for n, b in boxes.items() if name in _used(trace, n)) - 1)


def _edges(trace: Trace, boxes: dict[str, Place]) -> list[tuple[Place, Place]]:
    return [(boxes[a], place) for name, place in boxes.items() for a in _used(trace, name) if a in boxes]


def _levels(boxes: dict[str, Place], edges) -> list[list[Place]]:
    levels: list[list[Place]] = [[] for _ in range(1 + max(p.level for p in boxes.values()))]
    for place in boxes.values():
        levels[place.level].append(place)
    for start, end in edges:
        chain = [start, *(Place(None, level) for level in range(start.level + 1, end.level)), end]
        for joint in chain[1:-1]:
            levels[joint.level].append(joint)
        for one, following in pairwise(chain):
            one.below.append(following)
            following.above.append(one)
    return levels


# Where it stands there


def _order(levels: list[list[Place]]) -> None:
    """Boxes are sorted by the middle of their neighbours, down and up again, so that few edges cross."""
    for sweep in range(SWEEPS):
        down = sweep % 2 == 0
        for level in levels if down else reversed(levels):
            at = {p: i for row in levels for i, p in enumerate(row)}
            level.sort(key=lambda p: _middle([at[n] for n in (p.above if down else p.below)], at[p]))


def _middle(places: list[float], otherwise: float) -> float:
    return sum(places) / len(places) if places else otherwise


def _spread(levels: list[list[Place]]) -> float:
    """Give every box its x, near its neighbours' and apart from the next; returns the width of the drawing."""
    for level in levels:
        x = -sum(place.width + GAP for place in level) / 2
        for place in level:
            place.x, x = x + place.width / 2, x + place.width + GAP
    for _ in range(10 * SWEEPS):
        for level in (*levels, *reversed(levels)):
            _relax(level)
    left = min(p.box.left for level in levels for p in level)
    for level in levels:
        for place in level:
            place.x += 3 - left
    return max(p.box.right for level in levels for p in level) + 3


def _relax(level: list[Place]) -> None:
    """Move every place to the middle of its neighbours as far as its level allows: from both sides, then between.
    A little pull to the middle of the drawing (0) keeps a long model from leaning to one side."""
    wished = [(1 - PULL) * _middle([n.x for n in (*p.above, *p.below)], p.x) for p in level]
    least = [(a.width + b.width) / 2 + GAP for a, b in pairwise(level)]
    right, left = wished[:], wished[:]
    for i, room in enumerate(least):
        right[i + 1] = max(right[i + 1], right[i] + room)
    for i in reversed(range(len(least))):
        left[i] = min(left[i], left[i + 1] - least[i])
    for place, a, b in zip(level, left, right, strict=True):
        place.x = (a + b) / 2


# What is drawn


def _draw_edges(canvas: Canvas, levels: list[list[Place]]) -> None:
    lines, heads = [], []
    for start in (p for level in levels for p in level):
        for end in start.below:
            y0 = start.y + (HEIGHT / 2 if start.name else 0)
            y1 = end.y - (HEIGHT / 2 + ARROW / 2 if end.name else 0)
            bend = (y1 - y0) / 2
            lines += [("M", start.x, y0), ("C", start.x, y0 + bend, end.x, y1 - bend, end.x, y1)]
            if end.name:
                tip = end.y - HEIGHT / 2
                heads += [("M", end.x, tip), ("L", end.x - ARROW * 0.45, tip - ARROW)]
                heads += [("L", end.x + ARROW * 0.45, tip - ARROW), ("Z",)]
    colour = palette.PHASES["forward"]
    canvas.path(lines, stroke=colour, width=1.0, alpha=(0.75, 1))
    canvas.path(heads, fill=colour, alpha=(1, 0.9))


def _draw_box(canvas: Canvas, place: Place, view: View) -> None:
    leaf = view.trace[place.name].is_leaf
    url = view.href(place.name)
    colour = palette.FAINT if leaf else palette.PHASES["forward"]
    canvas.rectangle(place.box, 2.5, fill=palette.GROUND, stroke=colour, width=1.1, url=url)
    if not leaf:
        canvas.rectangle(place.box, 2.5, fill=colour, alpha=(1, 0.09), url=url)
    up = 3.6 if place.parameters else 0
    canvas.label(place.x, place.y - up, place.text, size=SIZE, colour=palette.MUTED if leaf else palette.INK, url=url)
    if place.parameters:
        canvas.label(place.x, place.y + 5.4, place.parameters, size=SMALL, colour=palette.MUTED, url=url)
