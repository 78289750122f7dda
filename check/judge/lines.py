"""Checks one formula: every relation in it that joins numbers with numbers, or numbers with symbols.

Glossary. An *item* is one expression of a chain 'a = b = c'; the *head* is the first of them.
"""

from dataclasses import dataclass, field
from itertools import pairwise

from ..arithmetic.tree import (
    ElidedError,
    Matrix,
    Node,
    NotUnderstoodError,
    Op,
    Partial,
    Sym,
    is_elided,
    is_literal,
    is_numeric,
    walk,
)
from ..read.dots import beside
from ..read.parse import Row
from ..truth.keys import Key, power_name
from ..truth.symbols import FormError, MismatchError, Symbols
from .recompute import Rules, Slip, numeric_shapes, same_value, slips

RELATIONS = ("=", "≈")
CHAIN = ("times", "dot", "had", "T")
"""What a chain of derivatives is made with."""


@dataclass(frozen=True)
class Item:
    row: int
    relation: str
    node: Node


@dataclass
class Result:
    """What became of one formula: how many relations were redone, what is wrong, what was not understood."""

    redone: int = 0
    substituted: int = 0
    slips: list[Slip] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    learned: list[tuple[Key, Node]] = field(default_factory=list)


def chains(rows: list[Row]) -> list[list[Item]]:
    """The formula as chains; a row with a left side begins a new one."""
    found: list[list[Item]] = []
    for r, row in enumerate(rows):
        for relation, node in zip(row.relations, row.parts, strict=True):
            if relation == "" or not found:
                found.append([])
            found[-1].append(Item(r, relation, node))
    return found


def bindings(chain: list[Item]) -> list[tuple[Key, Node, bool]]:
    """(symbol, literal, shared) that a chain defines by itself; `shared` if one symbol names several entries."""
    literals = [i.node for i in chain if is_literal(i.node)]
    if not literals or any(i.relation not in ("", *RELATIONS) for i in chain):
        return []
    last, found = literals[-1], []
    if power := power_name(chain[0].node):
        found.append((power, last, False))
    for item in chain:
        node = item.node.args[0] if isinstance(item.node, Op) and item.node.name == "shaped" else item.node
        if isinstance(node, Sym | Partial):
            found.append((node, last, False))
        elif isinstance(item.node, Matrix) and not item.node.is_literal and (pairs := beside(item.node, last)):
            found += _entries(pairs)
    return found


def elided(chain: list[Item]) -> list[Key]:
    """Symbols that a chain sets equal to a matrix with dots in it, and to no numbers."""
    wide = any(is_elided(i.node) for i in chain) and not any(is_literal(i.node) for i in chain)
    names = [i.node for i in chain] + [power_name(chain[0].node)]
    return [name for name in names if wide and isinstance(name, Sym | Partial)]


def _entries(pairs: list[tuple[Node, Node]]) -> list[tuple[Key, Node, bool]]:
    names = [name for name, _ in pairs]
    return [(s, n, names.count(s) > 1) for s, n in pairs if isinstance(s, Sym | Partial)]


def check(rows: list[Row], symbols: Symbols, rules: Rules) -> Result:
    """Redo everything in a formula that can be redone."""
    result = Result()
    for chain in chains(rows):
        _check_chain(chain, symbols, rules, result)
    for row in rows:
        for node in row.parts:
            _guard(result, lambda node=node: result.slips.extend(_shapes(node)))
    return result


def _shapes(node: Node) -> list[Slip]:
    shaped = [n for n in walk(node) if isinstance(n, Op) and n.name == "shaped" and is_numeric(n)]
    return [slip for n in shaped for slip in numeric_shapes(n)]


def _guard(result: Result, work) -> None:
    try:
        work()
    except ElidedError:
        return
    except NotUnderstoodError as error:
        result.unknown.append(str(error))


def _check_chain(chain: list[Item], symbols: Symbols, rules: Rules, result: Result) -> None:
    for before, item in pairwise(chain):
        if item.relation in RELATIONS:
            _guard(result, lambda b=before, i=item: _check_pair(chain, b, i, symbols, rules, result))
    head = chain[0].node
    if any(is_literal(i.node) for i in chain[1:]) and not is_numeric(head):
        _guard(result, lambda: _check_head(chain, symbols, rules, result))
    if isinstance(head, Partial):
        result.slips += [s for i in chain[1:] for s in _path(head, i.node)]


