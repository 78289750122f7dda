"""What the macros of templates/math.j2 write around their arguments, each asked once for all formulas alike.

A macro is given stand-ins for its arguments. They print where they stand and as what (`a.factor`, `a.call`), which
gives a pattern: pieces of TeX and slots. A formula is then set by filling slots, and no macro runs again.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import prod

from gradbook.engine.errors import BookError

from .nodes import Node

_OPEN, _CLOSE = "\ue000", "\ue001"
"""Around what a stand-in prints: characters that no formula holds."""


@dataclass(frozen=True)
class Slot:
    """Where an argument goes: its number, and as what it is written there."""

    argument: int
    place: str


Pattern = tuple[str | Slot, ...]


class StandIn:
    """What a macro is given for an argument: its shape, whether it is a single number, and how it can be written."""

    def __init__(self, argument: int, shape: tuple[int, ...] = (), scalar: bool = True):
        self.argument, self.shape, self.scalar = argument, shape, scalar

    @property
    def size(self) -> int:
        """How many entries it has."""
        return prod(self.shape)

    def _as(self, place: str) -> str:
        return f"{_OPEN}{self.argument} {place}{_CLOSE}"

    def __str__(self) -> str:
        return self._as("plain")

    call = property(
        lambda self: self._as("call"), doc="As the argument of a function; a matrix has its own brackets."
    )
    term = property(lambda self: self._as("term"), doc="As a later term.")
    wrapped = property(lambda self: self._as("factor"), doc="As a factor.")
    factor = property(lambda self: self._as("dividend"), doc="As what a division works on.")
    base = property(lambda self: self._as("base"), doc="As the base of a power.")
    transposed = property(lambda self: self._as("transposed"), doc="With a T.")
    total = property(lambda self: self._as("total"), doc="What the sum over its entries is made of.")

    def ones(self, rows: int, columns: int) -> str:
        """A matrix of ones, as the formula around it is written."""
        return self._as(f"ones {rows} {columns}")


class Patterns:
    """The patterns of the macros of one template; `missing` says what stands for an operation without a macro."""

    def __init__(self, macros, missing: Callable[..., str] | None = None):
        self.macros, self.missing = macros, missing
        self._known: dict[tuple | str, Pattern] = {}

    def of(self, macro: str, arguments: tuple[Node, ...], attrs: Mapping | None = None) -> Pattern:
        """The pattern of a macro for arguments of these shapes. Raises BookError if there is no such macro."""
        key = (macro, tuple((a.shape, a.scalar) for a in arguments), repr(attrs) if attrs else "")
        if key not in self._known:
            stand_ins = [StandIn(i, a.shape, a.scalar) for i, a in enumerate(arguments)]
            self._known[key] = cut(str(self._macro(macro)(*stand_ins, **(attrs or {}))).strip())
        return self._known[key]

    def whole(self, macro: str, *arguments) -> Pattern:
        """The pattern of a macro that is given stand-ins as they are."""
        if macro not in self._known:
            self._known[macro] = cut(str(self._macro(macro)(*arguments)).strip())
        return self._known[macro]

    def has(self, macro: str) -> bool:
        return hasattr(self.macros, macro)

    def _macro(self, name: str):
        if self.has(name):
            return getattr(self.macros, name)
        if self.missing:
            return lambda *args, **_: self.missing(name, *args)
        raise BookError(f"templates/math.j2: has no macro {name!r}, which says how the operation is written.")


def cut(text: str) -> Pattern:
    """A macro's text as pieces and slots."""
    first, *others = text.split(_OPEN)
    found: list[str | Slot] = [first]
    for other in others:
        slot, _, rest = other.partition(_CLOSE)
        argument, _, place = slot.partition(" ")
        found += [Slot(int(argument), place), rest]
    return tuple(part for part in found if part != "")
