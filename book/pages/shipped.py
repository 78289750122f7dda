"""The first example of a family among those that are shipped with the book and with plug-ins."""

import tomllib
from pathlib import Path

from gradbook.engine import load, plugins

SHIPPED = plugins.PACKAGE / "examples"


def shipped(family: str) -> Path | None:
    """The file of the first shipped example of a family; None if there is none."""
    folders = [SHIPPED, *(root / "examples" for root in plugins.roots()[1:])]
    found = [path for folder in folders for path in sorted(folder.glob("*.toml")) if family_in(path) == family]
    return min(found, key=lambda path: (load(path).order, path), default=None)


def family_in(path: Path) -> str:
    """The family that an example file names; '' if it cannot be read."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8")).get("family", "")
    except ValueError:
        return ""
