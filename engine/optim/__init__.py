"""Optimisers, clipping and learning-rate schedules: each writes its part of an update as steps on the tape.

An optimiser is entered into the table by `optimizer`, in a file of this room, here or in the same place of a plug-in.
"""

from .. import plugins
from .place import Place, attached, companion_of
from .rules import mean
from .schedule import KEYS, SCHEDULES
from .table import OPTIMIZERS, Optimizer, Setting, optimizer, positive, settings, share
from .update import update

__all__ = [
    "KEYS",
    "OPTIMIZERS",
    "SCHEDULES",
    "Optimizer",
    "Place",
    "Setting",
    "attached",
    "companion_of",
    "mean",
    "optimizer",
    "positive",
    "settings",
    "share",
    "update",
]

plugins.join("engine/optim")
