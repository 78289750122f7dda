"""The exact traces of examples in their public form: what is quoted of them, and what the checker is given."""

from pathlib import Path

from gradbook.engine import load, work

from .worked import Worked


def traces(paths: list[Path], changes: tuple[str, ...] = ()) -> dict[str, str]:
    """The exact traces of all examples, as JSON text: of the first update, and of the second where it is shown."""
    found = {}
    for path in paths:
        example = load(path, changes)
        worked = Worked.of(example, work(example))
        found |= {w.exact.example: w.exact.to_json() for w in (worked, worked.second) if w}
    return found
