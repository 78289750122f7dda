"""Sums over the entries of arrays: Σ_{i,j} of a body that holds symbols with i and j for an index.

Glossary. In a body Op("each", (array,)) stands for an entry of the array, the one at the place that i and j name.
"""

import re

from ..arithmetic.tree import Node, Num, Op, cells, is_literal, walk

LETTERS = re.compile(r"[a-z](,[a-z])*")
ENTRYWISE = {"times": "had", "dot": "had", "cross": "had", "pow": "hpow", "power": "hpower"}
"""Products and powers of entries, as operations on the arrays that the entries belong to."""


def letters_of(note: str) -> str:
    """The letters that run in a sum: 'i,j' are i and j."""
    return note.replace(",", "") if LETTERS.fullmatch(note) else ""


def entry_of(array: Node, i: int, j: int) -> Num:
    """The entry of an array that is repeated where it is smaller."""
    rows = cells(array)
    row = rows[i if len(rows) > 1 else 0]
    return row[j if len(row) > 1 else 0]


def entrywise(body: Node) -> Node:
    """The body worked out for all entries at once."""
    if not isinstance(body, Op):
        return body
    if body.name == "each":
        return body.args[0]
    return Op(ENTRYWISE.get(body.name, body.name), tuple(map(entrywise, body.args)), body.note)


def spread(body: Node) -> list[Node]:
    """The body once for each entry, row by row."""
    arrays = [n.args[0] for n in walk(body) if isinstance(n, Op) and n.name == "each"]
    shapes = [(len(cells(a)), len(cells(a)[0])) for a in arrays if is_literal(a)]
    if not shapes or len(shapes) < len(arrays):
        return []
    rows, columns = (max(s[axis] for s in shapes) for axis in (0, 1))
    return [_at(body, i, j) for i in range(rows) for j in range(columns)]


def _at(body: Node, i: int, j: int) -> Node:
    if not isinstance(body, Op):
        return body
    if body.name == "each":
        return entry_of(body.args[0], i, j)
    return Op(body.name, tuple(_at(arg, i, j) for arg in body.args), body.note)
