"""What is read from templates and catalogues once, until `forget`; other roots may give something else."""

from collections.abc import Callable
from functools import cache, wraps

from gradbook.engine import plugins

_kept: list[Callable] = []


def cached(function: Callable) -> Callable:
    """The function, which remembers what it gives under the roots of the moment."""
    of = cache(lambda _roots, *args: function(*args))
    keeping = wraps(function)(lambda *args: of(plugins.roots(), *args))
    keeping.cache_clear = of.cache_clear
    _kept.append(keeping)
    return keeping


def forget() -> None:
    """Read catalogues and templates anew: they may have been edited."""
    for function in _kept:
        function.cache_clear()
