"""Comparing a printed figure with a number: right, cut off, or off by one of the slips that hands make."""

import math
from decimal import ROUND_DOWN, ROUND_HALF_DOWN, ROUND_HALF_EVEN, ROUND_HALF_UP, Context, Decimal

import numpy as np

from gradbook.engine.tape.rounding import SNAP

_WIDE = Context(prec=1000)
POWERS = (1, -1, 2, -2, 3, -3)
"""The powers of ten that a slip of the decimal point is looked for in."""


def at(value: float, decimals: int, rounding: str = ROUND_HALF_EVEN) -> Decimal:
    """`value` with so many decimals, free of binary noise; NaN if it has none. Where more digits are asked for than
    are left without the noise, it is the shortest decimal that float64 reads as `value`."""
    if not math.isfinite(value):
        return Decimal("NaN")
    exact = Decimal(repr(float(value)))
    if exact.adjusted() + 1 + decimals <= SNAP.prec:
        exact = SNAP.plus(exact)
    return exact.quantize(unit(decimals), rounding=rounding, context=_WIDE)


def known(value: float, decimals: int) -> Decimal:
    """`value` with so many decimals, but no zeros behind the digits that float64 has."""
    wanted, own = at(value, decimals), Decimal(repr(float(value)))
    too_long = not wanted.is_nan() and own.adjusted() + 1 + decimals > SNAP.prec
    return own if too_long and -own.as_tuple().exponent < decimals else wanted


def unit(decimals: int) -> Decimal:
    """A unit of the last of so many decimals."""
    return Decimal(1).scaleb(-decimals, context=_WIDE)


def is_near(value: float, number: Decimal, decimals: int, reach: float) -> bool:
    """Whether a number that lies no farther from `value` than `reach` rounds to `number`."""
    if not math.isfinite(value):
        return False
    return _apart(number, Decimal(value)) <= unit(decimals) / 2 + Decimal(reach)


def is_cut_near(value: float, number: Decimal, decimals: int, reach: float) -> bool:
    """Whether a number that lies no farther from `value` than `reach` is `number` once the rest is cut off."""
    if not math.isfinite(value) or not number or (number < 0) != (value < 0):
        return False
    dropped = _WIDE.subtract(abs(Decimal(value)), abs(number))
    return -Decimal(reach) <= dropped < unit(decimals) + Decimal(reach)


def is_of_float32(number: Decimal, decimals: int) -> bool:
    """Whether a number of single precision is printed so, rounded or cut off: of all digits from the tenth on there
    is only one choice."""
    nearest = np.float32(float(number))
    near = (nearest, *(np.nextafter(nearest, np.float32(end)) for end in (-np.inf, np.inf)))
    values = [float(value) for value in near]
    return any(is_near(v, number, decimals, 0.0) or is_cut_near(v, number, decimals, 0.0) for v in values)


def _apart(a: Decimal, b: Decimal) -> Decimal:
    return _WIDE.subtract(a, b).copy_abs()


def shows(value: float, number: Decimal, decimals: int) -> bool:
    """Whether `value` rounds to `number`; of a tie both neighbours are right."""
    return any(at(value, decimals, rule) == number for rule in (ROUND_HALF_UP, ROUND_HALF_DOWN))


def cut(value: float, number: Decimal, decimals: int) -> bool:
    """Whether `number` has the right digits of `value`, cut off where they should have been rounded."""
    return at(value, decimals, ROUND_DOWN) == number != 0


def power_of_ten(value: float, number: Decimal, decimals: int) -> int | None:
    """k, if `number` is `value` with its decimal point moved by k places to the right."""
    enough = _significant(number) >= 2
    for k in POWERS if value else ():
        moved = float(Decimal(repr(float(value))).scaleb(k))
        if number and (shows(moved, number, decimals) if enough else SNAP.plus(Decimal(repr(moved))) == number):
            return k
    return None


def wrong_sign(value: float, number: Decimal, decimals: int) -> bool:
    return number != 0 and shows(-value, number, decimals)


def one_digit(value: float, number: Decimal, decimals: int) -> bool:
    """Whether exactly one digit differs from the rounded value, which has two digits or more; of a tie, from either
    neighbour."""
    return any(len(found) == 1 for found in _differences(value, number, decimals))


def swapped(value: float, number: Decimal, decimals: int) -> bool:
    """Whether two neighbouring digits of the rounded value stand the wrong way round."""
    pairs = (found for found in _differences(value, number, decimals) if len(found) == 2)
    return any(j == i + 1 and (a, c) == (d, b) for (i, a, b), (j, c, d) in pairs)


def _differences(value: float, number: Decimal, decimals: int) -> list[list[tuple[int, str, str]]]:
    """For the rounded value, and of a tie for the other neighbour, (place, digit printed, digit wanted) wherever they
    differ; nothing if the two cannot be compared."""
    wanted = dict.fromkeys(at(value, decimals, rule) for rule in (ROUND_HALF_UP, ROUND_HALF_DOWN))
    return [_differing(number, each, decimals) for each in wanted]


def _differing(number: Decimal, wanted: Decimal, decimals: int) -> list[tuple[int, str, str]]:
    if wanted.is_nan() or wanted.is_signed() != number.is_signed() or _significant(wanted) < 2:
        return []
    printed, right = _figures(number, decimals), _figures(wanted, decimals)
    width = max(len(printed), len(right))
    pairs = zip(printed.zfill(width), right.zfill(width), strict=True)
    return [(i, a, b) for i, (a, b) in enumerate(pairs) if a != b]


def _figures(number: Decimal, decimals: int) -> str:
    return str(int(number.copy_abs().scaleb(decimals, context=_WIDE)))


def _significant(number: Decimal) -> int:
    return len("".join(map(str, number.as_tuple().digits)).lstrip("0"))
