"""The first page of an example: what is given, what is sought, its symbols, its other pages."""

from gradbook.engine.tape.trace import Step

from ...base.address import address
from ..arrangement import arrangement
from ..gradients import gradient_of
from ..moved import course
from ..view import GIVEN, Rendered, View


class Page(View):
    derives = (GIVEN,)
    is_overview = True

    def see_also(self) -> str:
        """Links to the examples that this one names."""
        return " · ".join(f"[](#{address(name)})" for name in self.example.see)

    def given(self) -> list[Step]:
        leaves = self.trace.leaves("data", "param", "const", "state")
        return [leaf for leaf in leaves if self.places.is_listed(leaf.name)]

    def gradient_links(self) -> str:
        return ", ".join(gradient_of(self.worked, leaf.name).link for leaf in self.trace.leaves("param"))

    def update_links(self) -> str:
        return ", ".join(self.link(new) for new in self.trace.updated().values())

    def course(self, digits: int) -> str:
        """How the loss goes in the update, where it is printed with so many digits."""
        return course(*self.losses[:2], digits)

    @property
    def losses(self) -> list[float]:
        """The loss before and after the update, and so on."""
        return [float(loss) for loss in self.worked.losses]

    def symbols(self) -> tuple[list[Step], list[Step]]:
        """The steps of the table of symbols, and those that only repeat them and can be opened."""
        names = [step.name for step in self.places.listed()]
        first, again = arrangement(self.worked).grouping.apart(names)
        return [self.trace[name] for name in first], [self.trace[name] for name in again]

    def derivations(self) -> list[tuple[Rendered, str]]:
        """The pages that derive a phase each, with links to its lines."""
        found = [page for page in self.others if len(page.derives) == 1]
        return [(page, " → ".join(self.link(line.name) for line in self.lines(page.derives[0]))) for page in found]
