"""The update of all parameters: the optimiser's rule for each, with its state, its clipping and its learning rate."""

from collections.abc import Mapping
from types import SimpleNamespace

import numpy as np

from ..errors import unknown
from ..tape.tape import Tape
from .clipping import clipping
from .place import Place
from .schedule import KEYS, SCHEDULES
from .start import Start
from .table import OPTIMIZERS

ADDED = ("weight_decay", "eps")
"""The numbers of an update that are only added to something, or stand before what is."""


def update(
    tape: Tape,
    grads: Mapping[str, str],
    optimizer: str,
    learning_rate: float,
    frozen=(),
    schedule: Mapping | None = None,
    start: Mapping | None = None,
    **settings: float,
) -> dict[str, str]:
    """Write the new value of every parameter that is not in `frozen`, and of the state that the optimiser keeps;
    returns {leaf: the step with its new value}.

    `schedule` is the table of a learning-rate schedule, see KEYS; `start` the table [start] of an example, see Start;
    `settings` are the optimiser's own numbers, weight_decay, and clip_value or clip_norm. Raises BookError if
    `frozen` or `start` names what there is not.
    """
    tape.phase = "update"
    params = _parameters(tape, frozen)
    entry = OPTIMIZERS[optimizer]
    clips = [settings.pop(key, None) for key in ("clip_value", "clip_norm")]
    updates: dict[str, str] = {}
    usual = {key: setting.usual for key, setting in entry.settings.items()}
    k = _numbers(tape, learning_rate, {"weight_decay": 0.0} | usual | settings)
    begin = Start(tape.example, start or {})
    _count(tape, k, entry.counts, schedule, updates, begin)
    clipped = clipping(tape, params, grads, *clips)
    for name in params:
        p, w = Place(tape, name, updates, begin), tape.ref(name)
        g = clipped(p, tape.ref(grads[name]))
        if k.weight_decay is not None and not entry.decoupled:
            g = p.line("g", g + k.weight_decay * w)
        p.renewed(w, entry.rule(p, w, g, k))
    begin.expect_all_read(optimizer)
    return updates


def _parameters(tape: Tape, frozen) -> list[str]:
    params = [s.name for s in tape.steps.values() if s.op == "param"]
    for name in frozen:
        if name not in params:
            raise unknown(f"example {tape.example!r}: update.frozen", "parameter", name, params)
    return [name for name in params if name not in frozen]


def _numbers(tape: Tape, learning_rate: float, settings: Mapping[str, float]) -> SimpleNamespace:
    """The constants of the update; what is added and is 0 is no constant."""
    alpha = tape.const("learning_rate", learning_rate)
    named = {key: tape.const(key, value) for key, value in settings.items() if key not in ADDED or value != 0}
    return SimpleNamespace(**dict.fromkeys(ADDED) | {"rate": alpha, "t": None} | named)


def _count(tape: Tape, k, counts: bool, schedule: Mapping | None, updates: dict[str, str], start: Start) -> None:
    """The counter of updates and the learning rate of this one, as far as they are needed."""
    kind = schedule["kind"] if schedule else "constant"
    if not counts and kind == "constant":
        return
    t = tape.state("t", start.counter())
    k.t = tape.write("t_new", t + 1)
    updates["t"] = "t_new"
    if schedule and kind != "constant":
        table = {key: tape.const(f"schedule.{key}", schedule[key]) for key in KEYS[kind] if schedule[key]}
        pi = tape.const("const.pi", np.pi) if kind == "cosine" else None
        numbers = SimpleNamespace(**{"lowest": None, "pi": pi} | table)
        k.rate = tape.write("rate", SCHEDULES[kind](k.rate, t, k.t, numbers))
