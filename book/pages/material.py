"""What the pages of one example are made of, in no language."""

from dataclasses import dataclass, field

from ..errata.verdict import Errata
from ..figures.figure import Figure
from .worked import Worked


@dataclass
class Material:
    """The worked example, its figures by name, its errata, and `original`, the example as its file has it, of which
    the errata speak."""

    worked: Worked
    figures: dict[str, Figure] = field(default_factory=dict)
    original: Worked | None = None
    errata: Errata | None = None

    @property
    def name(self) -> str:
        return self.worked.example.name
