"""The place of one parameter in an update: where its state and its lines are written, and how they are called."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from ..tape.tape import Expr, Tape
from ..tape.trace import Trace

if TYPE_CHECKING:
    from .start import Start


class Place:
    """The place of one parameter in the update: 'layer1.m_W' is the state m of 'layer1.W'."""

    def __init__(self, tape: Tape, name: str, updates: dict[str, str], start: "Start"):
        self.tape, self.name, self.updates, self.start = tape, name, updates, start

    def line(self, letter: str, expression: Expr) -> Expr:
        """A line of its own: 'layer1.mhat_W'."""
        return self.tape.write(attached(letter, self.name), expression)

    def state(self, letter: str, rule: Callable[[Expr], Expr]) -> Expr:
        """A number kept from update to update; returns its new value, `rule(old)`."""
        old = self.kept(letter)
        return self.renewed(old, rule(old))

    def kept(self, letter: str) -> Expr:
        """A number kept from update to update as it is at the start: zero, if the example does not say otherwise."""
        value = self.start.of(letter, self.name, self.tape.steps[self.name].value.shape)
        return self.tape.state(attached(letter, self.name), value)

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
