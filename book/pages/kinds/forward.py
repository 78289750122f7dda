"""The forward pass, line by line."""

from ...formula.augmented import Augmented
from ...formula.lines import Line
from ..deriving import Deriving


class Page(Deriving):
    phase = "forward"
    derives = ("forward",)

    def reason(self, line: Line) -> str:
        """Why a line is what it is; nothing if there is nothing to say."""
        step = line.step
        while step.op == "sum" and self.trace[step.args[0]].value.size == 1:  # which is not seen
            step = self.trace[step.args[0]]
        return self.why_step("forward", line.name) or self.why("forward", step.op)

    def augmented(self, line: Line) -> Augmented | None:
        """The line with its bias folded in, in a family that has something to say of it."""
        return self.written.augmented(line.name) if self.why("forward", "augmented") else None
