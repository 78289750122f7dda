"""An example worked through, in no language, and what is made of it once for the pages of every language."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property, wraps
from typing import Any, TypeVar

import numpy as np
from jinja2.environment import TemplateModule

from gradbook.engine import Example, Trace, check_gradients, lower, pencil, train
from gradbook.engine.tape.check import GradientCheck

from ..base.numbers import printed_array
from ..formula.meanings import Meanings
from ..formula.notation import Notation
from ..formula.said import family_words
from ..formula.written import Written
from ..i18n.words import SOURCE, environment

SECOND = "@2"
"""What the name of a trace ends with that is the second update of an example: 'adam@2'."""

T = TypeVar("T")


@dataclass(frozen=True)
class Worked:
    """The exact trace of an example, and the trace that is printed."""

    example: Example
    exact: Trace
    printed: Trace
    remembered: dict = field(default_factory=dict, compare=False, repr=False)  # by `once`

    @classmethod
    def of(cls, example: Example, exact: Trace) -> "Worked":
        by_hand = example.page.arithmetic == "pencil"
        return cls(example, exact, pencil(exact, example.page.digits) if by_hand else exact)

    def family(self, lang: str) -> TemplateModule:
        """What the family's template says of it in a language."""
        return _family(self, lang)

    @cached_property
    def notation(self) -> Notation:
        """Its symbols, which are the same in every language."""
        shared = environment(SOURCE).get_template("symbols.j2").module
        symbols = {**shared.symbols, **self.family(SOURCE).symbols}
        return Notation(self.example, self.exact, symbols, shared.attached, shared.instead)

    @cached_property
    def written(self) -> Written:
        """Its formulas, likewise."""
        macros = environment(SOURCE).get_template("math.j2").module
        return Written(self.printed, self.notation, self.example.page.digits, macros)

    @cached_property
    def gradient_checks(self) -> list[GradientCheck]:
        return check_gradients(self.exact)

    @cached_property
    def second(self) -> "Worked | None":
        """The second update as an example of its own, which starts from the printed values of the first; None if
        the example does not ask for it."""
        if self.example.page.steps < 2 or not self.exact.updates:
            return None
        digits = self.example.page.digits
        start = {leaf: printed_array(self.printed.value(new), digits) for leaf, new in self.printed.updates.items()}
        return Worked.of(self.example, self.exact.following(start).called(f"{self.exact.example}{SECOND}"))

    def after(self, updates: int) -> list[Trace]:
        """The exact traces after 0, 1, … updates."""
        found = [self.exact]
        while len(found) <= updates:
            found.append(found[-1].following())
        return found

    @cached_property
    def losses(self) -> np.ndarray:
        """The loss before each of `page.curve` updates, and after the last, each on the data that are then read;
        without updates one loss, without a loss none."""
        return train(self.exact, self.example.page.curve if self.updates else 0)[0]

    @property
    def updates(self) -> bool:
        """Whether the example says how the parameters change, and there is something to change them for."""
        return bool(self.exact.loss) and self.example.update is not None

    @cached_property
    def before_and_after(self) -> tuple[float, float]:
        """The loss before the update and after it, both on the data that the update has read."""
        if not self.exact.batches:
            return float(self.losses[0]), float(self.losses[1])
        trace = self.exact
        loss = lower(trace, trace.updates, [trace.loss])
        with np.errstate(all="ignore"):
            after = loss(*(trace.value(new) for new in trace.updates.values()))[0]
        return float(trace.value(trace.loss)), float(after)


def once(function: Callable[..., T]) -> Callable[..., T]:
    """A function of a worked example whose result is made once: `function(worked, *args)`. What it makes is the same
    in every language, or has the language among `args`; nobody changes it."""
    name = f"{function.__module__}.{function.__qualname__}"

    @wraps(function)
    def remembering(worked: Worked, *args: Any) -> T:
        key = (name, *args)
        if key not in worked.remembered:
            worked.remembered[key] = function(worked, *args)
        return worked.remembered[key]

    return remembering


@once
def _family(worked: Worked, lang: str) -> TemplateModule:
    return family_words(worked.exact, worked.example.family, lang)


@once
def meanings(worked: Worked, lang: str) -> Meanings:
    """What its steps are, in words of a language."""
    shared = environment(lang).get_template("symbols.j2").module
    symbols = {**shared.symbols, **worked.family(lang).symbols}
    return Meanings(worked.notation, symbols, shared.attached, shared.derived)
