"""Whether [data] gives one sample, or a list of them: families that take both have a table for each."""

from collections.abc import Callable
from typing import Any

from .mistakes import SAMPLE, SAMPLES


def by_depth(levels: int) -> Callable[[Any], str]:
    """The tag of a [data] table by its `x`, which of one sample has so many levels of lists."""

    def tag(data: Any) -> str:
        x, depth = data.get("x") if isinstance(data, dict) else getattr(data, "x", None), 0
        while isinstance(x, list) and x:
            x, depth = x[0], depth + 1
        return SAMPLES if depth > levels else SAMPLE

    return tag
