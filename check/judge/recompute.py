"""Redoes a printed line: what follows the sign must be what its printed operands give.

Glossary. before, after: the expressions on the two sides of a relation. D: the significant digits of the example.
A *slip* is a place where the printed number is not what a person with a calculator gets.
"""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Context, Decimal

from ..arithmetic.arith import Interval, evaluate, exactly, is_hidden, shape
from ..arithmetic.tree import Node, Num, Op, Repeated, cells, children, is_literal, same_form, walk

SURE = Decimal("1e-40")
"""Two values this near are equal: 50 digits were carried."""
SURELY = Context(prec=45, rounding=ROUND_HALF_EVEN)
SAFE = 15
"""Every decimal of this many digits survives float64: data are decimals that float64 cannot hold."""
CARRIED = Decimal("1e-15")
"""How near to a decimal its float64 is, with the roundings of a line that is worked with it."""
NOTHING = Interval(Decimal(0), Decimal(0))
NOISELESS = 12
"""Thousands of roundings of float64 leave this many digits."""


@dataclass(frozen=True)
class Slip:
    """What is printed, and what it should be; both as text for a reader."""

    printed: str
    expected: str
    why: str = "does not follow from the line above"


@dataclass(frozen=True)
class Rules:
    """How numbers are printed where the line stands: `digits` significant ones, None if the number itself says;
    `given` says whether a printed number is exact, as data are."""

    digits: int | None = None
    given: Callable[[Num], bool] = lambda number: number.address is None and number.source is None

    def half(self, number: Num) -> Decimal:
        """Half a unit of the last digit of a printed number; to significant digits nothing but 0 is rounded to 0."""
        value = number.value
        if self.digits is None:
            return Decimal(5).scaleb(value.as_tuple().exponent - 1)
        return Decimal(5).scaleb(value.adjusted() - self.digits) if value else Decimal(0)

    def rounded(self, value: Decimal, number: Num) -> Decimal:
        """`value` as it would be printed in the place of `number`."""
        if self.digits is None:
            return value.quantize(Decimal(1).scaleb(number.value.as_tuple().exponent))
        return Context(prec=self.digits, rounding=ROUND_HALF_EVEN).plus(value)

    def fits(self, value: Decimal, number: Num) -> bool:
        """Whether `value` rounds to what is printed; of a tie the even digit."""
        printed = number.value
        sure = SURELY.plus(value)  # a tie of which a third was taken is one again
        if printed in (value, self.rounded(sure, number)):
            return True
        if printed == 0 and abs(value) < SURE:
            return True
        error = abs(value - printed)
        tie = abs(error - self.half(number)) < SURE
        return printed != 0 and error < self.half(number) and not tie

    def shows(self, value: Decimal, number: Num) -> bool:
        """Whether float64's `value` is printed so: a tie shows only when the noise of its last digits is gone."""
        return self.fits(value, number) or self.fits(without_noise(value, number), number)

    def read(self, number: Num) -> Interval:
        """A printed number as the interval of what it may stand for."""
        return carried(number) if self.given(number) else self.near(number)

    def near(self, number: Num) -> Interval:
        """What a printed number may have been rounded from."""
        return _around(number, self.half(number))


def carried(number: Num) -> Interval:
    """A number as float64 carries it through a line."""
    return _around(number, CARRIED * abs(number.value))


def _around(number: Num, half: Decimal) -> Interval:
    return Interval(number.value - half, number.value + half)


def without_noise(value: Decimal, number: Num) -> Decimal:
    """`value` to six digits more than are printed, of at least 12 and at most 15, as the book rounds."""
    printed = len(number.value.normalize().as_tuple().digits)
    return Context(prec=min(SAFE, max(NOISELESS, printed + 6)), rounding=ROUND_HALF_EVEN).plus(value)


def slips(before: Node, after: Node, relation: str, rules: Rules, inside: bool = False) -> list[Slip]:
    """The places where `after` does not follow from `before`. Raises NotUnderstoodError.

    Where the two have the same form, part is compared with part: what is reduced to a number in `after` must be
    that number, and what is not reduced must be repeated. `inside` a larger expression a row or a column may be
    reduced and repeated to the shape of what it stands beside.
    """
    if is_literal(after) and is_literal(before):
        return _repeated(before, after)
    if is_literal(after):
        return _reduced(before, after, relation, rules, inside)
    if same_form(before, after):
        pairs = zip(children(before), children(after), strict=True)
        return [slip for b, a in pairs for slip in slips(b, a, relation, rules, True)]
    return [] if before == after else same_value(before, after, relation, rules)


