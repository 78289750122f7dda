"""The errata of a source: every figure that it prints, and how it differs from what is right."""

from functools import cached_property

from ...errata.quantity import Quantities
from ...errata.verdict import Errata
from ..material import Material
from ..view import View
from ..worked import Worked


class Page(View):
    @classmethod
    def speaks_of(cls, material: Material) -> Worked | None:
        return material.original if material.errata else None

    @property
    def errata(self) -> Errata:
        return self.material.errata

    @cached_property
    def quantity(self) -> Quantities:
        """How entries are named."""
        return Quantities(self.written, self.places)
