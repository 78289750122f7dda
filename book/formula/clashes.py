"""Clashes: two steps or entries of one example that have the same symbol; one symbol has one meaning."""

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from gradbook.engine.errors import shorten_text

from .symbols import Letters, letters, lowered

if TYPE_CHECKING:
    from .notation import Notation


class Place(NamedTuple):
    """What a symbol stands for: a step, or, with an index, one entry of it; `ones` is the vector of ones."""

    name: str
    index: tuple[int, ...] | None
    symbol: str


def written_names(notation: "Notation") -> list[str]:
    """The leaves and lines of the trace: what has a symbol on a page. A number stands for itself."""
    trace = notation.trace
    return [n for n in trace if not trace.parent(n) and (notation.names(n) or not n.startswith("const."))]


def places(notation: "Notation", names: Iterable[str], letter: str = "") -> Iterator[tuple[Letters, Place]]:
    """Every symbol of these steps and of their entries; with `letter`, entries only of what is written so."""
    for name in names:
        symbol = notation.symbol(name)
        yield letters(symbol), Place(name, None, symbol)
        value = notation.trace[name].value
        if value.size > 1 and (not letter or letter in (letters(symbol).base, letters(lowered(symbol)).base)):
            for index in np.ndindex(value.shape):
                entry = notation.entry(name, index)
                yield letters(entry), Place(name, index, entry)


def clashes(notation: "Notation") -> Iterator[tuple[Place, Place]]:
    """Pairs of places that have the same symbol."""
    first: dict[Letters, Place] = {}
    if "ones" in notation.own:
        first[letters(notation.ones)] = Place("ones", None, notation.ones)
    for key, place in places(notation, written_names(notation)):
        if first.setdefault(key, place) != place:
            yield first[key], place


def own_clash(notation: "Notation") -> str:
    """The sentence about the first clash that [notation] of the example has a part in; empty if it has none."""
    for one, other in clashes(notation):
        if one.name in notation.own or other.name in notation.own:
            one, other = (one, other) if one.name in notation.own else (other, one)
            said = f"{_called(notation, one)} and {_called(notation, other)} have the same symbol"
            return f"{said} '{shorten_text(one.symbol, 60)}'; give one of them another."
    return ""


def _called(notation: "Notation", place: Place) -> str:
    """A place as the example file has it: notation.x.entries[0][1], or entry [0][1] of notation.x."""
    own = notation.own.get(place.name)
    name = f"notation.{place.name}" if own else place.name
    if place.index is None:
        return name
    index = "".join(f"[{i}]" for i in place.index)
    return f"{name}.entries{index}" if own and own.entries else f"entry {index} of {name}"
