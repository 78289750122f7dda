"""What an example file says: read from TOML, validated, and explained in one sentence when it is wrong."""

import re
import tomllib
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any, get_args

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, PrivateAttr, ValidationError

from .errors import BookError, shorten, suggest, unknown
from .families import families, family
from .ops import of_kind
from .optim import OPTIMIZERS

LIMITS = {"bytes": 1_000_000, "name": 60, "title": 200, "text": 4000, "symbol": 120, "numbers": 20_000}
"""The largest example the book accepts; an error names the limit, an owner may raise it here."""

NAME = re.compile(r"[a-z][a-z0-9-]*")
RESERVED = {"index", "con", "prn", "aux", "nul", "sources"}
MARKUP = re.compile(r"[\\{}<>$`\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]")


def known(kind: str, names) -> AfterValidator:
    """A validator that accepts only the given names (an iterable, or a function that returns one)."""

    def check(name: str) -> str:
        allowed = names() if callable(names) else names
        if name not in allowed:
            raise ValueError(suggest(kind, name, allowed))
        return name

    return AfterValidator(check)


def plain(limit: str):
    """A validator for words that are set as they stand: no markup, no control characters, not too long."""

    def check(text: str) -> str:
        if len(text) > LIMITS[limit]:
            raise ValueError(f"is {len(text)} characters long; the limit ({limit}) is {LIMITS[limit]}")
        if found := MARKUP.search(text):
            raise ValueError(f"is plain text and may not hold {found[0]!a}, which is markup or control")
        if not text.strip():
            raise ValueError("is empty")
        return text

    return AfterValidator(check)


def _rectangle(rows: list[list[float]]) -> list[list[float]]:
    if not rows or not rows[0]:
        raise ValueError("is empty; expected rows of numbers")
    for i, row in enumerate(rows):
        if len(row) != len(rows[0]):
            raise ValueError(f"row {i + 1} has {len(row)} numbers, row 1 has {len(rows[0])}")
    if len(rows) * len(rows[0]) > LIMITS["numbers"]:
        raise ValueError(f"holds {len(rows) * len(rows[0])} numbers; the limit (numbers) is {LIMITS['numbers']}")
    return rows


Number = Annotated[float, Field(allow_inf_nan=False)]
Vector = Annotated[list[Number], Field(min_length=1, max_length=LIMITS["numbers"])]
Matrix = Annotated[list[list[Number]], AfterValidator(_rectangle)]
Title = dict[str, Annotated[str, plain("title")]]
Words = dict[str, Annotated[str, plain("text")]]


class Model(BaseModel):
    """The rules for every table of an example file: unknown keys and lax types are errors."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Update(Model):
    """[update]: how the parameters change. `frozen` lists parameters that keep their value."""

    optimizer: Annotated[str, known("optimizer", OPTIMIZERS)] = "sgd"
    learning_rate: Annotated[Number, Field(gt=0)]
    frozen: list[str] = []


class Page(Model):
    """[page]: how the numbers are printed. `curve` is the number of updates in the loss curve."""

    arithmetic: Annotated[str, known("arithmetic", ("pencil", "exact"))] = "pencil"
    digits: Annotated[int, Field(ge=2, le=12)] = 4
    curve: Annotated[int, Field(ge=1, le=100_000)] = 1000


class Symbol(Model):
    """How one array is written: its symbol, and its entries row by row if they have names of their own."""

    symbol: Annotated[str, Field(min_length=1, max_length=LIMITS["symbol"])]
    entries: list[list[Annotated[str, Field(min_length=1, max_length=LIMITS["symbol"])]]] | None = None


class Example(Model):
    """The keys that all families share; a family's `Spec` adds its own."""

    family: Annotated[str, known("family", families)]
    title: Annotated[Title, Field(min_length=1)]
    intro: Words = {}
    order: int = 100
    update: Update
    page: Page = Page()
    notation: dict[str, str | Symbol] = {}
    _name: str = PrivateAttr("")

    @property
    def name(self) -> str:
        """The example's name: its file's name without '.toml'."""
        return self._name


Loss = Annotated[str, known("loss", lambda: of_kind("loss"))]
Activation = Annotated[str, known("activation", lambda: of_kind("activation"))]


def load(path: str | Path, changes: list[str] | tuple[str, ...] = ()) -> Example:
    """Read and validate an example file. `changes` are 'KEY=VALUE' strings that replace what the file says.

    Raises BookError with one sentence naming the file, the place and the rule.
    """
    path = Path(path)
    check_name(path)
    tables = read_tables(path)
    for change in changes:
        apply_change(tables, change)
    return validate(tables, path)


def validate(tables: dict, path: Path) -> Example:
    """The Example that `tables` describe; `path` gives its name and stands in errors."""
    name = tables.get("family")
    if not isinstance(name, str):
        raise BookError(f"{path}: family: is missing or not a name. Known: {', '.join(families())}.")
    if name not in families():
        raise unknown(f"{path}: family", "family", name, families())
    spec = family(name).Spec
    try:
        example = spec.model_validate(tables)
    except ValidationError as error:
        raise BookError(f"{path}: {sentence(error, spec)}") from None
    example._name = path.stem
    return example


