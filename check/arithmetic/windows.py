"""Convolution and pooling as a reader does them: a window slides over a map.

Glossary. x, h: maps; k: a kernel; g: what arrives at the places of the window. All are tuples of rows of scalars.
s, d: how far the window moves and reaches, as they stand below the sign: 's' or 's,d', for pools 'size,s'.
"""

from collections.abc import Iterator
from decimal import Decimal
from itertools import product

from .arrays import added, hiding
from .functions import is_above
from .interval import Interval, hull, interval
from .tree import NotUnderstoodError

Place = tuple[int, int]


def _two(below: str, first: int, second: int | None) -> tuple[int, int]:
    """The two numbers below a sign; the second may be missing, or both."""
    numbers = [int(n) for n in below.split(",")] if below else [first]
    return numbers[0], numbers[1] if len(numbers) > 1 else second or numbers[0]


def _windows(shape: Place, window: Place, s: int, d: int = 1) -> Iterator[tuple[Place, list[Place]]]:
    """Every place of the window, with the entries of the map that it sees there, row by row."""
    reach = [n - d * (m - 1) for n, m in zip(shape, window, strict=True)]
    if min(reach) < 1 or any((r - 1) % s for r in reach):
        raise NotUnderstoodError("a window that does not fit its map")
    for p, q in product(range(0, reach[0], s), range(0, reach[1], s)):
        yield (p // s, q // s), [(p + d * i, q + d * j) for i, j in product(*map(range, window))]


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
    shape = tuple(s * (n - 1) + d * (m - 1) + 1 for n, m in zip(_shape(g), _shape(k), strict=True))
    weights, found = [w for row in k for w in row], {}
    for (p, q), seen in _windows(shape, _shape(k), s, d):
        for place, w in zip(seen, weights, strict=True):
            found.setdefault(place, []).append(w * g[p][q])
    return _filled(shape, found)


def _pool(below: str, x) -> Iterator[tuple[Place, list[Place]]]:
    size, s = _two(below, 1, None)
    return _windows(_shape(x), (size, size), s)


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
    size, s = _two(below, 1, None)
    share = Decimal(1) / size**2
    return handed_back(str(s), g, ((share,) * size,) * size)
