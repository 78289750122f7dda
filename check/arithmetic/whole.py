"""Functions of printed mathematics in which an entry is made from several entries, or from one that stands elsewhere.

Their names are said in the entries of check/ops.

Glossary. x, g, h: arrays, tuples of rows of scalars (Decimals or Intervals). below: what stands below the name.
`_i` under a name means down the columns, `_j` along the rows.
"""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

from .arrays import HIDDEN, added, all_hidden, broadcast, lone, rows_of, shape, transpose
from .functions import exponential, is_above, logarithm
from .interval import Interval, hull, interval
from .tree import NotUnderstoodError

AXES = {"": 0, "i": 0, "j": 1}


@dataclass(frozen=True)
class Whole:
    """`plain(below, *arrays)`. It rises in every entry, unless `bounds` says what it is on Intervals. `moves` says
    that it only moves entries: the page may print where they have come to, instead of the function."""

    plain: Callable
    bounds: Callable | None = None
    moves: bool = False


def along(line: Callable) -> Callable:
    """A function of arrays from one of lines: `line` is given the columns or the rows, one after another."""

    def function(below: str, *x):
        if below not in AXES:
            raise NotUnderstoodError(f"the index {below} of a function")
        if AXES[below] == 1:
            return tuple(tuple(_whole_line(line, rows)) for rows in zip(*x, strict=True))
        return transpose(function("j", *map(transpose, x)))

    return function


def _whole_line(line: Callable, rows):
    """`line` of rows; if an entry of them is hidden, then all that it gives."""
    if not any(HIDDEN in row for row in rows):
        return line(*rows)
    return all_hidden(lambda *v: (tuple(line(*(row[0] for row in v))),), *((row,) for row in rows))[0]


def mean(v):
    return [added(v) / len(v)]


def variance(v):
    (centre,) = mean(v)
    return mean([(a - centre) ** 2 for a in v])


def log_sum_exp(v):
    return [logarithm(added(map(exponential, v)))]


def log_softmax(v):
    (whole,) = log_sum_exp(v)
    return [a - whole for a in v]


def softmax(v, seen=None):
    """The powers of e by their sum. An entry rises with its own power and falls with all others."""
    seen = seen or [Decimal(1)] * len(v)
    e = [interval(m * exponential(a)) for a, m in zip(v, seen, strict=True)]
    low, high = added(a.low for a in e), added(a.high for a in e)
    return [_share(a, low - a.low, high - a.high) for a in e]


def _share(a: Interval, least: Decimal, most: Decimal):
    """a by the sum of a and the others, which lie between `least` and `most`."""
    if a.high == 0:
        return Decimal(0)
    return Interval(a.low / (a.low + most), a.high / (a.high + least))


def on_numbers(function: Callable) -> Callable:
    """The function on numbers, from one that gives intervals."""
    return lambda *x: [interval(a).low for a in function(*x)]


def first_of(k: int) -> Callable:
    """1 at the k largest entries, the first of equals; from 0 to 1 where that is not sure."""

    def line(v):
        others = [[(b, j < i) for j, b in enumerate(v) if j != i] for i in range(len(v))]
        return [_is_first(k, a, rest) for a, rest in zip(v, others, strict=True)]

    return line


def _is_first(k: int, a, others):
    before = [1 - is_above(a, b) if earlier else is_above(b, a) for b, earlier in others]
    return is_above(Decimal(k), added(before)) if before else Decimal(1)


def topmost(below: str, x):
    k, _, axis = below.partition(",")
    return along(first_of(int(k)))(axis, x)


# What moves entries


def _span(below: str) -> list[int]:
    """The numbers in 'rows 2:4' or 'rows 3,1,3', from 0."""
    first, _, last = below.partition(":")
    return list(range(int(first) - 1, int(last))) if last else [int(n) - 1 for n in first.split(",")]


def cut_rows(below: str, x):
    return tuple(x[i] for i in _span(below))


def cut_columns(below: str, x):
    return transpose(cut_rows(below, transpose(x)))


def reshaped(below: str, x):
    flat, columns = [v for row in x for v in row], int(below.partition("×")[2])
    return tuple(tuple(flat[i : i + columns]) for i in range(0, len(flat), columns))


def padded(below: str, x):
    widths = [int(n) for n in below.split(",")]
    top, bottom, left, right = widths if len(widths) == 4 else widths * 4
    zero = Decimal(0)
    wide = tuple((zero,) * left + row + (zero,) * right for row in x)
    blank = ((zero,) * len(wide[0]),)
    return blank * top + wide + blank * bottom


def scattered(below: str, g):
    """Row i is the sum of those rows that are sent to it."""
    count, _, targets = below.partition(":")
    sent = list(zip(_span(targets), g, strict=True))
    return tuple(
        tuple(added(row[c] for target, row in sent if target == i) for c in range(len(g[0])))
        for i in range(int(count))
    )


WHOLE: dict[str, Whole] = {}
"""Name on the page, with T for a transposed one -> how to work it out; check/ops fills it."""


def only_moves(note: str) -> bool:
    """Whether a function only moves entries."""
    name = parted(note)[0]
    return name in WHOLE and WHOLE[name].moves


def parted(note: str) -> tuple[str, str]:
    """(name, what stands below it) of a function as it was read: 'maxpool_2^T' is ('maxpool^T', '2')."""
    note, mark, above = note.partition("^")
    name, _, below = note.partition("_")
    return name + mark + above, below


def applied(note: str, *x):
    """A function of whole arrays. Raises NotUnderstoodError."""
    name, below = parted(note)
    arrays = [rows_of(v) for v in x]
    try:
        found = _applied(WHOLE[name], below, arrays)
    except (IndexError, ValueError, TypeError):
        raise NotUnderstoodError(f"{note} of {' and '.join('{} × {}'.format(*shape(a)) for a in arrays)}") from None
    return lone(found)


def _applied(function: Whole, below: str, arrays):
    if not any(isinstance(v, Interval) for x in arrays for row in x for v in row):
        return function.plain(below, *arrays)
    if function.bounds:
        return function.bounds(below, *arrays)
    ends = [[broadcast(lambda v, end=end: getattr(interval(v), end), x) for x in arrays] for end in ("low", "high")]
    low, high = (function.plain(below, *x) for x in ends)
    return broadcast(lambda a, b: hull((a, b)), low, high)
