"""Checking gradients by two judges that know nothing of the chain rule: a central difference, which anyone can redo,
and a complex step, which loses no digits."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from ..ops import OPS
from .lower import Lowered, lower
from .trace import Trace

STEP = float(np.cbrt(np.finfo(np.float64).eps))
"""The step that balances truncation (h²) against rounding (eps / h): the cube root of eps, about 6e-6."""

TINY = 1e-20
"""The complex step: its square is nothing beside 1, so that the slope is all that the imaginary part holds."""

CROSSED = 1e-12
"""A loss that moves by more than this, relative to its size, when its operations leave their pieces, has a kink."""


@dataclass(frozen=True)
class GradientCheck:
    """A gradient beside its central difference: float64 arrays, both of the parameter's shape. `slope` is what the
    complex step gives; None if an operation cannot be worked on complex numbers. `kinked` says of which entries the
    loss has a kink between the two points of the difference, which then tells the slope of neither side.

    >>> from gradbook import GradientCheck
    >>> import numpy as np
    >>> check = GradientCheck("W", gradient=np.array([2.0, 0.0]), difference=np.array([1.5, 0.0]))
    >>> check.errors
    array([0.25, 0.  ])
    """

    parameter: str
    gradient: np.ndarray
    difference: np.ndarray
    slope: np.ndarray | None = None
    kinked: np.ndarray | None = None

    @property
    def errors(self) -> np.ndarray:
        """For each entry, how far the two lie apart, relative to the larger one; 0 where both are zero."""
        return _apart(self.gradient, self.difference)

    @property
    def slope_errors(self) -> np.ndarray | None:
        """The same beside the complex step; None without one."""
        return None if self.slope is None else _apart(self.gradient, self.slope)

    @property
    def relative_error(self) -> float:
        """The largest difference, relative to the largest gradient of this parameter; 0 if both are zero."""
        scale = max(np.abs(self.gradient).max(), np.abs(self.difference).max())
        return float(np.abs(self.gradient - self.difference).max() / scale) if scale else 0.0


def check_gradients(trace: Trace, names: Iterable[str] | None = None) -> list[GradientCheck]:
    """Compare each gradient that `trace` holds with (J(w + h) - J(w - h)) / 2h, and with Im J(w + ih) / h, entry by
    entry.

    `names` are leaves, by default all parameters and inputs; those without a gradient are left out. J must be a
    single number.
    In the difference h is the cube root of float64's eps times the size of w, at least 1; it loses digits where the
    gradient is small beside J, so that about eight agree at best. In the complex step h is 1e-20, and nothing is
    subtracted. At a kink it takes the side that the operation says it takes. Formulas: Nocedal & Wright, Numerical
    Optimization, section 8.1; Squire & Trapp, Using complex variables to estimate derivatives of real functions, SIAM
    Review 40 (1998). Raises BookError for a name that is no step, ValueError for one that is computed.

    >>> from gradbook import check_gradients, load, work
    >>> for check in check_gradients(work(load("examples/seed.toml"))):
    ...     print(check.parameter, check.gradient.shape, check.relative_error < 1e-8)
    layer1.W (2, 2) True
    layer1.b (2, 1) True
    layer2.W (2, 2) True
    layer2.b (2, 1) True
    """
    names = list(names) if names is not None else [s.name for s in trace.leaves("param", "data")]
    return [_checked(trace, name) for name in names if trace[name].name in trace.grads]


def _checked(trace: Trace, name: str) -> GradientCheck:
    loss, start = lower(trace, [name], [trace.loss]), trace.value(name)
    difference, ends = _central(loss, start)
    ops = [OPS[step.op] for step in trace.values() if step.phase == "forward" and not step.is_leaf]
    if not all(op.takes_complex for op in ops):
        return GradientCheck(name, trace.value(trace.grads[name]), difference)
    along = lower(trace, [name], [trace.loss], along=True)
    kinked = np.zeros(start.shape, dtype=bool)
    if any(op.kinked and not op.smooth for op in ops):
        for index in np.ndindex(start.shape):
            kinked[index] = _has_kink(ends[index], along, start, index)
    return GradientCheck(name, trace.value(trace.grads[name]), difference, _complex_step(along, start), kinked)


def _apart(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """How far two arrays lie apart, entry by entry, relative to the larger one; 0 where both are zero."""
    scale = np.maximum(np.abs(one), np.abs(other))
    with np.errstate(all="ignore"):  # a difference may overflow where the gradient does not
        return np.abs(one - other) / np.where(scale == 0, 1, scale)


def _central(loss: Lowered, start: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The differences, and for each entry the losses at its two points, along a last axis."""
    result, ends = np.empty_like(start), np.empty((*start.shape, 2))
    with np.errstate(all="ignore"):
        for index in np.ndindex(start.shape):
            below, above = _beside(start, index)
            ends[index] = loss(below)[0].item(), loss(above)[0].item()
            result[index] = (ends[index][1] - ends[index][0]) / (above[index] - below[index])
    return result, ends


def _beside(start: np.ndarray, index: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray]:
    """The two points of a central difference."""
    h = STEP * max(1.0, abs(start[index]))
    below, above = start.copy(), start.copy()
    below[index] -= h
    above[index] += h
    return below, above


def _complex_step(along: Lowered, start: np.ndarray) -> np.ndarray:
    result = np.empty_like(start)
    with np.errstate(all="ignore"):
        for index in np.ndindex(start.shape):
            moved = start.astype(complex)
            moved[index] += 1j * TINY
            result[index] = np.imag(along(moved)[0]) / TINY
    return result


def _has_kink(ends: np.ndarray, along: Lowered, start: np.ndarray, index: tuple[int, ...]) -> bool:
    """Whether, at a point of the difference, an operation has left the piece on which it stands."""
    with np.errstate(all="ignore"):
        stayed = [float(along(moved)[0]) for moved in _beside(start, index)]
    return any(abs(a - b) > CROSSED * max(abs(a), abs(b)) for a, b in zip(ends.tolist(), stayed, strict=True))
