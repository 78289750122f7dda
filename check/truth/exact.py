"""The truth to 50 digits: every step of a trace computed again from its leaves, with the bounds of float64 and of
pencil arithmetic, and gradients against central differences of the forward pass alone.

Glossary. eps: the relative rounding error of float64, 2^-53. h: the step of a central difference.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from ..ops import LINEAR, MEANINGS, Meaning, exact, mp
from .trace import Place, Step, Trace
from .training import Training

EPS = 2.0**-53
ULPS = 8
"""How many roundings of float64 one operation may show, for each number that it adds up."""
H = mp.mpf(10) ** -15
NEAR = 1e-3
"""Of a change that is so much smaller, what depends on it smoothly shows so much less."""
AGREE = mp.mpf(10) ** -20
"""A gradient and its central difference agree to h² = 1e-30 times a third derivative; this leaves room for it."""


@dataclass(frozen=True)
class Fault:
    """A step of the trace that is wrong, with the words that say how."""

    step: str
    printed: str
    expected: str
    why: str


@dataclass(frozen=True)
class Slope:
    """The slope of the loss in a direction of some entries: by their gradients, and by a difference, to 50 digits."""

    places: list[Place]
    gradient: object
    difference: object

    @property
    def error(self):
        """How far apart they are, relatively; of slopes below 1 absolutely."""
        return abs(self.gradient - self.difference) / max(abs(self.gradient), abs(self.difference), mp.mpf(1))


@dataclass
class Truth:
    """The 50-digit values of a trace, and what was found on the way."""

    trace: Trace
    faults: list[Fault] = field(default_factory=list)

    def __post_init__(self):
        self._noises: dict[int, dict] = {}
        self.values = evaluate(self.trace.steps.values(), {}, self.faults)
        for step in self.trace.steps.values():
            if step.name in self.values and not step.is_leaf:
                self._judge(step)

    def at(self, place: Place):
        """The exact value of an entry; None if its step could not be computed."""
        array = self.values.get(place[0])
        return None if array is None else array[place[1]]

    def _judge(self, step: Step) -> None:
        """Whether the trace's float64 value is what this one operation gives on the trace's own arguments."""
        meaning = MEANINGS[step.op]
        args = [exact(self.trace.steps[a].value) for a in step.args]
        value = np.asarray(meaning.value(*args, **step.attrs), dtype=object)
        if value.shape != step.value.shape:
            self.faults.append(Fault(step.name, str(step.value.shape), str(value.shape), "has another shape"))
            return
        wrong = np.asarray(abs(value - exact(step.value)) > _rounding(meaning, step, args) + 5e-324)
        for index in map(tuple, np.argwhere(wrong)):
            told = f"{step.name}{''.join(f'[{i}]' for i in index)}"
            why = "in the trace is not what its operation gives"
            self.faults.append(Fault(told, repr(float(step.value[index])), mp.nstr(value[index], 17), why))

    @cached_property
    def drift_in_ulps(self) -> float:
        """The largest distance of a float64 value from the truth, in units of the last place of the largest number
        that its operation adds up: where numbers cancel, float64 keeps nothing of an entry by itself."""
        return max(map(self._ulps, self._computed()), default=0.0)

    def _ulps(self, step: Step) -> float:
        distance = np.asarray(abs(exact(step.value) - self.values[step.name]), dtype=object).astype(np.float64)
        args = [self.values[a].astype(np.float64) for a in step.args]
        sizes = np.asarray(MEANINGS[step.op].sizes(*args, **step.attrs))
        unit = np.spacing(max(np.max(sizes, initial=0.0), np.max(np.abs(step.value), initial=0.0)))
        return float(np.max(distance, initial=0.0) / unit)

    def _computed(self) -> list[Step]:
        return [s for s in self.trace.steps.values() if s.name in self.values and not s.is_leaf]

    @cached_property
    def training(self) -> Training:
        return Training(self.trace)

    def gradients(self) -> Iterator[Slope]:
        """The gradients of all parameters, and of inputs if asked for, at once against a central difference, in a
        direction in which no wrong entry hides behind another; of each half where the two disagree, down to the entry
        that is wrong."""
        forward = [s for s in self.trace.steps.values() if s.phase == "forward"]
        values = self._on_distributions()
        found = {name: values[g] for name in self.trace.differentiated if (g := self.trace.grads.get(name)) in values}
        places = [(name, index) for name, gradient in found.items() for index in np.ndindex(gradient.shape)]
        waiting = [places] if places and self.trace.loss in values else []
        while waiting:
            part = waiting.pop()
            direction = dict(zip(part, _directions(len(part)), strict=True))
            gradient = mp.fsum(found[name][index] * along for (name, index), along in direction.items())
            slope = Slope(part, gradient, self._difference(forward, values, direction))
            if len(part) == 1 or slope.error <= AGREE:
                yield slope
            else:
                half = len(part) // 2
                waiting += [part[half:], part[:half]]

    def _on_distributions(self) -> dict[str, np.ndarray]:
        """The values with targets that add up to 1, of which float64 can miss a rounding for each of their numbers:
        p − y is the gradient for a distribution, and for nothing near one."""
        steps = self.trace.steps.values()
        meanings = [(MEANINGS[s.op], s) for s in steps if s.op in MEANINGS and s.name in self.values]
        named = {s.args[m.distribution]: s.attrs.get("axis", 0) for m, s in meanings if m.distribution is not None}
        changes = {}
        for name, axis in named.items():
            total = np.sum(self.values[name], axis=axis, keepdims=True)
            if np.all(abs(total - 1) <= self.values[name].shape[axis] * EPS) and np.any(total != 1):
                changes[name] = self.values[name] / total
        return evaluate(steps, changes, [], self.values) if changes else self.values

    def _difference(self, forward: list[Step], values: Mapping, direction: Mapping[Place, float]):
        """Along the pieces on which the operations stand: at a kink on the side that the book's conventions name."""
        above, below = (self._loss(forward, values, direction, change, along=True) for change in (H, -H))
        return (above - below) / (2 * H)

    def _loss(self, forward: list[Step], values: Mapping, direction: Mapping, change, along: bool = False):
        moved: dict[str, np.ndarray] = {}
        for (name, index), part in direction.items():
            moved.setdefault(name, values[name].copy())[index] += change * part
        return evaluate(forward, moved, [], values, along)[self.trace.loss][()]

    def difference(self, place: Place, h: float) -> tuple:
        """The central difference of the loss at an entry with this step, and what it would be without any kink."""
        forward = [s for s in self.trace.steps.values() if s.phase == "forward"]
        step, values = mp.mpf(h), self.values
        pairs = [
            [self._loss(forward, values, {place: 1}, change, along) for change in (step, -step)]
            for along in (False, True)
        ]
        return tuple((above - below) / (2 * step) for above, below in pairs)

    def noise(self, name: str, updates: int = 0) -> np.ndarray:
        """How far float64 may be from a step, or from a leaf that training changes, after so many updates."""
        if name in self.trace.updates and updates:
            name, updates = self.trace.updates[name], updates - 1
        if updates not in self._noises:
            self._noises[updates] = self._noise_after(updates) if updates else float_bounds(self.trace, self.values)
        return self._noises[updates][name]

    def _noise_after(self, updates: int) -> dict[str, np.ndarray]:
        """As from the leaves that training has reached: the last update rounded each of them."""
        values = {name: np.asarray(self.training.value(name, updates)) for name in self.trace.steps}
        rounded = {name: ULPS * EPS * abs(values[name]) for name in self.trace.updates}
        with np.errstate(all="ignore"):
            return float_bounds(self.trace, values, rounded)


