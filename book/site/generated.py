"""Writes the generated pages of a book into the folders that Sphinx reads: of each example, and of all together."""

import re
from pathlib import Path

from gradbook.engine import BookError

from ..base.files import write_folder
from ..cache.examples import BuiltExample, Cache
from ..i18n.words import environment
from ..pages.catalogue import catalogue
from ..pages.colophon import colophon
from ..pages.map import address, the_map
from ..pages.reference import reference
from ..pages.titles import family_title
from ..project import Edition
from .check_inputs import last

ADDRESS = re.compile(r"^(?:\* - )?\(([^()\s]+)\)=$", re.MULTILINE)
"""A place in a page that the whole book knows by this name."""


def write_pages(
    examples: list[BuiltExample], lang: str, folder: Path, has_map: bool = True, lists_reference: bool = False
) -> list[str]:
    """Make `folder` (the source folder's examples/) hold the pages of these examples; returns what changed.

    `has_map` tells whether the book has a map to refer to; with `lists_reference` the list of examples has the
    reference in its contents, as no chapter has it."""
    _check_addresses(examples, lang)
    files = {"index.md": _list_of_examples(examples, lang, has_map, lists_reference)}
    for example in examples:
        files |= {f"{example.address}/{name}": content for name, content in example.files[lang].items()}
    return write_folder(folder, files)


def _check_addresses(examples: list[BuiltExample], lang: str) -> None:
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


def _list_of_examples(examples: list[BuiltExample], lang: str, has_map: bool, lists_reference: bool) -> str:
    ordered = sorted(examples, key=lambda example: example.place)
    families: dict[str, list[BuiltExample]] = {}
    for example in ordered:
        families.setdefault(example.family, []).append(example)
    titles = {name: family_title(name, lang) for name in families}
    template = environment(lang).get_template("examples.md.j2")
    return template.render(
        examples=ordered, families=families, titles=titles, address=address, lang=lang, has_map=has_map,
        lists_reference=lists_reference,
    )  # fmt: skip


def write_about(edition: Edition, out: Path, examples: list[BuiltExample], lang: str, folder: Path) -> list[str]:
    """The pages that the book writes about itself."""
    page = environment(lang).get_template("checked.md.j2").render(result=last(out), command=edition.project.command)
    files = {"checked.md": page, "colophon.md": colophon(edition.project, lang)}
    return write_folder(folder, files | (the_map(examples, _store(out)).files[lang] if edition.has_reference else {}))


def _store(out: Path) -> Cache:
    """Where pages that are made of all examples together are kept."""
    return Cache(out / "work" / "together")


def write_operations(
    out: Path, examples: list[BuiltExample], lang: str, folder: Path, reference: bool = True
) -> list[str]:
    """The catalogue of operations, in a book that has one."""
    return write_folder(folder, catalogue(examples, _store(out)).files[lang] if reference else {})


def write_reference(out: Path, examples: list[BuiltExample], lang: str, folder: Path) -> list[str]:
    """The reference of example files, of the families that the examples are of."""
    return write_folder(folder, reference(examples, _store(out)).files[lang])


def write_traces(examples: list[BuiltExample], source: Path) -> list[str]:
    """The exact values behind the printed numbers: as scripts that also work from a file, static/traces/<name>.js,
    and as the traces that prose quotes, traces/<name>.json."""
    files = {name: text for example in examples for name, text in example.traces.items()}
    scripts = {name: text for name, text in files.items() if name.endswith(".js")}
    traces = {name: text for name, text in files.items() if name not in scripts}
    return [*write_folder(source / "static" / "traces", scripts), *write_folder(source / "traces", traces)]
