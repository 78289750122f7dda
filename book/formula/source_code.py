"""The engine's own Python for an operation, with all that it needs, as lines that run by themselves."""

import ast
import builtins
import keyword
import sys
from functools import cache

import numpy as np

from gradbook.engine.ops import OPS


def called(op: str) -> str:
    """The name by which a program calls the operation: numpy's own, or that of a function that it defines."""
    forward = OPS[op].forward
    if isinstance(forward, np.ufunc) and getattr(np, forward.__name__, None) is forward:
        return f"np.{forward.__name__}"
    return f"{op}_" if hasattr(builtins, op) or keyword.iskeyword(op) else op


def definition(op: str) -> list[str]:
    """The statements that define what `called` names, in order; none for numpy's own."""
    name = called(op)
    if name.startswith("np."):
        return []
    forward = _forward(op)
    needed = _needed(OPS[op].room, forward)
    if isinstance(forward, ast.Name):
        return [*needed, *([f"{name} = {forward.id}"] if forward.id != name else [])]
    return [*needed, f"{name} = {ast.unparse(forward)}"]


def _forward(op: str) -> ast.expr:
    """The second argument of the operation's entry, as it is written there."""
    for node in ast.walk(_tree(OPS[op].room)):
        if not (isinstance(node, ast.Call) and ast.unparse(node.func).split(".")[-1] == "op" and len(node.args) > 1):
            continue
        if isinstance(node.args[0], ast.Constant) and node.args[0].value == op:
            return node.args[1]
    raise LookupError(f"{OPS[op].room}: has no entry of {op!r} that can be read")


@cache
def _tree(module: str) -> ast.Module:
    with open(sys.modules[module].__file__, encoding="utf-8") as file:
        return ast.parse(file.read())


def _needed(module: str, code: ast.AST) -> list[str]:
    """The statements of a module, in its order, that define the names which some code uses, and the names these use;
    functions without their docstrings."""
    defined = _definitions(module)
    waiting, found = [code], {}
    while waiting:
        names = {node.id for node in ast.walk(waiting.pop()) if isinstance(node, ast.Name)} & defined.keys()
        for node in {defined[name] for name in names} - found.keys():
            found[node] = None
            waiting.append(node)
    return [_text(node) for node in sorted(found, key=lambda node: node.lineno)]


@cache
def _definitions(module: str) -> dict[str, ast.stmt]:
    """What a module's own statements define; numpy is what every program has."""
    found: dict[str, ast.stmt] = {}
    for node in _tree(module).body:
        if isinstance(node, ast.FunctionDef):
            found[node.name] = node
        elif isinstance(node, ast.Assign):
            names = (name for target in node.targets for name in ast.walk(target) if isinstance(name, ast.Name))
            found |= {name.id: node for name in names}
        elif isinstance(node, ast.Import | ast.ImportFrom) and not getattr(node, "level", 0):
            found |= {alias.asname or alias.name: node for alias in node.names if alias.name != "numpy"}
    return found


def _text(node: ast.stmt) -> str:
    if isinstance(node, ast.FunctionDef) and ast.get_docstring(node):
        node = ast.FunctionDef(node.name, _bare(node.args), node.body[1:], [], None, lineno=0, type_params=[])
    elif isinstance(node, ast.FunctionDef):
        node = ast.FunctionDef(node.name, _bare(node.args), node.body, [], None, lineno=0, type_params=[])
    return ast.unparse(node)


def _bare(arguments: ast.arguments) -> ast.arguments:
    """Arguments without their types, whose names a program would have to import."""
    bare = dict(ast.iter_fields(arguments))
    for field in ("posonlyargs", "args", "kwonlyargs"):
        bare[field] = [ast.arg(each.arg) for each in bare[field]]
    return ast.arguments(**bare)
