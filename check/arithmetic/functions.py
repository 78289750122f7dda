"""Functions of printed mathematics that work entry by entry, on Decimals and on Intervals."""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import ROUND_FLOOR, Decimal

from ..ops import mp
from .interval import Interval, ends_of, interval
from .tree import NotUnderstoodError

PI = Decimal(str(mp.pi + 0))
TANH_SCALE, TANH_CUBE = Decimal(str(mp.sqrt(2 / mp.pi))), Decimal("0.044715")


@dataclass(frozen=True)
class Function:
    """`plain` of Decimals, the numbers below its name last. It rises in every argument, or has one argument and
    turns at `turns`, which may depend on the interval. `bare`: the argument may stand without brackets."""

    plain: Callable
    turns: tuple[str, ...] | Callable = ()
    bare: bool = False

    def turns_in(self, x: Interval) -> list[Decimal]:
        return [Decimal(t) for t in (self.turns(x) if callable(self.turns) else self.turns)]


def _by_mpmath(function: Callable) -> Callable:
    """A function of mpmath as one of Decimals."""
    return lambda x: Decimal(mp.nstr(function(mp.mpf(str(x))), 50, min_fixed=0, max_fixed=0))


def sigmoid(x: Decimal) -> Decimal:
    return 1 / (1 + (-x).exp())


def _tanh(x: Decimal) -> Decimal:
    """Near 0 the quotient loses digits to cancellation, but 50 are far more than are printed."""
    e = (2 * x).exp()
    return (e - 1) / (e + 1)


def positive_part(x: Decimal) -> Decimal:
    return max(x, Decimal(0))


def _logarithm(x: Decimal) -> Decimal:
    """Minus infinity at 0, which 0 times it makes 0: so 0 ln 0 is read."""
    if x < 0:
        raise NotUnderstoodError("a logarithm of a negative number")
    return x.ln()


def _extremes(shift: Decimal) -> Callable:
    """Where a wave turns: at every multiple of π, shifted by a part of it; of many turns two say all."""

    def turns(x: Interval) -> list[Decimal]:
        first, last = int(x.low / PI - shift) - 1, int(x.high / PI - shift) + 1
        found = [(k + shift) * PI for k in range(first, min(last, first + 10) + 1)]
        return [t for t in found if x.low < t < x.high]

    return turns


_below = _by_mpmath(lambda x: mp.erfc(-x / mp.sqrt(2)) / 2)
_density = _by_mpmath(lambda x: mp.exp(-x * x / 2) / mp.sqrt(2 * mp.pi))


def _share(x: Decimal) -> Decimal:
    """What stands in the place of Φ where it is taken from a tanh."""
    return (1 + _tanh(TANH_SCALE * (x + TANH_CUBE * x * x * x))) / 2


def _share_slope(x: Decimal) -> Decimal:
    s = _share(x)
    return s + x * 2 * s * (1 - s) * TANH_SCALE * (1 + 3 * TANH_CUBE * x * x)


def _sign(x: Decimal) -> Decimal:
    return Decimal((x > 0) - (x < 0))


def _clip(x: Decimal, low: Decimal, high: Decimal) -> Decimal:
    return min(max(x, low), high)


def _huber(e: Decimal, delta: Decimal) -> Decimal:
    e = abs(e)
    return e * e / 2 if e <= delta else delta * (e - delta / 2)


FUNCTIONS = {
    "σ": Function(sigmoid),
    "tanh": Function(_tanh, bare=True),
    "ReLU": Function(positive_part),
    "LReLU": Function(lambda x, slope: x if x > 0 else slope * x, ("0",)),
    "ELU": Function(lambda x, a: x if x > 0 else a * _by_mpmath(mp.expm1)(x), ("0",)),
    "softplus": Function(_by_mpmath(lambda x: mp.log1p(mp.exp(x)))),
    "SiLU": Function(lambda x: x * sigmoid(x), ("-1.278464542761073795109358739",)),
    "GELU": Function(lambda x: x * _below(x), ("-0.751791524693564457457904947",)),
    "GELU_tanh": Function(lambda x: x * _share(x), ("-0.752461422071016258487954443",)),
    "GELU_tanh^′": Function(_share_slope, ("-1.418504008790828355548034", "1.418504008790828355548034")),
    "Φ": Function(_below),
    "φ": Function(_density, ("0",)),
    "max": Function(lambda *x: max(x)),
    "min": Function(lambda *x: min(x)),
    "clip": Function(_clip),
    "cos": Function(_by_mpmath(mp.cos), _extremes(Decimal(0)), bare=True),
    "sin": Function(_by_mpmath(mp.sin), _extremes(Decimal("0.5")), bare=True),
    "floor": Function(lambda x: x.to_integral_value(ROUND_FLOOR)),
    "sign": Function(_sign),
    "abs": Function(abs, ("0",)),
    "huber": Function(_huber, ("0",)),
    "ln": Function(_logarithm, bare=True),
    "log": Function(_logarithm, bare=True),
    "exp": Function(Decimal.exp, bare=True),
    "sqrt": Function(Decimal.sqrt),
}
"""Name on the page -> how to work it out. A new function of the book is one line here."""

WITH_A_NUMBER = ("LReLU", "ELU", "huber")
"""Functions that have a number below their name."""


def function_of(note: str) -> tuple[Function, list[Decimal]]:
    """The function of this name, and the number below it. Raises NotUnderstoodError."""
    name, _, below = note.partition("_")
    if note in FUNCTIONS and note not in WITH_A_NUMBER:
        return FUNCTIONS[note], []
    if name not in WITH_A_NUMBER or not below:
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
    return called("exp", x)


def logarithm(x):
    return called("ln", x)


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


def is_within(low, x, high):
    return (1 - is_above(low, x)) * (1 - is_above(x, high))
