"""Mistakes in a sentence: the first thing that validation found wrong, with its place and the rule."""

import re
from typing import get_args

from pydantic import BaseModel, ValidationError

from ..errors import shorten, suggest
from .lookalike import look_alike_in

TEXT, TABLE = "<text>", "<table>"
"""Tags of the two ways to write a symbol; they stand in pydantic's places, not in ours."""

ROWS, CLASSES = "<rows>", "<classes>"
"""Likewise of the two ways to write targets."""

LAYER, LAYERS = "<layer>", "<layers>"
"""Likewise of a layer that stands alone and a list of them."""

ONE, EACH = "<one>", "<each>"
"""Likewise of one number for both ways of a map and a list of them."""

SAMPLE, SAMPLES = "<sample>", "<samples>"
"""Likewise of one sample and a list of them."""

TAGS = {TEXT, TABLE, ROWS, CLASSES, LAYER, LAYERS, ONE, EACH, SAMPLE, SAMPLES}

_MESSAGES = {
    "missing": "is missing",
    "float_type": "expected a number, found {input}",
    "int_type": "expected a whole number, found {input}",
    "bool_type": "expected true or false, found {input}",
    "bool_parsing": "expected true or false, found {input}",
    "string_type": "expected text in quotes, found {input}",
    "list_type": "expected a list in [ ], found {input}",
    "dict_type": "expected a table, found {input}",
    "model_type": "expected a table, found {input}",
    "model_attributes_type": "expected a table, found {input}",
    "greater_than": "expected a number greater than {gt:g}, found {input}",
    "greater_than_equal": "expected a number of at least {ge}, found {input}",
    "less_than": "expected a number less than {lt:g}, found {input}",
    "less_than_equal": "expected a number of at most {le}, found {input}",
    "too_long": "has {actual_length} entries; at most {max_length} are allowed",
    "string_too_long": "is longer than {max_length} characters",
    "finite_number": "expected a finite number, found {input}",
    "too_short": "is empty",
    "too_few": "has {actual_length} entries; at least {min_length} are needed",
    "string_too_short": "is empty",
}
NUMBERS = ("float_type", "int_type")
"""Where text may be a number whose characters only look right, as `--set` takes it from a web page."""


def sentence(error: ValidationError, spec: type[BaseModel]) -> str:
    """The first mistake of an example file, an unknown key before what is missing; the others are counted."""
    details = sorted(error.errors(include_url=False), key=lambda d: d["type"] != "extra_forbidden")
    first = details[0]
    place = _place(first["loc"][:-1] if first["type"] == "extra_forbidden" else first["loc"])
    more = f" ({len(details) - 1} more after this one.)" if len(details) > 1 else ""
    return f"{place}{': ' if place else ''}{_rule(first, spec)}".rstrip(".") + f".{more}"


def _rule(detail, spec) -> str:
    kind = detail["type"]
    if kind == "extra_forbidden":
        return suggest("key", detail["loc"][-1], _fields(spec, detail["loc"][:-1]))
    if kind == "value_error":
        return str(detail["ctx"]["error"])
    if kind == "model_type" and detail["loc"][-1] == TABLE:
        kind = "string_type"
    if kind == "too_short" and detail["ctx"]["actual_length"]:
        kind = "too_few"
    if kind not in _MESSAGES:
        return detail["msg"][:1].lower() + detail["msg"][1:]
    bounds = {key: _whole(value) for key, value in detail.get("ctx", {}).items()}
    found = _MESSAGES[kind].format(**bounds | {"input": shorten(detail["input"])})
    looks = look_alike_in(detail["input"]) if kind in NUMBERS and isinstance(detail["input"], str) else None
    return f"{found}; {looks}" if looks else found


def _whole(value):
    """A bound as the rule says it: 5, where pydantic has made 5.0 of it."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _place(loc) -> str:
    names = [f"[{p}]" if isinstance(p, int) else f".{_key(p)}" for p in loc if p not in TAGS]
    return "".join(names).removeprefix(".")


def _key(name: str) -> str:
    """A key as a place names it: as it stands if it could be written without quotes."""
    return name if re.fullmatch(r"[\w.-]{1,60}", name) else shorten(name)


def _fields(spec: type[BaseModel], loc) -> list[str]:
    """The keys that are known in the table at `loc`."""
    for step in loc:
        annotation = (
            spec.model_fields[step].annotation if isinstance(step, str) and step in spec.model_fields else spec
        )
        spec = _model_in(annotation) or spec
    return spec.known_keys() if hasattr(spec, "known_keys") else list(spec.model_fields)


def _model_in(annotation) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((m for a in get_args(annotation) if (m := _model_in(a))), None)
