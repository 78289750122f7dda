"""The table of optimisers: what an entry holds, and how an optimiser with its settings is entered."""

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import SimpleNamespace

from .. import plugins
from ..errors import BookError
from ..tape.tape import Expr
from .place import Place

TAKEN = (
    *("optimizer", "learning_rate", "clip_value", "clip_norm", "schedule", "frozen"),
    *("batch_size", "order", "rate", "t", "t_new", "norm", "shrink"),
)
"""What every [update] may say or write for itself: no setting of an optimiser is called so."""


@dataclass(frozen=True)
class Setting:
    """A number of an optimiser: its usual value, its bounds in the words of pydantic (gt, ge, lt, le), and what it
    means."""

    usual: float
    bounds: tuple[tuple[str, float], ...] = ()
    says: str = ""


def share(usual: float, says: str = "") -> Setting:
    """A number from 0 to less than 1: how much is kept of what was."""
    return Setting(usual, (("ge", 0), ("lt", 1)), says)


def not_negative(usual: float, says: str = "") -> Setting:
    """A number of at least 0."""
    return Setting(usual, (("ge", 0),), says)


def positive(usual: float, says: str = "") -> Setting:
    """A number greater than 0."""
    return Setting(usual, (("gt", 0),), says)


@dataclass(frozen=True)
class Optimizer:
    """`rule(place, w, g, k)` gives the new value of a parameter w of gradient g; `settings` are its own numbers.
    `counts` says that it reads the number of the update; `decoupled` that weight decay acts on the parameter itself,
    not through the gradient. `room` is the module that entered it."""

    rule: Callable[[Place, Expr, Expr, SimpleNamespace], Expr]
    settings: Mapping[str, Setting]
    counts: bool = False
    decoupled: bool = False
    room: str = ""


OPTIMIZERS: dict[str, Optimizer] = {}


def optimizer(
    name: str, rule: Callable, *, counts: bool = False, decoupled: bool = False, **own: Setting
) -> Optimizer:
    """Enter an optimiser into OPTIMIZERS: its name, its rule, and its settings, each a key of [update].

    Raises BookError if another file of the table has an optimiser of this name, or if the name of a setting is taken.
    """
    room = sys._getframe(1).f_globals["__name__"]
    if name in OPTIMIZERS and OPTIMIZERS[name].room != room:
        plugins.refuse_twice("optimizer", name, room, OPTIMIZERS[name].room)
    known = settings()
    for key, setting in own.items():
        if key in TAKEN or (key in known and known[key].bounds != setting.bounds):
            why = "is a key of every update" if key in TAKEN else "has other bounds elsewhere"
            raise BookError(f"{plugins.file_of(room)}: the setting {key!r} of {name!r} {why}; give it another name.")
    OPTIMIZERS[name] = Optimizer(rule, own, counts, decoupled, room)
    return OPTIMIZERS[name]


def settings() -> dict[str, Setting]:
    """Every setting that an optimiser of the table has, by its key in [update]. A key means one thing in the book."""
    return {key: setting for entry in OPTIMIZERS.values() for key, setting in entry.settings.items()}
