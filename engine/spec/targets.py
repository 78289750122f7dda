"""Targets of a classification: a distribution for each sample, or the number of its class, counted from 0."""

from collections.abc import Sequence
from typing import Annotated, Any, ClassVar, TypeGuard, cast

import numpy as np
from pydantic import Discriminator, Tag, model_validator

from ..ops import OPS, of_kind
from .example import Matrix, Vector
from .limits import AtMost
from .mistakes import CLASSES, ROWS
from .model import Model
from .rules import expect_index, expect_targets
from .shapes import shape


class Answered(Model):
    """A [data] table with targets under the key `TARGET`, which may be left out: then nothing but the forward pass is
    worked. In their place `upstream`, laid out as they are, may give the gradient of the outputs."""

    TARGET: ClassVar[str] = "y"

    @property
    def target(self) -> Any:
        """The targets as they were written; None if there are none."""
        return getattr(self, self.TARGET)

    @property
    def is_answered(self) -> bool:
        """Whether anything is to be worked behind the forward pass."""
        return self.target is not None or getattr(self, "upstream", None) is not None

    @model_validator(mode="after")
    def _answers_in_one_way(self):
        """Targets and the gradient of the outputs are not given together."""
        if self.target is not None and getattr(self, "upstream", None) is not None:
            raise ValueError(
                f"upstream: is the gradient of the outputs, which a loss would give; leave {self.TARGET} or this out"
            )
        return self


def given_gradient(*dims: str | int | None, because: str = "") -> Any:
    """The field `upstream`, of these dimensions."""
    return shape(
        *dims,
        because=because,
        default=None,
        says="The gradient of the outputs, laid out as the targets, in whose place it stands: the backward pass "
        "starts there, and there is no loss.",
    )


def is_class(value: Any) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool)


def are_classes(value: Any) -> TypeGuard[list[int]]:
    """Whether these are numbers of classes, one for each sample, and no rows."""
    return isinstance(value, list) and bool(value) and all(map(is_class, value))


Targets = Annotated[
    Annotated[Matrix, Tag(ROWS)] | Annotated[list[int], AtMost("numbers"), Tag(CLASSES)],
    Discriminator(lambda value: CLASSES if are_classes(value) else ROWS),
]
"""One row for each sample, or one class number for each."""

Target = Annotated[
    Annotated[Vector, Tag(ROWS)] | Annotated[int, Tag(CLASSES)],
    Discriminator(lambda value: CLASSES if is_class(value) else ROWS),
]
"""The target of a single sample: numbers, or the number of its class."""


def expect_comparable(place: str, targets: Sequence | int, count: int, loss: str) -> None:
    """The loss can compare with the targets: with rows of numbers, or with classes that are among `count` outputs."""
    if is_class(targets):
        _expect_class(place, targets, count, loss)
        return
    rows = cast(Sequence, targets)
    if are_classes(rows):
        for i, number in enumerate(rows):
            _expect_class(f"{place}[{i}]", number, count, loss)
    else:
        expect_targets(place, rows, loss)


def _expect_class(place: str, number: int, count: int, loss: str) -> None:
    if OPS[loss].accepts(1) != "distribution":
        fitting = " or ".join(name for name in of_kind("loss") if OPS[name].accepts(1) == "distribution")
        raise ValueError(
            f"{place}: {number} is read as the number of a class, with which {loss} cannot compare; "
            f"write a list of numbers for each sample, or use {fitting}"
        )
    expect_index(place, number, count, "classes")


def one_hot(targets: Sequence, count: int) -> Sequence:
    """The rows of these targets: of a class number the row with a 1 in its place."""
    return np.eye(count)[targets].tolist() if are_classes(targets) else targets
