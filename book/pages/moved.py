"""What an update has changed, in the loss and in each parameter: told by the digits that are printed and by the exact
values, so that no page says of two equal numbers that one is larger."""

from dataclasses import dataclass

import numpy as np

from gradbook.engine.tape.trace import Trace

from ..base.numbers import printed_array, tex_number

FALLEN, GROWN, SAME, UNSEEN = "fallen", "grown", "same", "unseen"
"""How a number went: down, up, nowhere, or by less than the printed digits show."""


def course(before: float, after: float, digits: int | None) -> str:
    """How the loss went, where both numbers are printed with so many digits. A loss that left float64 has grown."""
    if tex_number(before, digits) == tex_number(after, digits):
        return SAME if before == after else UNSEEN
    return FALLEN if after < before else GROWN


@dataclass(frozen=True)
class Move:
    """The entry of a parameter that an update changes most, and its printed values; `course` is SAME or UNSEEN if
    they are equal."""

    index: tuple[int, ...]
    old: str
    new: str
    course: str


def moved_most(printed: Trace, exact: Trace, parameter: str, digits: int) -> Move:
    """Of the entries that change most the first; of no change that is seen, likewise the first."""
    old, new = printed.value(parameter), printed.value(printed.updates[parameter])
    seen = np.abs(printed_array(new, digits) - printed_array(old, None)) > 0
    change = np.where(seen, np.abs(new - old), -1.0) if seen.any() else np.abs(new - old)
    index = tuple(map(int, np.unravel_index(np.argmax(change), old.shape)))
    texts = tex_number(old[index]), tex_number(new[index], digits)
    if texts[0] != texts[1]:
        return Move(index, *texts, FALLEN if new[index] < old[index] else GROWN)
    return Move(index, *texts, SAME if stands(exact, parameter) else UNSEEN)


def stands(trace: Trace, parameter: str) -> bool:
    """Whether an update leaves a parameter exactly as it is."""
    return bool((trace.value(trace.updates[parameter]) == trace.value(parameter)).all())


def rests(trace: Trace) -> bool:
    """Whether nothing moves because the gradients of all parameters are 0."""
    gradients = [trace.grads[s.name] for s in trace.leaves("param") if s.name in trace.grads]
    flat = not any(trace.value(name).any() for name in gradients)
    return flat and all(stands(trace, parameter) for parameter in trace.updated())
