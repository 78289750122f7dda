"""The check: every gradient beside its central difference, the losses of many updates, the drift of the pencil."""

from collections.abc import Iterable, Iterator
from itertools import islice

import numpy as np

from gradbook.engine.tape.check import STEP, GradientCheck

from ...base.numbers import plain_number, tex_number
from ...formula.symbols import slashed
from ...formula.wide import ENTRIES
from ..history import loss_table
from ..material import Material
from ..moved import rests
from ..view import Picture, View
from ..worked import Worked, once

NOISE = 1e-13
"""Relative differences below this are float64's own rounding, not the pencil's."""


KINK, LOST = "kink", "lost"
"""What stands in the place of a relative error where a central difference tells no slope."""

ROUNDINGS = 8
"""So many roundings of the loss, divided by the distance of the two points, may be all that a difference is."""


class Page(View):
    @classmethod
    def speaks_of(cls, material: Material) -> Worked | None:
        return material.worked if material.worked.exact.loss else None

    def rows(self) -> list[dict[str, str]]:
        """Gradient, central difference and relative error of the first entries of each parameter."""
        return rows(self.worked)

    def rest(self) -> list[dict]:
        """What the table leaves out: for each large parameter the count of its entries and their largest errors."""
        large = (check for check in self.worked.gradient_checks if check.gradient.size > ENTRIES)
        return [
            {
                "symbol": slashed(self.loss, self.symbol(check.parameter)),
                "shown": ENTRIES,
                "total": check.gradient.size,
                "error": "" if (most := _largest(self.worked, [check])) is None else self.number(most, 2),
                "slope_error": self.number(check.slope_errors.max(), 2) if check.slope_errors is not None else "",
            }
            for check in large
        ]

    @property
    def worst(self) -> float | None:
        """The largest relative error beside a central difference that tells the slope; None if none does."""
        return _largest(self.worked, self.worked.gradient_checks)

    @property
    def has_slopes(self) -> bool:
        """Whether the complex step could be taken."""
        return all(check.slope is not None for check in self.worked.gradient_checks)

    @property
    def worst_slope(self) -> float:
        """The largest relative error beside the complex step."""
        return float(max((check.slope_errors.max() for check in self.worked.gradient_checks), default=0.0))

    @property
    def kinks(self) -> int:
        """At how many entries the loss has a kink."""
        return sum(verdicts(self.worked, check).count(KINK) for check in self.worked.gradient_checks)

    @property
    def lost(self) -> bool:
        """Whether rounding leaves nothing of a central difference."""
        return any(LOST in verdicts(self.worked, check) for check in self.worked.gradient_checks)

    @property
    def losses(self) -> list[float]:
        """The loss before each update, and after the last."""
        return [float(loss) for loss in self.worked.losses]

    def plain_number(self, value: float, digits: int) -> str:
        """A number in words that a figure is described with."""
        return plain_number(value, digits)

    @property
    def rests(self) -> bool:
        """Whether nothing moves because all gradients are 0, exactly and as they are printed."""
        return rests(self.trace) and rests(self.exact)

    def loss_table(self) -> list[tuple[int, float]]:
        return loss_table(self.worked)

    def heat(self) -> list[Picture]:
        return [picture for name, picture in self.figures.items() if name.startswith("heat")]

    def drifts(self) -> list[tuple[str, float]]:
        return drifts(self.worked)


@once
def rows(worked: Worked) -> list[dict[str, str]]:
    return [row for check in worked.gradient_checks for row in _rows(worked, check)]


def _rows(worked: Worked, check: GradientCheck) -> Iterator[dict[str, str]]:
    notation = worked.notation
    places = zip(np.ndindex(check.gradient.shape), verdicts(worked, check), strict=True)
    for index, verdict in islice(places, ENTRIES):
        yield {
            "symbol": slashed(notation.symbol(worked.printed.loss), notation.entry(check.parameter, index)),
            "gradient": tex_number(check.gradient[index], 10),
            "difference": tex_number(check.difference[index], 10),
            "error": verdict or tex_number(check.errors[index], 2),
            "slope_error": "" if check.slope_errors is None else tex_number(check.slope_errors[index], 2),
        }


def verdicts(worked: Worked, check: GradientCheck) -> list[str]:
    """For each entry why its central difference tells no slope, KINK or LOST; "" where it tells it."""
    loss = float(worked.exact.value(worked.exact.loss))
    seen = ROUNDINGS * np.finfo(np.float64).eps * abs(loss) / (2 * STEP)
    lost = (np.maximum(np.abs(check.gradient), np.abs(check.difference)) < seen) & (check.errors > 0)
    kinked = check.kinked if check.kinked is not None else np.zeros(lost.shape, dtype=bool)
    return [KINK if k else LOST if n else "" for k, n in zip(kinked.ravel(), lost.ravel(), strict=True)]


def _largest(worked: Worked, checks: Iterable[GradientCheck]) -> float | None:
    """The largest relative error beside the central differences that tell a slope; None if there is none."""
    told = [
        error
        for check in checks
        for error, verdict in zip(check.errors.ravel().tolist(), verdicts(worked, check), strict=True)
        if not verdict
    ]
    return max(told, default=None)


@once
def drifts(worked: Worked) -> list[tuple[str, float]]:
    """How far each line is from its exact value, relative to its largest entry."""
    lines = [step for step in worked.printed.values() if not step.is_leaf and not worked.printed.parent(step.name)]
    return [(step.name, _drift(step.value, worked.exact.value(step.name))) for step in lines]


def _drift(printed: np.ndarray, exact: np.ndarray) -> float:
    scale = float(np.abs(exact).max())
    drift = float(np.abs(printed - exact).max()) / scale if scale else 0.0
    return drift if drift > NOISE else 0.0
