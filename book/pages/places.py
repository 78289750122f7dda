"""Where the steps of one example stand in the book: their addresses, and links to them, in no language."""

from gradbook.engine.tape.trace import Step, Trace

from ..base.address import address
from ..formula.notation import Notation
from .worked import Worked, once


class Places:
    """The addresses of the steps of a trace. `example` is the example's name, also of a second update's trace."""

    def __init__(self, example: str, trace: Trace, notation: Notation):
        self.example, self.trace, self.notation = example, trace, notation

    def label(self, name: str) -> str:
        """The address of a step's derivation."""
        return label(self.trace.example, name)

    def symbol_label(self, name: str) -> str:
        """The address of a step in the table of symbols."""
        return label(self.example, f"symbol.{name}")

    def link(self, name: str) -> str:
        """A Markdown link from a step's symbol to its derivation; of a leaf, to its definition."""
        target = self.symbol_label(name) if self.trace[name].is_leaf else self.label(name)
        return f"[${self.notation.inline(name)}$](#{target})"

    def line_of(self, name: str) -> str:
        """The line that a step is a part of; of a line or a leaf, itself."""
        while parent := self.trace.parent(name):
            name = parent
        return name

    def definitions(self, *steps: str) -> list[str]:
        """Links to the definitions of symbols."""
        names = dict.fromkeys(steps)
        return [f"[${self.notation.inline(n)}$](#{self.symbol_label(n)})" for n in names if self.is_listed(n)]

    def is_listed(self, name: str) -> bool:
        """Whether a step stands in the table of symbols."""
        return not self.trace.parent(name) and not name.startswith("const.")

    def listed(self) -> list[Step]:
        """The steps of the table of symbols."""
        return [step for step in self.trace.values() if self.is_listed(step.name)]


def reference_label(family: str) -> str:
    """The address of a family's page in the reference, as docutils writes ids."""
    return f"reference-{family}".replace("_", "-")


@once
def places(worked: Worked) -> Places:
    return Places(worked.example.name, worked.printed, worked.notation)


def label(example: str, name: str) -> str:
    """The address of a step in the book, as docutils writes ids: 'seed:layer1.W_new' -> 'seed-layer1-w-new'."""
    name_of_file, at, update = example.partition("@")
    step = name.lower().replace(".", "-").replace("_", "-")
    return f"{address(name_of_file)}{'-step' if at else ''}{update}-{step}"
