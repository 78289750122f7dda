"""What the pages of one example contradict each other in: symbols for different numbers, numbers under two names,
gradients under a wrong name.

Glossary. A bound symbol is (key, literal, shared, where): see `lines.bindings`.
"""

from itertools import combinations

from ..arithmetic.tree import Num, Partial, Sym, cells
from .report import Report


def conflicts(example) -> Report:
    """All contradictions between the bindings of an example's pages."""
    report, seen, named = Report(), {}, {}
    shared = {b[0] for bound in example.bound_on.values() for b in bound if b[2]}
    equal = _equal(example)
    for path, bound in example.bound_on.items():
        for key, literal, _, where in bound:
            if key not in shared:
                _check_meaning(example, seen, key, literal, (path, where), report)
            if isinstance(key, Partial):
                _check_gradient(example, key, literal, path, where, report)
            else:
                _check_name(example, named, equal, key, literal, (path, where), report)
    return report


def _equal(example) -> set[frozenset]:
    """Pairs of symbols that one line sets equal, as in a = z = 0.0195."""
    lines: dict[tuple, set] = {}
    for path, bound in example.bound_on.items():
        for key, literal, _, where in bound:
            lines.setdefault((path, where, id(literal)), set()).add(key)
    return {frozenset(pair) for keys in lines.values() for pair in combinations(keys, 2)}


def _check_meaning(example, seen: dict, key, literal, place: tuple[str, str], report: Report) -> None:
    """A symbol stands for one thing; as a matrix and as a number it may stand for two."""
    shape = len(cells(literal)), len(cells(literal)[0])
    first, at = seen.setdefault((key, shape), (literal, place))
    if not example.symbols.same(first, literal):
        told = f"{first} as in {at[0]}, {at[1]}"
        report.fail("symbol", *place, f"{key} = {literal}", told, "is bound to something else elsewhere")


def _check_name(example, named: dict, equal: set, key: Sym, literal, place: tuple[str, str], report: Report) -> None:
    """One entry, one name: the index of a symbol and the place of its number must go together."""
    places = tuple(example.named_by(n.address) for row in cells(literal) for n in row)
    if None in places or example.trace.steps[places[0][0]].value.size == 1:
        return  # a sum over one entry is that entry
    first, at = named.setdefault((type(literal), places), (key, place))
    wholes = Sym(first.base, "", first.sup), Sym(key.base, "", key.sup)
    if first != key and not equal.intersection((frozenset((first, key)), frozenset(wholes))):
        told = f"{first} as in {at[0]}, {at[1]}"
        report.fail("symbol", *place, key, told, "is another name for the same numbers")


def _check_gradient(example, key: Partial, literal, path: str, where: str, report: Report) -> None:
    """∂J/∂s must be printed from the step that the trace names as the gradient of s."""
    for of in example.symbols.lookup(key.bottom) if isinstance(key.bottom, Sym) else []:
        rows = zip(cells(of), cells(literal), strict=False)
        pairs = [pair for of_row, row in rows for pair in zip(of_row, row, strict=False)]
        if len(cells(of)) == len(cells(literal)) and any(_is_wrong(example, a, b) for a, b in pairs):
            report.fail("symbol", path, where, f"{key} = {literal}", "", "is not this gradient in the trace")


def _is_wrong(example, of: Num, gradient: Num) -> bool:
    place, found = example.named_by(of.address), example.home_of(gradient.address)
    if not place or not found or place[0] not in example.trace.grads:
        return False
    return found != example.trace.home((example.trace.grads[place[0]], place[1]))
