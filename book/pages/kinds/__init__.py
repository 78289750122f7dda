"""The page kinds: one template each, `templates/pages/<n>-<name>.md.j2`, and, where a kind shows more than every page
does, one file here, found by the same name, in ours and in the same place of every plug-in.

Such a file has `Page`, a subclass of `book.pages.view.View`: its names are what the template sees in `view`.
"""

import re
from dataclasses import dataclass
from pathlib import Path
from pkgutil import iter_modules

from gradbook.engine import plugins
from gradbook.engine.errors import BookError

from ...i18n.finding import names
from ..view import View

plugins.join("book/pages/kinds")

FILE = re.compile(r"(?P<number>\d{1,9})-(?P<name>[a-z][a-z0-9-]*)")
"""How the template of a page kind is called, without its ending."""


@dataclass(frozen=True)
class PageKind:
    """A page that examples have: its name, its template, and what that sees."""

    name: str
    template: str
    page: type[View]


def page_kinds() -> tuple[PageKind, ...]:
    """The page kinds of all roots, in reading order.

    Raises BookError if a template is called otherwise, if two are for one name, or if a file has no template.
    """
    plugins.sound()
    files: dict[str, Path] = {}
    found = []
    for template, path in names("pages/*.md.j2").items():
        kind = FILE.fullmatch(path.name.removesuffix(".md.j2"))
        if not kind:
            raise BookError(
                f"{plugins.named(path)}: a page kind's file is called <number>-<name>.md.j2, name in a-z, 0-9 and -."
            )
        if (other := files.setdefault(kind["name"], path)) != path:
            raise BookError(
                f"{plugins.named(path)}: there is a page kind {kind['name']!r} already, {plugins.named(other)}."
            )
        found.append((int(kind["number"]), kind["name"], template))
    _refuse_without_template(files)
    return tuple(PageKind(name, template, page_of(name)) for _, name, template in sorted(found))


def page_of(name: str) -> type[View]:
    """What the template of a page kind sees: `Page` of its file, `View` if it has none. Raises BookError."""
    module = _module(name)
    if module not in _modules():
        return View
    found = getattr(plugins.load(f"{__name__}.{module}"), "Page", None)
    if not (isinstance(found, type) and issubclass(found, View)):
        place = plugins.file_of(f"{__name__}.{module}")
        raise BookError(f"{place}: has no 'Page'; a page kind's file has `class Page(View)`.")
    return found


def _modules() -> set[str]:
    return {info.name for info in iter_modules(__path__) if not info.name.startswith("_")}


def _module(name: str) -> str:
    """The file of a page kind: 'two-parts' has two_parts.py."""
    return name.replace("-", "_")


def _refuse_without_template(files: dict[str, Path]) -> None:
    for module in sorted(_modules() - {_module(name) for name in files}):
        place = plugins.file_of(plugins.load(f"{__name__}.{module}").__name__)
        raise BookError(f"{place}: has no template templates/pages/<number>-{module.replace('_', '-')}.md.j2.")
