"""The first page of an example: what is given, what is sought, its symbols, its other pages."""

from dataclasses import dataclass
from math import inf

from gradbook.engine.tape.reach import Beyond, beyond, least
from gradbook.engine.tape.trace import Step

from ...base.address import address
from ...base.numbers import tex_ceiling, tex_floor
from ..arrangement import arrangement, used
from ..gradients import gradient_of
from ..history import History, turns
from ..places import reference_label
from ..view import GIVEN, Rendered, View

MOST_TOLD = 6
"""Of so many targets that cannot be reached a page tells the numbers; of more it tells how many they are."""

DIGITS = 6
"""The digits of a bound."""


@dataclass(frozen=True)
class OutOfReach:
    """Targets that cannot be reached: the first of them with their numbers, how many there are `more`, and the
    outputs: the kind of their bounds ("shares", "both", "low", "high"), and the bounds themselves."""

    targets: tuple[str, ...]
    more: int
    outputs: str
    kind: str
    low: str
    high: str


class Page(View):
    derives = (GIVEN,)
    is_overview = True

    @property
    def reference(self) -> str:
        """The address of the family's page in the reference."""
        return reference_label(self.example.family)

    def see_also(self) -> str:
        """Links to the examples that this one names."""
        return " · ".join(f"[](#{address(name)})" for name in self.example.see)

    def given(self) -> list[Step]:
        leaves = self.trace.leaves("data", "param", "const", "state")
        return [leaf for leaf in leaves if self.places.is_listed(leaf.name)]

    def turns(self) -> History | None:
        """The data that the updates read in turn; None if all read the same."""
        return turns(self.worked)

    @property
    def batches(self) -> int:
        """How many updates read other data before the first data come again."""
        return len(self.exact.batches)

    def out_of_reach(self) -> list[OutOfReach]:
        """The targets that cannot be reached, with what bounds the outputs that they are compared with."""
        return [self._out_of_reach(found) for found in beyond(self.worked.exact)]

    def _out_of_reach(self, found: Beyond) -> OutOfReach:
        value = self.trace.value(found.target)
        told = [f"${self.entry(found.target, i)} = {self.number(value[i])}$" for i in found.places[:MOST_TOLD]]
        kind = "shares" if found.shares else "low" if found.high == inf else "high" if found.low == -inf else "both"
        low, high = tex_floor(found.low, DIGITS), tex_ceiling(found.high, DIGITS)
        more = len(found.places) - len(told)
        return OutOfReach(tuple(told), more, self.symbol(found.outputs), kind, low, high)

    def least(self) -> tuple[str, str]:
        """The symbol of the loss, without a penalty, and what it cannot fall below."""
        name, value = least(self.worked.exact)
        return self.symbol(name), tex_floor(value, DIGITS)

    def gradient_links(self) -> str:
        return ", ".join(gradient_of(self.worked, leaf.name).link for leaf in self._differentiated)

    @property
    def _differentiated(self) -> list[Step]:
        return [leaf for leaf in self.trace.leaves("param", "data") if leaf.name in self.trace.grads]

    def output_links(self) -> str:
        """Links to the last lines of the forward pass, which nothing reads any more but what stands for a loss."""
        lines = [step.name for step in self.trace.lines("forward") if step.name != self.trace.loss]
        read = {arg for name in lines for arg in used(self.trace, name)}
        return ", ".join(self.link(name) for name in lines if name not in read)

    def update_links(self) -> str:
        return ", ".join(self.link(new) for new in self.trace.updated().values())

    def symbols(self) -> tuple[list[Step], list[Step]]:
        """The steps of the table of symbols, and those that only repeat them and can be opened."""
        names = [step.name for step in self.places.listed()]
        first, again = arrangement(self.worked).grouping.apart(names)
        return [self.trace[name] for name in first], [self.trace[name] for name in again]

    def derivations(self) -> list[tuple[Rendered, str]]:
        """The pages that derive a phase each, with links to its lines."""
        found = [page for page in self.others if len(page.derives) == 1]
        return [(page, " → ".join(self.link(line.name) for line in self.lines(page.derives[0]))) for page in found]
