"""Values in prose: 'seed:layer2.delta[0]|.4f' becomes the number, from the traces that the build has written."""

import json
import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from gradbook.engine.errors import BookError, shorten, unknown

from .address import address

_REFERENCE = re.compile(r"\s*([^\s:\[\]|]+):([\w.]+)((?:\[\d+\])*)\s*(?:\|\s*([^|]*?)\s*)?")
_CALL = re.compile(r"gradbook\.trace\((\"[^\"]*\"),")
_FORMAT = re.compile(r"[+ ]?(?:\.\d{1,2})?[efg]?")


@dataclass(frozen=True)
class ValueText:
    """A value as it stands in prose: its text and its address 'seed:layer2.delta[0][0]'."""

    text: str
    address: str


def script(name: str, content: dict) -> str:
    """The script that brings an example's exact values to the page; `lookup` reads the same file."""
    return f"gradbook.trace({json.dumps(name)},{json.dumps(content, ensure_ascii=False, separators=(',', ':'))});\n"


def script_name(trace: str) -> str:
    """The file of such a script: 'adam.js', 'adam@2.js'. Its letters are safe in every address."""
    example, at, update = trace.partition("@")
    return f"{address(example)}{at}{update}.js"


@lru_cache(maxsize=64)
def _steps(path: Path, changed: int) -> dict:
    text = path.read_text(encoding="utf-8")
    return json.loads(text[text.index(",") + 1 : text.rindex(")")])["steps"]


def _known(traces: Path, name: str) -> dict:
    path = traces / script_name(name)
    if not path.is_file() or _name(path) != name:
        raise unknown("value", "example", name, sorted(map(_name, traces.glob("*.js"))))
    return _steps(path, path.stat().st_mtime_ns)


def _name(path: Path) -> str:
    """The name of the trace that a script brings, which the name of its file need not tell."""
    with path.open(encoding="utf-8") as file:
        found = _CALL.match(file.read(2000))
    return json.loads(found[1]) if found else path.stem


def lookup(text: str, traces: Path) -> ValueText:
    """The value that `text` refers to: example, step, indices, and after '|' a format as in Python.

    `traces` is the folder of the scripts that the build wrote. Axes of length 1 need no index. Without a format
    four significant digits are given. Raises BookError naming what is unknown.
    """
    place = f"value {shorten(text)}"
    found = _REFERENCE.fullmatch(text)
    if not found:
        raise BookError(f"{place}: write it as in seed:layer2.delta[0]|.4f (example:step[index]|format).")
    example, name, indices, form = found.groups()
    steps = _known(traces, example)
    if name not in steps:
        raise unknown(place, "step", name, steps)
    if not _FORMAT.fullmatch(form or ""):
        raise BookError(f"{place}: {shorten(form)} is not a number format; use .4f, .3g or .2e.")
    index = _index(steps[name]["shape"], [int(i) for i in re.findall(r"\d+", indices)], f"{place}: {name}")
    number = np.reshape(steps[name]["value"], steps[name]["shape"])[index]
    address = f"{example}:{name}" + "".join(f"[{i}]" for i in index)
    sign, digits = (form[0], form[1:]) if form and form[0] in "+ " else ("", form or ".4g")
    return ValueText(format(float(number), f"{sign}z{digits}").replace("-", "\N{MINUS SIGN}"), address)


def _index(shape: list[int], given: list[int], place: str) -> tuple[int, ...]:
    """The full index: what is given, or, if that is too short, with 0 for the axes of length 1."""
    free = [axis for axis, n in enumerate(shape) if n > 1]
    full = [0] * len(shape)
    if len(given) == len(shape):
        full = given
    elif len(given) == len(free):
        for axis, i in zip(free, given, strict=True):
            full[axis] = i
    else:
        raise BookError(f"{place} has shape {tuple(shape)}; give one index for each axis longer than 1.")
    if any(i >= n for i, n in zip(full, shape, strict=True)):
        raise BookError(f"{place} has shape {tuple(shape)}; the index is outside, counting from 0.")
    return tuple(full)
