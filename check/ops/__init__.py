"""What every operation of a trace means, in 50-digit arithmetic, written down again from the textbooks.

Glossary. a, b, x, z, y: numpy arrays, of mpmath numbers or, where training replays it, of float64. g, h: gradients.
A new operation of the engine is one line in one of these files; until it is, the checker says that it cannot vouch
for it.
"""

from . import activations, arithmetic, arrays, losses, sums, windows
from .meaning import DIGITS, LINEAR, Meaning, exact, mp

__all__ = ["DIGITS", "LINEAR", "MEANINGS", "Meaning", "exact", "mp"]

ROOMS = (arithmetic, activations, losses, sums, arrays, windows)
MEANINGS: dict[str, Meaning] = {name: meaning for room in ROOMS for name, meaning in room.MEANINGS.items()}
