"""A sheet to draw on, y downwards in points, labels given as TeX, with a record of where they stand."""

from dataclasses import dataclass
from itertools import groupby
from typing import NamedTuple

from . import palette, svg, tex
from .line import line

SIZE = 9.0  # points, the usual size of a label
CAP = 0.66  # em, the height of capitals and figures
DASHES = 3, 2  # times the width of the line


@dataclass(frozen=True)
class Box:
    """A rectangle that must stay free."""

    left: float
    top: float
    right: float
    bottom: float

    def meets(self, other: "Box") -> bool:
        across = self.left < other.right and other.left < self.right
        return across and self.top < other.bottom and other.top < self.bottom


def label_box(x: float, y: float, text: str, size: float, anchor: str = "middle", room: float = 0.0) -> Box:
    """Where a label centred on the height `y` stands, with `room` around it."""
    width = tex.width(text, size)
    left = x - width * {"start": 0, "middle": 0.5, "end": 1}[anchor]
    half = CAP * size / 2
    lowered = any(run.place == "_" for run in tex.runs(text))
    raised = any(run.place == "^" for run in tex.runs(text))
    top, bottom = half + (0.2 * size if raised else 0), half + (0.22 * size if lowered else 0)
    return Box(left - room, y - top - room, left + width + room, y + bottom + room)


class Canvas:
    """`width` by `height` points, y downwards. Everything is drawn in the order it is given."""

    def __init__(self, width: float, height: float):
        self.width, self.height = width, height
        self.labels: list[Box] = []
        self._drawn: list[_Drawn] = []

    def path(self, commands, *, stroke="none", width=1.0, fill="none", dashed=False, alpha=(1.0, 1.0), url=None):
        """A path of ('M', x, y), ('L', x, y), ('C', x1, y1, x2, y2, x, y) and ('Z',) commands.

        `alpha` is how opaque the line and the filling are.
        """
        if not commands:
            return
        look = {"d": svg.path(line(commands) if fill == "none" else commands), "fill": fill}
        look |= {"fill-opacity": svg.number(alpha[1])} if fill != "none" and alpha[1] != 1 else {}
        if stroke != "none":
            look |= {"stroke": stroke}
            look |= {"stroke-opacity": svg.number(alpha[0])} if alpha[0] != 1 else {}
            look |= {"stroke-width": svg.number(width)} if width != 1 else {}
            look |= {"stroke-dasharray": ",".join(svg.number(part * width) for part in DASHES)} if dashed else {}
        self._drawn.append(_Drawn(svg.element("path", look), url))

    def circle(self, x: float, y: float, radius: float, **look):
        self.path(ring(x, y, radius), **look)

    def rectangle(self, box: Box, rounded: float = 0.0, **look):
        self.path(outline(box, rounded), **look)

    def label(self, x, y, text, *, size=SIZE, colour=palette.INK, anchor="middle", halo=False, url=None):
        """A TeX label whose capitals are centred on the height `y`; `halo` frees it from the lines behind it."""
        if not text:
            return
        self.labels.append(label_box(x, y, text, size, anchor))
        if halo:
            self.rectangle(label_box(x, y, text, size, anchor, room=1), fill=palette.GROUND)
        look = {"x": svg.number(x), "y": svg.number(y + CAP * size / 2), "font-size": svg.number(size)}
        look |= {"text-anchor": anchor} if anchor != "start" else {}
        drawn = svg.element("text", look | {"fill": colour}, svg.label(text, size))
        self._drawn.append(_Drawn(drawn, url, tex.plain(text)))

    def svg(self) -> str:
        links = (_link(url, list(drawn)) for url, drawn in groupby(self._drawn, lambda one: one.url))
        return svg.drawing(self.width, self.height, "".join(links))


class _Drawn(NamedTuple):
    """The markup of one element, where it leads, and what it says."""

    markup: str
    url: str | None
    words: str = ""


def _link(url: str | None, drawn: list[_Drawn]) -> str:
    """What leads to one place is one link, which is called as the last label in it."""
    markup, words = "".join(one.markup for one in drawn), [one.words for one in drawn if one.words]
    if url is None:
        return markup
    return svg.element("a", {"xlink:href": url} | ({"aria-label": words[-1]} if words else {}), markup)


def ring(x: float, y: float, radius: float) -> list[tuple]:
    """The path around a circle: four Bézier curves."""
    r, k = radius, 0.5523 * radius
    return [
        ("M", x + r, y),
        ("C", x + r, y + k, x + k, y + r, x, y + r),
        ("C", x - k, y + r, x - r, y + k, x - r, y),
        ("C", x - r, y - k, x - k, y - r, x, y - r),
        ("C", x + k, y - r, x + r, y - k, x + r, y),
        ("Z",),
    ]


def outline(box: Box, rounded: float = 0.0) -> list[tuple]:
    """The path around a box, its corners rounded."""
    left, top, right, bottom = box.left, box.top, box.right, box.bottom
    if not rounded:
        return [("M", left, top), ("L", right, top), ("L", right, bottom), ("L", left, bottom), ("Z",)]
    r, k = rounded, 0.45 * rounded
    return [
        ("M", left + r, top), ("L", right - r, top), ("C", right - k, top, right, top + k, right, top + r),
        ("L", right, bottom - r), ("C", right, bottom - k, right - k, bottom, right - r, bottom),
        ("L", left + r, bottom), ("C", left + k, bottom, left, bottom - k, left, bottom - r),
        ("L", left, top + r), ("C", left, top + k, left + k, top, left + r, top), ("Z",),
    ]  # fmt: skip
