"""The engine's own lines for an operation, cut from the source of the running code."""

import ast
import inspect
from collections.abc import Iterator
from functools import cache

from gradbook.engine import ops


@cache
def rooms() -> dict[str, dict[str, str]]:
    """The listings of each file of engine/ops, by its name and by operation, as a reader meets them."""
    return {room.__name__.rpartition(".")[2]: dict(_entries(inspect.getsource(room))) for room in ops.ROOMS}


@cache
def _listings() -> dict[str, str]:
    return {name: text for entries in rooms().values() for name, text in entries.items()}


def _entries(source: str) -> Iterator[tuple[str, str]]:
    calls = (node.value for node in ast.parse(source).body if isinstance(node, ast.Expr))
    for call in calls:
        if isinstance(call, ast.Call) and getattr(call.func, "id", "") == "op":
            yield call.args[0].value, ast.get_source_segment(source, call)


def listing(op: str) -> str:
    """The source text of the entry of `op` in engine/ops/."""
    return _listings()[op]
