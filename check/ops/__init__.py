"""What every operation of a trace means, in 50-digit arithmetic, written down again from the textbooks.

Glossary. a, b, x, z, y: numpy arrays, of mpmath numbers or, where training replays it, of float64. g, h: gradients.
A new operation of the engine is one entry in one of these files: what it means, and what a page calls it. Until it
is, the checker says that it cannot vouch for it.
"""

from collections.abc import Mapping

from ..arithmetic.functions import FUNCTIONS, Function
from ..arithmetic.whole import WHOLE, Whole
from . import activations, arithmetic, arrays, losses, sums, windows
from .meaning import DIGITS, LINEAR, Meaning, exact, mp

__all__ = [
    "BARE", "DIGITS", "KNOWN", "LINEAR", "MEANINGS", "SCRIPTED", "Meaning", "enter", "exact", "known_twice", "mp",
]  # fmt: skip

ROOMS = (arithmetic, activations, losses, sums, arrays, windows)
MEANINGS: dict[str, Meaning] = {}
"""Operation -> what it means."""


KNOWN: set[str] = set()
BARE: set[str] = set()
SCRIPTED: set[str] = set()
"""Names of functions; those whose argument may stand without brackets, and those that may have scripts."""


def known_twice(meanings: Mapping[str, Meaning]) -> str | None:
    """An operation, or a function that pages call for one, that is known already."""
    called = [item for meaning in meanings.values() for item in meaning.called().items()]
    known = [name for name, form in called if name in _table(form)]
    return next(iter(sorted([*(MEANINGS.keys() & meanings), *known])), None)


def enter(meanings: Mapping[str, Meaning]) -> None:
    """Take in operations, and the functions that pages call for them."""
    MEANINGS.update(meanings)
    for meaning in meanings.values():
        for name, form in meaning.called().items():
            _table(form)[name] = form
            _learn(name, form)


def _table(form: Function | Whole) -> dict:
    return FUNCTIONS if isinstance(form, Function) else WHOLE


def _learn(name: str, form: Function | Whole) -> None:
    """What the grammar has to know of a function's name: 'GELU_tanh' is GELU with something below it."""
    base = name.partition("^")[0].partition("_")[0]
    KNOWN.add(base)
    if isinstance(form, Whole) or form.below or base != name:
        SCRIPTED.add(base)
    elif form.bare:
        BARE.add(base)


for room in ROOMS:
    enter(room.MEANINGS)
