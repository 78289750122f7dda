"""Which of many like cases are in the default tier."""

from collections.abc import Iterable

import pytest


def some_slow(cases: Iterable, every: int = 4) -> list:
    """Cases for `parametrize`: the first and every `every`-th after it in the default tier, others slow."""
    return [pytest.param(case, marks=pytest.mark.slow if n % every else []) for n, case in enumerate(cases)]
