"""The largest example that the book accepts: every limit in one place, and the one way to raise one."""

import os
import re
from collections.abc import Mapping

from pydantic import GetCoreSchemaHandler
from pydantic_core import core_schema

from ..errors import BookError, shorten, unknown

VARIABLE = "GRADBOOK_LIMITS"
"""Where the owner of a book raises limits: GRADBOOK_LIMITS="numbers=50000 layers=40". An environment variable and
no file, because a file could come along with a stranger's example."""

DEFAULTS = {
    "bytes": 500_000,  # of an example file or a source file
    "depth": 32,  # brackets within brackets, and dots in a key
    "name": 60,  # characters of an example's name
    "title": 200,  # characters of a title
    "text": 4000,  # characters of an introduction
    "symbol": 120,  # characters of a symbol
    "layers": 30,
    "steps": 12,  # of time, or tokens of a sequence
    "maps": 8,  # of one layer, in and out
    "window": 16,  # of a convolution or a pooling: how far it moves, how much is put around a map
    "numbers": 10_000,  # of one array
    "size": 20_000,  # numbers of the data, the parameters and the units together
    "curve": 100_000,  # updates in the loss curve
    "printed": 40_000,  # numbers in an example's tables of updates
    "multiplications": 10_000_000_000,  # for the loss curve and the check of every gradient
    "places": 200,  # of a source
    "figures": 400,  # that a source prints
    "comparisons": 200_000,  # of a source's figures with the numbers of the trace
    "updates": 10_000,  # after which a source prints a figure
    "exponent": 99,  # of a figure that a source prints
}


class Limits(Mapping):
    """The limits in force: name -> number. Reading one raises BookError if the variable is wrong."""

    def __getitem__(self, name: str) -> int:
        return _in_force(os.environ.get(VARIABLE, "")).get(name, DEFAULTS[name])

    def __iter__(self):
        return iter(DEFAULTS)

    def __len__(self) -> int:
        return len(DEFAULTS)

    def rule(self, name: str, found: int | str) -> str:
        """The end of a sentence about something of size `found`: the limit's name, and how to raise it."""
        return f"the limit ({name}) is {self[name]}; {VARIABLE}={name}={found} raises it"


LIMITS = Limits()


def _in_force(text: str) -> dict[str, int]:
    found = {}
    for part in re.split(r"[\s,]+", text.strip()) if text.strip() else ():
        name, _, number = part.partition("=")
        if name not in DEFAULTS:
            raise unknown(VARIABLE, "limit", name, DEFAULTS)
        if not re.fullmatch(r"[1-9][0-9]{0,14}", number):
            raise BookError(f"{VARIABLE}: {name}: expected a whole number greater than 0, found {shorten(number)}.")
        found[name] = int(number)
    return found


class AtMost:
    """Refuses a list or a text that is longer than a limit, or a whole number above it, before it is looked into."""

    def __init__(self, limit: str):
        self.limit = limit

    def check(self, value):
        size = len(value) if isinstance(value, list | str) else value if type(value) is int else 0
        if size > LIMITS[self.limit]:
            kind = "is" if type(value) is int else "has"
            unit = " characters" if isinstance(value, str) else " entries" if isinstance(value, list) else ""
            raise ValueError(f"{kind} {shorten(size)}{unit}; {LIMITS.rule(self.limit, shorten(size))}")
        return value

    def __get_pydantic_core_schema__(self, source, handler: GetCoreSchemaHandler):
        return core_schema.no_info_before_validator_function(self.check, handler(source))

    def __get_pydantic_json_schema__(self, schema, handler):
        written = handler(schema)
        words = {"array": "maxItems", "string": "maxLength", "integer": "maximum"}
        return written | {words[written["type"]]: LIMITS[self.limit], "x-limit": self.limit}
