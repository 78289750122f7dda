"""A sheet to draw on: matplotlib with y downwards in points, labels given as TeX, a record of where they stand."""

import html
import io
from contextlib import contextmanager
from dataclasses import dataclass

from . import palette, tex
from .svg import clean

SIZE = 9.0  # points, the usual size of a label
_SETTINGS = {"svg.fonttype": "none", "svg.hashsalt": "gradbook", "text.parse_math": False}
CAP = 0.66  # em, the height of capitals and figures


@contextmanager
def settings():
    """matplotlib as it comes, whatever the reader's own settings say, and quiet about its first start."""
    import logging

    logging.getLogger("matplotlib").setLevel(logging.ERROR)
    import matplotlib

    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(_SETTINGS)
        yield


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
    """`width` by `height` points. Everything is drawn in the order it is given."""

    def __init__(self, width: float, height: float):
        from matplotlib.figure import Figure

        self.width, self.height = width, height
        self.figure = Figure(figsize=(width / 72, height / 72), facecolor="none")
        self.axes = self.figure.add_axes((0, 0, 1, 1), xlim=(0, width), ylim=(height, 0))
        self.axes.set_axis_off()
        self.labels: list[Box] = []
        self.order = 10  # matplotlib draws by its own kinds of artists; we draw in the order given

    def next(self) -> int:
        self.order += 1
        return self.order

    def path(self, commands, *, stroke="none", width=1.0, fill="none", dashed=False, alpha=(1.0, 1.0), url=None):
        """A path of ('M', x, y), ('L', x, y), ('C', x1, y1, x2, y2, x, y) and ('Z',) commands.

        `alpha` is how opaque the line and the filling are.
        """
        from matplotlib.colors import to_rgba
        from matplotlib.patches import PathPatch
        from matplotlib.path import Path

        codes = {"M": [Path.MOVETO], "L": [Path.LINETO], "C": [Path.CURVE4] * 3, "Z": [Path.CLOSEPOLY]}
        points, kinds = [], []
        for kind, *numbers in commands:
            kinds += codes[kind]
            points += list(zip(numbers[::2], numbers[1::2], strict=True)) or [(0, 0)]
        if not points:
            return
        edge = to_rgba(stroke, alpha[0]) if stroke != "none" else stroke
        face = to_rgba(fill, alpha[1]) if fill != "none" else fill
        patch = PathPatch(
            Path(points, kinds), edgecolor=edge, linewidth=width if stroke != "none" else 0, facecolor=face,
            linestyle=(0, (3, 2)) if dashed else "-", clip_on=False, url=url, zorder=self.next(),
        )  # fmt: skip
        self.axes.add_artist(patch)

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
        align = {"start": "left", "middle": "center", "end": "right"}[anchor]
        self.axes.text(
            x, y + CAP * size / 2, written(text), fontsize=size, color=colour, ha=align, va="baseline", url=url,
            zorder=self.next(),
        )  # fmt: skip

    def svg(self) -> str:
        text = io.StringIO()
        self.figure.savefig(text, format="svg", metadata={"Date": None}, facecolor="none", edgecolor="none")
        return clean(text.getvalue())


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


def written(text: str) -> str:
    """TeX as matplotlib may hold it until `clean` sets it: its own face, used for measuring, has no Chinese."""
    return html.escape(text, quote=False).encode("ascii", "xmlcharrefreplace").decode()
