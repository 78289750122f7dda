"""Every update of a rule that stops by itself, until nothing is wrong any more."""

from ..material import Material
from ..training import training
from ..view import View
from ..worked import Worked


class Page(View):
    @classmethod
    def speaks_of(cls, material: Material) -> Worked | None:
        return material.worked if training(material.worked) else None

    @property
    def tells_of_all(self) -> bool:
        """Whether weights that put every sample right would have been found, if there were any: all is learned, by
        steps of one length, with a boundary that can lie anywhere."""
        learned = {leaf.name for leaf in self.trace.leaves("param")} == set(self.trace.updates)
        return learned and len(self.trace.updates) > 1
