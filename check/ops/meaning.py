"""The form in which an operation is written down, and functions of arrays that work on both kinds of numbers."""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from ..arithmetic.functions import Function
from ..arithmetic.precise import DIGITS, mp
from ..arithmetic.whole import Whole
from .moves import Move

__all__ = ["DIGITS", "Function", "Whole", "mp"]

ZERO, ONE = mp.mpf(0), mp.mpf(1)

LINEAR = "linear"
"""In the place of `passed`: linear in each argument, so that `sizes` says how far changes can carry."""

DECIDES = "decides"
"""In the place of `piece`: a mask, which stays as it is while numbers move."""


class Meaning(NamedTuple):
    """`value` computes the result; `scale` the size of what is added up on the way, which bounds what float64 may
    lose in it; `passed(args, bounds)` how far the result moves, in float64, when every entry of the arguments moves
    by its bound. Without it the ends are tried, which is right where an entry is made from the entries at its own
    place, or rises with all of them.

    `printed` is the function that a page calls: its name, if it works entry by entry and rises everywhere or falls
    everywhere; else each name with how to work it out from printed numbers. `move` says where an entry of the result
    came from, if the operation moves entries; `keeps_name`, that the entry is still called as it was there.
    `distribution` is the argument whose entries along the attribute `axis` add up to 1: its derivative is right for
    such only.

    `piece(before, now)`, for an operation with kinks or with a choice among equals, is its value at `now` on the
    piece where `before` stands. At a kink it says which piece counts: the book's conventions, which are PyTorch's."""

    value: Callable
    scale: Callable | None = None
    passed: Callable | str | None = None
    printed: str | Mapping[str, Function | Whole] = ""
    move: Move | None = None
    keeps_name: bool = False
    distribution: int | None = None
    piece: Callable | str | None = None

    def along(self, before: Sequence, now: Sequence, **attrs):
        """Its value at `now`, arguments that have moved a little from `before`, without crossing a kink."""
        if self.piece == DECIDES:
            return self.value(*before, **attrs)
        return self.piece(before, now, **attrs) if callable(self.piece) else self.value(*now, **attrs)

    def sizes(self, *args, **attrs):
        """What the operation adds up, all of it counted as positive."""
        return abs(self.value(*args, **attrs)) if self.scale is None else self.scale(*args, **attrs)

    def called(self) -> dict[str, Function | Whole]:
        """The functions that a page calls -> how to work them out: by `value`, if nothing else is said."""
        forms = {self.printed: Function()} if isinstance(self.printed, str) else self.printed
        return {name: self._worked(form) for name, form in forms.items() if name}

    def _worked(self, form: Function | Whole) -> Function | Whole:
        return form.by(self.value) if isinstance(form, Function) and form.plain is None else form


_number = np.frompyfunc(mp.mpf, 1, 1)


def exact(array: np.ndarray) -> np.ndarray:
    """float64 numbers as mpmath numbers, bit for bit."""
    return np.asarray(_number(np.asarray(array, dtype=object)), dtype=object)


def is_quick(*arrays) -> bool:
    """Whether all of them hold float64 numbers."""
    return all(getattr(a, "dtype", None) == np.float64 for a in arrays)


def zeros(shape, *like) -> np.ndarray:
    """An array of zeros, of the kind of numbers that `like` holds."""
    return np.zeros(shape) if is_quick(*like) else np.full(shape, ZERO, dtype=object)


def entrywise(quick: Callable, slow: Callable) -> Callable:
    """A function of arrays: numpy's own on float64, the 50-digit one on mpmath numbers."""
    careful = np.frompyfunc(slow, 1, 1)
    return lambda z: quick(z) if is_quick(z) else careful(z)


exp = entrywise(np.exp, mp.exp)
ln = entrywise(np.log, mp.log)
log1p = entrywise(np.log1p, mp.log1p)
expm1 = entrywise(np.expm1, mp.expm1)
sqrt = entrywise(np.sqrt, mp.sqrt)
cos = entrywise(np.cos, mp.cos)
sin = entrywise(np.sin, mp.sin)
floor = entrywise(np.floor, mp.floor)
tanh = entrywise(np.tanh, mp.tanh)


def numbers(mask, like) -> np.ndarray:
    """1 where the mask holds, 0 elsewhere."""
    one, zero = (1.0, 0.0) if is_quick(like) else (ONE, ZERO)
    return np.where(mask, one, zero)


def chosen(mask, a, b) -> np.ndarray:
    """a where the mask holds, b elsewhere; either may be a number."""
    return np.where(mask, a, b)


def along(a, axis):
    return np.sum(a, axis=axes(axis), keepdims=True)


def axes(axis):
    """The axis, or several of them, as numpy wants them."""
    return tuple(axis) if isinstance(axis, list | tuple) else axis


def count(a, axis) -> int:
    """How many entries one sum along the axis adds up."""
    return int(np.prod([a.shape[i] for i in np.ravel(axis)]))
