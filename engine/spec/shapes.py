"""Shapes are declared where a table's keys are; one unifier compares them all and says which two do not meet.

A dimension is a name ("hidden"), a name plus a number ("positions+1") or a number. A name means the same in the whole
example, unless the field that holds a table says otherwise: `table` gives it another name there, `chain` lets each
table of a list read what the one before it gives.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from pydantic import BaseModel, Field

PLURALS = {"row": "rows", "column": "columns", "entry": "entries"}


def shape(*dims: str | int | None, because: str = "", default: Any = ..., by_number: bool = False) -> Any:
    """A field whose lists have these dimensions, the outermost first: `W: Matrix = shape("hidden", "inputs")`.

    A dimension that is None has any length. `because` says why one that is a number is that number. A field with a
    `default` may be left out.
    `by_number` allows whole numbers in the place of the innermost lists, each the number of the entry that is meant.

    >>> from gradbook.engine.example import Matrix, Model, Vector
    >>> class Layer(Model):
    ...     W: Matrix = shape("hidden", "inputs")
    ...     b: Vector = shape("hidden")
    >>> meet(Layer(W=[[0.1, 0.2]], b=[0.3, 0.4]))
    Traceback (most recent call last):
    ValueError: b: has 2 entries, expected 1 (hidden), because W has 1 row
    """
    return Field(default, json_schema_extra=_declared(shape=list(dims), because=because, by_number=by_number))


def table(*dims: str | int, because: str = "", default: Any = ..., **names: str | int | None) -> Any:
    """A field that holds a table or, of these dimensions, a list of tables; `names` says what the names of dimensions
    in a table mean outside of it.

    `outputs="code"`: what is called outputs there is called code outside. `width=None`: each table has a width of its
    own. `d_v="+values"`: each has its own, and together they make the dimension values. With a `default` it may
    be left out.
    """
    return Field(default, json_schema_extra=_declared(shape=list(dims), because=because, names=names))


def chain(
    start: str, end: str | int, because: str = "", like: str = "", default: Any = ..., **names: str | int | None
) -> Any:
    """A field with a list of tables that stand one behind the other: the `inputs` of the first are the dimension
    `start`, those of each other are the `outputs` of the one before it, and the last one's `outputs` are `end`.

    A table that stands alone, not in a list, is a chain of one. `like` names another chain of the example that has as
    many tables, each with as many outputs. `because` says why `end`, where it is a number, is that number; `names`
    are those of `table`. With a `default` the chain may be left out; then `start` and `end` are one dimension.
    """
    return Field(default, json_schema_extra=_declared(chain=[start, end], because=because, like=like, names=names))


def _declared(**said: Any) -> dict[str, Any]:
    """What a field declares, as pydantic carries it and as an editor may read it in the schema."""
    return {f"x-{key}": value for key, value in said.items() if value}


def expect(place: str, word: str, found: int, expected: int, because: str) -> None:
    """For a number of rows, columns or entries (`word`, in the singular) that is computed, and so not declared."""
    if found != expected:
        raise ValueError(f"{place}: has {counted(found, word)}, expected {expected}, because {because}")


def counted(number: int, word: str) -> str:
    """'1 row', '2 entries'."""
    return f"{number} {word if number == 1 else PLURALS[word]}"


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

    def read(self, model: BaseModel, place: str = "", names: Names | None = None) -> None:
        """Read the fields of a table: the data first, as they are given; last what the class has from another."""
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
            dims = [_known(dim, said, names) for dim in said.get("x-shape", ())]
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


def _known(dim: str | int | None, said: dict, names: Names) -> Dimension | None:
    """The dimension that a declaration names; None if it may be of any length."""
    if dim is None:
        return None
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
        raise ValueError(f"{place}: {_told(sorted(here, key=lambda clash: clash.claim.word, reverse=True))}")


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
