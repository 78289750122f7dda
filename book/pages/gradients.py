"""The gradients that a backward page derives, in no language."""

from ..formula.symbols import slashed
from .arrangement import used
from .places import places
from .worked import Worked, once


class Gradient:
    """One derivation of the backward page: dJ/d(of), which the line `name` holds."""

    def __init__(self, worked: Worked, name: str, of: str):
        self.written, self.trace, self.places = worked.written, worked.printed, places(worked)
        self.name, self.of = name, of
        self.line = self.written.line(name)
        self.alias = self.trace[name].of != of

    @property
    def is_parameter(self) -> bool:
        return self.trace[self.of].op == "param"

    @property
    def is_given(self) -> bool:
        """Whether the gradient is not derived: the backward pass starts at it."""
        return self.trace[self.name].is_leaf

    @property
    def is_input(self) -> bool:
        return self.trace[self.of].op == "data"

    @property
    def is_named(self) -> bool:
        """Whether the family gives the gradient a symbol of its own, such as δ."""
        return self.written.is_named(self.name, self.of)

    @property
    def label(self) -> str:
        """Of an alias the place is that of the parameter's gradient; the line itself is elsewhere."""
        return self.places.label(f"{self.of}.gradient" if self.alias else self.name)

    @property
    def inline(self) -> str:
        """How it stands in a line of prose."""
        return slashed(self.written.symbol(self.trace.loss), self.written.symbol(self.of))

    @property
    def link(self) -> str:
        """A Markdown link to where it is derived."""
        return f"[${self.inline}$](#{self.label})"

    def block(self) -> str:
        """Chain rule, rule, numbers, result. An alias ends at the line that holds its value."""
        return self.written.block(self.written.gradient(self.name, self.of))

    def symbols(self) -> list[str]:
        """The steps whose symbols the block uses."""
        return [self.of, self.name] if self.alias else [*used(self.trace, self.name), self.of, self.name]

    def derivatives(self) -> list[str]:
        """The derivatives that are used ('sigmoid_0'), in the order in which the block writes them."""
        return self.written.chain.reasons(self.of)[::-1]


@once
def gradients(worked: Worked) -> list[Gradient]:
    """First the gradients that are given, then the lines in order of computation; a parameter or an input whose
    gradient is another line's follows it."""
    trace = worked.printed
    aliases: dict[str, list[str]] = {}
    for leaf in trace.leaves("param", "data"):
        line = trace.grads.get(leaf.name)
        if line and not trace[line].is_leaf and trace[line].of != leaf.name:
            aliases.setdefault(line, []).append(leaf.name)
    given = ((of, line) for of, line in reversed(trace.grads.items()) if trace[line].is_leaf)
    found = [Gradient(worked, line, of) for of, line in given if not trace.parent(of)]
    for step in trace.lines("backward"):
        found.append(Gradient(worked, step.name, step.of))
        found += [Gradient(worked, step.name, of) for of in aliases.get(step.name, [])]
    return found


def gradient_of(worked: Worked, parameter: str) -> Gradient:
    return next(gradient for gradient in gradients(worked) if gradient.of == parameter)


def results(worked: Worked, group: list[Gradient]) -> str:
    """The results of gradients alone, one under the other."""
    written = worked.written
    return written.results((written.chain.gradient(gradient.of), gradient.name) for gradient in group)
