"""What an example file may say: the tables that all families share, and the rules for every key."""

from collections.abc import Collection, Mapping
from functools import cache
from pathlib import Path
from typing import Annotated, Any, cast
from unicodedata import category

from pydantic import (
    AfterValidator,
    Discriminator,
    Field,
    GetCoreSchemaHandler,
    PrivateAttr,
    Tag,
    ValidationInfo,
    create_model,
    field_validator,
    model_validator,
)
from pydantic_core import core_schema

from ..errors import shorten, suggest
from ..ops import of_kind
from ..optim import KEYS, OPTIMIZERS, SCHEDULES, Setting, settings
from .answering import Answering
from .limits import LIMITS, AtMost
from .mistakes import TABLE, TEXT
from .model import Model
from .shapes import meet
from .start import Start

NAME = "is made of letters and digits of any language, - and _, and does not begin with -"
"""What the name of an example must be; `is_name` judges it."""

MARKUP = frozenset("\\{}<>$`")
UNSEEN = ("Cc", "Cf", "Cs", "Zl", "Zp")
"""The Unicode categories of control, format and broken characters, and of separators of lines."""

NEEDED = frozenset(
    "\n\t\xad\u200c\u200d\u180e"  # the soft hyphen; joiners, with which Persian, Hindi and Mongolian are spelt
    "\u0600\u0601\u0602\u0603\u0604\u0605\u06dd\u070f\u0890\u0891\u08e2\U000110bd\U000110cd"  # signs that are seen
)
"""Format characters that words are spelt with. What turns the direction of other words, or is seen nowhere, is not
among them: a title would read as something that is not written."""

BLANK = frozenset("\u115f\u1160\u2800\u3164\uffa0")
"""Letters and signs that look like nothing."""


def is_unseen(char: str) -> bool:
    """Whether a character controls others or is never seen."""
    noncharacter = ord(char) & 0xFFFE == 0xFFFE or 0xFDD0 <= ord(char) <= 0xFDEF
    return (category(char) in UNSEEN and char not in NEEDED) or noncharacter


def is_seen(text: str) -> bool:
    """Whether there is anything to see of a text."""
    return any(category(c)[0] in "LNPS" and c not in BLANK for c in text)


class Known:
    """Accepts only the given names, and tells them to editors. `names` is an iterable or gives one."""

    def __init__(self, kind: str, names):
        self.kind, self._names = kind, names

    @property
    def names(self) -> list[str]:
        return list(self._names() if callable(self._names) else self._names)

    def check(self, name: str) -> str:
        if name not in self.names:
            raise ValueError(suggest(self.kind, name, self.names))
        return name

    def __get_pydantic_core_schema__(self, source, handler: GetCoreSchemaHandler):
        return core_schema.no_info_after_validator_function(self.check, handler(source))

    def __get_pydantic_json_schema__(self, schema, handler):
        return handler(schema) | {"enum": self.names}


def plain(limit: str):
    """A validator for words that are set as they stand: no markup, no control characters, not too long."""

    def check(text: str) -> str:
        if len(text) > LIMITS[limit]:
            raise ValueError(f"is {len(text)} characters long; {LIMITS.rule(limit, len(text))}")
        if found := next((c for c in text if c in MARKUP or is_unseen(c)), None):
            raise ValueError(f"is plain text and may not hold {found!a}, which is markup or control")
        if limit == "title" and "\n" in text:
            raise ValueError("is a title and stands on one line")
        if not is_seen(text):
            raise ValueError("is empty")
        return text

    return AfterValidator(check)


def _rectangle(rows: list[list[float]]) -> list[list[float]]:
    if not rows or not rows[0]:
        raise ValueError("is empty; expected rows of numbers")
    for i, row in enumerate(rows):
        if len(row) != len(rows[0]):
            raise ValueError(f"row {i + 1} has {len(row)} numbers, row 1 has {len(rows[0])}")
    if (size := len(rows) * len(rows[0])) > LIMITS["numbers"]:
        raise ValueError(f"holds {size} numbers; {LIMITS.rule('numbers', size)}")
    return rows


