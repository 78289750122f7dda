"""A drawing as SVG: paths and labels as elements, small, without style sheets or ids, a label's TeX set as text.

A label's scripts are <tspan>s moved by dx and dy, which every browser and Typst follow.
"""

from collections.abc import Iterable
from xml.sax.saxutils import escape, quoteattr

from . import tex
from .fonts import FAMILY

SVG, XLINK = "http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"


def drawing(width: float, height: float, elements: str) -> str:
    """The whole file; the sizes are points."""
    wide, high = number(width), number(height)
    spaces = {"xmlns": SVG} | ({"xmlns:xlink": XLINK} if "<a " in elements else {})
    size = {"width": f"{wide}pt", "height": f"{high}pt", "viewBox": f"0 0 {wide} {high}"}
    # On a group, not on the root: the page's style sheet gives the root a typeface of its own.
    look = {"font-family": FAMILY, "stroke-linejoin": "round", "stroke-linecap": "butt"}
    return element("svg", spaces | size, element("g", look, elements)) + "\n"


def element(kind: str, attributes: dict[str, str], content: str | None = None) -> str:
    """The markup of one element; `content` is markup as well, None for an element without."""
    named = "".join(f" {name}={quoteattr(value)}" for name, value in attributes.items())
    return f"<{kind}{named} />" if content is None else f"<{kind}{named}>{content}</{kind}>"


def number(value: float) -> str:
    """Two decimals: finer than any eye. The noise of binary numbers goes first, so that each machine rounds alike."""
    text = f"{round(value, 6):.2f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def path(commands: Iterable[tuple]) -> str:
    """The attribute `d` for commands ('M', x, y), ('L', x, y), ('C', x1, y1, x2, y2, x, y) and ('Z',)."""
    return " ".join(" ".join([kind, *map(number, places)]) if places else "z" for kind, *places in commands)


def label(text: str, size: float) -> str:
    """What stands in a <text> of this size; only scripts and what follows them need an element of their own."""
    parts, here, line = [], 0.0, 0.0
    for run, x in tex.placed(text):
        dx, dy = size * (x - here), size * (run.shift - line)
        here, line = x + run.width, run.shift
        if not parts and not run.place:
            parts.append(escape(run.text))
            continue
        moved = {"dx": number(dx)} if abs(dx) > 0.005 else {}
        moved |= {"dy": number(dy)} if abs(dy) > 0.005 else {}
        moved |= {"font-size": number(run.scale * size)} if run.scale != 1 else {}
        parts.append(element("tspan", moved, escape(run.text)))
    return "".join(parts)
