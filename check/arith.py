"""Works a numeric expression out in 50-digit decimals, or in intervals of them.

Glossary. x, y: a scalar (Decimal or Interval) or an array, a tuple of rows of scalars.
"""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Context, Decimal, DecimalException

from .tree import Matrix, Node, NotUnderstoodError, Num, Op

CONTEXT = Context(prec=50, rounding=ROUND_HALF_EVEN)


@dataclass(frozen=True)
class Interval:
    """All numbers from `low` to `high`."""

    low: Decimal
    high: Decimal

    def __add__(self, other):
        return Interval(self.low + other.low, self.high + other.high)

    def __sub__(self, other):
        return Interval(self.low - other.high, self.high - other.low)

    def __neg__(self):
        return Interval(-self.high, -self.low)

    def __mul__(self, other):
        ends = [a * b for a in (self.low, self.high) for b in (other.low, other.high)]
        return Interval(min(ends), max(ends))

    def __truediv__(self, other):
        if other.low <= 0 <= other.high:
            raise NotUnderstoodError("a division by an interval around 0")
        return self * Interval(1 / other.high, 1 / other.low)

    def __pow__(self, n: int):
        ends = [self.low**n, self.high**n]
        inside = n % 2 == 0 and self.low < 0 < self.high
        return Interval(Decimal(0) if inside else min(ends), max(ends))

    def meets(self, other: "Interval") -> bool:
        return self.low <= other.high and other.low <= self.high


def exactly(number: Num) -> Decimal:
    return number.value


# Functions of printed mathematics, all of them rising in every argument: an interval maps end to end.


@dataclass(frozen=True)
class Function:
    """`plain` of Decimals. `bare` says that the argument may stand without brackets: ln x."""

    plain: Callable
    bare: bool = False


def _sigmoid(x: Decimal) -> Decimal:
    return 1 / (1 + (-x).exp())


def _tanh(x: Decimal) -> Decimal:
    """Near 0 the quotient loses digits to cancellation, but 50 are far more than are printed."""
    e = (2 * x).exp()
    return (e - 1) / (e + 1)


def _relu(x: Decimal) -> Decimal:
    return max(x, Decimal(0))


def _larger(*x: Decimal) -> Decimal:
    return max(x)


def _logarithm(x: Decimal) -> Decimal:
    if x <= 0:
        raise NotUnderstoodError("a logarithm of a number that is not positive")
    return x.ln()


FUNCTIONS = {
    "σ": Function(_sigmoid),
    "tanh": Function(_tanh, bare=True),
    "ReLU": Function(_relu),
    "max": Function(_larger),
    "ln": Function(_logarithm, bare=True),
    "log": Function(_logarithm, bare=True),
    "exp": Function(Decimal.exp, bare=True),
    "sqrt": Function(Decimal.sqrt),
}
"""Name on the page -> how to work it out. A new function of the book is one line here."""


def apply(function: Callable, *x):
    """A function of Decimals, entry by entry, on scalars or arrays of Decimals or Intervals."""
    if any(isinstance(v, tuple) for v in x):
        return broadcast(lambda *v: apply(function, *v), *x)
    if any(isinstance(v, Interval) for v in x):
        lows = [v.low if isinstance(v, Interval) else v for v in x]
        highs = [v.high if isinstance(v, Interval) else v for v in x]
        return Interval(function(*lows), function(*highs))
    return function(*x)


# Arrays


def shape(x) -> tuple[int, int]:
    return (len(x), len(x[0])) if isinstance(x, tuple) else (1, 1)


def broadcast(function: Callable, *x):
    """`function` entry by entry; a scalar, a single row or a single column is repeated as numpy does."""
    if not any(isinstance(v, tuple) for v in x):
        return function(*x)
    shapes = [shape(v) for v in x]
    rows, columns = (max(s[axis] for s in shapes) for axis in (0, 1))
    if any(s[0] not in (1, rows) or s[1] not in (1, columns) for s in shapes):
        raise NotUnderstoodError(f"an operation on shapes {' and '.join(f'{a} × {b}' for a, b in shapes)}")
    return tuple(tuple(function(*(_at(v, i, j) for v in x)) for j in range(columns)) for i in range(rows))


def _at(x, i: int, j: int):
    if not isinstance(x, tuple):
        return x
    row = x[i if len(x) > 1 else 0]
    return row[j if len(row) > 1 else 0]


