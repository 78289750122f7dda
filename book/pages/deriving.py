"""What a page sees that derives the lines of one phase in full, under headings, each with its reason."""

from typing import ClassVar

from ..formula.lines import Line
from ..formula.notation import filled, pattern
from ..i18n.words import environment
from .arrangement import SHARED, groups, ops, used
from .entries import MOST_WORKED, likeness, worked_entries
from .groups import Group, scope
from .view import View


class Deriving(View):
    """A page that derives the lines of `phase`."""

    phase: ClassVar[str]
    MOST_WORKED = MOST_WORKED

    def groups(self) -> list[Group]:
        return groups(self.worked, self.phase)

    def heading(self, group: Group) -> str:
        """'Layer 1' for what stands together under 'layer1'; nothing if it goes on under the heading before."""
        return "" if group.scope is None else self.scope_title(group.scope)

    def scope_title(self, place: str) -> str:
        if place == SHARED:
            return environment(self.lang).get_template("symbols.j2").module.shared_scope
        for key, title in self.family.scopes.items():
            if found := pattern(key).fullmatch(place):
                return filled(title, found.groupdict())
        return place

    def used(self, name: str) -> list[str]:
        """The leaves and lines that a line is computed from."""
        return used(self.trace, name)

    def ops(self, name: str) -> list[str]:
        """The operations of a line and of its parts."""
        return ops(self.trace, name)

    def worked_entries(self, line: Line) -> list[str]:
        """Blocks that work one entry of each matrix product of the line, or of its function, in full."""
        return worked_entries(self.worked, line.name)

    def likeness(self, line: Line) -> tuple:
        """What an entry in full of this line would look like, under its heading: one of several is enough."""
        return scope(line.name), *likeness(self.trace, line)

    def observations(self) -> list[tuple[str, str]]:
        """(results, sentence): what the numbers of the page show when they stand one under the other."""
        said = [(self._matching(keys), words) for keys, words in self.of_family(f"see_{self.phase}", [])]
        return [(self.results(map(self.written.line, names)), words) for names, words in said if names]

    def _matching(self, keys: list[str]) -> list[str]:
        """The steps that patterns name, in order of computation under each pattern."""
        return [name for key in keys for name in self.trace if pattern(key).fullmatch(name)]
