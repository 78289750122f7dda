"""The backward pass, gradient by gradient."""

from ..arrangement import arrangement
from ..deriving import Deriving
from ..gradients import Gradient, gradients, results
from ..groups import Group
from ..material import Material
from ..worked import Worked, once


@once
def gradient_groups(worked: Worked) -> list[Group]:
    """The gradients grouped by the scope of what they are gradients of."""
    return arrangement(worked).grouping.of(gradients(worked), lambda gradient: gradient.of)


class Page(Deriving):
    phase = "backward"
    derives = ("backward",)

    @classmethod
    def speaks_of(cls, material: Material) -> Worked | None:
        return material.worked if material.worked.exact.loss else None

    def groups(self) -> list[Group]:
        return gradient_groups(self.worked)

    def gradient_results(self, group: list[Gradient]) -> str:
        return results(self.worked, group)

    def reasons(self, gradient: Gradient) -> list[str]:
        """Why a gradient is what it is: what the family says of it, then the derivatives that it uses."""
        own = self.why_step("backward", gradient.of)
        said = [own, *(self.why("backward", derivative) for derivative in gradient.derivatives())]
        return list(dict.fromkeys(filter(None, said)))
