"""The second update, which is an example of its own, and tables of those that follow."""

from functools import cached_property

from gradbook.engine.tape.trace import PHASES, Step

from ..history import History, history
from ..material import Material
from ..view import View
from ..worked import Worked


class Page(View):
    derives = PHASES

    @classmethod
    def speaks_of(cls, material: Material) -> Worked | None:
        return material.worked.second

    @cached_property
    def _changed(self) -> set[str]:
        """The leaves whose printed values the first update has changed."""
        first = self.material.worked.printed
        return {leaf for leaf in first.updates if (first[leaf].value != self.trace[leaf].value).any()}

    def changed(self) -> list[Step]:
        return [leaf for leaf in self.trace.leaves("param", "state") if leaf.name in self._changed]

    def read(self) -> list[Step]:
        """The data that this update reads, if not all updates read the same."""
        return [self.trace[name] for name in (self.exact.batches[0] if self.exact.batches else ())]

    def unchanged(self) -> list[Step]:
        other = self._changed.union(leaf.name for leaf in self.read())
        leaves = (leaf for leaf in self.trace.leaves() if leaf.name not in other)
        return [leaf for leaf in leaves if self.places.is_listed(leaf.name)]

    def history(self) -> list[History]:
        return history(self.material.worked)
