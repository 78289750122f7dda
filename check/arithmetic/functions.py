"""Functions of printed mathematics that work entry by entry, on Decimals and on Intervals.

Their names, and what they mean, are said in the entries of check/ops.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from decimal import Decimal

from .interval import Interval, ends_of, interval
from .precise import mp, of_decimals
from .tree import NotUnderstoodError

PI = Decimal(str(mp.pi + 0))


@dataclass(frozen=True)
class Function:
    """`plain` of Decimals, a number below its name last; without it the function is what its operation computes. It
    rises in every argument, or has one argument and turns at `turns`, which may depend on the interval. `below` is
    the attribute of the operation that stands below its name. `bare`: the argument may stand without brackets."""

    plain: Callable | None = None
    turns: tuple[str, ...] | Callable = ()
    bare: bool = False
    below: str = ""

    def by(self, value: Callable) -> "Function":
        """The function as an operation computes it: `value` of arrays of mpmath's numbers."""
        worked = of_decimals(value)
        if not self.below:
            return replace(self, plain=worked)
        return replace(self, plain=lambda *x: worked(*x[:-1], **{self.below: x[-1]}))

    def turns_in(self, x: Interval) -> list[Decimal]:
        return [Decimal(t) for t in (self.turns(x) if callable(self.turns) else self.turns)]


FUNCTIONS: dict[str, Function] = {}
"""Name on the page, with what always stands below and above it -> how to work it out; check/ops fills it."""


def function_of(note: str) -> tuple[Function, list[Decimal]]:
    """The function of this name, and the number below it. Raises NotUnderstoodError."""
    name, _, below = note.partition("_")
    if note in FUNCTIONS and not FUNCTIONS[note].below:
        return FUNCTIONS[note], []
    if name not in FUNCTIONS or not FUNCTIONS[name].below or not below:
        raise NotUnderstoodError(f"the function {note}")
    return FUNCTIONS[name], [number_in(below)]


def number_in(text: str) -> Decimal:
    """A number as it stands in an index. Raises NotUnderstoodError."""
    try:
        return Decimal(text.replace("−", "-").replace("×10^", "e"))
    except ArithmeticError:
        raise NotUnderstoodError(f"the number {text}") from None


def called(note: str, *x):
    """A function, entry by entry, of scalars: Decimals or Intervals."""
    function, numbers = function_of(note)
    if not any(isinstance(v, Interval) for v in x):
        return function.plain(*x, *numbers)
    return ends_of(lambda *v: function.plain(*v, *numbers), x, function.turns_in(interval(x[0])))


def exponential(x):
    return _rising(Decimal.exp, x)


def logarithm(x):
    return _rising(natural_logarithm, x)


def natural_logarithm(x: Decimal) -> Decimal:
    """Minus infinity at 0, which 0 times it makes 0: so 0 ln 0 is read."""
    if x < 0:
        raise NotUnderstoodError("a logarithm of a negative number")
    return x.ln()


def _rising(function: Callable, x):
    return ends_of(function, (x,)) if isinstance(x, Interval) else function(x)


def power(x, n):
    """x to the n; n may be any number if x is positive."""
    n = interval(n)
    if n.low == n.high == n.low.to_integral_value():
        return x ** int(n.low)
    if interval(x).low <= 0:
        raise NotUnderstoodError("a broken power of a number that is not positive")
    found = interval(exponential(n * logarithm(x)))
    return found if isinstance(x, Interval) else found.low


def is_above(x, bound):
    """1 where x is above the bound, else 0; from 0 to 1 where that is not sure."""
    if not isinstance(x, Interval) and not isinstance(bound, Interval):
        return Decimal(int(x > bound))
    x, bound = interval(x), interval(bound)
    return Interval(Decimal(int(x.low > bound.high)), Decimal(int(x.high > bound.low)))


ON_THE_EDGE = Decimal("1e-10")
"""What is nearer to the edge of a unit step than this stands on it, as the pages say."""


def reaches(x, bound):
    """1 where x is at the bound or above, else 0."""
    return is_above(x, bound - ON_THE_EDGE)


def exceeds(x, bound):
    """1 where x is above the bound and not at it, else 0."""
    return is_above(x, bound + ON_THE_EDGE)


def is_within(low, x, high):
    return (1 - is_above(low, x)) * (1 - is_above(x, high))
