"""Numbers that are easy on the hand: one or two decimals, none zero, all distinct, no slope lost."""

from math import ceil, floor
from random import Random

import numpy as np

from ..tape.lower import train
from ..tape.pencil import pencil
from ..tape.trace import Trace

STEPS = (10, 20, 100)
"""Multiples of 1/10, of 1/20, of 1/100: the coarsest that has enough numbers is taken."""

RATES = (0.5, 0.2, 0.1, 0.05, 0.02, 0.01, 0.005, 0.002, 0.001)
"""Learning rates, the boldest first."""

SLIP = 1e-2
"""A gradient's smallest entry, relative to its largest and times their number, that still shows."""


def choices(low: float, high: float, count: int) -> list[float]:
    """At least `count` numbers between `low` and `high`, as round as can be; all there are if these are fewer."""
    for step in STEPS:
        numbers = (n / step for n in range(floor(low * step), ceil(high * step) + 1) if n)
        found = [v for v in numbers if low <= v <= high]
        if len(found) >= count:
            break
    return found


def distinct(random: Random, count: int, low: float, high: float) -> list[float]:
    """`count` numbers between `low` and `high`, all different as long as there are enough."""
    found = choices(low, high, count)
    return random.sample(found * -(-count // len(found)), count)


def matrix(random: Random, rows: int, columns: int, low: float, high: float) -> list[list[float]]:
    """Rows of numbers, all different as long as there are enough, and within a row always."""
    if rows * columns > len(choices(low, high, rows * columns)):
        return [distinct(random, columns, low, high) for _ in range(rows)]
    flat = distinct(random, rows * columns, low, high)
    return [flat[i : i + columns] for i in range(0, len(flat), columns)]


def spread(random: Random, count: int, kinds: int) -> list[int]:
    """`count` numbers from 0 to `kinds` - 1 in random order, each as often as the others, but for one."""
    order = random.sample(range(kinds), kinds)
    found = [order[i % kinds] for i in range(count)]
    random.shuffle(found)
    return found


def shows_slips(trace: Trace, digits: int) -> bool:
    """Whether no gradient vanishes by accident, worked exactly or by hand: no entry of any parameter's is
    lost beside its largest."""
    return all(_clear(t.value(t.grads[p.name])) for t in (trace, pencil(trace, digits)) for p in t.leaves("param"))


def _clear(gradient: np.ndarray) -> bool:
    sizes = np.abs(gradient)
    return bool(sizes.min() > 0 and sizes.min() >= SLIP * sizes.max() / sizes.size)


def learns(trace: Trace) -> bool:
    """Whether every one of the first hundred updates lowers the loss; three tell most failures."""
    return all((np.diff(train(trace, updates)[0]) < 0).all() for updates in (3, 100))
