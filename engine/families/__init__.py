"""The model families: one file each, found by its name.

A family module has `Spec`, what its example files say beyond the common keys (a subclass of
engine.example.Example), `forward(tape, spec)`, which writes the forward pass and returns the name of the loss,
and `new(widths, activation, samples, random)`, which proposes the tables of a new example, or None if the
candidate came to nothing; `templates/new/<family>.toml.j2` makes a file of them.
"""

from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from types import ModuleType


@cache
def families() -> tuple[str, ...]:
    """The names of all families, sorted."""
    return tuple(sorted(m.name for m in iter_modules(__path__)))


def family(name: str) -> ModuleType:
    """The module of the family `name`, which must be one of `families()`."""
    return import_module(f"{__name__}.{name}")
