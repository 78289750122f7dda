"""Where an example uses each operation: for the catalogue of operations and the map of the book."""

from .page import PageView

MOST = 4
"""So many steps of an example are named for one operation."""


def uses(view: PageView) -> dict[str, dict]:
    """By operation: `steps`, the first lines that use it as Markdown links, `count`, how many use it, and
    `forward`, whether the forward pass does. In no language: what links show are symbols."""
    found: dict[str, dict] = {}
    for phase in ("forward", "backward", "update"):
        for step in view.trace.lines(phase):
            for op in view.ops(step.name):
                use = found.setdefault(op, {"steps": [], "count": 0, "forward": phase == "forward"})
                use["count"] += 1
                if len(use["steps"]) < MOST:
                    use["steps"].append(view.link(step.name))
    return found
