"""A trace read from its public JSON form: names, operations, values, and the addresses of entries."""

import json
import re
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ..ops import MEANINGS
from ..ops.moves import Index

LEAVES = ("data", "param", "const", "state")
Place = tuple[str, Index]
"""A step and an index in it."""

_ADDRESS = re.compile(r"(?P<example>[^:\[\]]+):(?P<step>[^:\[\]]+)(?P<index>(?:\[\d+\])*)")


@dataclass(frozen=True)
class Step:
    name: str
    op: str
    args: tuple[str, ...]
    attrs: dict
    phase: str
    of: str | None
    value: np.ndarray

    @property
    def is_leaf(self) -> bool:
        return self.op in LEAVES


class Trace:
    """The steps of one example, in order."""

    def __init__(self, text: str):
        told = json.loads(text)
        self.example, self.loss = told["example"], told["loss"]
        self.grads, self.updates = told["grads"], told["updates"]
        self.steps = {s["name"]: _step(s) for s in told["steps"]}
        self.batches = [self._batch(batch) for batch in told.get("batches", ())]

    def _batch(self, told: dict) -> dict[str, np.ndarray]:
        """The data that one of the updates reads, where they do not all read the same."""
        return {name: np.array(value).reshape(self.steps[name].value.shape) for name, value in told.items()}

    def batch(self, updates: int) -> dict[str, np.ndarray]:
        """The data that are read after so many updates; {} if all updates read the same."""
        return self.batches[updates % len(self.batches)] if self.batches else {}

    @cached_property
    def parameters(self) -> list[str]:
        return [s.name for s in self.steps.values() if s.op == "param"]

    @cached_property
    def differentiated(self) -> list[str]:
        """The leaves whose gradients the trace holds: parameters, and inputs if these were asked for."""
        return [name for name in self.grads if self.steps[name].is_leaf]

    def place(self, address: str) -> Place | None:
        """Where an address points, its index completed by zeros; None if there is no such entry."""
        found = _ADDRESS.fullmatch(address)
        if not found or found["example"] != self.example or found["step"] not in self.steps:
            return None
        shape = self.steps[found["step"]].value.shape
        index = tuple(int(i) for i in re.findall(r"\d+", found["index"]))
        index += (0,) * (len(shape) - len(index)) if all(n == 1 for n in shape[len(index) :]) else ()
        inside = len(index) == len(shape) and all(i < n for i, n in zip(index, shape, strict=True))
        return (found["step"], index) if inside else None

    def home(self, place: Place) -> Place:
        """The entry that an entry was moved from."""
        return self._followed(place)

    def named(self, place: Place) -> Place:
        """The entry whose name an entry has: what is cut out or put together may have a name of its own."""
        return self._followed(place, keeping=True)

    def _followed(self, place: Place, keeping: bool = False) -> Place:
        """Back through all moves, or through those that keep an entry's name."""
        while (before := self._before(place, keeping)) is not None:
            place = before
        return place

    def _before(self, place: Place, keeping: bool) -> Place | None:
        step = self.steps[place[0]]
        meaning = MEANINGS.get(step.op)
        if meaning is None or meaning.move is None or (keeping and not meaning.keeps_name):
            return None
        found = meaning.move(place[1], [self.steps[a].value.shape for a in step.args], step.attrs)
        return None if found is None else (step.args[found[0]], found[1])


def _step(told: dict) -> Step:
    value = np.array(told["value"], dtype=np.float64).reshape(told["shape"])
    args = tuple(told["args"])
    return Step(told["name"], told["op"], args, told["attrs"], told["phase"], told["of"], value)