def _repeated(before: Node, after: Node) -> list[Slip]:
    b, a = cells(before), cells(after)
    if shape(b) != shape(a):
        return [Slip(f"{shape(a)[0]} × {shape(a)[1]}", f"{shape(b)[0]} × {shape(b)[1]}", "has another shape")]
    pairs = [(x, y) for row in zip(b, a, strict=True) for x, y in zip(*row, strict=True)]
    wrong = [(x, y) for x, y in pairs if x.value != y.value and not is_hidden(x, y)]
    return [Slip(str(y), str(x), "is not the number above it") for x, y in wrong]


def _reduced(before: Node, after: Node, relation: str, rules: Rules, inside: bool) -> list[Slip]:
    printed = cells(after)
    free = inside or any(isinstance(n, Repeated) for n in walk(before))  # nothing says how often it is repeated
    values = _filled(evaluate(before, exactly), shape(printed)) if free else _rows(evaluate(before, exactly))
    if shape(values) != shape(printed):
        found = "{} × {}".format(*shape(values))
        return [Slip("{} × {}".format(*shape(printed)), found, "has another shape")]
    known = [(i, j) for i, row in enumerate(printed) for j, n in enumerate(row) if not is_hidden(values[i][j], n)]
    wrong = [(i, j) for i, j in known if not rules.fits(values[i][j], printed[i][j])]
    if wrong and relation == "≈":
        bounds = _filled(evaluate(before, rules.read), shape(printed))
        wrong = [(i, j) for i, j in wrong if not _interval(bounds[i][j]).meets(rules.near(printed[i][j]))]
    if any(not printed[i][j].value for i, j in wrong):  # what float64 leaves of 1 − 0.99999999999999999999 is 0
        bounds = _filled(evaluate(before, carried), shape(printed))
        wrong = [(i, j) for i, j in wrong if printed[i][j].value or not _interval(bounds[i][j]).meets(NOTHING)]
    return [_slip(values[i][j], printed[i][j], rules) for i, j in wrong]


def _slip(value: Decimal, number: Num, rules: Rules) -> Slip:
    return Slip(str(number), f"{rules.rounded(value, number).normalize():g}".replace("-", "−"))


def _interval(x) -> Interval:
    return x if isinstance(x, Interval) else Interval(x, x)


def same_value(before: Node, after: Node, relation: str, rules: Rules) -> list[Slip]:
    """For two forms of one value: they must agree, exactly or within the roundings printed in `after`."""
    b, a = _rows(evaluate(before, exactly)), _rows(evaluate(after, exactly))
    if shape(b) != shape(a):
        return [Slip("{} × {}".format(*shape(a)), "{} × {}".format(*shape(b)), "has another shape")]
    pairs = [(x, y) for row in zip(b, a, strict=True) for x, y in zip(*row, strict=True) if not is_hidden(x, y)]
    if all(abs(x - y) < SURE * (1 + abs(x)) for x, y in pairs):
        return []
    near = _rows(evaluate(before, rules.read if relation == "≈" else exactly))
    bounds = _rows(evaluate(after, rules.read))
    pairs = [(x, y, v) for row in zip(near, bounds, b, strict=True) for x, y, v in zip(*row, strict=True)]
    known = [(x, y, v) for x, y, v in pairs if not is_hidden(x, y)]
    return [Slip(str(after), f"{value:.12g}") for x, y, value in known if not _interval(y).meets(_interval(x))]


def _filled(value, wanted: tuple[int, int]):
    """The rows of a value, repeated where it has a single row or column and more are wanted."""
    rows, (height, width) = _rows(value), wanted
    rows = rows * height if len(rows) == 1 else rows
    return tuple(row * width if len(row) == 1 else row for row in rows)


def _rows(value):
    return value if isinstance(value, tuple) else ((value,),)


def has_shape(node: Node, text: str) -> str | None:
    """The shape of a numeric expression if it is not the one that is printed under it, as 'rows×columns'."""
    found = "{}×{}".format(*shape(evaluate(node)))
    return None if found == text else found


def numeric_shapes(node: Node) -> list[Slip]:
    """Printed shapes under numeric factors that are wrong."""
    if isinstance(node, Op) and node.name == "shaped":
        found = has_shape(node.args[0], node.note)
        return [Slip(node.note, found, "is not the shape of what stands above it")] if found else []
    return [slip for child in children(node) for slip in numeric_shapes(child)]
