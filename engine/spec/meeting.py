"""One unifier compares all shapes that the keys of an example declare, and says which two do not meet."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from pydantic import BaseModel

from .shapes import LAYOUTS, PLURALS, counted


class Own(NamedTuple):
    """A dimension that one table of a list has for itself."""

    place: str
    name: str

    def __str__(self) -> str:
        return f"{self.name} of {self.place}"


class Fixed(NamedTuple):
    """A dimension that is a number."""

    size: int
    because: str

    def __str__(self) -> str:
        return ""


Dimension = str | Own | Fixed
Names = Mapping[str, Dimension]


@dataclass(frozen=True)
class Claim:
    """How large a key says that a dimension is: `place` has so many rows, columns or entries, `beyond` of them more
    than the dimension counts. What several keys make together has no place, but a `reason`."""

    size: int
    place: str = ""
    word: str = ""
    beyond: int = 0
    reason: str = ""

    def says(self, dim: Dimension) -> str:
        more = f", {self.beyond} more than {dim}" if self.beyond else ""
        return self.reason or f"{self.place} has {counted(self.size + self.beyond, self.word)}{more}"


class Clash(NamedTuple):
    """A claim that differs from what is `expected` of its dimension, and why that is expected."""

    claim: Claim
    expected: int
    name: str
    because: str


@dataclass
class Claims:
    """What the keys of an example say about its dimensions, in the order in which they are read. `same` names
    dimensions that are others, because a chain between the two was left out."""

    found: dict[Dimension, list[Claim]] = field(default_factory=dict)
    sums: dict[Dimension, list[Own]] = field(default_factory=dict)
    same: dict[Dimension, Dimension] = field(default_factory=dict)
    layout: str = ""
    laid: set[str] = field(default_factory=set)
    """The places whose dimensions stand as the layout says."""

    def read(self, model: BaseModel, place: str = "", names: Names | None = None) -> None:
        """Read the fields of a table: the data first, as they are given; last what the class has from another."""
        self.layout = self.layout or getattr(model, "layout", "")
        base = type(model).__base__
        shared = getattr(base, "model_fields", {})
        for name in sorted(type(model).model_fields, key=lambda name: (name != "data", name in shared)):
            said = type(model).model_fields[name].json_schema_extra
            inner = f"{place}.{name}" if place else name
            self._field(getattr(model, name), inner, said if isinstance(said, dict) else {}, names or {})

    def _field(self, value: Any, place: str, said: dict, names: Names) -> None:
        if "x-chain" in said:
            self._chain(value, place, said, names)
        elif value is not None:
            dims = [None if dim is None else _known(dim, said, names) for dim in said.get("x-shape", ())]
            if self.layout and "x-laid" in said:
                self.laid.add(place)
                dims = dims[:: 1 if said["x-laid"] == self.layout else -1]
            self._array(value, place, dims[:-1] if _is_numbered(value, said) else dims, said, names)

    def _array(self, value: Any, place: str, dims: list, said: dict, names: Names) -> None:
        """A list of these dimensions, then the tables in it."""
        if isinstance(value, BaseModel):
            self.read(value, place, self._inside(place, said, names))
        elif not isinstance(value, list):
            if dims:
                raise ValueError(f"{place}: is a single value and declared with {len(dims)} more dimensions")
        elif len(dims) == 2 and _is_matrix(value):
            self._claim(dims[0], len(value), place, "row")
            self._claim(dims[1], len(value[0]), place, "column")
        else:
            if dims:
                self._claim(dims[0], len(value), place, "entry")
            for i, item in enumerate(value):
                self._array(item, f"{place}[{i}]", dims[1:], said, names)

    def _chain(self, tables: list | BaseModel | None, place: str, said: dict, names: Names) -> None:
        inputs, end = (_known(dim, said, names) for dim in said["x-chain"])
        if tables is None:
            self.same[end] = inputs
            return None
        if isinstance(tables, BaseModel):
            return self.read(tables, place, {**self._inside(place, said, names), "inputs": inputs, "outputs": end})
        like = said.get("x-like", place)
        self._claim(Own(like, "tables"), len(tables), place, "entry")
        for i, item in enumerate(tables):
            outputs = end if i == len(tables) - 1 else Own(f"{like}[{i}]", "outputs")
            inner = f"{place}[{i}]"
            self.read(item, inner, {**self._inside(inner, said, names), "inputs": inputs, "outputs": outputs})
            inputs = outputs

    def _inside(self, place: str, said: dict, names: Names) -> Names:
        """What the names of dimensions mean in the table at `place`."""
        inside = dict(names)
        for name, outside in said.get("x-names", {}).items():
            total = str(outside).startswith("+")
            inside[name] = Own(place, name) if total or outside is None else _known(outside, said, names)
            if total:
                self.sums.setdefault(names.get(outside[1:], outside[1:]), []).append(Own(place, name))
        return inside

    def _claim(self, dim: Dimension | None, size: int, place: str, word: str) -> None:
        beyond = 0
        if dim is None:
            return
        if isinstance(dim, str) and (sum_ := re.fullmatch(r"(.*\S)\s*\+\s*(\d+)", dim)):
            dim, beyond = sum_[1], int(sum_[2])
        self.found.setdefault(self.same.get(dim, dim), []).append(Claim(size - beyond, place, word, beyond))

    def add_up(self) -> None:
        """What the tables of a list make together is one more claim, and comes first."""
        for total, parts in self.sums.items():
            claims = [self.found[part][0] for part in parts if part in self.found]
            if len(claims) > 1:
                places, size = " and ".join(claim.place for claim in claims), sum(claim.size for claim in claims)
                reason = f"the {PLURALS[claims[0].word]} of {places} are {size} together"
                claims = [Claim(size, reason=reason)]
            self.found[total] = claims + self.found.get(total, [])

    def clashes(self) -> Iterator[Clash]:
        for dim, claims in self.found.items():
            expected = dim.size if isinstance(dim, Fixed) else _agreed(claims)
            agreeing = [claim for claim in claims if claim.size == expected]
            for claim in claims:
                if claim.size != expected and claim.place:
                    because = dim.because if isinstance(dim, Fixed) else _witness(claim, agreeing).says(dim)
                    yield Clash(claim, expected, str(dim), because)


def _known(dim: str | int, said: dict, names: Names) -> Dimension:
    """The dimension that a declaration names."""
    return Fixed(dim, said.get("x-because", "")) if isinstance(dim, int) else names.get(dim, dim)


def _agreed(claims: list[Claim]) -> int:
    """What most keys say, each with one voice for a size, and of two the one that is read first. What several keys
    make together is not for discussion."""
    if settled := [claim.size for claim in claims if claim.reason]:
        return settled[0]
    voices: dict[int, set[str]] = {}
    for claim in claims:
        voices.setdefault(claim.size, set()).add(claim.place)
    return max(voices, key=lambda size: len(voices[size]))


def _witness(claim: Claim, agreeing: list[Claim]) -> Claim:
    """Who says otherwise: to a vector the matrix of its own table, else whoever is read first."""
    table = claim.place.rpartition(".")[0]
    beside = [c for c in agreeing if c.place.rpartition(".")[0] == table and c.word != "entry"]
    return (beside if claim.word == "entry" and beside else agreeing)[0]


def _is_numbered(value: Any, said: dict) -> bool:
    """Whether numbers stand where the innermost lists may."""
    inner = value
    for _ in said.get("x-shape", ())[1:]:
        inner = inner[0] if isinstance(inner, list) and inner else inner
    return bool(said.get("x-by_number")) and not isinstance(inner, list)


def _is_matrix(value: list) -> bool:
    """Whether these are rows of numbers of one length."""
    rows = all(isinstance(row, list) and row and not isinstance(row[0], list | BaseModel) for row in value)
    return bool(value) and rows and len({len(row) for row in value}) == 1


def meet(model: BaseModel) -> None:
    """Raises ValueError if two keys of the example disagree on a dimension: one sentence names the key that differs
    from most others, what it has, what is expected, and a key that says so."""
    claims = Claims()
    claims.read(model)
    claims.add_up()
    if clashes := list(claims.clashes()):
        place = clashes[0].claim.place
        here = [clash for clash in clashes if clash.claim.place == place]
        told = _told(sorted(here, key=lambda clash: clash.claim.word, reverse=True))
        raise ValueError(f"{place}: {told}{_fitting(model, claims.layout)}")


def _fitting(model: BaseModel, layout: str) -> str:
    """The layout in which all would fit, as the end of a sentence; nothing if there is none."""
    for other in LAYOUTS if layout else ():
        claims = Claims(layout=other)
        claims.read(model)
        claims.add_up()
        if claims.laid and not any(claims.clashes()):
            return f'; it would fit with layout = "{other}"'
    return ""


def _told(clashes: list[Clash]) -> str:
    """What differs at one place: its rows, its columns, or both, the rows first."""
    has = " and ".join(counted(c.claim.size + c.claim.beyond, c.claim.word) for c in clashes)
    wanted = " and ".join(_expected(c, len(clashes) > 1) for c in clashes)
    because = " and ".join(dict.fromkeys(c.because for c in clashes if c.because))
    return f"has {has}, expected {wanted}" + (f", because {because}" if because else "")


def _expected(clash: Clash, of_several: bool) -> str:
    claim, name = clash.claim, clash.name
    expected = clash.expected + claim.beyond
    named = f" ({name} + {claim.beyond})" if claim.beyond else f" ({name})" if name else ""
    return (counted(expected, claim.word) if of_several else str(expected)) + named
