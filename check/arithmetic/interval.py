"""All numbers from a smallest to a largest one, and arithmetic with them."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import Decimal

from .tree import NotUnderstoodError


@dataclass(frozen=True)
class Interval:
    """All numbers from `low` to `high`."""

    low: Decimal
    high: Decimal

    def __add__(self, other):
        other = interval(other)
        return Interval(self.low + other.low, self.high + other.high)

    def __sub__(self, other):
        return self + -interval(other)

    def __neg__(self):
        return Interval(-self.high, -self.low)

    def __mul__(self, other):
        other = interval(other)
        return hull(times(a, b) for a in (self.low, self.high) for b in (other.low, other.high))

    def __truediv__(self, other):
        other = interval(other)
        if other.low <= 0 <= other.high:
            raise NotUnderstoodError("a division by an interval around 0")
        return self * Interval(1 / other.high, 1 / other.low)

    def __rsub__(self, other):
        return interval(other) - self

    def __rtruediv__(self, other):
        return interval(other) / self

    __radd__, __rmul__ = __add__, __mul__

    def __pow__(self, n: int):
        if n < 0:
            return Decimal(1) / self**-n
        ends = hull((self.low**n, self.high**n))
        return Interval(Decimal(0), ends.high) if n % 2 == 0 and self.low < 0 < self.high else ends

    def meets(self, other: "Interval") -> bool:
        return self.low <= other.high and other.low <= self.high


def times(a, b):
    """The product of scalars; 0 times anything is 0, also times the logarithm of 0."""
    if isinstance(a, Interval) or isinstance(b, Interval):
        return interval(a) * b
    return a * b if a and b else Decimal(0)


def interval(x) -> Interval:
    return x if isinstance(x, Interval) else Interval(Decimal(x), Decimal(x))


def hull(numbers: Iterable[Decimal]) -> Interval:
    found = list(numbers)
    return Interval(min(found), max(found))


def ends_of(function: Callable, x: Iterable, turns: Iterable[Decimal] = ()) -> Interval:
    """The values of a function that rises in every argument, or has one argument and turns at `turns`."""
    x = [interval(v) for v in x]
    inside = [function(t) for t in turns if x[0].low < t < x[0].high]
    return hull([function(*(v.low for v in x)), function(*(v.high for v in x)), *inside])