def is_name(text: str) -> bool:
    """Whether an example may be called so: letters of any language with their marks, digits, - and _."""
    letters = all(c in "-_" or (category(c)[0] in "LMN" and c not in BLANK) for c in text)
    return letters and text[:1] not in ("", "-") and category(text[0])[0] != "M"


def named(name: str) -> str:
    if not is_name(name):
        raise ValueError(f"{shorten(name)} is no name of an example")
    return name


Number = Annotated[float, Field(allow_inf_nan=False)]
Vector = Annotated[list[Number], Field(min_length=1), AtMost("numbers")]
Matrix = Annotated[list[Annotated[list[Number], AtMost("numbers")]], AfterValidator(_rectangle), AtMost("numbers")]
Title = dict[str, Annotated[str, plain("title")]]
Words = dict[str, Annotated[str, plain("text")]]
Tex = Annotated[str, Field(min_length=1), AtMost("symbol")]

Positive = Annotated[Number, Field(gt=0)]


def known_to(kind: str, name: str, key: str | None, owners: Mapping[str, Collection[str]]) -> None:
    """Raises ValueError if `name`, one of `owners`, does not know the key of its table."""
    if key not in owners[name]:
        others = [other for other, keys in owners.items() if key in keys]
        raise ValueError(f"the {kind} {name!r} does not know it; it is for {', '.join(others)}")


class Schedule(Model):
    """[update.schedule]: how the learning rate changes from update to update. `steps` counts updates."""

    kind: Annotated[str, Known("kind", SCHEDULES)]
    steps: Annotated[int, Field(ge=1, le=1_000_000)] | None = None
    factor: Annotated[Number, Field(gt=0, le=1)] | None = None
    lowest: Annotated[Number, Field(ge=0)] | None = None

    @field_validator("steps", "factor", "lowest")
    @classmethod
    def _is_for_this_kind(cls, value, info: ValidationInfo):
        if "kind" in info.data:
            known_to("schedule", info.data["kind"], info.field_name, KEYS)
        return value

    @model_validator(mode="after")
    def _is_whole(self):
        for key in KEYS[self.kind]:
            if key != "lowest" and getattr(self, key) is None:
                raise ValueError(f"the schedule {self.kind!r} needs the key {key!r}")
        return self


class Update(Model):
    """[update]: how the parameters change. `frozen` lists parameters that keep their value. With `batch_size` each
    update reads so many samples, in the order of the file or in this `order`, counted from 0, and so round and round;
    without it every update reads all."""

    optimizer: Annotated[str, Known("optimizer", OPTIMIZERS)] = "sgd"
    learning_rate: Positive
    weight_decay: Annotated[Number, Field(ge=0)] | None = None
    clip_value: Positive | None = None
    clip_norm: Positive | None = None
    schedule: Schedule | None = None
    frozen: list[str] = []
    batch_size: Annotated[int, Field(ge=1)] | None = None
    order: Annotated[list[int], Field(min_length=1), AtMost("numbers")] | None = None

    @classmethod
    def known_keys(cls) -> list[str]:
        return list(update_model().model_fields)

    @field_validator("*")
    @classmethod
    def _is_for_this_optimizer(cls, value, info: ValidationInfo):
        if "optimizer" in info.data and info.field_name not in Update.model_fields:
            owners = {name: entry.settings for name, entry in OPTIMIZERS.items()}
            known_to("optimizer", info.data["optimizer"], info.field_name, owners)
        return value

    @model_validator(mode="after")
    def _falls(self):
        if self.schedule and (self.schedule.lowest or 0) > self.learning_rate:
            raise ValueError("schedule.lowest: is greater than learning_rate, from which the schedule starts")
        return self

    def settings(self) -> dict:
        """What engine.optim's `update` takes: all that the file says of it, but for the samples that are read."""
        said = self.model_dump(exclude_none=True, exclude={"batch_size", "order"})
        return said | {"schedule": self.schedule and self.schedule.model_dump()}


