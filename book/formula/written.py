"""The formulas of one trace: each derived once, and written in TeX once, for pages in every language."""

from collections.abc import Callable, Iterable, Sequence

from gradbook.engine.ops import OPS
from gradbook.engine.tape.trace import Trace

from .augmented import Augmented, augmented
from .chain import ChainRule
from .derive import Rule, Sheet, Symbols
from .lines import Derivation, Line
from .nodes import EQUAL, Dot, Index, Node, Row
from .notation import Notation
from .patterns import Patterns
from .rows import Rows
from .tex import Tex


class Written:
    """`macros` say how operations are written (templates/math.j2), `missing` what stands for one that has none.
    Without `addresses` numbers stand alone."""

    def __init__(
        self,
        trace: Trace,
        notation: Notation,
        digits: int,
        macros,
        missing: Callable[..., str] | None = None,
        addresses: bool = True,
    ):
        self.trace, self.notation = trace, notation
        self.sheet = Sheet(trace, digits, notation.names)
        self.tex = Tex(Patterns(macros, missing), notation, addresses)
        self.rows = Rows(self.tex)
        self.chain = ChainRule(trace)
        self._derivations: dict[tuple, Derivation] = {}
        self._blocks: dict[tuple, str] = {}

    # Trees

    def line(self, name: str) -> Line:
        return Line(self.sheet, name)

    def derivation(self, name: str) -> Derivation:
        """How a line comes about: its rule in symbols, in numbers, worked part by part, and the result."""
        key = ("line", name)
        if key not in self._derivations:
            self._derivations[key] = self.line(name).derivation()
        return self._derivations[key]

    def gradient(self, name: str, of: str) -> Derivation:
        """How the loss's derivative by `of` comes about, which the line `name` holds: the chain rule first. Where
        that is another line's own value, it ends there."""
        key = ("gradient", name, of)
        if key not in self._derivations:
            self._derivations[key] = self._gradient(name, of)
        return self._derivations[key]

    def _gradient(self, name: str, of: str) -> Derivation:
        line, chain, left = self.line(name), self.chain.of(of), self.chain.gradient(of)
        if self.trace[name].of != of:
            rules = (line.symbol,) if chain == left else (chain, line.symbol)
            return Derivation(name, left, rules, ((Row(None, EQUAL, line.result),),))
        direct = chain == left  # nothing lies between this and the loss
        last = [line.symbol] if self.is_named(name, of) else []
        return line.derivation(None if direct else chain, left, last)

    def leaf(self, name: str) -> Derivation:
        """What was given: symbol, entries, numbers; of a number of the method that has no symbol, itself."""
        line = self.line(name)
        if self.sheet.is_constant(name) and not self.notation.names(name):
            return Derivation(name, line.result, (), ())
        left, *entries, result = line.given
        return Derivation(name, left, tuple(entries), ((Row(None, EQUAL, result),),))

    def part_derivation(self, name: str) -> Derivation:
        """How a part of a line comes about, which has no symbol to be called by."""
        line = self.line(name)
        return Derivation(name, line.symbols(shapes=False), (), tuple(line.blocks()))

    def is_named(self, name: str, of: str) -> bool:
        """Whether a gradient has a symbol of its own, such as δ."""
        return self.symbol(name) != self.tex(self.chain.gradient(of))

    def has_entries(self, op: str) -> bool:
        """Whether one entry of the operation is written otherwise than the whole."""
        return OPS[op].terms is not None or self.tex.patterns.has(f"{op}_entry")

    # TeX

    def symbol(self, name: str) -> str:
        return self.notation.symbol(name)

    def block(self, derivation: Derivation) -> str:
        """A derivation as one aligned block."""
        key = (derivation.name, derivation.left, len(derivation.last))
        if key not in self._blocks:
            self._blocks[key] = self.rows.derivation(derivation)
        return self._blocks[key]

    def results(self, lefts: Iterable[tuple[Node, str]]) -> str:
        """Results alone, one under the other: (what it is called, the step that holds it)."""
        return self.rows.block([Row(left, EQUAL, self.sheet.numbers(name)) for left, name in lefts])

    def given(self, name: str) -> str:
        """What a leaf is: symbol, entries, numbers."""
        return " = ".join(map(self.tex, self.line(name).given))

    def value(self, name: str) -> str:
        return self.tex(self.sheet.numbers(name))

    def entries(self, name: str) -> str:
        return self.tex(self.line(name).entries)

    def rule(self, name: str) -> str:
        """A line in symbols only, shapes beneath: 'z = W a + b', or the chain rule and rule of a gradient."""
        line, of = self.line(name), self.trace[name].of
        left = self.chain.gradient(of) if of else line.symbol
        rights = [*([self.chain.of(of)] if of else []), line.symbols()]
        return self.rows.block([Row(None if i else left, EQUAL, right) for i, right in enumerate(rights)])

    def entry(self, name: str, part: str, index: Index) -> str:
        """One entry of the line `name`, or of a part of it, in full."""
        key = ("entry", name, part, index)
        if key not in self._blocks:
            self._blocks[key] = self.rows.block(self.line(name).entry(part, index))
        return self._blocks[key]

    def augmented(self, name: str) -> Augmented | None:
        """The line with its bias folded in, if it is one that can be folded."""
        return augmented(self.sheet, name)

    def compact(self, rows: Sequence[Row]) -> str:
        """The rows beside each other if they are short, else as an aligned block."""
        if sum(self._breadth(row.right) for row in rows) > 6:
            return self.rows.block(rows)
        return " ".join(f"{row.left.tex} {row.relation} {row.right.tex}" for row in self.rows.fresh(rows)).strip()

    @staticmethod
    def _breadth(node: Node) -> float:
        """How many columns follow the first in its matrices, on the average."""
        matrices = [each.rows for each in node.walk() if hasattr(each, "rows")]
        across = sum(len(row) - 1 for rows in matrices for row in rows)
        return across / max(1, sum(len(rows) - 1 for rows in matrices))

    # Entries and parts by name, for prose

    @property
    def _in_symbols(self) -> Rule:
        return Rule(self.sheet, Symbols(self.sheet))

    def part(self, name: str, index: Index | None) -> str:
        """The rule of a part of a line, whole or one entry of it."""
        return self.tex(self._in_symbols.of(name, index))

    def product(self, name: str, index: Index, term: int) -> str:
        """One of the products that add up to an entry of a matrix product."""
        left, right = self.trace[name].args
        rule = self._in_symbols
        return self.tex(Dot(rule.operand(left, (index[0], term)), rule.operand(right, (term, index[1]))))
