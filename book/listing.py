"""The engine's own lines for an operation, cut from the source of the running code."""

import ast
import inspect
from collections.abc import Iterator
from functools import cache

from engine import ops


@cache
def _listings() -> dict[str, str]:
    return {name: text for room in ops.ROOMS for name, text in _entries(inspect.getsource(room))}


def _entries(source: str) -> Iterator[tuple[str, str]]:
    calls = (node.value for node in ast.parse(source).body if isinstance(node, ast.Expr))
    for call in calls:
        if isinstance(call, ast.Call) and getattr(call.func, "id", "") == "op":
            yield call.args[0].value, ast.get_source_segment(source, call)


def listing(op: str) -> str:
    """The source text of the entry of `op` in engine/ops/."""
    return _listings()[op]
