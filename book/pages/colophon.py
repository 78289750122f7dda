"""What the book was made with: versions that shape its bytes, typefaces and their licences, how to cite it."""

import platform
from dataclasses import dataclass
from importlib.metadata import version

from gradbook import __version__

from ..cache.shaping import PROGRAMS
from ..i18n.words import environment
from ..project import Project

OFL = "SIL Open Font License 1.1"


@dataclass(frozen=True)
class Typeface:
    """A typeface of the book: `source` is the distribution that carries it."""

    name: str
    licence: str
    source: str
    use: str  # a key of `uses` in templates/colophon.md.j2


TYPEFACES = (
    Typeface("STIX Two Math", OFL, "ziamath", "formulas"),
    Typeface("Libertinus Serif", OFL, "typst", "text"),
    Typeface("Noto Serif CJK SC, Noto Sans CJK SC, Noto Sans Mono CJK SC", OFL, "mplfonts", "chinese"),
    Typeface("DejaVu Sans Mono", "Bitstream Vera, Arev", "typst", "code"),
)


def edition() -> str:
    """The version of gradbook."""
    return __version__


def programs() -> list[tuple[str, str]]:
    """(name, version) of what the book is made with, Python first."""
    return [("Python", platform.python_version()), *((name, version(name)) for name in PROGRAMS)]


def colophon(project: Project, lang: str) -> str:
    """The page, in one language."""
    typefaces = [(face, version(face.source)) for face in TYPEFACES]
    template = environment(lang).get_template("colophon.md.j2")
    words = {"edition": edition(), "programs": programs(), "project": project, "title": project.title(lang)}
    return template.render(words, typefaces=typefaces)
