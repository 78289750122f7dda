"""A textbook on neural-network training in which every number is computed: its public names, loaded when asked."""

from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

__version__ = "0.1.0"
__all__ = [
    "OPS",
    "BookError",
    "Example",
    "GradientCheck",
    "Step",
    "Tape",
    "Trace",
    "backward",
    "check_gradients",
    "derivation",
    "load",
    "lower",
    "op",
    "pencil",
    "train",
    "work",
]

if not (Path(__file__).parent / "engine").is_dir():  # in a checkout the rooms lie beside this folder, not in it
    __path__.append(str(Path(__file__).resolve().parent.parent))

BEYOND_THE_ENGINE = {"derivation": "gradbook.book.formula.formula"}
"""Public names that are not the engine's, and the modules that have them."""

if TYPE_CHECKING:
    from gradbook.book.formula.formula import derivation
    from gradbook.engine import (
        OPS,
        BookError,
        Example,
        GradientCheck,
        Step,
        Tape,
        Trace,
        backward,
        check_gradients,
        load,
        lower,
        op,
        pencil,
        train,
        work,
    )
else:  # what a type checker must not see: to it every name would be known

    def __getattr__(name: str):
        if name not in __all__:
            raise AttributeError(_unknown(name))
        engine = import_module("gradbook.engine")
        engine.Trace.viewer = _viewer
        return getattr(import_module(BEYOND_THE_ENGINE[name]) if name in BEYOND_THE_ENGINE else engine, name)


def __dir__() -> list[str]:
    return sorted({*__all__, "setup", *(name for name in globals() if name.startswith("__"))})


def _unknown(name: str) -> str:
    from difflib import get_close_matches

    near = get_close_matches(name, [*__all__, "setup"], n=1)
    hint = f" Did you mean {near[0]!r}?" if near else ""
    return f"module 'gradbook' has no attribute {name!r}.{hint} Known: {', '.join(__all__)}."


def _viewer():
    """What shows traces in a notebook, loaded when the first is shown."""
    return import_module("gradbook.book.pages.notebook")


def setup(app) -> dict[str, object]:
    """What Sphinx calls for `extensions = ["gradbook"]`: the role `value`, for any project (docs/in-sphinx.md)."""
    from gradbook.book.site.ext.anywhere import setup

    return setup(app)
