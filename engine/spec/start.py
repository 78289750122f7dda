"""The table [start]: what an optimiser remembers when an example begins, in numbers."""

from typing import Annotated, Any

import numpy as np
from pydantic import AfterValidator, WithJsonSchema

from .limits import LIMITS

MOST = 1_000_000
"""So many updates may have been made before."""


def _of_numbers(table: dict[str, Any]) -> dict[str, Any]:
    """Raises ValueError if the counter is no whole number, or what stands for a parameter are no numbers."""
    for letter, value in table.items():
        if letter == "t":
            if type(value) is not int or not 0 <= value <= MOST:
                raise ValueError(f"t: is the number of updates made before, a whole number from 0 to {MOST}")
        elif not isinstance(value, dict):
            raise ValueError(f'{letter}: expected a table with a value for each parameter, such as "layer1.W"')
        else:
            for parameter, numbers in value.items():
                if not _are_numbers(numbers):
                    raise ValueError(f"{letter}.{parameter}: expected a number, or rows of numbers of one length")
    return table


def _are_numbers(value: Any) -> bool:
    """Whether this is a finite number, or lists of them that make an array."""
    try:
        array = np.asarray(value)
    except ValueError:
        return False
    return array.dtype.kind in "if" and array.size <= LIMITS["numbers"] and bool(np.isfinite(array).all())


Start = Annotated[
    dict[str, Any],
    AfterValidator(_of_numbers),
    WithJsonSchema({
        "type": "object",
        "description": "What the optimiser remembers at the start: `t`, how many updates were made before; for each "
        "letter of its state (m, v, s) a table with a value for each parameter, named as in the trace. What is left "
        "out is 0.",
        "properties": {"t": {"type": "integer"}},
        "additionalProperties": {"type": "object", "additionalProperties": {"type": ["number", "array"]}},
    }),
]  # fmt: skip
