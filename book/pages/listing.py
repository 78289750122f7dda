"""The engine's own lines for an operation, cut from the source of the running code."""

import ast
import inspect
import sys
from functools import cache

from gradbook.engine import ops


def rooms() -> dict[str, list[str]]:
    """The operations of each file of engine/ops, by its name, as a reader meets them."""
    found = {room.__name__: [] for room in ops.rooms()}
    for name, entry in ops.OPS.items():
        if entry.room in found:
            found[entry.room].append(name)
    return {room.rpartition(".")[2]: names for room, names in found.items() if names}


@cache
def listing(op: str) -> str:
    """The source text of the entry of `op` in engine/ops/, as far as it says how the operation is computed and
    differentiated; of one that is entered in another way, all of its file."""
    room = ops.OPS[op].room
    source, call = inspect.getsource(sys.modules[room]), _entries(room).get(op)
    return _computed(source, call) if call else source


@cache
def _entries(room: str) -> dict[str, ast.Call]:
    """The calls that enter operations, by the name of the operation."""
    source = inspect.getsource(sys.modules[room])
    calls = (node.value for node in ast.parse(source).body if isinstance(node, ast.Expr | ast.Assign))
    found = (call for call in calls if isinstance(call, ast.Call) and ast.unparse(call.func).split(".")[-1] == "op")
    named = (call for call in found if call.args and isinstance(call.args[0], ast.Constant))
    return {call.args[0].value: call for call in named}


ASIDE = {
    "infix", "terms", "repeats", "size", "cost", "copies", "simpler", "fails", "outputs", "lively", "targets",
    "hidden", "kinked",
}  # fmt: skip
"""Keywords that come last in an entry: they are for those who write formulas, not for those who compute."""


def _computed(source: str, call: ast.Call) -> str:
    """The text of an entry before the first keyword that is an aside."""
    aside = next((keyword for keyword in call.keywords if keyword.arg in ASIDE), None)
    if aside is None:
        return ast.get_source_segment(source, call)
    call.end_lineno, call.end_col_offset = aside.lineno, aside.col_offset
    return ast.get_source_segment(source, call).rstrip().rstrip(",") + ")"
