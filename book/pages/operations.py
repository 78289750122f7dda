"""The operations as the catalogue writes them: what each one is and what its rules are, from the engine's own table.

Each operation is put on a tape of its own, with symbols for its arguments, and so are its rules: what a page prints
of a derivative is what the rule wrote there.
"""

import inspect
import math
from dataclasses import dataclass
from functools import cached_property
from types import SimpleNamespace

import numpy as np

from gradbook.engine.ops import NO_GRADIENT, Op
from gradbook.engine.tape.tape import Expr, Tape, apply
from gradbook.engine.tape.trace import Trace

from ..formula.derive import Rule as RuleOf
from ..formula.derive import Symbols
from ..formula.nodes import Index, Letters
from ..formula.notation import Notation
from ..formula.symbols import partial
from ..formula.written import Written as Formulas
from ..i18n.words import SOURCE, environment
from .listing import listing

RESULTS = {"loss": "E"}
"""The letter of the result, by the kind of operation; else it is what the rules call it, or c."""

LETTERS = {"table": "E", "args": "ab"}
"""Arguments whose names in the engine's table are words."""

NUMBERS = {math.sqrt(2 / math.pi): r"\sqrt{2 / \pi}"}
"""Constants that a page writes as what they are, not with their digits."""


def anchor(op: str) -> str:
    """The address of an operation in the book, as docutils writes ids."""
    return f"operation-{op}".replace("_", "-")


LONG = 140
"""A rule of more characters of TeX has no room in a table."""


@dataclass(frozen=True)
class Rule:
    """The derivative of the loss by one argument: both sides as TeX; no right side where no gradient passes."""

    argument: str
    right: str

    @property
    def left(self) -> str:
        return partial("J", self.argument)

    @property
    def long(self) -> bool:
        return len(self.right) > LONG


class Written:
    """One operation written in symbols: `op` is its entry."""

    def __init__(self, op: Op):
        self.op = op
        self.macros = environment(SOURCE).get_template("math.j2").module

    @cached_property
    def arguments(self) -> list[str]:
        """The letters of the arguments, as the rules of the engine call them."""
        _, _, *names = self._parameters
        return [letter for name in names for letter in LETTERS.get(name, name)]

    @cached_property
    def arriving(self) -> str:
        """The letter of the gradient that arrives."""
        return self._parameters[0]

    @property
    def result(self) -> str:
        own = self._parameters[1]
        return RESULTS.get(self.op.kind) or ("c" if own == "out" else own)

    @cached_property
    def _parameters(self) -> list[str]:
        rule = next((rule for i in range(len(self.op.sample)) if (rule := self.op.vjp(i))), None)
        if rule is None:
            return ["g", "out", *_parameters(self.op.forward)][: 2 + len(self.op.sample)]
        return [name for name in inspect.signature(rule).parameters if name not in self.op.attrs]

    @cached_property
    def trace(self) -> Trace:
        tape = Tape(self.op.name)
        args = [
            tape.data(name, _numbers(self.op, i, shape))
            for i, (name, shape) in enumerate(zip(self.arguments, self.op.sample, strict=True))
        ]
        out = tape.write("out", apply(self.op.name, *args, **self.op.attrs))
        tape.phase = "backward"
        g = tape.data("arriving", np.linspace(1, 2, out.value.size).reshape(out.shape))
        for i, name in enumerate(self.arguments):
            if (rule := self.op.vjp(i)) is not NO_GRADIENT:
                self._write(tape, f"d{name}", rule(g, out, *args, **self.op.attrs))
        return tape.finish("out", {}, {})

    @staticmethod
    def _write(tape: Tape, name: str, expression: Expr) -> None:
        """A rule that passes the gradient on as it is writes nothing."""
        if not expression.name:
            tape.write(name, expression)

    @cached_property
    def _formulas(self) -> Formulas:
        symbols = {"out": [self.result, ""], "arriving": [self.arriving, ""]}
        symbols |= {name: [name, ""] for name in self.arguments}
        symbols |= {s.name: [NUMBERS[n], ""] for s in self.trace.leaves("const") if (n := float(s.value)) in NUMBERS}
        example = SimpleNamespace(name=self.op.name, notation={})
        return Formulas(self.trace, Notation(example, self.trace, symbols), 4, self.macros)

    def _right(self, name: str, index: Index | Letters | None = None) -> str:
        """The right side of a step, or of one entry of it."""
        sheet = self._formulas.sheet
        return self._formulas.tex(RuleOf(sheet, Symbols(sheet)).of(name, index))

    @cached_property
    def formula(self) -> str:
        return f"{self.result} = {self._right('out')}"

    @cached_property
    def entry(self) -> str:
        """One entry of the result written out, if that says more than the formula; else nothing."""
        shape = self.trace.value("out").shape
        if self.op.entrywise and shape:
            place = Letters("ij")
        elif self.op.terms and shape and not any(self.op.accepts(i) == "mask" for i in range(len(self.op.sample))):
            place = (0, min(1, shape[1] - 1))
        else:
            return ""
        return f"{self._formulas.notation.entry('out', place)} = {self._right('out', place)}"

    @cached_property
    def rules(self) -> list[Rule]:
        return [Rule(name, self._rule(i, name)) for i, name in enumerate(self.arguments)]

    def _rule(self, i: int, name: str) -> str:
        if self.op.vjp(i) is NO_GRADIENT:
            return ""
        return self._right(f"d{name}") if f"d{name}" in self.trace else self.arriving

    @cached_property
    def shapes(self) -> list[tuple[str, tuple[int, ...]]]:
        """The arguments of which the formulas are written, and the result, each with its shape."""
        named = zip(self.arguments, self.op.sample, strict=True)
        return [*named, (self.result, self.trace.value("out").shape)]

    @property
    def shape_rule(self) -> str:
        """The sentence on shapes that holds for operations of this kind: a name in templates/operations.j2."""
        *arguments, result = (shape for _, shape in self.shapes)
        if self.op.kind in ("arithmetic", "function") and len(arguments) == 2 and self.op.entrywise:
            return "repeated"
        return "same" if set(arguments) == {result} else "along"

    @property
    def listing(self) -> str:
        return listing(self.op.name)

    @property
    def curve(self) -> str:
        """Its drawing, if it is a function of one number; else nothing."""
        from ..figures import curve

        return curve.draw(self.op, self.arguments[0], self.result) if curve.is_curve(self.op) else ""


def _parameters(function) -> list[str]:
    """The names of a function's arguments; numpy's own tell theirs only since 2.4."""
    if isinstance(function, np.ufunc):
        return ["x"] if function.nin == 1 else [f"x{i}" for i in range(1, function.nin + 1)]
    return list(inspect.signature(function).parameters)


def _numbers(op: Op, i: int, shape: tuple[int, ...]) -> np.ndarray:
    """Any numbers that argument i may hold: the formulas do not depend on them."""
    kinds = {"sign": 1.0, "mask": 1.0}
    return np.full(shape, kinds.get(op.accepts(i), 0.25)) + (np.arange(np.prod(shape)).reshape(shape) / 100)
