"""The engine's own lines for an operation, cut from the source of the running code."""

import ast
import inspect
from functools import cache

from engine import ops


@cache
def _listings() -> dict[str, str]:
    source = inspect.getsource(ops)
    calls = (node.value for node in ast.parse(source).body if isinstance(node, ast.Expr))
    calls = (c for c in calls if isinstance(c, ast.Call) and getattr(c.func, "id", "") == "op")
    return {c.args[0].value: ast.get_source_segment(source, c) for c in calls}


def listing(op: str) -> str:
    """The source text of the entry of `op` in engine/ops.py."""
    return _listings()[op]
