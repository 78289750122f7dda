"""Which of many like cases are in the default tier."""

from collections.abc import Iterable

import pytest


def some_slow(cases: Iterable, every: int = 4) -> list:
    """Cases for `parametrize`, of several names tuples: the first and every `every`-th after it in the default tier,
    the others in the slow one."""
    found = [case if isinstance(case, tuple) else (case,) for case in cases]
    return [pytest.param(*case, marks=pytest.mark.slow if n % every else []) for n, case in enumerate(found)]
