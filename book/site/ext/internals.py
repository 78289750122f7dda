"""All that leans on the insides of Sphinx and of the theme, which they do not promise: here to look when they change.

Our templates (book/site/theme) lean on the theme's blocks (`site_meta`, `theme_styles`, `extrahead`, `body`,
`regular_scripts`, `footer`) and on its `partials/icons.html` and `sidebar/*.html`; our style sheet leans on its class
names and variables.
"""

import json
import logging
from collections.abc import Callable, Iterable, Iterator
from copy import copy, deepcopy
from functools import cache
from weakref import ref

import sphinx.events
import sphinx.highlighting
import sphinx.locale
import sphinx.util.docutils
from docutils import nodes
from docutils.frontend import get_default_settings
from docutils.utils import DependencyList
from myst_parser.mdit_to_docutils import base as myst
from myst_parser.parsers import sphinx_ as sphinx_parser
from sphinx import addnodes
from sphinx.transforms import SphinxTransform
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util.logging import get_node_location
from sphinx.util.nodes import inline_all_toctrees

NAVIGATION = "furo_navigation_tree"
"""The name under which the theme's templates look for the navigation, as HTML."""

FILLED = (list, dict, DependencyList)
"""What a page puts something into, among its settings."""

MOST_BLOCKS = 4096
"""So many blocks of code are remembered."""


def add_words(catalogue) -> None:
    """Templates take their words from Sphinx's own catalogue, kept under these two names; ours is asked next."""
    sphinx.locale.translators["general", "sphinx"].add_fallback(catalogue)


def keep_theme_from_navigation(context: dict) -> None:
    """The theme, whose turn is at priority 500, builds its navigation by this function, and none if it is missing."""
    context.pop("toctree", None)


def contents_lists(env, page: str) -> list[addnodes.toctree]:
    """`env.tocs` has the headings of each page as a list, and the page's contents lists among them."""
    return list(env.tocs[page].findall(addnodes.toctree)) if page in env.tocs else []


def has_headings(env, page: str) -> bool:
    return bool(env.tocs[page].children)


def headings(env) -> list[str]:
    """The headings of every page, by page."""
    return [toc.astext() for _, toc in sorted(env.tocs.items())]


def title_as_html(builder, title: nodes.title) -> str:
    """What the HTML builder does for titles with more than plain words in them."""
    return builder.render_partial(title)["title"]


def neighbours(env) -> dict[str, list[str | None]]:
    """For each page the page above it, the one before and the one after."""
    return env.collect_relations()


def labels(env) -> list[tuple[str, tuple]]:
    """Whatever has a label: its name, and where it is with the words that stand for it."""
    std = env.get_domain("std")
    return [*sorted(std.anonlabels.items()), *sorted(std.labels.items())]


def without_lost_words(script: str) -> str:
    """The search index without words that no page has any more: a call with JSON, where `terms` map to pages."""
    head, body = script[: script.index("(") + 1], script[script.index("(") + 1 : -1]
    index = json.loads(body)
    for kind in ("terms", "titleterms"):
        index[kind] = {word: pages for word, pages in index[kind].items() if pages != []}
    return f"{head}{json.dumps(index, separators=(',', ':'), sort_keys=True)})"


def whole_book(builder) -> nodes.document:
    """All documents in one tree, links resolved, pictures found: as Sphinx's singlehtml puts them together."""
    env, root = builder.env, builder.config.root_doc
    tree = inline_all_toctrees(builder, set(), root, env.get_doctree(root), str, [root])
    tree["docname"] = root
    env.resolve_references(tree, root, builder)
    builder.post_process_images(tree)
    return tree


def names_of_formula(node: nodes.math_block) -> Iterable[str]:
    """The ids that a displayed formula still needs: the theme wraps it, and gives them to the wrapper too."""
    return [] if node["ids"] == node.parent.get("ids") else node["ids"]


@cache
def hasten() -> None:
    """The same pages with less work: once in a process, before it reads a page."""
    for change in (settle_once, hold_downwards, look_for_what_there_is, remember_colours_of_code, write_no_diary):
        change()


def settle_once() -> None:
    """docutils' settings and MyST's parser are the same for each text of a build, and a translated paragraph is a
    text: they are made once. MyST asks for settings only to fill a document that is no page."""
    myst.get_default_settings = cache(get_default_settings)
    if get := getattr(sphinx.util.docutils, "_get_settings", None):  # since Sphinx 9
        sphinx.util.docutils._get_settings = _kept_settings(get)
    _keep_parser()


def _kept_settings(get: Callable) -> Callable:
    """Sphinx's settings of a page, which fills what in them can be filled; kept until the defaults are others."""
    latest: dict[tuple, tuple] = {}

    def settings(*components, defaults, read_config_files=False):
        kinds = (*(each if isinstance(each, type) else type(each) for each in components), read_config_files)
        known, found = latest.get(kinds, (None, None))
        if known != defaults:
            found = get(*components, defaults=defaults, read_config_files=read_config_files)
            latest[kinds] = dict(defaults), found
        own = {name: deepcopy(held) for name, held in vars(found).items() if isinstance(held, FILLED)}
        given = copy(found)
        vars(given).update(own)
        return given

    return settings


