"""A textbook on neural-network training in which every number is computed: its public names, loaded when asked."""

from importlib import import_module
from pathlib import Path

__version__ = "0.1.0"

if not (Path(__file__).parent / "engine").is_dir():  # in a checkout the rooms lie beside this folder, not in it
    __path__.append(str(Path(__file__).resolve().parent.parent))

_PUBLIC = {
    "BookError": "engine.errors",
    "Example": "engine.example",
    "GradientCheck": "engine.check",
    "OPS": "engine.ops",
    "Step": "engine.trace",
    "Tape": "engine.tape",
    "Trace": "engine.trace",
    "backward": "engine.backward",
    "check_gradients": "engine.check",
    "load": "engine.example",
    "lower": "engine.lower",
    "op": "engine.ops",
    "pencil": "engine.trace",
    "train": "engine.lower",
    "work": "engine.work",
}
"""The public names, and the module that each is loaded from: `import gradbook` alone loads no library."""

__all__ = ["__version__", *_PUBLIC, "setup"]


def __getattr__(name: str):
    if name not in _PUBLIC:
        raise AttributeError(f"module 'gradbook' has no attribute {name!r}")
    return getattr(import_module(f"gradbook.{_PUBLIC[name]}"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


def setup(app) -> dict:
    """What Sphinx calls for `extensions = ["gradbook"]`: the role `value`, for any project (docs/in-sphinx.md)."""
    from gradbook.book.ext.anywhere import setup

    return setup(app)
