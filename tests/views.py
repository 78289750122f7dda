"""What page templates see of an example, for tests."""

from pathlib import Path

from gradbook.book.pages.kinds import page_of
from gradbook.book.pages.material import Material
from gradbook.book.pages.view import View
from gradbook.book.pages.worked import Worked
from gradbook.engine import Example, load, work


def worked(example: Example | Path | str) -> Worked:
    """An example worked through: one that is loaded, a file, or one of the book's by its name."""
    if isinstance(example, str):
        example = Path(__file__).parent.parent / "examples" / f"{example}.toml"
    if isinstance(example, Path):
        example = load(example)
    return Worked.of(example, work(example))


def view(example: Worked | Example | Path | str, kind: str = "", lang: str = "en") -> View:
    """What the template of a page kind sees; without a kind, what those of all kinds see."""
    found = example if isinstance(example, Worked) else worked(example)
    return (page_of(kind) if kind else View)(Material(found), lang)
