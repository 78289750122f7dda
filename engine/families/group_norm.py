"""Group normalization: the features of a sample are cut into groups, and every group is brought to mean 0 and
variance 1 by itself (Wu & He 2018)."""

from typing import Annotated

from pydantic import Field, model_validator

from ..layers.norms import Normed, ScaleAndShift
from ..layers.norms import forward as around
from ..layers.parts import standardized
from ..spec.limits import AtMost
from ..spec.rules import expect_several
from ..tape.tape import Expr, Tape


class Grouped(ScaleAndShift):
    """[norm]: `groups` says into how many groups of equal size the features are cut, in their order."""

    groups: Annotated[int, Field(ge=1), AtMost("layers")]
    """Into how many groups of equal size the features are cut, in their order."""


class Spec(Normed):
    """A group_norm example."""

    norm: Grouped
    """The normalization: its own parameters, and the small number under its root."""

    @model_validator(mode="after")
    def _groups_fit(self):
        """The number of features can be divided by the number of groups, and a group has at least two features."""
        features, groups = len(self.weights.W[0]), self.norm.groups
        if features % groups:
            fitting = ", ".join(str(n) for n in range(1, features // 2 + 1) if features % n == 0)
            raise ValueError(
                f"norm.groups: {features} features cannot be cut into {groups} equal groups; {fitting} can"
            )
        expect_several("norm.groups", features // groups, "feature in each group", "normalization over a group")
        return self


def forward(tape: Tape, spec: Spec) -> str:
    """Write the forward pass; returns the name of the loss."""

    def normalize(x: Expr, gamma: Expr, beta: Expr, eps: Expr | None) -> Expr:
        size = x.shape[1] // spec.norm.groups
        parts = [
            tape.write(
                f"group{k + 1}.x", x.slice(axis=1, start=k * size, stop=(k + 1) * size), grad=f"group{k + 1}.dx"
            )
            for k in range(spec.norm.groups)
        ]
        made = [standardized(tape, f"group{k}", part, eps) for k, part in enumerate(parts, start=1)]
        xhat = tape.write("norm.xhat", made[0].concat(*made[1:], axis=1), grad="norm.dxhat")
        return tape.write("norm.y", gamma * xhat + beta, grad="norm.dy")

    return around(tape, spec, normalize)