def _directions(entries: int) -> list[float]:
    """How far each entry moves in a difference: drawn once and for all; one alone moves by 1."""
    random = np.random.default_rng(0)
    return [1.0] if entries == 1 else (random.choice((-1, 1), entries) * random.uniform(0.5, 1, entries)).tolist()


def evaluate(
    steps: Iterable[Step], changes: Mapping, faults: list[Fault], known: Mapping | None = None, along: bool = False
) -> dict:
    """The values of steps; with `known` values only what depends on `changes` is computed again, `along` the pieces
    on which the known values stand if no kink shall be crossed."""
    values = {**(known or {}), **changes}
    moved = set(changes)
    for step in steps:
        if step.name in changes or (known and not moved.intersection(step.args)):
            continue
        if step.is_leaf:
            values[step.name] = exact(step.value)
        elif step.op not in MEANINGS:
            faults.append(Fault(step.name, step.op, "", "is an operation that the checker does not know"))
        elif all(a in values for a in step.args):
            values[step.name] = np.asarray(_worked(step, values, known if along else None), dtype=object)
            moved.add(step.name)
    return values


def _worked(step: Step, values: Mapping, standing: Mapping | None):
    meaning, now = MEANINGS[step.op], [values[a] for a in step.args]
    if standing is None:
        return meaning.value(*now, **step.attrs)
    return meaning.along([standing[a] for a in step.args], now, **step.attrs)


