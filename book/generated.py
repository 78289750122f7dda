"""Writes the generated pages of a book into the folders that Sphinx reads: of each example, and of all together."""

import re
from pathlib import Path

from gradbook.engine import BookError

from .catalogue import catalogue
from .colophon import colophon
from .files import write_folder
from .made import Made, Store
from .map import address, family_title, the_map
from .witness import last
from .words import environment

ADDRESS = re.compile(r"^(?:\* - )?\(([^()\s]+)\)=$", re.MULTILINE)
"""A place in a page that the whole book knows by this name."""


def write_pages(examples: list[Made], lang: str, folder: Path) -> list[str]:
    """Make `folder` (the source folder's examples/) hold the pages of these examples; returns what changed."""
    _check_addresses(examples, lang)
    files = {"index.md": _list_of_examples(examples, lang)}
    for example in examples:
        files |= {f"{example.name}/{name}": content for name, content in example.files[lang].items()}
    return write_folder(folder, files)


def _check_addresses(examples: list[Made], lang: str) -> None:
    """Refuses names that lead to the same address in the book: the page 'check' of a, and the example a-check."""
    owner: dict[str, str] = {}
    for example in examples:
        for page in example.files[lang].values():
            for place in ADDRESS.findall(page):
                if (other := owner.setdefault(place, example.name)) != example.name:
                    raise BookError(
                        f"examples {other!r} and {example.name!r}: both have the address {place!r} in the book; "
                        "choose another name for one."
                    )


def _list_of_examples(examples: list[Made], lang: str) -> str:
    ordered = sorted(examples, key=lambda example: (example.order, example.name))
    families: dict[str, list[Made]] = {}
    for example in ordered:
        families.setdefault(example.family, []).append(example)
    titles = {name: family_title(name, lang) for name in families}
    template = environment(lang).get_template("examples.md.j2")
    return template.render(examples=ordered, families=families, titles=titles, address=address, lang=lang)


def write_about(out: Path, examples: list[Made], lang: str, folder: Path) -> list[str]:
    """The pages that the book writes about itself."""
    page = environment(lang).get_template("checked.md.j2").render(result=last(out))
    return write_folder(
        folder, {"checked.md": page, "colophon.md": colophon(lang), **the_map(examples, _store(out)).files[lang]}
    )


def _store(out: Path) -> Store:
    """Where pages that are made of all examples together are kept."""
    return Store(out / "work" / "together")


def write_operations(out: Path, examples: list[Made], lang: str, folder: Path) -> list[str]:
    """The catalogue of operations."""
    return write_folder(folder, catalogue(examples, _store(out)).files[lang])


def write_traces(examples: list[Made], folder: Path) -> list[str]:
    """The exact values behind the printed numbers, as scripts that also work from a file: traces/<name>.js."""
    scripts = {name: text for example in examples for name, text in example.scripts.items()}
    return write_folder(folder, {f"{name}.js": text for name, text in scripts.items()})
