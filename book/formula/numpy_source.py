"""The view in numpy: a short program that computes a step from its arguments and prints what the page prints."""

import keyword
import re
from collections.abc import Iterator

import numpy as np

from gradbook.engine.ops import OPS
from gradbook.engine.tape.pencil import NOISE
from gradbook.engine.tape.rounding import SAFE, SNAP
from gradbook.engine.tape.trace import Trace

from .lines import Derivation
from .nodes import Apply, Node, Number, Ones, Shaped, Symbol
from .source_code import called, definition

PENCIL = """\
def pencil(values):
    \"\"\"To {digits} significant digits; binary noise goes first.\"\"\"
    def rounded(value):
        return float(Context({digits}).plus(Context({snap}).plus(Decimal(repr(float(value)))))) + 0.0
    return np.vectorize(rounded, otypes=[float])(values)"""

CANCELLED = """\
def cancelled(values, size):
    \"\"\"0 where terms of this size cancel, and float64 leaves noise.\"\"\"
    return np.where(np.abs(values) <= {noise!r} * size, 0.0, values)"""

SUMS, PRODUCTS, UNARY, POWERS, ATOM = range(1, 6)
"""How tightly Python's signs bind."""

_PRECEDENCE = {"+": SUMS, "-": SUMS, "*": PRODUCTS, "/": PRODUCTS, "@": PRODUCTS, "**": POWERS}


def program(trace: Trace, derivation: Derivation, digits: int) -> str:
    """Python source that prints the value of a step to `digits` significant digits. It starts from the values of the
    trace; where these are those of pencil arithmetic, parts are rounded as the page rounds them."""
    step = trace[derivation.name]
    result = identifier(step.name)
    rule = None if step.is_leaf else derivation.rules[-1] if derivation.rules else derivation.left
    lines = _header([text for op in _called(rule) for text in definition(op)])
    lines += [PENCIL.format(digits=digits, snap=min(SAFE, max(SNAP.prec, digits + 6))), "", ""]
    expression = "" if rule is None else Expression(trace)(rule)
    lines += [CANCELLED.format(noise=NOISE), "", ""] if "cancelled(" in expression else []
    if rule is None:
        return "\n".join([*lines, _given(trace, step.name), f"print({result})", ""])
    lines += [_given(trace, name) for name in dict.fromkeys(_read(rule))]
    return "\n".join([*lines, f"{result} = pencil({expression})", f"print({result})", ""])


def _header(statements: list[str]) -> list[str]:
    """Imports, then what they are needed for; each statement once."""
    told = dict.fromkeys(["from decimal import Context, Decimal", *statements])
    imports = [text for text in told if text.startswith(("import ", "from "))]
    rest = [text for text in told if text not in imports]
    spaced = [line for text in rest for line in ([text, "", ""] if text.startswith("def ") else [text])]
    return [*sorted(imports), "", "import numpy as np", "", "", *spaced, *(["", ""] if spaced and spaced[-1] else [])]


def identifier(name: str) -> str:
    """A step's name as one of Python's: layer2_delta."""
    found = re.sub(r"\W", "_", name)
    return f"{found}_" if keyword.iskeyword(found) or found in ("np", "pencil", "Context", "Decimal") else found


def _given(trace: Trace, name: str) -> str:
    value = trace.value(name)
    text = repr(value.item()) if value.shape == () else f"np.array({value.tolist()})"
    return f"{identifier(name)} = {text}"


def _read(node: Node) -> Iterator[str]:
    """The steps whose values the formula uses; of a sum it is the array that counts."""
    if isinstance(node, Symbol):
        yield node.step
    for child in node.args if isinstance(node, Apply) else node.children():
        yield from _read(child)


def _called(node: Node | None) -> Iterator[str]:
    if node is None:
        return
    for child in node.args if isinstance(node, Apply) else node.children():
        yield from _called(child)
    if isinstance(node, Apply) and not OPS[node.op].infix:
        yield node.op


class Expression:
    """A rule in symbols as one expression of Python."""

    def __init__(self, trace: Trace):
        self.trace = trace

    def __call__(self, node: Node) -> str:
        return self._bound(node)[0]

    def _bound(self, node: Node) -> tuple[str, int]:
        """The expression, and how tightly it binds."""
        if isinstance(node, Shaped):
            return self._bound(node.of)
        if isinstance(node, Symbol):
            return identifier(node.step), ATOM
        if isinstance(node, Ones):
            return "1.0", ATOM
        if isinstance(node, Number):
            return repr(float(node.decimal)), UNARY if node.decimal < 0 else ATOM
        if isinstance(node, Apply):
            return self._applied(node)
        raise TypeError(f"{type(node).__name__} has no numpy of its own")

    def _applied(self, node: Apply) -> tuple[str, int]:
        text, precedence = self._operation(node)
        if size := self._cancelling(node):
            text, precedence = f"cancelled({text}, {size!r})", ATOM
        if self._is_rounded(node):
            return f"pencil({text})", ATOM
        return text, precedence

    def _cancelling(self, node: Apply) -> float:
        """How large terms are that cancel in pencil arithmetic; 0 where none do."""
        size = OPS[node.op].size
        if self.trace.digits is None or size is None or not node.step or self.trace.value(node.step).all():
            return 0.0
        step = self.trace[node.step]
        return float(np.max(size(*(np.abs(self.trace.value(arg)) for arg in step.args), **step.attrs)))

    def _is_rounded(self, node: Apply) -> bool:
        """Whether pencil arithmetic rounds it on the way: a part that stands in brackets."""
        inside = bool(node.step) and self.trace.parent(node.step) is not None
        moves = OPS[node.op].kind in ("layout", "mask")
        return self.trace.digits is not None and inside and not moves and not self.trace.is_inlined(node.step)

    def _operation(self, node: Apply) -> tuple[str, int]:
        infix = OPS[node.op].infix
        if infix.startswith("."):
            return f"{self._held(node.args[0], ATOM)}{infix}", ATOM
        if not infix or len(np.shape(node.args[0].shape)) > 2:
            arguments = [self(arg) for arg in node.args] + [f"{key}={value!r}" for key, value in node.attrs.items()]
            return f"{called(node.op)}({', '.join(arguments)})", ATOM
        if len(node.args) == 1:
            return f"{infix}{self._held(node.args[0], UNARY)}", UNARY
        left, right = node.args
        precedence = _PRECEDENCE[infix]
        least = precedence + 1 if infix == "**" else precedence
        return f"{self._held(left, least)} {infix} {self._held(right, precedence + 1)}", precedence

    def _held(self, node: Node, least: int) -> str:
        """In brackets, if it binds less tightly than it must."""
        text, precedence = self._bound(node)
        return text if precedence >= least else f"({text})"
