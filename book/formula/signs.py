"""Which printed numbers would stand in brackets if they were negative, for whoever changes a number that is shown.

A formula is set twice, all its numbers positive and all negative: where the two differ, a sign decides.
"""

from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from decimal import Decimal
from typing import Any

from .address import Address
from .boxes import Box
from .nodes import Node, Number
from .tex import Tex


@dataclass(frozen=True)
class PrintedNumber:
    """A number as it is printed in one place of a formula. `in_brackets_if_negative` says whether it, or what begins
    with it, would stand in brackets if it were negative; where it is negative, it does."""

    address: Address
    decimal: Decimal
    in_brackets_if_negative: bool


def printed_numbers(tex: Tex, node: Node) -> list[PrintedNumber]:
    """The numbers of a formula that have an address, in the order in which they are read."""
    numbers: list[Number] = []
    positive = tex.box(_with_places(node, 1, numbers))
    negative = tex.box(_with_places(node, -1, []))
    found = _compared(positive, negative, False)
    return [PrintedNumber(numbers[i].address, numbers[i].decimal, sign) for i, sign in found]


def _with_places(value: Any, sign: int, numbers: list[Number]) -> Any:
    """A formula whose numbers have one sign, and as their address the place where each stands in `numbers`."""
    if isinstance(value, Number):
        if value.address is None:
            return value
        numbers.append(value)
        size = abs(value.decimal) or Decimal(1)
        return replace(value, decimal=sign * size, address=Address("", str(len(numbers) - 1)))
    if isinstance(value, Node):
        parts = {f.name: _with_places(getattr(value, f.name), sign, numbers) for f in fields(value)}
        return replace(value, **parts)
    if isinstance(value, tuple):
        return tuple(_with_places(part, sign, numbers) for part in value)
    return value


def _compared(positive: Box, negative: Box, decided: bool) -> Iterator[tuple[int, bool]]:
    """The place of each number, and whether brackets around it come and go with its sign."""
    if negative.is_enclosed and not positive.is_enclosed:
        negative, decided = next(part for part in negative.parts if isinstance(part, Box)), True
    if positive.address:
        yield int(positive.address.rpartition(":")[2]), decided
    pairs = zip(positive.parts, negative.parts, strict=True)
    for i, (one, other) in enumerate(pairs):
        if isinstance(one, Box):
            yield from _compared(one, other, decided and i == 0)
