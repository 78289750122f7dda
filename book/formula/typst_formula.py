"""One formula for Typst, cut where it may be broken: a formula too wide for the page gets lines, not small print.

Glossary: a *row* is a line of a derivation as its author wrote it; a *link* is one equality of a row, A = B = C
being a row of two; a *piece* is a part of a link up to the next sign (+, −, ⊙ …), where a long link may go on in
a new line. Which rows are broken is known only when they are measured: that is done in book/pdf/look.typ.
"""

from dataclasses import dataclass
from functools import cache
from xml.etree import ElementTree

from .mathml import to_mathml
from .typst_math import cells, sequence

RELATIONS = set("=≈")
SIGNS = set("+−±⊙⊗⋅·×")
QUADS = ("1em", "2em")  # what stands behind one is a remark or a formula of its own


@dataclass(frozen=True)
class Row:
    """left: what stands before the alignment, None where nothing is aligned; links: lists of pieces."""

    left: str | None
    links: list[list[str]]

    def __str__(self) -> str:
        links = ", ".join(f"({', '.join(f'${piece}$' for piece in link)},)" for link in self.links)
        left = {None: "none", "": "[]"}.get(self.left, f"${self.left}$")
        return f"(left: {left}, links: ({links},))"


class Formula:
    """tex: for readers who listen; rows: for display; body: in a sentence; high: higher than a line of text."""

    def __init__(self, latex: str, display: bool):
        root = ElementTree.fromstring(to_mathml(latex, display))
        nodes = list(root[0][0])
        self.tex = root.findtext(".//annotation")
        self.high = root.find(".//mtable") is not None
        self.body = sequence(nodes)
        self.rows = [_row(row) for row in _written_rows(nodes)]


@cache
def formula(latex: str, display: bool) -> Formula:
    return Formula(latex, display)


def _written_rows(nodes):
    """Each row as its list of cells; a formula that is no derivation is one row of one cell."""
    if len(nodes) == 1 and "lines" in nodes[0].get("class", "").split():
        return [[list(cell) for cell in row if "m-half" not in cell.get("class", "")] for row in nodes[0]]
    return [[nodes]]


def _row(row):
    last = row[-1]
    if len(row) > 2 or any(node.get("width") in QUADS for node in last):
        return Row(None if len(row) == 1 else "", [[cells([sequence(cell) for cell in row])]])
    if len(row) == 2:
        return Row(sequence(row[0]), _links(last))
    first = next((i for i, node in enumerate(last) if _is(node, RELATIONS)), None)
    if first is None:
        return Row(None, [[sequence(last)]])
    return Row(sequence(last[:first]), _links(last[first:]))


def _links(nodes):
    return [[sequence(piece) for piece in _cut(link, SIGNS)] for link in _cut(nodes, RELATIONS)]


def _cut(nodes, signs):
    """The nodes in parts, each after the first beginning with one of `signs` that has something before it."""
    parts = [[]]
    for node in nodes:
        if _is(node, signs) and parts[-1] and not _is(parts[-1][-1], SIGNS | RELATIONS):
            parts.append([])
        parts[-1].append(node)
    return parts


def _is(node, signs):
    return node.tag == "mo" and node.text in signs
