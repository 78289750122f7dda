"""The forward pass, line by line."""

from gradbook.engine.ops import OPS

from ...formula.augmented import Augmented
from ...formula.lines import Line
from ..deriving import Deriving


class Page(Deriving):
    phase = "forward"
    derives = ("forward",)

    def reason(self, line: Line) -> str:
        """Why a line is what it is; nothing if there is nothing to say."""
        step = line.step
        while not step.is_leaf and OPS[step.op].adds_all and self.trace[step.args[0]].value.size == 1:
            step = self.trace[step.args[0]]  # a sum that is not seen
        return self.why_step("forward", line.name) or self.why("forward", step.op)

    def augmented(self, line: Line) -> Augmented | None:
        """The line with its bias folded in, in a family that has something to say of it."""
        return self.written.augmented(line.name) if self.why("forward", "augmented") else None
