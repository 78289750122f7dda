"""The first example of each family among those that are shipped with the book and with plug-ins."""

import tomllib
from pathlib import Path

from gradbook.engine import plugins
from gradbook.engine.spec.example import Example

SHIPPED = plugins.PACKAGE / "examples"


def shipped() -> dict[str, Path]:
    """The file of the first shipped example, by family."""
    folders = [SHIPPED, *(root / "examples" for root in plugins.roots()[1:])]
    found: dict[str, tuple[int, Path]] = {}
    for path in (path for folder in folders for path in sorted(folder.glob("*.toml"))):
        family, order = _place(path)
        found[family] = min(found.get(family, (order, path)), (order, path))
    return {family: path for family, (_, path) in found.items()}


def _place(path: Path) -> tuple[str, int]:
    """The family that an example file names, '' if it cannot be read, and its place in the order of examples."""
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8"))
    except ValueError:
        return "", 0
    order = tables.get("order")
    return str(tables.get("family", "")), order if isinstance(order, int) else Example.model_fields["order"].default
