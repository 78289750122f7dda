"""The update, line by line, and old and new values side by side."""

from functools import cached_property

from ...formula.lines import Line
from ..arrangement import arrangement
from ..deriving import Deriving
from ..entries import entry_in_full
from ..material import Material
from ..moved import Move, moved_most, rests
from ..worked import Worked, once

_moved_most = once(
    lambda worked, parameter: moved_most(worked.printed, worked.exact, parameter, worked.example.page.digits)
)


class Page(Deriving):
    phase = "update"
    derives = ("update",)

    @classmethod
    def speaks_of(cls, material: Material) -> Worked | None:
        return material.worked if material.worked.updates else None

    def rule(self, name: str) -> str:
        """What a line of the update is, as templates/why.j2 names it."""
        update = self.example.update
        if name == "rate":
            return f"rate.{update.schedule.kind}"
        if found := self.notation.attachment(name):
            return f"c.{'norm' if update.clip_norm else 'value'}" if found[0] == "c" else self._started(found[0])
        return self._started(name.removesuffix("_new")) if arrangement(self.worked).is_shared(name) else "new"

    def _started(self, rule: str) -> str:
        """A reason that speaks of a start at zero has another form where the example says how it starts."""
        return f"{rule}.started" if self.example.start and rule in ("t", "mhat") else rule

    def entry_in_full(self, line: Line) -> str:
        return entry_in_full(self.worked, line.name)

    def kept(self) -> str:
        """The symbols of the parameters that are not updated."""
        names = [leaf.name for leaf in self.trace.leaves("param") if leaf.name not in self.trace.updated()]
        return ", ".join(f"${self.symbol(name)}$" for name in names)

    def moved_most(self, parameter: str) -> Move:
        """The entry of a parameter that the printed update changes most."""
        return _moved_most(self.worked, parameter)

    @cached_property
    def rests(self) -> bool:
        """Whether nothing moves because all gradients are 0, exactly and as they are printed."""
        return rests(self.trace) and rests(self.exact)

    @property
    def second(self) -> Worked | None:
        """The second update, if it has a page."""
        return self.material.worked.second
