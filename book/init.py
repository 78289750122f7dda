"""A new book: a folder with its settings, a first example and a first page."""

from pathlib import Path

from gradbook.engine.errors import BookError

from .base.files import write
from .i18n.words import SOURCE, check_language, environment
from .new import new_example
from .project import ALWAYS, PACKAGE, SETTINGS, Project, chapters_in

FIRST = "first"
"""The name of the example that a new book begins with."""


def new_book(folder: Path, title: str, authors: tuple[str, ...], langs: tuple[str, ...], shipped: bool) -> list[Path]:
    """Make `folder` a book of its own; returns the files that were written. What is there already stays.

    With `shipped` gradbook's own examples and chapters come along. Raises BookError, and writes nothing, if the
    folder is a book already or lies in the way, if a language is unknown or a title cannot be set.
    """
    if (folder / SETTINGS).exists():
        raise BookError(f"{folder / SETTINGS}: is already there; this folder is a book.")
    if folder.exists() and not folder.is_dir():
        raise BookError(f"{folder}: is a file; name a folder.")
    for lang in langs:
        check_language(lang)
    words = {"title": title, "authors": authors, "langs": langs, "shipped": shipped, "first": FIRST}
    settings = _rendered("gradbook.toml.j2", words)
    Project.of(settings, folder)  # refuses what cannot be a title before anything is written
    try:
        return _write(folder, settings, words)
    except OSError as error:
        raise BookError(f"{folder}: cannot be written ({error.strerror}).") from None


def _write(folder: Path, settings: str, words: dict) -> list[Path]:
    """The settings go last: a folder that holds them is whole."""
    written = []
    if not (folder / "examples").exists():
        (folder / "examples").mkdir(parents=True)
        written.append(new_example(folder / "examples", FIRST, "mlp", "2,2,1", command="gradbook"))
    page = _rendered("index.md.j2", words | {"chapters": _chapters(words["shipped"])}, words["langs"][0])
    for name, text in {"docs/index.md": page, ".gitignore": "/build/\n", SETTINGS: settings}.items():
        if not (folder / name).exists():
            write(folder / name, text)
            written.append(folder / name)
    return written


def _chapters(shipped: bool) -> list[str]:
    """The documents that come along, as a contents list names them."""
    ours = chapters_in(PACKAGE / "docs") if shipped else ALWAYS
    return sorted(name.removesuffix(".md") for name in ours if name.endswith(".md") and name != "index.md")


def _rendered(template: str, words: dict, lang: str = SOURCE) -> str:
    return environment(lang).get_template(f"new/{template}").render(words)
