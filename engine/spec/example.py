"""What an example file may say: the tables that all families share, and the rules for every key."""

from collections.abc import Collection, Mapping
from functools import cache
from pathlib import Path
from typing import Annotated, Any, ClassVar, cast

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

from ..errors import suggest
from ..ops import of_kind
from ..optim import KEYS, OPTIMIZERS, SCHEDULES, Setting, settings
from .answering import Answering
from .limits import LIMITS, AtMost
from .meeting import meet
from .mistakes import TABLE, TEXT
from .model import Model
from .plain import named, plain
from .start import Start


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


def _rectangle(rows: list[list[float]]) -> list[list[float]]:
    if not rows or not rows[0]:
        raise ValueError("is empty; expected rows of numbers")
    for i, row in enumerate(rows):
        if len(row) != len(rows[0]):
            raise ValueError(f"row {i + 1} has {len(row)} numbers, row 1 has {len(rows[0])}")
    if (size := len(rows) * len(rows[0])) > LIMITS["numbers"]:
        raise ValueError(f"holds {size} numbers; {LIMITS.rule('numbers', size)}")
    return rows


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
    """How the learning rate goes: it stays, is multiplied by a factor now and then or every time, falls along half a
    cosine, is divided by the root of the number of the update, or rises to its full value."""
    steps: Annotated[int, Field(ge=1, le=1_000_000)] | None = None
    """After how many updates: of `step`, the factor comes again; of `cosine`, the lowest rate is there; of `warmup`,
    the full rate."""
    factor: Annotated[Number, Field(gt=0, le=1)] | None = None
    """What the learning rate is multiplied by."""
    lowest: Annotated[Number, Field(ge=0)] | None = None
    """Where a cosine ends; 0 if it is left out."""

    @field_validator("steps", "factor", "lowest")
    @classmethod
    def _is_for_this_kind(cls, value, info: ValidationInfo):
        if "kind" in info.data:
            known_to("schedule", info.data["kind"], info.field_name, KEYS)
        return value

    @model_validator(mode="after")
    def _is_whole(self):
        """A schedule has all its keys but `lowest`, which may be left out."""
        for key in KEYS[self.kind]:
            if key != "lowest" and getattr(self, key) is None:
                raise ValueError(f"the schedule {self.kind!r} needs the key {key!r}")
        return self


class Update(Model):
    """[update]: how the parameters change. `frozen` lists parameters that keep their value. With `batch_size` each
    update reads so many samples, in the order of the file or in this `order`, counted from 0, and so round and round;
    without it every update reads all."""

    optimizer: Annotated[str, Known("optimizer", OPTIMIZERS)] = "sgd"
    """How gradients become steps."""
    learning_rate: Positive
    """The learning rate: how far a step goes."""
    weight_decay: Annotated[Number, Field(ge=0)] | None = None
    """Pulls every parameter towards zero: so many times the parameter is added to its gradient; `adamw` and `lion`
    add it to the step instead."""
    clip_value: Positive | None = None
    """The greatest entry of a gradient, up or down; greater ones are cut, before `clip_norm`."""
    clip_norm: Positive | None = None
    """The greatest length of all gradients together; longer ones are shortened."""
    schedule: Schedule | None = None
    """How the learning rate changes from update to update; left out, it stays."""
    frozen: list[str] = []
    """Parameters that keep their value, by their names in the trace, such as `["layer1.W"]`."""
    batch_size: Annotated[int, Field(ge=1)] | None = None
    """How many samples each update reads; left out, all."""
    order: Annotated[list[int], Field(min_length=1), AtMost("numbers")] | None = None
    """In which order the samples are read, counted from 0; left out, that of the file."""

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
        """The lowest rate of a schedule is not above the learning rate, from which it starts."""
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
        key: (
            Annotated[Number, Field(**cast(dict[str, Any], dict(setting.bounds)))] | None,
            Field(None, description=setting.says or None),
        )
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
    """How the pages compute: `"pencil"`, with the printed digits; `"exact"`, with all digits."""
    digits: Annotated[int, Field(ge=2, le=12)] = 4
    """How many significant digits are printed."""
    curve: Annotated[int, Field(ge=1), AtMost("curve")] = 1000
    """How many updates the loss curve shows."""
    steps: Annotated[int, Field(ge=1, le=100)] = 1
    """Greater than 1: the second update is worked in full, and so many are shown in tables."""


class Symbol(Model):
    """How one array is written: its symbol, and its entries row by row if they have names of their own."""

    symbol: Tex
    """The symbol of the array, in TeX."""
    entries: list[list[Tex]] | None = None
    """The symbols of its entries, row by row; left out, they get indices."""


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

    LOSS: ClassVar[str] = ""
    """What the loss of the family is, in a sentence."""
    judged: ClassVar[str] = ""
    """Of a family whose rule stops by itself, the step whose gradient is 0 where nothing is wrong."""

    family: str
    """The kind of model."""
    title: Annotated[Title, Field(min_length=1)]
    """The title, one line of plain text per language."""
    intro: Words = {}
    """A paragraph at the head of the first page, per language."""
    see: list[Annotated[str, AfterValidator(named)]] = []
    """Names of other examples to read beside this one, such as `["seed"]`."""
    order: Annotated[int, Field(ge=0, le=1_000_000)] = 100
    """The place in the list of examples, smallest first."""
    update: Annotated[Update, Latest()] | None = None
    """How the parameters change; it may be left out where there is no target, or where the gradient of the outputs is
    given."""
    start: Start = {}
    """What the optimiser remembers when the example begins: `t`, how many updates were made before; for each letter
    of its state (m, v, s) a table with a value for each parameter, by its name in the trace. What is left out is
    0."""
    page: Page = Page()
    """How the numbers are printed, and how many updates are shown."""
    notation: dict[str, Notation] = {}
    """Symbols of your own: the name of an array in the trace, and how it is written in TeX."""
    _file: str = PrivateAttr("")

    @model_validator(mode="after")
    def _shapes_meet(self):
        """Keys that speak of the same dimension agree on it."""
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
