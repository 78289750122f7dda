"""From the SVG that matplotlib writes to ours: small, without style sheets or ids, its TeX labels set as text.

A label's scripts are <tspan>s moved by dx and dy, which every browser and Typst follow.
"""

import html
import re
from xml.etree import ElementTree

from . import tex
from .fonts import FAMILY

SVG, XLINK = "http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"
_KEPT = ("fill", "fill-opacity", "stroke", "stroke-opacity", "stroke-width", "stroke-dasharray", "opacity")
_NUMBER = re.compile(r"-?\d+\.\d+|-?\d+")
_SKIPPED = {"metadata", "defs"}

ElementTree.register_namespace("", SVG)
ElementTree.register_namespace("xlink", XLINK)


def clean(text: str) -> str:
    """The figure with what a page needs of it, in the same bytes on every machine."""
    source = ElementTree.fromstring(text)
    width, height = (_short(source.get(side).removesuffix("pt")) for side in ("width", "height"))
    root = ElementTree.Element(
        f"{{{SVG}}}svg", {"width": f"{width}pt", "height": f"{height}pt", "viewBox": f"0 0 {width} {height}"}
    )
    # On a group, not on the root: the page's style sheet gives the root a typeface of its own.
    group = ElementTree.SubElement(
        root, f"{{{SVG}}}g", {"font-family": FAMILY, "stroke-linejoin": "round", "stroke-linecap": "butt"}
    )
    _copy(source, group)
    return ElementTree.tostring(root, encoding="unicode") + "\n"


def _copy(source, target) -> None:
    for element in source:
        kind = element.tag.rpartition("}")[2]
        if kind == "path":
            _path(element, target)
        elif kind == "text":
            _text(element, target)
        elif kind == "a":
            _copy(element, _link(element, target))
        elif kind == "g":
            _copy(element, target)
        elif kind not in _SKIPPED:
            raise ValueError(f"a figure may not hold <{kind}>")


def _link(element, target):
    """The link; one that follows a link to the same place is part of it."""
    href = element.get(f"{{{XLINK}}}href")
    if len(target) and target[-1].get(f"{{{XLINK}}}href") == href:
        return target[-1]
    return ElementTree.SubElement(target, f"{{{SVG}}}a", {f"{{{XLINK}}}href": href})


def _path(element, target) -> None:
    style = _style(element)
    look = {name: style[name] for name in _KEPT if name in style}
    if look.get("fill") == "none" and look.get("stroke", "none") == "none":
        return
    if look.get("stroke") == "none":
        del look["stroke"]
    for name in look.keys() - {"fill", "stroke"}:
        look[name] = _numbers(look[name])
    ElementTree.SubElement(target, f"{{{SVG}}}path", {"d": _numbers(" ".join(element.get("d").split())), **look})


def _text(element, target) -> None:
    style = _style(element)
    size = float(style["font-size"].removesuffix("px"))
    look = {"x": _short(element.get("x")), "y": _short(element.get("y")), "font-size": _short(size)}
    look |= {"text-anchor": style["text-anchor"]} if style.get("text-anchor", "start") != "start" else {}
    look |= {"fill": style["fill"]}
    text = ElementTree.SubElement(target, f"{{{SVG}}}text", look)
    label = html.unescape(element.text or "")
    _set(text, label, size)
    if target.tag == f"{{{SVG}}}a":
        target.set("aria-label", tex.plain(label))


def _set(text, label: str, size: float) -> None:
    """The label's runs; only scripts and what follows them need an element of their own."""
    here, line = 0.0, 0.0
    for run, x in tex.placed(label):
        dx, dy = size * (x - here), size * (run.shift - line)
        here, line = x + run.width, run.shift
        if not len(text) and not run.place and not text.text:
            text.text = run.text
            continue
        moved = {"dx": _short(dx)} if abs(dx) > 0.005 else {}
        moved |= {"dy": _short(dy)} if abs(dy) > 0.005 else {}
        moved |= {"font-size": _short(run.scale * size)} if run.scale != 1 else {}
        ElementTree.SubElement(text, f"{{{SVG}}}tspan", moved).text = run.text


def _style(element) -> dict[str, str]:
    pairs = (part.partition(":") for part in element.get("style", "").split(";") if ":" in part)
    return {name.strip(): value.strip() for name, _, value in pairs}


def _numbers(text: str) -> str:
    return _NUMBER.sub(lambda found: _short(found[0]), text)


def _short(number) -> str:
    """Two decimals: finer than any eye, coarser than the difference between machines."""
    text = f"{float(number):.2f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text
