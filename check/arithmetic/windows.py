"""Convolution and pooling as a reader does them: a window slides over a map.

Glossary. x, h: maps; k: a kernel; g: what arrives at the places of the window. All are tuples of rows of scalars.
s, d: how far the window moves and reaches, as they stand below the sign: 's' or 's,d', for pools 'size,s'; each is a
number, or two of them, '2×1', along the rows and along the columns.
"""

from collections.abc import Iterator
from decimal import Decimal
from itertools import product

from .arrays import added, hiding
from .functions import is_above
from .interval import Interval, hull, interval
from .tree import NotUnderstoodError

Place = tuple[int, int]


def _two(below: str, first: int, second: int | None) -> tuple[Place, Place]:
    """What stands below a sign; the second may be missing, or both."""
    found = [_each(part) for part in below.split(",")] if below else [(first, first)]
    return found[0], found[1] if len(found) > 1 else (second, second) if second else found[0]


def _each(part: str) -> Place:
    """Along the rows, along the columns: '2×1', or '2' for both."""
    rows, _, columns = part.partition("×")
    return int(rows), int(columns or rows)


def _windows(shape: Place, window: Place, s: Place, d: Place = (1, 1)) -> Iterator[tuple[Place, list[Place]]]:
    """Every place of the window, with the entries of the map that it sees there, row by row."""
    reach = [n - step * (m - 1) for n, m, step in zip(shape, window, d, strict=True)]
    if min(reach) < 1 or any((r - 1) % step for r, step in zip(reach, s, strict=True)):
        raise NotUnderstoodError("a window that does not fit its map")
    for p, q in product(*(range(0, r, step) for r, step in zip(reach, s, strict=True))):
        yield (p // s[0], q // s[1]), [(p + d[0] * i, q + d[1] * j) for i, j in product(*map(range, window))]


def _shape(x) -> Place:
    return len(x), len(x[0])


def _filled(shape: Place, found: dict[Place, list]):
    return tuple(tuple(added(found.get((i, j), ())) for j in range(shape[1])) for i in range(shape[0]))


def _seen(x, places: list[Place]) -> list:
    return [x[i][j] for i, j in places]


@hiding
def convolved(below: str, x, k):
    """At each place the entries that the window sees, weighted by the kernel."""
    s, d = _two(below, 1, 1)
    weights = [w for row in k for w in row]
    found = {
        place: [w * v for w, v in zip(weights, _seen(x, seen), strict=True)]
        for place, seen in _windows(_shape(x), _shape(k), s, d)
    }
    return _filled(tuple(n + 1 for n in max(found)), found)


@hiding
def handed_back(below: str, g, k):
    """Every g goes back to the entries that its window saw, weighted by the kernel."""
    s, d = _two(below, 1, 1)
    sizes = zip(s, _shape(g), d, _shape(k), strict=True)
    shape = tuple(s * (n - 1) + d * (m - 1) + 1 for s, n, d, m in sizes)
    weights, found = [w for row in k for w in row], {}
    for (p, q), seen in _windows(shape, _shape(k), s, d):
        for place, w in zip(seen, weights, strict=True):
            found.setdefault(place, []).append(w * g[p][q])
    return _filled(shape, found)


def _pool(below: str, x) -> Iterator[tuple[Place, list[Place]]]:
    size, s = _two(below, 1, None)
    return _windows(_shape(x), size, s)


def pooled(of_window):
    """A pool: a function of what each window sees."""

    @hiding
    def pool(below: str, *x):
        found = {place: [of_window(*(_seen(v, seen) for v in x))] for place, seen in _pool(below, x[-1])}
        return _filled(tuple(n + 1 for n in max(found)), found)

    return pool


def _may_be_first(v: list) -> list[tuple[bool, bool]]:
    """For each entry whether it surely is, and whether it may be, the largest, the first of equals."""
    found = []
    for i, a in enumerate(v):
        before = [interval(1 - is_above(a, b) if j < i else is_above(b, a)) for j, b in enumerate(v) if j != i]
        found.append((all(b.high == 0 for b in before), all(b.low == 0 for b in before)))
    return found


def picked(h: list, x: list):
    """The entry of h that stands where x is largest."""
    possible = [interval(a) for a, (_, may) in zip(h, _may_be_first(x), strict=True) if may]
    found = hull(end for a in possible for end in (a.low, a.high))
    return found if any(isinstance(v, Interval) for v in (*h, *x)) else found.low


@hiding
def to_largest(below: str, g, x):
    """Every g goes back to where its window of x is largest."""
    found: dict[Place, list] = {}
    for (p, q), seen in _pool(below, x):
        for place, (surely, may) in zip(seen, _may_be_first(_seen(x, seen)), strict=True):
            if may:
                found.setdefault(place, []).append(g[p][q] if surely else g[p][q] * Interval(Decimal(0), Decimal(1)))
    return _filled(_shape(x), found)


@hiding
def to_all(below: str, g):
    """Every g goes back in equal shares to all entries of its window."""
    (rows, columns), s = _two(below, 1, None)
    share = Decimal(1) / (rows * columns)
    return handed_back("×".join(map(str, s)), g, ((share,) * columns,) * rows)
