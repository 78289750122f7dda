"""The names by which symbols are known: a symbol, or a partial derivative of one by another."""

import re

from ..arithmetic.tree import Node, Op, Partial, Sym

Key = Sym | Partial

CARRIED = re.compile(r"([^_^,]+)_([^^]+)(?:\^(.*))?")
"""An index that is itself a symbol with an index: 'v_12' in s_{v_{12}}, what belongs to entry v_12."""


def index_in(key: Key) -> str:
    if isinstance(key, Partial):
        return index_in(key.bottom) if isinstance(key.bottom, Sym) else ""
    return index_in(carried) if (carried := _carried(key)) else key.sub


def wholes_of(key: Key) -> list[Key]:
    """The names that an array may have whose entry has this name."""
    if isinstance(key, Partial):
        return [Partial(key.top, name) for name in wholes_of(key.bottom)] if isinstance(key.bottom, Sym) else []
    if carried := _carried(key):  # s_V of s_{v_12}
        return [Sym(key.base, str(whole), key.sup) for whole in wholes_of(carried)]
    parts = key.sub.split(",")  # E_neg of E_{neg,2}, W_xh of w_{xh,10,6}
    subs = dict.fromkeys((",".join(parts[:-1]), ",".join(parts[:-2]), ""))
    return [Sym(base, sub, key.sup) for sub in subs for base in (key.base, key.base[:1].upper() + key.base[1:])]


def _carried(key: Sym) -> Sym | None:
    """The symbol that stands as the index of another."""
    found = CARRIED.fullmatch(key.sub)
    return Sym(found[1], found[2], found[3] or "") if found else None


def power_name(node: Node) -> Sym | None:
    """The symbol that a power of a symbol is, if it is a name."""
    powered = isinstance(node, Op) and node.name == "pow" and isinstance(node.args[0], Sym)
    return Sym(node.args[0].base, node.args[0].sub, node.args[0].sup + node.note) if powered else None
