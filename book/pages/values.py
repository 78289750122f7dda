"""Values in prose: 'seed:layer2.delta[0]|.4f' becomes the number, from the example's trace."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from gradbook.engine.errors import BookError, shorten, unknown

from ..base.address import address
from ..formula.address import Address, asked_for

_FORMAT = re.compile(r"[+ ]?(?:\.\d{1,2})?[efg]?")
FORMAT = ".4g"
"""How a value is printed that names no format: four significant digits."""


@dataclass(frozen=True)
class ValueText:
    """A value as it stands in prose: its text and its address 'seed:layer2.delta[0][0]'."""

    text: str
    address: str


def script_name(trace: str) -> str:
    """The file that brings a trace to the pages: 'adam.js', 'adam@2.js'. Its letters are safe in every address."""
    example, at, update = trace.partition("@")
    return f"{address(example)}{at}{update}.js"


def lookup(text: str, traces: Mapping[str, Mapping[str, np.ndarray]], form: str = FORMAT) -> ValueText:
    """The value that `text` refers to: trace, step, indices, and after '|' a format as in Python.

    `traces` gives the arrays of each example by the names of their steps. Axes of length 1 need no index. `form` is
    the format of a value that names none. Raises BookError naming what is unknown.
    """
    place = f"value {shorten(text)}"
    found = asked_for(text)
    if not found:
        raise BookError(f"{place}: write it as in seed:layer2.delta[0]|.4f (example:step[index]|format).")
    asked, own = found
    example, name = asked.trace, asked.step
    if example not in traces:
        raise unknown(place, "example", example, traces)
    steps = traces[example]
    if name not in steps:
        raise unknown(place, "step", name, steps)
    if not _FORMAT.fullmatch(own or form):
        raise BookError(f"{place}: {shorten(own or form)} is not a number format; use .4f, .3g or .2e.")
    array = steps[name]
    index = _index(array.shape, asked.index, f"{place}: {name}")
    return ValueText(printed(float(array[index]), own or form), str(Address(example, name, index)))


def printed(number: float, form: str) -> str:
    """The number in a format as in Python, with a true minus sign, and never a zero that has one."""
    sign, digits = (form[0], form[1:]) if form.startswith(("+", " ")) else ("", form)
    return format(number, f"{sign}z{digits}").replace("-", "\N{MINUS SIGN}")


def _index(shape: tuple[int, ...], given: tuple[int, ...], place: str) -> tuple[int, ...]:
    """The full index: what is given, or, if that is too short, with 0 for the axes of length 1."""
    free = [axis for axis, n in enumerate(shape) if n > 1]
    full = [0] * len(shape)
    if len(given) == len(shape):
        full = list(given)
    elif len(given) == len(free):
        for axis, i in zip(free, given, strict=True):
            full[axis] = i
    else:
        raise BookError(f"{place} has shape {shape}; give one index for each axis longer than 1.")
    if any(i >= n for i, n in zip(full, shape, strict=True)):
        raise BookError(f"{place} has shape {shape}; the index is outside, counting from 0.")
    return tuple(full)