def check_name(path: Path) -> None:
    """Refuse names that could not be an address of a page."""
    if path.suffix != ".toml":
        raise BookError(f"{path}: is not an example file; its name must end in .toml.")
    if not NAME.fullmatch(path.stem) or path.stem in RESERVED or len(path.stem) > LIMITS["name"]:
        raise BookError(
            f"{shorten(path.name)}: an example's name is made of a-z, 0-9 and -, starts with a letter, "
            f"has at most {LIMITS['name']} characters and is not {', '.join(sorted(RESERVED))}."
        )


def read_tables(path: Path) -> dict:
    try:
        size = path.stat().st_size
        if size > LIMITS["bytes"]:
            raise BookError(f"{path}: is {size} bytes long; the limit (bytes) is {LIMITS['bytes']}.")
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        near = sorted(p.name for p in path.parent.glob("*.toml")) if path.parent.is_dir() else []
        raise unknown(str(path.parent), "example file", path.name, near) from None
    except tomllib.TOMLDecodeError as error:
        raise BookError(f"{path}: is not valid TOML: {error}.") from None
    except UnicodeDecodeError:
        raise BookError(f"{path}: is not UTF-8 text.") from None
    except RecursionError:
        raise BookError(f"{path}: is nested too deeply.") from None
    except OSError as error:
        raise BookError(f"{path}: cannot be read ({error.strerror}).") from None


# Changes: layers[0].W[0][1]=0.3

_KEY = re.compile(r"(?:^|\.)([A-Za-z_][\w-]*)|\[(\d{1,9})\]")


def apply_change(tables: dict, change: str) -> None:
    """Carry out one 'KEY=VALUE' on the tables of an example file; the value is written as in TOML."""
    key, equals, text = change.partition("=")
    place = f"--set {shorten(change)}"
    if not equals:
        raise BookError(f"{place}: expected KEY=VALUE, as in update.learning_rate=0.1.")
    path = _key_path(key.strip(), place)
    target: Any = tables
    for step, following in pairwise(path):
        if isinstance(step, str) and isinstance(target, dict) and isinstance(following, str):
            target.setdefault(step, {})
        target = _child(target, step, place)
    if isinstance(target, list):
        _child(target, path[-1], place)
    elif not isinstance(target, dict) or not isinstance(path[-1], str):
        raise BookError(f"{place}: {key.strip()!r} leads into a value that has no parts.")
    target[path[-1]] = _toml_value(text.strip())


def _key_path(key: str, place: str) -> list[str | int]:
    if not key or _KEY.sub("", key):
        raise BookError(f"{place}: {shorten(key)} is not a key; write it as in layers[0].W[0][1].")
    return [name or int(index) for name, index in _KEY.findall(key)]


def _child(target, step, place):
    if isinstance(target, dict) and isinstance(step, str):
        if step not in target:
            raise unknown(place, "key", step, target)
        return target[step]
    if isinstance(target, list) and isinstance(step, int):
        if step >= len(target):
            raise BookError(f"{place}: index {step} is outside a list of {len(target)}; indices start at 0.")
        return target[step]
    kind = "a list: use [0]" if isinstance(target, list) else "a table: use a name"
    raise BookError(
        f"{place}: {step!r} does not fit, there stands {kind if isinstance(target, dict | list) else 'a value'}."
    )


def _toml_value(text: str):
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except (tomllib.TOMLDecodeError, RecursionError):
        return text


# Validation errors in a sentence

_MESSAGES = {
    "missing": "is missing",
    "float_type": "expected a number, found {input}",
    "int_type": "expected a whole number, found {input}",
    "string_type": "expected text in quotes, found {input}",
    "list_type": "expected a list in [ ], found {input}",
    "dict_type": "expected a table, found {input}",
    "model_type": "expected a table, found {input}",
    "model_attributes_type": "expected a table, found {input}",
    "finite_number": "expected a finite number, found {input}",
    "too_short": "is empty",
    "string_too_short": "is empty",
}


def sentence(error: ValidationError, spec: type[BaseModel]) -> str:
    details = error.errors(include_url=False)
    first = details[0]
    place = _place(first["loc"])
    more = f" ({len(details) - 1} more after this one.)" if len(details) > 1 else ""
    return f"{place}{': ' if place else ''}{_rule(first, spec)}".rstrip(".") + f".{more}"


def _rule(detail, spec) -> str:
    kind = detail["type"]
    if kind == "extra_forbidden":
        return suggest("key", detail["loc"][-1], _fields(spec, detail["loc"][:-1]))
    if kind == "value_error":
        return str(detail["ctx"]["error"])
    message = _MESSAGES.get(kind, detail["msg"][:1].lower() + detail["msg"][1:])
    return message.format(input=shorten(detail["input"]))


def _place(loc) -> str:
    names = [f"[{p}]" if isinstance(p, int) else f".{p}" for p in loc if p not in ("str", "Symbol")]
    return "".join(names).removeprefix(".")


def _fields(spec: type[BaseModel], loc) -> list[str]:
    """The keys that are known in the table at `loc`."""
    for step in loc:
        annotation = (
            spec.model_fields[step].annotation if isinstance(step, str) and step in spec.model_fields else spec
        )
        spec = _model_in(annotation) or spec
    return list(spec.model_fields)


def _model_in(annotation) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((m for a in get_args(annotation) if (m := _model_in(a))), None)
