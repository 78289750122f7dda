"""Where an example uses each operation: for the catalogue of operations and the map of the book."""

from gradbook.engine.tape.trace import PHASES

from .arrangement import ops
from .places import places
from .worked import Worked

MOST = 4
"""So many steps of an example are named for one operation."""


def uses(worked: Worked) -> dict[str, dict]:
    """By operation: `steps`, the first lines that use it as Markdown links, `count`, how many use it, and
    `forward`, whether the forward pass does. In no language: what links show are symbols."""
    found: dict[str, dict] = {}
    for phase in PHASES:
        for step in worked.printed.lines(phase):
            for op in ops(worked.printed, step.name):
                use = found.setdefault(op, {"steps": [], "count": 0, "forward": phase == "forward"})
                use["count"] += 1
                if len(use["steps"]) < MOST:
                    use["steps"].append(places(worked).link(step.name))
    return found
