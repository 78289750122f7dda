"""The navigation beside each page, in the elements and classes of the theme; its folds work without a script.

The theme would build the whole tree anew for every page, which costs quadratically.
"""

from html import escape
from itertools import count

from sphinx.application import Sphinx

from gradbook.book.i18n import words

from .contents import Contents, Entry, contents, is_address
from .internals import NAVIGATION, keep_theme_from_navigation
from .page_context import language_code

TOGGLE = "Toggle navigation of "
ARROW = '<span class="icon"><svg><use href="#svg-arrow-right"></use></svg></span>'


def leave_out(app: Sphinx, pagename: str, templatename: str, context: dict, doctree) -> None:
    """The theme finds no contents to build its own navigation from."""
    keep_theme_from_navigation(context)


def put_in(app: Sphinx, pagename: str, templatename: str, context: dict, doctree) -> None:
    context[NAVIGATION] = navigation(app, pagename)


def navigation(app: Sphinx, page: str) -> str:
    """The navigation as HTML for a page, which is marked in it and stands in its open branch."""
    toggle = words.catalogue(language_code(app)).gettext(TOGGLE)
    return Writer(page, app.builder.get_target_uri, toggle).lists(contents(app), 1)


class Writer:
    """Writes for one page; the folds are numbered as they are written."""

    def __init__(self, page: str, address, toggle: str):
        self.page, self.address, self.toggle = page, address, toggle
        self.root, self.numbers = "../" * page.count("/"), count(1)

    def lists(self, lists: tuple[Contents, ...], level: int) -> str:
        return "".join(caption(each) + self.list(each, level) for each in lists)

    def list(self, contents: Contents, level: int) -> str:
        mark = ' class="current"' if any(self.page in entry.pages for entry in contents.entries) else ""
        return f"<ul{mark}>\n{''.join(self.item(entry, level) for entry in contents.entries)}</ul>\n"

    def item(self, entry: Entry, level: int) -> str:
        current = self.page in entry.pages
        shown = entry.lists and (current or not entry.inner)
        marks = {"current": current, "has-children": shown, "current-page": entry.name == self.page}
        classes = " ".join([f"toctree-l{level}", *(name for name, applies in marks.items() if applies)])
        below = self.fold(entry, current) + self.lists(entry.lists, level + 1) if shown else ""
        return f'<li class="{classes}">{self.link(entry)}{below}</li>\n'

    def link(self, entry: Entry) -> str:
        if entry.name == self.page:
            return f'<a class="current reference internal" href="#" aria-current="page">{entry.html}</a>'
        kind, address = "internal", self.root + self.address(entry.name)
        if is_address(entry.name):
            kind, address = "external", entry.name
        return f'<a class="reference {kind}" href="{escape(address)}">{entry.html}</a>'

    def fold(self, entry: Entry, is_open: bool) -> str:
        """A checkbox, and the label that is seen in its place."""
        name = f"toctree-checkbox-{next(self.numbers)}"
        said = f'role="switch" aria-label="{escape(self.toggle + entry.text)}"'
        state = " checked" if is_open else ""
        return (
            f'<input class="toctree-checkbox" id="{name}" type="checkbox" {said}{state}>'
            f'<label for="{name}">{ARROW}</label>'
        )


def caption(contents: Contents) -> str:
    text = f'<span class="caption-text">{escape(contents.caption)}</span>'
    return f'<p class="caption" role="heading" aria-level="2">{text}</p>\n' if contents.caption else ""
