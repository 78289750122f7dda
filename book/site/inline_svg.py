"""Turns a figure file into SVG for inside a page: unique ids, a title, the page's colours, no inline styles."""

import re
from xml.etree import ElementTree

from ..base.colours import DRAWN

SVG = "http://www.w3.org/2000/svg"
XLINK = "http://www.w3.org/1999/xlink"

# In a page a colour of ours becomes a CSS variable, so that it follows dark mode; in the PDF the colour itself is
# seen. Any other colour is kept as it is.
NAMED = {colour: name for name, colour in DRAWN.items()}
BLACK = {"#000000", "#000", "black"}
WIDE = 500  # px: a wider drawing scrolls on a phone rather than shrink its letters beyond reading

_UNITS = {"pt": 4 / 3, "px": 1, "": 1, "in": 96, "mm": 96 / 25.4}
_FONT = re.compile(r"(?P<before>.*?)(?P<size>[\d.]+(?:px|pt|em|%)?)(?:/\S+)?\s+(?P<family>\S.*)")
_REFERENCE = re.compile(r"url\(#([^)]+)\)")
# Set by a style sheet for every element in the file; as inherited attributes they say the same.
_ROOT = {"stroke-linejoin": "round", "stroke-linecap": "butt"}

ElementTree.register_namespace("", SVG)
ElementTree.register_namespace("xlink", XLINK)


def inline(text: str, title: str, prefix: str) -> str:
    """The figure as one `<svg>`: an image, or a group if it holds links; every id in it starts with `prefix`."""
    root = ElementTree.fromstring(text)
    _drop(root, {"metadata", "style", "title", "desc"})
    for element in root.iter():
        _plain_attributes(element)
        _own_ids(element, prefix)
    _frame(root, title, prefix)
    return ElementTree.tostring(root, encoding="unicode")


def _drop(element, names: set[str]) -> None:
    for child in list(element):
        if child.tag.rpartition("}")[2] in names:
            element.remove(child)
        else:
            _drop(child, names)


def _plain_attributes(element) -> None:
    """A strict content policy blocks style attributes; the same words as attributes of their own are allowed."""
    style = element.attrib.pop("style", "")
    pairs = (part.partition(":") for part in style.split(";") if ":" in part)
    for name, value in ((name.strip(), value.strip()) for name, _, value in pairs):
        element.attrib.update(_font(value) if name == "font" else {name: value})
    for name in ("fill", "stroke", "stop-color"):
        if name in element.attrib:
            element.set(name, _colour(element.get(name)))


def _font(value: str) -> dict[str, str]:
    found = _FONT.fullmatch(value)
    if not found:
        return {}
    words = found["before"].split()
    named = {"font-size": found["size"]}  # the family is the page's own
    named |= {"font-weight" if w == "bold" or w.isdigit() else "font-style": w for w in words if w != "normal"}
    return named


def _colour(value: str) -> str:
    value = value.lower()
    if value in BLACK:
        return "currentColor"
    return f"var(--figure-{NAMED[value]})" if value in NAMED else value


def _own_ids(element, prefix: str) -> None:
    for name, value in element.attrib.items():
        if name == "id":
            element.set(name, prefix + value)
        elif name in ("href", f"{{{XLINK}}}href") and value.startswith("#") and element.tag != f"{{{SVG}}}a":
            element.set(name, "#" + prefix + value[1:])
        elif "url(#" in value:
            element.set(name, _REFERENCE.sub(rf"url(#{prefix}\1)", value))


def _frame(root, title: str, prefix: str) -> None:
    width, height = (_pixels(root.get(side, "")) for side in ("width", "height"))
    root.attrib.update(_ROOT)
    root.set("role", "group" if root.find(f".//{{{SVG}}}a") is not None else "img")
    root.set("class", "figure-svg wide" if width > WIDE else "figure-svg")
    if width and height:
        root.set("viewBox", root.get("viewBox") or f"0 0 {width:g} {height:g}")
        root.set("width", f"{width:.0f}")
        root.set("height", f"{height:.0f}")
    if title:
        root.set("aria-labelledby", f"{prefix}title")
        label = ElementTree.Element(f"{{{SVG}}}title", {"id": f"{prefix}title"})
        label.text = title
        root.insert(0, label)


def _pixels(length: str) -> float:
    found = re.fullmatch(r"([\d.]+)([a-z]*)", length)
    return float(found[1]) * _UNITS.get(found[2], 0) if found else 0.0