def add(x, y):
    return broadcast(lambda a, b: a + b, x, y)


def subtract(x, y):
    return broadcast(lambda a, b: a - b, x, y)


def multiply(x, y):
    return broadcast(lambda a, b: a * b, x, y)


def divide(x, y):
    return broadcast(lambda a, b: a / b, x, y)


def product(x, y):
    """The matrix product; with a scalar, the multiple."""
    if not isinstance(x, tuple) or not isinstance(y, tuple):
        return multiply(x, y)
    if len(x[0]) != len(y):
        raise NotUnderstoodError("a product of {} × {} and {} × {}".format(*shape(x), *shape(y)))
    columns = tuple(zip(*y, strict=True))
    return tuple(tuple(_dot(row, column) for column in columns) for row in x)


def _dot(a, b):
    terms = [u * v for u, v in zip(a, b, strict=True)]
    total = terms[0]
    for term in terms[1:]:
        total = total + term
    return total


def transpose(x):
    return tuple(zip(*x, strict=True)) if isinstance(x, tuple) else x


def _power(x, n: str):
    return broadcast(lambda a: a ** int(n), x)


def _raised(x, y):
    """x to a power that is worked out itself: a number on the page, in an interval of no width."""
    return broadcast(lambda a, b: a ** (int(b.low) if isinstance(b, Interval) else b), x, y)


def _multiple(x, y):
    if isinstance(x, tuple) and isinstance(y, tuple) and (1, 1) not in (shape(x), shape(y)):
        raise NotUnderstoodError("a dot between two matrices")
    return multiply(x, y)


BINARY = {"add": add, "sub": subtract, "times": product, "dot": _multiple, "cross": _multiple, "had": multiply,
          "hdiv": divide, "frac": divide, "power": _raised}  # fmt: skip


def evaluate(node: Node, read: Callable = exactly):
    """The value of a numeric expression; `read` gives the scalar of a printed number.

    Raises NotUnderstoodError for a symbol, an operation without a rule, or shapes that do not fit.
    """
    try:
        return _evaluate(node, read)
    except (DecimalException, OverflowError) as error:
        raise NotUnderstoodError(f"arithmetic that fails ({type(error).__name__})") from None


def _evaluate(node: Node, read: Callable):
    if isinstance(node, Num):
        return read(node)
    if isinstance(node, Matrix):
        return tuple(tuple(_evaluate(cell, read) for cell in row) for row in node.rows)
    if not isinstance(node, Op):
        raise NotUnderstoodError(f"the symbol {node}")
    x = [_evaluate(arg, read) for arg in node.args]
    if node.name in BINARY:
        return BINARY[node.name](*x)
    if node.name not in UNARY:
        raise NotUnderstoodError(f"the operation {node.name}")
    return UNARY[node.name](node, *x)


def index_of(text: str, rows) -> tuple[int, int] | None:
    """The place that printed indices name, counted from 1: '12' or '1,2' in a matrix, '2' in a column."""
    column = len(rows[0]) == 1
    parts = text.split(",") if "," in text else [text] if column else list(text)
    if not all(p.isdigit() for p in parts) or len(parts) != (1 if column else 2):
        return None
    i, j = int(parts[0]) - 1, int(parts[-1]) - 1 if len(parts) > 1 else 0
    return (i, j) if 0 <= i < len(rows) and 0 <= j < len(rows[0]) else None


def _entry(node: Op, x):
    index = index_of(node.note, x if isinstance(x, tuple) else ((x,),))
    if index is None:
        raise NotUnderstoodError(f"the index {node.note} of a matrix of {shape(x)[0]} × {shape(x)[1]}")
    return x[index[0]][index[1]]


def _mask(x: Decimal, bound: Decimal) -> Decimal:
    return Decimal(int(x > bound))


UNARY = {
    "neg": lambda node, x: broadcast(lambda a: -a, x),
    "pow": lambda node, x: _power(x, node.note),
    "hpow": lambda node, x: _power(x, node.note),
    "exp": lambda node, x: apply(Decimal.exp, x),
    "call": lambda node, *x: apply(FUNCTIONS[node.note].plain, *x),
    "mask": lambda node, x, bound: apply(_mask, x, bound),
    "T": lambda node, x: transpose(x),
    "shaped": lambda node, x: x,
    "index": _entry,
}