def update_model() -> type[Update]:
    """`Update` with a key for every setting of an optimiser, within its bounds: of those entered so far."""
    return _with_settings(tuple(settings().items()))


@cache
def _with_settings(known: tuple[tuple[str, Setting], ...]) -> type[Update]:
    own: dict[str, Any] = {
        key: (Annotated[Number, Field(**cast(dict[str, Any], dict(setting.bounds)))] | None, None)
        for key, setting in known
        if key not in Update.model_fields
    }
    return create_model("Update", __base__=Update, __module__=__name__, __doc__=Update.__doc__ or "", **own)


class Latest:
    """Reads [update] by the model of now: a plug-in may enter an optimiser when the families are long loaded."""

    def __get_pydantic_core_schema__(self, source, handler: GetCoreSchemaHandler):
        return core_schema.no_info_plain_validator_function(lambda table: update_model().model_validate(table))

    def __get_pydantic_json_schema__(self, schema, handler):
        inner = update_model().__pydantic_core_schema__  # within another one, so that it gets a definition of its own
        return handler(core_schema.with_default_schema(inner))


class Page(Model):
    """[page]: how the numbers are printed. `curve` is the number of updates in the loss curve; with `steps`
    greater than 1 the second update is worked in full, and all so many are shown in a table."""

    arithmetic: Annotated[str, Known("arithmetic", ("pencil", "exact"))] = "pencil"
    digits: Annotated[int, Field(ge=2, le=12)] = 4
    curve: Annotated[int, Field(ge=1), AtMost("curve")] = 1000
    steps: Annotated[int, Field(ge=1, le=100)] = 1


class Symbol(Model):
    """How one array is written: its symbol, and its entries row by row if they have names of their own."""

    symbol: Tex
    entries: list[list[Tex]] | None = None


Notation = Annotated[
    Annotated[Tex, Tag(TEXT)] | Annotated[Symbol, Tag(TABLE)],
    Discriminator(lambda value: TEXT if isinstance(value, str) else TABLE),
]
"""A symbol, or a table that says more of it."""


class Example(Answering):
    """What an example file says: the keys that all families share; a family's `Spec` adds its own. `see` names
    examples to read beside it; with `input_gradients` the backward pass goes on to the inputs. `update` may be left
    out where there is no target; `start` is what the optimiser remembers when it begins. It is read-only; `load`
    makes it.

    >>> from gradbook import load
    >>> example = load("examples/seed.toml")
    >>> example.name, example.family, example.page.digits, example.update.learning_rate
    ('seed', 'mlp', 4, 0.5)
    """

    family: str
    title: Annotated[Title, Field(min_length=1)]
    intro: Words = {}
    see: list[Annotated[str, AfterValidator(named)]] = []
    order: Annotated[int, Field(ge=0, le=1_000_000)] = 100
    update: Annotated[Update, Latest()] | None = None
    start: Start = {}
    page: Page = Page()
    notation: dict[str, Notation] = {}
    _file: str = PrivateAttr("")

    @model_validator(mode="after")
    def _shapes_meet(self):
        meet(self)
        return self

    @classmethod
    def read_as(cls, tables: dict) -> dict:
        """The tables of an example of this family as they are read: some are examples of another one. Raises
        ValueError if what is said cannot be said there."""
        return tables

    @property
    def file(self) -> str:
        """The file that it was read from, as errors name it."""
        return self._file

    @property
    def name(self) -> str:
        """The example's name: its file's name without '.toml'."""
        return Path(self._file).stem


Loss = Annotated[str, Known("loss", lambda: of_kind("loss"))]
Activation = Annotated[str, Known("activation", lambda: of_kind("activation"))]
