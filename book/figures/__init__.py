"""The figures of an example, drawn from its trace as SVG: symbols and numbers only, for all languages."""

from collections.abc import Callable, Iterable
from importlib import import_module

import numpy as np

from gradbook.engine.spec.example import Example
from gradbook.engine.tape.trace import Trace

from ..formula.notation import Notation
from .figure import Figure, View

CATALOGUE = ("network", "model", "graph", "activation", "heat", "loss_curve", "boundary")
"""The kinds of figures: each a module of this package with `draw(view)`, which yields what applies to the example."""


def figures(
    example: Example,
    exact: Trace,
    notation: Notation,
    href: Callable[[str], str],
    losses: np.ndarray | None = None,
) -> dict[str, Figure]:
    """All figures that apply to the example, by name, which is also the name of the file.

    `href` gives the address of a step's derivation as seen from the page that shows the graph. `losses` are the
    losses over the further updates, if they are known already (engine.train); otherwise they are computed.
    """
    view = View(example, exact, notation, href, losses)
    return {figure.name: figure for kind in CATALOGUE for figure in _drawn(kind, view)}


def _drawn(kind: str, view: View) -> Iterable[Figure]:
    return import_module(f"{__name__}.{kind}").draw(view)
