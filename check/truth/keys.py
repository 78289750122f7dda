"""The names by which symbols are known: a symbol, or a partial derivative of one by another."""

from ..arithmetic.tree import Node, Op, Partial, Sym

Key = Sym | Partial


def index_in(key: Key) -> str:
    return key.sub if isinstance(key, Sym) else index_in(key.bottom) if isinstance(key.bottom, Sym) else ""


def wholes_of(key: Key) -> list[Key]:
    """The names that an array may have whose entry has this name."""
    if isinstance(key, Partial):
        return [Partial(key.top, name) for name in wholes_of(key.bottom)] if isinstance(key.bottom, Sym) else []
    subs = dict.fromkeys((key.sub.rpartition(",")[0], ""))  # E_neg of E_{neg,2}
    return [Sym(base, sub, key.sup) for sub in subs for base in (key.base, key.base[:1].upper() + key.base[1:])]


def power_name(node: Node) -> Sym | None:
    """The symbol that a power of a symbol is, if it is a name."""
    powered = isinstance(node, Op) and node.name == "pow" and isinstance(node.args[0], Sym)
    return Sym(node.args[0].base, node.args[0].sub, node.args[0].sup + node.note) if powered else None
