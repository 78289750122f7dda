"""What the book was made with: versions that shape its bytes, typefaces and their licences, how to cite it."""

import platform
from dataclasses import dataclass
from importlib.metadata import version

from gradbook import __version__

from ..cache.shaping import PROGRAMS
from ..i18n.language import SOURCE, language, native_name
from ..i18n.words import environment, languages
from ..project import Project

OFL = "SIL Open Font License 1.1"


@dataclass(frozen=True)
class Typeface:
    """A typeface of the book: `source` is the distribution that carries it."""

    name: str
    licence: str
    source: str
    use: str  # a key of `uses` in templates/colophon.md.j2


TEXT = (Typeface("STIX Two Math", OFL, "ziamath", "formulas"), Typeface("Libertinus Serif", OFL, "typst", "text"))
CODE = Typeface("DejaVu Sans Mono", "Bitstream Vera, Arev", "typst", "code")


def typefaces() -> list[Typeface]:
    """The typefaces of the book; those of its languages are named by these."""
    named = ((lang, face) for lang in languages() if lang != SOURCE for face in language(lang).typefaces)
    own = [Typeface(face.name, face.licence, face.source, face.use or native_name(lang)) for lang, face in named]
    return [*TEXT, *own, CODE]


def edition() -> str:
    """The version of gradbook."""
    return __version__


def programs() -> list[tuple[str, str]]:
    """(name, version) of what the book is made with, Python first."""
    return [("Python", platform.python_version()), *((name, version(name)) for name in PROGRAMS)]


def colophon(project: Project, lang: str) -> str:
    """The page, in one language."""
    faces = [(face, version(face.source)) for face in typefaces()]
    template = environment(lang).get_template("colophon.md.j2")
    words = {"edition": edition(), "programs": programs(), "project": project, "title": project.title(lang)}
    return template.render(words, typefaces=faces)
