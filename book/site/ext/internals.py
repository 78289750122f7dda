"""All that leans on the insides of Sphinx and of the theme, which they do not promise: here to look when they change.

Our templates (book/site/theme) lean on the theme's blocks (`site_meta`, `theme_styles`, `extrahead`, `body`,
`regular_scripts`, `footer`) and on its `partials/icons.html` and `sidebar/*.html`; our style sheet leans on its class
names and variables.
"""

import json
from collections.abc import Iterable
from copy import copy, deepcopy
from functools import cache
from weakref import ref

import sphinx.locale
from docutils import nodes
from docutils.frontend import get_default_settings
from markdown_it import MarkdownIt
from markdown_it.tree import SyntaxTreeNode
from markdown_it.utils import OptionsDict
from myst_parser.mdit_to_docutils import base as myst
from myst_parser.parsers import sphinx_ as sphinx_parser
from sphinx import addnodes
from sphinx.transforms import SphinxTransform
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util.nodes import inline_all_toctrees

NAVIGATION = "furo_navigation_tree"
"""The name under which the theme's templates look for the navigation, as HTML."""


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


def settle_once() -> None:
    """docutils' settings and MyST's parser are the same for each text of a build. They are collected once, and each
    text gets a copy: a translated paragraph is a text of its own."""
    settings = cache(get_default_settings)
    myst.get_default_settings = lambda *components: deepcopy(settings(*components))
    make, latest = sphinx_parser.create_md_parser, {}

    def create_md_parser(config, renderer):
        known = latest.get(renderer)
        if known is None or known[0] is not config:
            latest[renderer] = known = (config, make(config, renderer))
        return _parser_like(known[1])

    sphinx_parser.create_md_parser = create_md_parser


def _parser_like(parser: MarkdownIt) -> MarkdownIt:
    """Another parser with the same rules, which keep nothing of a text; its options and renderer are its own."""
    new, renderer = copy(parser), copy(parser.renderer)
    new.options = OptionsDict(parser.options)
    new.renderer, renderer.md = renderer, new
    renderer.rules = {name: getattr(renderer, name) for name in parser.renderer.rules}
    return new


class Branch(SyntaxTreeNode):
    """A part of a parsed text that does not hold what it is part of: so the text goes when it is done with, where
    parts that hold each other wait for the search for waste."""

    @property
    def parent(self):
        return self._parent and self._parent()

    @parent.setter
    def parent(self, node):
        self._parent = node and ref(node)


def hold_downwards() -> None:
    """MyST makes a tree of each text and of each cell of a table, and needs it while it walks it from its root."""
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


def take_apart(tree: nodes.document) -> None:
    """A tree that nothing asks for any more goes at once when its nodes do not hold what they stand in."""
    for node in [*getattr(tree, "nodes_before", ()), *tree.findall()]:
        node.parent = node.document = None
    kept = {name: held for name, held in vars(tree).items() if name != "attributes" and isinstance(held, dict | list)}
    vars(tree).update({name: type(held)() for name, held in kept.items()})
