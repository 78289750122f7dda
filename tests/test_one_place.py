"""One place per operation: nothing outside its entry, its meaning in the checker and its words asks for its name."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from gradbook.check.arithmetic.functions import FUNCTIONS
from gradbook.check.arithmetic.whole import WHOLE
from gradbook.check.ops import MEANINGS
from gradbook.engine.ops import OPS
from gradbook.engine.tape.format import FORMER
from tests.test_floors import ROOT, files

TABLES = ("engine/ops", "check/ops")
"""Where an operation is said: the entry, and what it means to the checker."""

USERS = ("engine/families", "engine/layers")
"""A family uses operations: by a call, `z.tanh()`, by a default, by what a key may be. It does not ask for one."""

FRIENDS = {
    "book/errata/carried.py": {"sign": "a slip of a hand: the wrong sign"},
    "book/errata/wrong.py": {"sign": "a slip of a hand: the wrong sign"},
    "book/figures/loss_curve.py": {"log": "a fact of a caption: whether the axis is logarithmic"},
    "book/formula/boxes.py": {"sum": "a row may be broken at a sign of this kind"},
    "book/formula/lines.py": {"sum": "a kind of operations"},
    "book/formula/rows.py": {"sum": "a row may be broken at a sign of this kind"},
    "book/pages/operations.py": {"sign": "what an argument may hold"},
    "book/pages/keys.py": {"minimum": "a word of JSON schemas", "maximum": "a word of JSON schemas"},
    "book/site/ext/mathematics.py": {"div": "HTML's <div>"},
    "book/site/ext/site.py": {"div": "HTML's <div>"},
    "book/site/sphinx_run.py": {"log": "a file"},
    "engine/optim/__init__.py": {"mean": "a function of the optimisers"},
    "engine/tape/by_fractions.py": {"sum": "a kind of operations"},
    "engine/tape/format.py": dict.fromkeys(FORMER, "the name that format 1 does not know"),
    "engine/spec/limits.py": {"maximum": "a word of JSON schemas"},
    "engine/spec/rules.py": {"sign": "what an argument may hold"},
    "check/read/html.py": {"div": "HTML's <div>"},
}
"""Words that are the name of an operation by chance, and what they are."""

GRAMMAR = {
    "add", "sub", "neg", "outer", "sum", "power", "within", "conv", "exp", "abs", "floor", "sqrt", "log", "tanh",
    "cos", "sin", "sign",
}  # fmt: skip
"""What the checker calls the nodes of a formula that it has read, brackets of its own and commands of TeX."""

READERS = ("check/read", "check/arithmetic/arith.py", "check/judge/lines.py", "check/truth")


def names_in(path: Path) -> Iterator[str]:
    """The names of operations that stand in a file as texts; in a family those that it asks for."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    nodes = asked(tree) if inside(path, USERS) else ast.walk(tree)
    for node in nodes:
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            words = node.value.split()
            yield from words if words and OPS.keys() >= set(words) else ()


def asked(tree: ast.AST) -> Iterator[ast.AST]:
    """What a program looks up or compares: sides of a comparison, keys of a table, indices, cases."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Compare | ast.MatchValue):
            yield from ast.walk(node)
        if isinstance(node, ast.Subscript):
            yield node.slice
        if isinstance(node, ast.Dict):
            yield from filter(None, node.keys)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "get":
            yield from node.args


def inside(path: Path, rooms) -> bool:
    return path.relative_to(ROOT).as_posix().startswith(rooms)


def test_names_of_operations_stand_in_their_tables():
    found = {}
    for path in files("engine", "book", "gradbook", "check"):
        place = path.relative_to(ROOT).as_posix()
        known = {*FRIENDS.get(place, ()), *(GRAMMAR if inside(path, READERS) else ())}
        if not inside(path, TABLES) and (names := set(names_in(path)) - known):
            found[place] = names
    assert found == {}


def test_every_false_friend_is_there():
    for place, words in FRIENDS.items():
        assert set(words) <= set(names_in(ROOT / place)), place
    read = {name for path in files("check") if inside(path, READERS) for name in names_in(path)}
    assert read >= GRAMMAR


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ('layer.activation == "softmax"', ["softmax"]),
        ('x in ("relu", "tanh")', ["relu", "tanh"]),
        ('{"elu": 1}', ["elu"]),
        ('OPS["sigmoid"]', ["sigmoid"]),
        ('TABLE.get("sigmoid", 1)', ["sigmoid"]),
        ("match op:\n    case 'hinge': pass", ["hinge"]),
        ('activation: str = "tanh"', []),
        ('loss: Annotated[str, Known("loss", ("huber", "hinge"))]', []),
        ('expect_targets("data.y", y, "cross_entropy")', []),
    ],
)
def test_what_a_family_may_not_ask(text, found):
    assert sorted(n.value for n in asked(ast.parse(text)) if isinstance(n, ast.Constant) and n.value in OPS) == found


def test_the_functions_of_a_page_are_those_of_the_meanings():
    """What a page calls is said where the operation's meaning is, and nowhere else."""
    called = [name for meaning in MEANINGS.values() for name in meaning.called()]
    assert {"σ", "softplus", "softmax", "flatten", "maxpool^T", "GELU_tanh"} <= set(called)
    assert {*FUNCTIONS, *WHOLE} == set(called)
