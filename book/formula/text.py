"""The view in plain text: steps by their names, matrices by rows, one line a row, for a terminal or an e-mail."""

from dataclasses import dataclass

from gradbook.engine.ops import CALL, OPS, SUM

from ..base.numbers import plain_decimal
from . import brackets
from .lines import Derivation
from .nodes import (
    Apply,
    Chain,
    Derivative,
    Dot,
    Dots,
    Entry,
    Fraction,
    Index,
    Letter,
    Letters,
    Matrix,
    Node,
    Number,
    Ones,
    Over,
    Row,
    Shaped,
    Sum,
    Symbol,
)

SIGNS = {"+": " + ", "-": " − ", "*": " ⊙ ", "@": " ", "/": " / ", "**": "^"}
DOTS = {"across": "…", "down": "⋮", "both": "⋱"}


@dataclass(frozen=True)
class Written:
    """A piece of text with what its brackets depend on."""

    text: str
    precedence: int = CALL
    is_matrix: bool = False
    is_call: bool = False
    is_enclosed: bool = False
    is_scientific: bool = False
    is_raised: bool = False
    is_quotient: bool = False

    @property
    def is_negative(self) -> bool:
        return self.text.startswith("−")

    @property
    def bracketed(self) -> "Written":
        return Written(f"({self.text})", is_enclosed=True)


def text_of(node: Node) -> str:
    """A formula as a line of text."""
    return _written(node).text


def rows_of(derivation: Derivation) -> str:
    """A derivation in lines; what looks like the line above it is not said again."""
    left = text_of(derivation.left)
    told = [("=", text_of(rule)) for rule in derivation.rules]
    for row in (row for block in derivation.blocks for row in block):
        told.append((row.relation, _row(row)))
    told += [("=", text_of(node)) for node in derivation.last]
    fresh = [line for i, line in enumerate(told) if i == 0 or line[1] != told[i - 1][1]]
    lines = [f"{relation or ' '} {text}" for relation, text in fresh] or [""]
    return "\n".join([f"{left} {lines[0]}".rstrip(), *(f"{' ' * len(left)} {line}" for line in lines[1:])])


def _row(row: Row) -> str:
    return f"  + {text_of(row.right)}" if row.goes_on else text_of(row.right)


def _written(node: Node) -> Written:
    return _BY_TYPE[type(node)](node)


def _plain(node: Node, decide=lambda _: False) -> str:
    piece = _written(node)
    return (piece.bracketed if decide(piece) else piece).text


def _number(node: Number) -> Written:
    text = plain_decimal(node.decimal)
    return Written(text, is_scientific="×" in text)


def _symbol(node: Symbol) -> Written:
    return Written(node.step + _index(node.index) if node.index else node.step)


def _index(index: Index | Letters) -> str:
    counted = index if isinstance(index, Letters) else [str(i + 1) for i in index]
    return f"[{', '.join(counted)}]"


def _ones(_: Ones) -> Written:
    return Written("1")


def _apply(node: Apply) -> Written:
    op = OPS[node.op]
    if node.made and (op.bracket_below != CALL or not node.args):
        return _made(node)
    if node.made:
        return Written(f"{node.op}({text_of(node.args[0])})", is_call=True)
    if op.infix.startswith("."):
        return Written(_plain(node.args[0], brackets.as_base) + "ᵀ", node.precedence)
    if not op.infix:
        arguments = [text_of(arg) for arg in node.args] + [f"{key}={value}" for key, value in node.attrs.items()]
        return Written(f"{node.op}({', '.join(arguments)})", node.precedence, is_call=True)
    held = [_held(node, i) for i in range(len(node.args))]
    if len(held) == 1:
        return Written(f"−{held[0]}", op.precedence)
    sign = " · " if op.infix in "*@" and all(arg.scalar for arg in node.args) else SIGNS[op.infix]
    return Written(sign.join(held), op.precedence)


def _held(node: Apply, i: int) -> str:
    """An argument of an operation that is written with a sign; nothing is a fraction here, so division opens too."""
    op, argument = OPS[node.op], node.args[i]
    inner = argument.of if isinstance(argument, Shaped) else argument
    piece = _written(inner)
    again = isinstance(inner, Apply) and inner.op == node.op and i == 0
    if op.infix == "/":
        needed = piece.precedence < op.precedence + i or piece.is_negative
    else:
        needed = brackets.as_argument(op, i, piece, again)
    return (piece.bracketed if needed else piece).text


def _made(node: Apply) -> Written:
    if node.args:
        return _written(node.made[0])
    return Written(f"{node.op}({', '.join(map(text_of, node.made))})", is_call=True)


def _matrix(node: Matrix) -> Written:
    rows = (" ".join(map(text_of, row)) for row in node.rows)
    return Written(f"[{'; '.join(rows)}]", is_matrix=True)


def _sum(node: Sum) -> Written:
    first, *others = node.terms
    return Written(
        " + ".join([text_of(first), *(_plain(term, brackets.as_term) for term in others)]), node.precedence
    )


def _over(node: Over) -> Written:
    return Written(f"Σ_{','.join(node.letters)} {_plain(node.term, brackets.as_term)}", SUM)


def _dot(node: Dot) -> Written:
    return Written(
        f"{_plain(node.left, brackets.as_factor)} · {_plain(node.right, brackets.as_factor)}", node.precedence
    )


def _fraction(node: Fraction) -> Written:
    above, below = (_plain(part, brackets.as_dividend) for part in node.children())
    return Written(f"{above} / {below}", node.precedence)


def _entry(node: Entry) -> Written:
    return Written(f"({text_of(node.of)}){_index(node.index)}")


def _derivative(node: Derivative) -> Written:
    return Written(f"∂{text_of(node.of)}/∂{text_of(node.by)}")


def _chain(node: Chain) -> Written:
    sign = " ⊙ " if node.entrywise else " · "
    arriving = _plain(node.arriving, brackets.as_term)
    return Written(f"{arriving}{sign}{text_of(node.derivative)}", node.precedence)


_BY_TYPE = {
    Number: _number, Symbol: _symbol, Letter: lambda node: Written(node.name), Ones: _ones,
    Dots: lambda node: Written(DOTS[node.way]), Apply: _apply, Matrix: _matrix, Sum: _sum, Over: _over, Dot: _dot,
    Fraction: _fraction, Entry: _entry, Shaped: lambda node: _written(node.of), Derivative: _derivative,
    Chain: _chain,
}  # fmt: skip
