"""Works a numeric expression out in 50-digit decimals, or in intervals of them.

Glossary. x, y: a scalar (Decimal or Interval) or an array, a tuple of rows of scalars.
"""

from collections.abc import Callable
from decimal import MAX_EMAX, MIN_EMIN, ROUND_HALF_EVEN, Context, Decimal, DecimalException, localcontext

from .arrays import (
    HIDDEN,
    add,
    broadcast,
    divide,
    joined,
    lone,
    multiple,
    multiply,
    outer,
    product,
    rows_of,
    shape,
    subtract,
    total,
    transpose,
)
from .functions import called, exceeds, exponential, function_of, is_above, is_within, power, reaches
from .interval import Interval
from .tree import ElidedError, Hidden, Matrix, Node, NotUnderstoodError, Num, Op, Repeated, walk
from .whole import WHOLE, applied, parted
from .windows import convolved, handed_back

__all__ = ["Interval", "evaluate", "exactly", "index_of", "indices_of", "is_hidden", "shape"]

CONTEXT = Context(prec=50, rounding=ROUND_HALF_EVEN, Emax=MAX_EMAX, Emin=MIN_EMIN)
"""Powers of e may be far larger than a float64 on their way to a share."""


def exactly(number: Num):
    return number.value


def evaluate(node: Node, read: Callable = exactly):
    """The value of a numeric expression; `read` gives the scalar of a printed number.

    Raises NotUnderstoodError for a symbol, an operation without a rule, or shapes that do not fit.
    """
    try:
        with localcontext(CONTEXT):
            found = _evaluate(node, read)
    except NotUnderstoodError as error:
        if any(isinstance(n, Repeated) for n in walk(node)):
            raise ElidedError(str(error)) from None
        raise
    except (DecimalException, OverflowError) as error:
        raise NotUnderstoodError(f"arithmetic that fails ({type(error).__name__})") from None
    if any(isinstance(v, Decimal) and not v.is_finite() for row in rows_of(found) for v in row):
        raise NotUnderstoodError("arithmetic without a finite result")
    return found


def _evaluate(node: Node, read: Callable):
    if isinstance(node, Num):
        return HIDDEN if isinstance(node, Hidden) else read(node)
    if isinstance(node, Matrix):
        return joined([[_evaluate(cell, read) for cell in row] for row in node.rows])
    if not isinstance(node, Op):
        raise NotUnderstoodError(f"the symbol {node}")
    x = [_evaluate(arg, read) for arg in node.args]
    if node.name in PLAIN:
        return PLAIN[node.name](*x)
    if node.name not in NOTED:
        raise NotUnderstoodError(f"the operation {node.name}")
    return NOTED[node.name](node.note, *x)


def is_hidden(*x) -> bool:
    """Whether one of these numbers or values is one in whose place dots are printed, or depends on one."""
    return any(v is HIDDEN or isinstance(v, Hidden) for v in x)


def indices_of(text: str, rows) -> list[tuple[int, int]]:
    """The places that printed indices may name, counted from 1: '12' or '1,2' in a matrix, '2' or '21' in
    a column."""
    height, width = len(rows), len(rows[0])
    single = [[text]] if 1 in (height, width) and "," not in text else []
    found = []
    for parts in [*single, text.split(",") if "," in text else list(text)]:
        if all(p.isdecimal() for p in parts) and len(parts) in (1, 2):
            i, j = int(parts[0]) - 1, int(parts[-1]) - 1
            found.append((i, j) if len(parts) == 2 else (i, 0) if width == 1 else (0, j))
    return [(i, j) for i, j in dict.fromkeys(found) if 0 <= i < height and 0 <= j < width]


def index_of(text: str, rows) -> tuple[int, int] | None:
    """The place that printed indices name first of all."""
    return next(iter(indices_of(text, rows)), None)


def _entry(note: str, x):
    index = index_of(note, rows_of(x))
    if index is None:
        raise NotUnderstoodError(f"the index {note} of a matrix of {shape(x)[0]} × {shape(x)[1]}")
    return rows_of(x)[index[0]][index[1]]


def _call(note: str, *x):
    """A function by its name: entry by entry, or of whole arrays."""
    if parted(note)[0] in WHOLE and not _is_plain(note):
        return applied(note, *x)
    return broadcast(lambda *v: called(note, *v), *x)


def _is_plain(note: str) -> bool:
    """Whether it works entry by entry, as max does without an index."""
    try:
        return bool(function_of(note))
    except NotUnderstoodError:
        return False


PLAIN = {
    "add": add, "sub": subtract, "times": product, "dot": multiple, "cross": multiple, "had": multiply,
    "hdiv": divide, "frac": divide, "outer": outer, "total": total, "T": transpose,
    "neg": lambda x: broadcast(lambda a: -a, x),
    "exp": lambda x: broadcast(exponential, x),
    "power": lambda x, n: broadcast(power, x, n),
    "hpower": lambda x, n: broadcast(power, x, n),
    "mask": lambda x, bound: broadcast(is_above, x, bound),
    "reaches": lambda x, bound: broadcast(reaches, x, bound),
    "exceeds": lambda x, bound: broadcast(exceeds, x, bound),
    "within": lambda low, x, high: broadcast(is_within, low, x, high),
}  # fmt: skip
NOTED = {
    "pow": lambda note, x: broadcast(lambda a: a ** int(note), x),
    "hpow": lambda note, x: broadcast(lambda a: a ** int(note), x),
    "call": _call,
    "conv": lambda note, x, k: lone(convolved(note, rows_of(x), rows_of(k))),
    "convT": lambda note, g, k: lone(handed_back(note, rows_of(g), rows_of(k))),
    "shaped": lambda _, x: x,
    "index": _entry,
}
"""Operations by their names in a tree: without what is noted beside them, and with it."""
