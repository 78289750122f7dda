"""Every operation: how it is computed and how it is differentiated, side by side.

Glossary. g: the gradient of the loss with respect to the operation's result. out: that result. a, b, x, z: the
arguments. A rule does no arithmetic: it returns the gradient with respect to one argument as an expression in
these same operations, and the tape writes that expression down as steps. Every method of an expression is an
operation of this table: `z.sigmoid()`, `a.sum_axis(axis=1)`.
"""

import sys
from types import ModuleType

from .. import plugins
from . import activations, arithmetic, arrays, convolution, losses, sums
from .table import CALL, NO_GRADIENT, OPS, POWER, PRODUCT, SUM, Cost, Op, of_kind, op, worked_first

__all__ = [
    "CALL",
    "NO_GRADIENT",
    "OPS",
    "POWER",
    "PRODUCT",
    "SUM",
    "Cost",
    "Op",
    "of_kind",
    "op",
    "rooms",
    "worked_first",
]

ROOMS = (arithmetic, arrays, sums, activations, losses, convolution)

plugins.join("engine/ops")


def rooms() -> tuple[ModuleType, ...]:
    """The files of the table, in the order in which a reader meets them; those of plug-ins come last."""
    added = (sys.modules.get(f"{__name__}.{name}") for name in plugins.found("engine/ops"))
    return *ROOMS, *filter(None, added)