def _check_pair(chain, before: Item, item: Item, symbols: Symbols, rules: Rules, result: Result) -> None:
    b, a = before.node, item.node
    if is_numeric(b) and is_numeric(a):
        result.slips += slips(b, a, item.relation, rules)
        result.redone += 1
    elif is_numeric(a) and not _goes_on(chain, before, item):
        for s, n in _partners(chain, before, item):
            _substituted(s, n, item.relation, symbols, rules, result)
    elif is_numeric(b) and is_literal(b):
        _substituted(a, b, item.relation, symbols, rules, result)


def _goes_on(chain: list[Item], before: Item, item: Item) -> bool:
    """Whether a line goes on with some of its parts worked already: its symbol, then numbers that are redone one
    after another. That they arrive at what the symbol stands for is checked at the chain's end."""
    named = before is chain[0] and isinstance(before.node, Sym | Partial)
    return named and not is_literal(item.node) and is_literal(chain[-1].node)


def _partners(chain: list[Item], before: Item, item: Item) -> list[tuple[Node, Node]]:
    """Which symbolic expressions say the same as which numeric ones: row by row if the rows are alike."""
    above = [i.node for i in chain if i.row == before.row and i.relation]
    here = [i.node for i in chain if i.row == item.row]
    alike = before.row != item.row and len(above) == len(here)
    return list(zip(above, here, strict=True)) if alike else [(before.node, item.node)]


def _substituted(sym: Node, num: Node, relation: str, symbols: Symbols, rules: Rules, result: Result) -> None:
    """Check numbers against the symbols whose place they take; if the forms differ, at least the values."""
    learned: list[tuple[Key, Node]] = []
    try:
        symbols.unify(sym, num, learned)
        result.learned += learned
    except MismatchError as error:
        result.slips.append(Slip(str(error.printed), str(error.expected), f"stands for {error.symbol}"))
    except FormError:
        if not _is_chain(sym):
            compare = slips if is_literal(num) else same_value
            rounded = isinstance(
                sym, Sym | Partial
            )  # its number is what is printed in the end, not what is worked out
            result.slips += compare(symbols.put(sym), num, "≈" if rounded else relation, rules)
    result.substituted += 1


def _is_chain(node: Node) -> bool:
    """Whether it is a product of derivatives, of which `_path` is the judge: not all of them are printed."""
    return all(isinstance(n, Partial) or (isinstance(n, Op) and n.name in CHAIN) for n in walk(node))


def _check_head(chain: list[Item], symbols: Symbols, rules: Rules, result: Result) -> None:
    """The left side stands for what the chain arrives at."""
    head, last = chain[0].node, [i for i in chain if is_literal(i.node)][-1]
    if any(i.relation not in ("", *RELATIONS) for i in chain):
        return
    if isinstance(head, Sym | Partial | Matrix):
        _substituted(head, last.node, last.relation, symbols, rules, result)
    elif is_numeric(chain[1].node) and not is_literal(chain[1].node):
        return  # it was redone from its own numbers
    elif power_name(head) or not any(is_numeric(i.node) and not is_literal(i.node) for i in chain):
        result.slips += slips(symbols.put(head), last.node, last.relation, rules)
    else:  # the numbers below are redone, with what is rounded between them
        result.slips += same_value(symbols.put(head), symbols.put(chain[1].node), "=", rules)


def _path(head: Partial, node: Node) -> list[Slip]:
    """A product of partial derivatives must lead from the head's top to its bottom, each used once."""
    if isinstance(node, Op) and node.name == "add":
        return [slip for part in node.args for slip in _path(head, part)]
    links = [n for n in walk(node) if isinstance(n, Partial)]
    if len(links) < 2 or any(isinstance(n, Op) and n.name not in CHAIN for n in walk(node)):
        return []
    steps, at = {link.top: link.bottom for link in links}, head.top
    for _ in links:
        at = steps.pop(at, None)
    if at == head.bottom:
        return []
    return [Slip(", ".join(map(str, links)), str(head), "is no chain of derivatives from the loss to its place")]
