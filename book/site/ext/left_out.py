"""Examples that are left out of a build: what stands for their values and their links, and the note on the page."""

import re
from collections.abc import Iterable

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment

from gradbook.book.base.address import address
from gradbook.book.i18n import words

from . import quotes

PAGE = re.compile(r"examples/([^/]+)/")


def _words(language: str | None) -> dict[str, str]:
    return words.environment(words.nearest(language)).get_template("site/words.j2").module.left_out


def placeholder(name: str, language: str | None) -> nodes.abbreviation:
    """What stands for a value of the example."""
    told = _words(language)["value"].replace("{name}", name.partition("@")[0])
    return nodes.abbreviation("…", "…", explanation=told, classes=["no-search"])


def put_note(app: Sphinx, doctree: nodes.document) -> None:
    """Says at the top of a page, below its title, which examples it quotes that are left out."""
    names = quotes.left_out(app.env, app.env.docname)
    if not names:
        return
    told = _words(app.config.language)
    text = told["note"].replace("{names}", told["comma"].join(names))
    place = doctree.next_node(nodes.section) or doctree
    at = place.first_child_matching_class(nodes.title)
    place.insert(0 if at is None else at + 1, nodes.note("", nodes.paragraph(text, text), classes=["left-out"]))


def leave_links(app: Sphinx, doctree: nodes.document) -> None:
    """In our book a link to an example that is left out is its words; the page is read again when it is back."""
    addresses = _addresses(app.env)
    for link in list(doctree.findall(addnodes.pending_xref)):
        name = addresses.get(_address(app.env, link.get("reftarget") or "", addresses))
        if name and quotes.note(app.env, None, f"#{name}") == quotes.LEFT_OUT:
            link.parent.replace(link, link.children if link.astext() else nodes.Text(name))


def _addresses(env: BuildEnvironment) -> dict[str, str]:
    """Where the examples of the book are, and would be, in it."""
    present = (found[1] for page in env.found_docs if (found := PAGE.match(page)))
    return {each: each for each in present} | {address(name): name for name in env.config.gradbook_left_out}


def _address(env: BuildEnvironment, target: str, addresses: Iterable[str]) -> str | None:
    """The example whose page, or a place in whose pages, a link leads to."""
    if found := PAGE.match(_path(env, target)):
        return found[1]
    fitting = (address for address in addresses if target == address or target.startswith(f"{address}-"))
    return max(fitting, key=len, default=None)


def _path(env: BuildEnvironment, target: str) -> str:
    """A target as the path of a file below the source folder; documents are named so already."""
    path = target.partition("#")[0]
    return env.relfn2path(path, env.docname)[0].replace("\\", "/") if path.endswith(".md") else path
