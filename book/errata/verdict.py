"""What the errata page reads: every printed figure with its values and its verdict. Data only, in no language."""

from collections import Counter
from dataclasses import dataclass
from functools import cached_property

from gradbook.engine.tape.rounding import SAFE

from .source import Figure, PlaceInSource, Source

KINDS = ("right", "truncated", "follows", "wrong")


@dataclass(frozen=True)
class Reason:
    """Why a figure is wrong. `expected` is what the slip was made on, with the decimals that were printed.

    kind: digit | swap (of two digits) | factor (of ten to the `power`) | sign | quantity (the value of `other`
    stands there) | operand (`step` read `other` in place of `operand`) | updated (the parameters `names` were read
    after their update) | count (`updates` updates were made) | unexplained. Four kinds say how a figure follows:
    rounded (`other`, which is not printed, was rounded to `expected`) | roundings (so was all that is not printed, to
    as many decimals or digits as the figure) | unrounded (the slip was carried on as `expected`, with more digits
    than are printed) | cut (the figure itself is cut off).
    """

    kind: str
    expected: str
    power: int = 0
    step: str = ""
    operand: str = ""
    other: tuple[str, tuple[int, ...] | None] | None = None
    names: tuple[str, ...] = ()
    updates: int = 0


@dataclass(frozen=True)
class Verdict:
    """What a figure is. `causes` are the earlier figures it follows from; `repeats` says that it restates the only
    one of them; `against` are earlier slips that a right figure takes no notice of. `single`: float32 gives the
    figure, float64 does not. `vouched`: it has more digits than float64 can know, which are so many; 0 if float64
    cannot tell the figure from noise."""

    kind: str
    reasons: tuple[Reason, ...] = ()
    causes: tuple["Judged", ...] = ()
    repeats: bool = False
    against: tuple["Judged", ...] = ()
    single: bool = False
    vouched: int | None = None

    @property
    def from_slip(self) -> bool:
        """Whether an earlier slip, and not only an earlier rounding, leads here."""
        return any(c.verdict.kind == "wrong" or c.verdict.from_slip for c in self.causes)


@dataclass(frozen=True)
class Judged:
    """A figure with its exact value, its pencil value (None after an update) and its verdict."""

    figure: Figure
    exact: float
    pencil: float | None
    verdict: Verdict

    @property
    def step(self) -> str:
        return self.figure.step

    @property
    def index(self) -> tuple[int, ...]:
        return self.figure.index

    @property
    def printed(self) -> str:
        return self.figure.printed

    @property
    def shown(self) -> int:
        """The significant digits of the exact value that settle the matter."""
        return min(SAFE, max(4, self.figure.digits + 2))


@dataclass(frozen=True)
class Group:
    """The figures of one place in the source."""

    place: PlaceInSource
    figures: tuple[Judged, ...]


@dataclass(frozen=True)
class Errata:
    """Everything a source prints, judged, in the order of the source."""

    source: Source
    figures: tuple[Judged, ...]

    @cached_property
    def groups(self) -> tuple[Group, ...]:
        return tuple(
            Group(place, tuple(j for j in self.figures if j.figure.place == p))
            for p, place in enumerate(self.source.place)
        )

    @cached_property
    def counts(self) -> dict[str, int]:
        """How many figures there are of each kind."""
        found = Counter(j.verdict.kind for j in self.figures)
        return {kind: found[kind] for kind in KINDS}

    @property
    def slips(self) -> tuple[Judged, ...]:
        """The figures at which the hand went astray: not right, and no mere restatement."""
        return tuple(j for j in self.figures if j.verdict.kind != "right" and not j.verdict.repeats)
