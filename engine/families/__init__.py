"""The model families: one file each, found by its name, here and in the same place of every plug-in.

A family module has `Spec`, what its example files say beyond the common keys (a subclass of
engine.spec.example.Example), `forward(tape, spec)`, which writes the forward pass and returns the name of the loss,
and `new(widths, activation, samples, random)`, which proposes the tables of a new example, or None if the
candidate came to nothing; `templates/new/<family>.toml.j2` makes a file of them.

Editors show, and the reference prints, the docstring below each key, the sentence `LOSS` of `Spec`, which says what
the loss is, and the docstrings of its validators, which say what is refused.
"""

from functools import cache
from pkgutil import iter_modules
from types import ModuleType

from .. import plugins
from ..errors import BookError

plugins.join("engine/families")


def families() -> tuple[str, ...]:
    """The names of all families, sorted. Raises BookError if something is wrong with a plug-in."""
    plugins.sound()
    return _names(tuple(__path__))


@cache
def _names(path: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(sorted(m.name for m in iter_modules(path) if not m.name.startswith("_")))


def family(name: str) -> ModuleType:
    """The module of a family, one of `families()`. Raises BookError if it is a plug-in's and wrong."""
    module = plugins.load(f"{__name__}.{name}")
    for part in ("Spec", "forward"):
        if not hasattr(module, part):
            raise BookError(
                f"{plugins.file_of(module.__name__)}: has no {part!r}; a family has `Spec` and `forward`."
            )
    return module
