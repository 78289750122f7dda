"""Changes of an example from outside: 'layers[0].W[0][1]=0.3' replaces what the file says, 'page.digits?=5' adds."""

import re
from itertools import pairwise
from typing import Any

from ..errors import BookError, shorten, unknown
from .limits import LIMITS
from .toml import parse

_KEY = re.compile(r"""(?:^|\.)(?:([A-Za-z_][\w-]*)|"([^"]+)")|\[(\d{1,9})\]""", re.ASCII)


def apply_change(tables: dict, change: str) -> None:
    """Carry out one 'KEY=VALUE' on the tables of an example file; 'KEY?=VALUE' is for a key that it leaves open.

    The key is written as in layers[0].W[0][1] or notation."layer1.W", the value as in TOML; what is not TOML is
    text. Raises BookError if the key leads nowhere.
    """
    key, equals, text = change.partition("=")
    if is_default := key.endswith("?"):
        key = key.removesuffix("?")
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
        raise BookError(f"{place}: {shorten(key.strip())} leads into a value that has no parts.")
    if not (is_default and isinstance(target, dict) and path[-1] in target):
        target[path[-1]] = _toml_value(text.strip())


def _key_path(key: str, place: str) -> list[str | int]:
    if not key or _KEY.sub("", key):
        raise BookError(f"{place}: {shorten(key)} is not a key; write it as in layers[0].W[0][1].")
    path = [name or quoted or int(index) for name, quoted, index in _KEY.findall(key)]
    if len(path) > LIMITS["depth"]:
        raise BookError(f"{place}: leads through {len(path)} tables; {LIMITS.rule('depth', len(path))}.")
    return path


def _child(target, step, place):
    if isinstance(target, dict) and isinstance(step, str):
        if step not in target:
            raise unknown(place, "key", step, target)
        return target[step]
    if isinstance(target, list) and isinstance(step, int):
        if step >= len(target):
            raise BookError(f"{place}: index {step} is outside a list of {len(target)}; indices start at 0.")
        return target[step]
    kind = "a list: use [0]" if isinstance(target, list) else "a value"
    kind = "a table: use a name" if isinstance(target, dict) else kind
    raise BookError(f"{place}: {shorten(step)} does not fit, there stands {kind}.")


def _toml_value(text: str):
    try:
        found = parse(f"value = {text}")
    except ValueError:
        return text
    return found["value"] if len(found) == 1 else text