def _rounding(meaning: Meaning, step: Step, args):
    """How much float64 may lose in one operation."""
    terms = max(max(a.shape, default=1) for a in args)
    return ULPS * (terms + 2) * EPS * meaning.sizes(*args, **step.attrs)


# Pencil arithmetic: how far roundings can carry. Every step is rounded once and passes on what it was given.


def pencil_bounds(truth: Truth, digits: int) -> dict[str, np.ndarray]:
    """How far pencil arithmetic with `digits` significant digits may drift from the truth, entry by entry."""
    bounds: dict[str, np.ndarray] = {}
    for step in truth.trace.steps.values():
        if step.name not in truth.values:
            continue
        if step.is_leaf:
            bounds[step.name] = np.zeros(step.value.shape)
            continue
        passed = _passed(truth.values, step, [bounds[a] for a in step.args if a in bounds])
        passed = np.where(np.isnan(passed), np.inf, np.maximum(passed, 0))
        size = np.abs(truth.values[step.name].astype(np.float64)) + passed
        bounds[step.name] = passed + 0.5 * 10.0 ** (np.floor(np.log10(np.maximum(size, 1e-300))) - digits + 1)
    return bounds


def float_bounds(trace: Trace, values: Mapping, given: Mapping | None = None) -> dict[str, np.ndarray]:
    """How far float64 may be from the truth, entry by entry, where leaves are as far off as `given` says; 0 where a
    rounding may carry over a jump."""
    bounds: dict[str, np.ndarray] = {step.name: np.zeros(step.value.shape) for step in trace.steps.values()}
    bounds |= given or {}
    for step in trace.steps.values():
        if step.name in values and not step.is_leaf:
            carried = [bounds[a] for a in step.args]
            far, near = (_passed(values, step, [b * share for b in carried]) for share in (1.0, NEAR))
            own = _rounding(MEANINGS[step.op], step, [values[a].astype(np.float64) for a in step.args])
            smooth = np.isfinite(far) & (near <= 10 * NEAR * far + np.spacing(abs(own)))
            bounds[step.name] = np.where(smooth, np.maximum(far, 0) + own, 0)
    return bounds


def _passed(values: Mapping, step: Step, bounds: list[np.ndarray]) -> np.ndarray:
    """The largest change of a step when its arguments move by their bounds; nan where it would have no value."""
    args = [values[a].astype(np.float64) for a in step.args]
    meaning = MEANINGS[step.op]
    with np.errstate(all="ignore"):
        if meaning.passed == LINEAR:
            return _carried(meaning, step, args, bounds)
        if meaning.passed:
            return meaning.passed(args, bounds, **step.attrs)
        return _at_the_ends(meaning, step, args, bounds)


def _carried(meaning: Meaning, step: Step, args, bounds) -> np.ndarray:
    """What is added to the sizes when every argument is larger by its bound."""
    sizes = [abs(a) for a in args]
    larger = [a + b for a, b in zip(sizes, bounds, strict=True)]
    return np.asarray(meaning.sizes(*larger, **step.attrs) - meaning.sizes(*sizes, **step.attrs))


def _at_the_ends(meaning: Meaning, step: Step, args, bounds) -> np.ndarray:
    ends = np.array(list(np.ndindex(*(3,) * len(args)))) - 1
    values = [meaning.value(*_moved(args, bounds, signs), **step.attrs) for signs in ends]
    return np.max(abs(np.array(values) - meaning.value(*args, **step.attrs)), axis=0)


def _moved(args, bounds, signs) -> list[np.ndarray]:
    return [np.asarray(arg + sign * bound) for arg, bound, sign in zip(args, bounds, signs, strict=True)]