def _keep_parser() -> None:
    """MyST's parser keeps nothing of a text but the document that it fills, which each text sets anew. A text that
    stands in another while that is read gets one of its own, and so does a page with settings of its own."""
    make, parse = sphinx_parser.create_md_parser, sphinx_parser.MystParser.parse
    latest: dict[tuple, tuple] = {}
    at_work: list[str] = []

    def parser(config, renderer):
        place = (len(at_work), renderer)
        if latest.get(place, (None,))[0] is not config:
            latest[place] = (config, make(config, renderer))
        return latest[place][1]

    def parse_one(self, inputstring, document):
        at_work.append(document["source"])
        try:
            parse(self, inputstring, document)
        finally:
            at_work.pop()

    sphinx_parser.create_md_parser, sphinx_parser.MystParser.parse = parser, parse_one


class Branch(myst.SyntaxTreeNode):
    """A part of a parsed text that does not hold what it is part of: so the text goes when it is done with, where
    parts that hold each other wait for the search for waste."""

    @property
    def parent(self):
        return self._parent and self._parent()

    @parent.setter
    def parent(self, node):
        self._parent = node and ref(node)


def hold_downwards() -> None:
    """MyST makes a tree of each text and of each cell of a table, and only walks it from its root."""
    myst.SyntaxTreeNode = Branch


class OfOneDocument(SphinxTransform):
    """Sphinx sets the words of a translation into a page and leaves them the documents that they were parsed in, one
    for each paragraph, with all settings: these would be kept with the page, in memory and on disk."""

    default_priority = 21  # after the translation (20)

    def apply(self, **kwargs) -> None:
        for node in self.document.findall():
            node.document = self.document


class NoteNodes(SphinxPostTransform):
    """A link that is resolved leaves the tree, and still holds the paragraph that it stood in."""

    formats = ("html",)
    default_priority = 0  # before any other

    def run(self, **kwargs) -> None:
        self.document.nodes_before = list(self.document.findall())


def tell_places() -> None:
    """Warnings wait until all pages are written, and only then ask a node where it stands: here they are told."""
    for handler in logging.getLogger("sphinx").handlers:
        for warning in getattr(handler, "buffer", ()):
            if isinstance(place := getattr(warning, "location", None), nodes.Node):
                warning.location = get_node_location(place)


def take_apart(tree: nodes.document) -> None:
    """A tree that nothing asks for any more goes at once when its nodes do not hold what they stand in."""
    for node in [*getattr(tree, "nodes_before", ()), *tree.findall()]:
        node.parent = node.document = None
    kept = {name: held for name, held in vars(tree).items() if name != "attributes" and isinstance(held, dict | list)}
    vars(tree).update({name: type(held)() for name, held in kept.items()})


def look_for_what_there_is() -> None:
    """docutils and Sphinx walk each page some fifty times, mostly for kinds of nodes that no page has. A kind of
    which no node was made in this process is in no tree; a node is made by `__new__` also when it is read from a
    file. Words alone have a `__new__` of their own."""
    made: set[type] = {nodes.Text}
    has = cache(lambda kind: any(issubclass(each, kind) for each in made))
    walk = nodes.Node.findall

    def new(kind: type, *_, **__) -> nodes.Node:
        if kind not in made:
            made.add(kind)
            has.cache_clear()
        return object.__new__(kind)

    def findall(self, condition=None, include_self=True, descend=True, siblings=False, ascend=False) -> Iterator:
        if isinstance(condition, type) and not has(condition):
            return iter(())
        if condition and not isinstance(condition, type) and include_self and descend and not siblings and not ascend:
            return filter(condition, walk(self))
        return walk(self, condition, include_self, descend, siblings, ascend)

    nodes.Node.__new__, nodes.Node.findall = new, findall


def remember_colours_of_code() -> None:
    """The same few lines of code stand on many pages. What cannot be read is told each time."""
    colour, known = sphinx.highlighting.highlight, {}

    def highlight(source, lexer, formatter):
        key = (source, *_says(lexer), tuple(type(each) for each in lexer.filters), *_says(formatter))
        if len(known) > MOST_BLOCKS:
            known.clear()
        if key not in known:
            known[key] = colour(source, lexer, formatter)
        return known[key]

    sphinx.highlighting.highlight = highlight


def _says(part) -> tuple:
    """What a lexer or a formatter of Pygments is, and what it was told."""
    return type(part), repr(sorted(part.options.items()))


def write_no_diary() -> None:
    """docutils makes a sentence of each node that it comes to and goes from, and Sphinx of all that it hands to a
    listener, a page whole: for a diary that no build of ours keeps. A walk is the same without."""
    sphinx.events.repr = lambda _: ""
    nodes.Node.walkabout = _walkabout


def _walkabout(self, visitor: nodes.NodeVisitor) -> bool:
    """Visits a node, what is below it, and leaves it; the visitor may leave each of these out. Is the walk to end?"""
    ended, leaves = False, True
    try:
        try:
            visitor.dispatch_visit(self)
        except nodes.SkipNode:
            return False
        except nodes.SkipDeparture:
            leaves = False
        ended = bool(self.children) and _walk_below(self, visitor)
    except nodes.SkipChildren:
        pass
    except nodes.StopTraversal:
        ended = True
    if leaves:
        visitor.dispatch_departure(self)
    return ended


def _walk_below(node: nodes.Node, visitor: nodes.NodeVisitor) -> bool:
    try:
        for child in node.children[:]:
            if child.walkabout(visitor):
                return True
    except nodes.SkipSiblings:
        pass
    return False
