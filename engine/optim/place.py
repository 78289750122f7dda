"""The place of one parameter in an update: where its state and its lines are written, and how they are called."""

from collections.abc import Callable

import numpy as np

from ..tape.tape import Expr, Tape
from ..tape.trace import Trace


class Place:
    """The place of one parameter in the update: 'layer1.m_W' is the state m of 'layer1.W'."""

    def __init__(self, tape: Tape, name: str, updates: dict[str, str]):
        self.tape, self.name, self.updates = tape, name, updates

    def line(self, letter: str, expression: Expr) -> Expr:
        """A line of its own: 'layer1.mhat_W'."""
        return self.tape.write(attached(letter, self.name), expression)

    def state(self, letter: str, rule: Callable[[Expr], Expr]) -> Expr:
        """A number kept from update to update, zero at the start; returns its new value, `rule(old)`."""
        old = self.tape.state(attached(letter, self.name), np.zeros(self.tape.steps[self.name].value.shape))
        return self.renewed(old, rule(old))

    def renewed(self, old: Expr, expression: Expr) -> Expr:
        new = self.tape.write(f"{old.name}_new", expression)
        self.updates[old.name] = new.name
        return new


def attached(letter: str, parameter: str) -> str:
    """'layer1.W' -> 'layer1.m_W': the name of what belongs to a parameter."""
    scope, dot, last = parameter.rpartition(".")
    return f"{scope}{dot}{letter}_{last}"


def companion_of(trace: Trace, name: str) -> tuple[str, str] | None:
    """'layer1.m_W' or 'layer1.m_W_new' -> ('m', 'layer1.W'); None for what belongs to no parameter."""
    scope, dot, last = name.removesuffix("_new").rpartition(".")
    letter, _, rest = last.partition("_")
    step = trace.get(f"{scope}{dot}{rest}")
    return (letter, step.name) if step and step.op == "param" else None
