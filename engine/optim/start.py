"""What an optimiser remembers at the start, where an example does not start from nothing."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from ..errors import BookError, unknown
from .place import attached


class Start:
    """The table [start] of an example: `t`, how many updates were made before, and for each letter of the optimiser's
    state a table of parameters. Whatever it does not say is zero."""

    def __init__(self, example: str, table: Mapping[str, Any]):
        self.example, self.table = example, table
        self.letters: dict[str, list[str]] = {}  # the parameters for which the optimiser keeps each

    def counter(self) -> float:
        """How many updates were made before this one."""
        self.letters["t"] = []
        return float(self.table.get("t", 0))

    def of(self, letter: str, parameter: str, shape: tuple[int, ...]) -> np.ndarray:
        """The value of a state. Raises BookError if the example gives it another shape: where an axis has length 1,
        numbers may stand in one list."""
        self.letters.setdefault(letter, []).append(parameter)
        table = self.table.get(letter, {})
        if parameter not in table:
            return np.zeros(shape)
        value = np.asarray(table[parameter], dtype=np.float64)
        if [n for n in value.shape if n > 1] != [n for n in shape if n > 1]:
            wanted, found = (" × ".join(map(str, s)) or "a single number" for s in (shape, value.shape))
            raise BookError(
                f"example {self.example!r}: start.{letter}.{parameter}: is {found}, expected {wanted}, the shape of "
                f"{parameter}."
            )
        return value.reshape(shape)

    def expect_all_read(self, optimizer: str) -> None:
        """Raises BookError if the example gives what this optimiser does not remember."""
        for letter, table in self.table.items():
            if letter not in self.letters:
                keeps = f"keeps {', '.join(self.letters)}" if self.letters else "keeps nothing"
                place = f"example {self.example!r}: start.{letter}"
                raise BookError(f"{place}: the optimiser {optimizer!r} has no {letter}; it {keeps}.")
            for parameter in table if isinstance(table, Mapping) else ():
                if parameter not in self.letters[letter]:
                    place = f"example {self.example!r}: start.{letter}"
                    raise unknown(place, "updated parameter", parameter, self.letters[letter])


def named(table: Mapping[str, Any]) -> list[str]:
    """The leaves that a table [start] gives, by their names in the trace: 't', 'layer1.m_W'."""
    return [
        name
        for letter, value in table.items()
        for name in ([attached(letter, p) for p in value] if isinstance(value, Mapping) else [letter])
    ]
