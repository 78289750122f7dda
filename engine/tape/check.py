"""Checking gradients by central differences: a judge that knows nothing of the chain rule."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from .lower import lower
from .trace import Trace

STEP = float(np.cbrt(np.finfo(np.float64).eps))
"""The step that balances truncation (h²) against rounding (eps / h): the cube root of eps, about 6e-6."""


@dataclass(frozen=True)
class GradientCheck:
    """A gradient beside its central difference: float64 arrays, both of the parameter's shape.

    >>> from gradbook import GradientCheck
    >>> import numpy as np
    >>> check = GradientCheck("W", gradient=np.array([2.0, 0.0]), difference=np.array([1.5, 0.0]))
    >>> check.errors
    array([0.25, 0.  ])
    """

    parameter: str
    gradient: np.ndarray
    difference: np.ndarray

    @property
    def errors(self) -> np.ndarray:
        """For each entry, how far the two lie apart, relative to the larger one; 0 where both are zero."""
        scale = np.maximum(np.abs(self.gradient), np.abs(self.difference))
        with np.errstate(all="ignore"):  # a difference may overflow where the gradient does not
            return np.abs(self.gradient - self.difference) / np.where(scale == 0, 1, scale)

    @property
    def relative_error(self) -> float:
        """The largest difference, relative to the largest gradient of this parameter; 0 if both are zero."""
        scale = max(np.abs(self.gradient).max(), np.abs(self.difference).max())
        return float(np.abs(self.gradient - self.difference).max() / scale) if scale else 0.0


def check_gradients(trace: Trace, names: Iterable[str] | None = None) -> list[GradientCheck]:
    """Compare each gradient that `trace` holds with (J(w + h) - J(w - h)) / 2h, entry by entry.

    `names` are leaves, by default all parameters; those without a gradient are left out. J must be a single number;
    h is the cube root of float64's eps times the size of w, at least 1. A difference loses digits where the gradient
    is small beside J, so that about eight agree at best. Formula: any text on numerical differentiation, e.g.
    Nocedal & Wright, Numerical Optimization, section 8.1. Raises BookError for a name that is no step, ValueError for
    one that is computed.

    >>> from gradbook import check_gradients, load, work
    >>> for check in check_gradients(work(load("examples/seed.toml"))):
    ...     print(check.parameter, check.gradient.shape, check.relative_error < 1e-8)
    layer1.W (2, 2) True
    layer1.b (2, 1) True
    layer2.W (2, 2) True
    layer2.b (2, 1) True
    """
    names = list(names) if names is not None else [s.name for s in trace.leaves("param")]
    return [
        GradientCheck(name, trace.value(trace.grads[name]), _central(trace, name))
        for name in names
        if trace[name].name in trace.grads
    ]


def _central(trace: Trace, name: str) -> np.ndarray:
    loss = lower(trace, [name], [trace.loss])
    start = trace.value(name)
    result = np.empty_like(start)
    with np.errstate(all="ignore"):
        for index in np.ndindex(start.shape):
            result[index] = _slope(loss, start, index)
    return result


def _slope(loss, start: np.ndarray, index: tuple[int, ...]) -> float:
    h = STEP * max(1.0, abs(start[index]))
    above, below = start.copy(), start.copy()
    above[index] += h
    below[index] -= h
    return float((loss(above)[0] - loss(below)[0]) / (above[index] - below[index]))
