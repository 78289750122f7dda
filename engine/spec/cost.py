"""What an example costs: counted on its tape while it is written, and refused before it takes long or much memory."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, NoReturn

from pydantic import BaseModel

from ..errors import BookError
from ..ops import OPS, Cost
from ..tape.trace import Step
from .limits import LIMITS

if TYPE_CHECKING:
    from ..tape.tape import Expr, Tape
    from .example import Example

CALLED = 1000
"""What a call of numpy costs, in multiplications."""

AT_ONCE = 20_000_000
"""What a pass may cost, a fraction of a second, before anyone asks whether all of them will be too much."""


def work_of(cost: Cost) -> int:
    return cost.multiplications + cost.calls * CALLED


def step_work(step: Step, steps: Mapping[str, Step]) -> int:
    """What working one step costs, in multiplications; a leaf costs nothing."""
    return 0 if step.is_leaf else work_of(OPS[step.op].costs(*(steps[a].value for a in step.args), **step.attrs))


def update_work(steps: Mapping[str, Step]) -> int:
    """What one update costs, in multiplications: everything that a trace holds, worked once."""
    return sum(step_work(step, steps) for step in steps.values())


class Meter:
    """Counts what a tape costs and raises BookError, which names the example's file and its largest table, where an
    array, the whole example, or working it as often as its pages ask for, goes beyond a limit."""

    def __init__(self, example: "Example"):
        self.example, self.numbers, self.multiplications = example, LIMITS["numbers"], LIMITS["multiplications"]
        self.parameters = self.forward = self.all = 0

    def before(self, op: str, args: tuple["Expr", ...], attrs: Mapping[str, Any]) -> None:
        """Asked before an operation is worked: its result is not too large, and there is time for it."""
        cost = OPS[op].costs(*args, **attrs)
        if cost.numbers > self.numbers:
            shapes = " and ".join(f"{a.name or a.op} ({' × '.join(map(str, a.shape)) or 'a number'})" for a in args)
            self._refuse(f"{op} of {shapes} makes {cost.numbers} numbers", "numbers", cost.numbers)
        if self.all + work_of(cost) > AT_ONCE:
            self._expect_time(work_of(cost), "at least")

    def wrote(self, step: Step, steps: Mapping[str, Step]) -> None:
        """Told of every step that is written."""
        work = step_work(step, steps)
        is_checked = step.op == "param" or (self.example.input_gradients and step.op == "data")
        self.parameters += step.value.size if is_checked else 0
        self.forward += work if step.phase == "forward" else 0
        self.all += work

    def expect_size(self, tape: "Tape", batches: int = 1) -> None:
        """What is given, learned and, in one forward pass, computed is not too much: of what is computed, the lines
        that have a gradient of their own count. Data count as often as there are batches of them."""
        own = (s for s in tape.steps.values() if s.op in ("data", "param") or s.name in tape.grad_names)
        size = sum(step.value.size * (batches if step.op == "data" else 1) for step in own)
        if size > LIMITS["size"]:
            self._refuse(f"data, parameters and units are {size} numbers", "size", size)

    def expect_time(self) -> None:
        """The loss curve, the table of updates and the check of every gradient are worked in time."""
        self._expect_time(0, "about")

    def _expect_time(self, more: int, how: str) -> None:
        """A gradient is checked by two forward passes for each entry; an update is all that the tape holds."""
        page = self.example.page
        if not self.example.is_answered:
            return
        updates = page.curve + (page.steps if page.steps > 1 else 0)
        work = 2 * self.parameters * (self.forward + more) + updates * (self.all + more)
        if work > self.multiplications:
            told = f"the loss curve (page.curve) and the check of {self.parameters} gradients are {how} {work:.1e}"
            self._refuse(f"{told} multiplications", "multiplications", work)

    def _refuse(self, told: str, limit: str, found: int) -> NoReturn:
        place = self.example.file or f"example {self.example.name!r}"
        raise BookError(f"{place}: {largest(self.example)}: {told}; {LIMITS.rule(limit, found)}.")


def largest(example: BaseModel) -> str:
    """The key of an example with the most numbers, as its file names it: 'data.x', 'layers'."""
    found = dict(_numbers(example))
    return max(found, key=lambda key: found[key])


def _numbers(model: BaseModel, place: str = "") -> Iterator[tuple[str, int]]:
    """How many numbers each key of a table, and of the tables in it, holds; the tables of a list count together."""
    for name, value in model:
        if isinstance(value, BaseModel):
            yield from _numbers(value, f"{place}{name}.")
        else:
            yield f"{place}{name}", _count(value)


def _count(value: object) -> int:
    if isinstance(value, list):
        return sum(map(_count, value))
    if isinstance(value, BaseModel):
        return sum(count for _, count in _numbers(value))
    return 1 if isinstance(value, float | int) else 0
