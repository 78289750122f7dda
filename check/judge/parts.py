"""Work in parts, in several processes where the system can fork one: these have what was read before, uncopied."""

import multiprocessing
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor

from .report import Report

Part = Callable[[], Report]
"""A part of the work; none needs what another one finds."""


def each(parts: Sequence[Part], jobs: int) -> Iterator[Report]:
    """The report of each part, in order, by so many processes at once."""
    if jobs < 2 or len(parts) < 2 or sys.platform != "linux":  # elsewhere a fork is unsafe, or there is none
        yield from (part() for part in parts)
        return
    fork = multiprocessing.get_context("fork")
    with ProcessPoolExecutor(min(jobs, len(parts)), fork, _take, (parts,)) as pool:
        yield from pool.map(_nth, range(len(parts)))


_parts: Sequence[Part] = ()


def _take(parts: Sequence[Part]) -> None:
    """What a forked process does first: it was born with the parts, which could go through no pipe."""
    global _parts
    _parts = parts


def _nth(n: int) -> Report:
    return _parts[n]()
