"""All that leans on the insides of Sphinx and of the theme, which they do not promise: here to look when they change.

Our templates (book/site/theme) lean on the theme's blocks (`site_meta`, `theme_styles`, `extrahead`, `body`,
`regular_scripts`, `footer`) and on its `partials/icons.html` and `sidebar/*.html`; our style sheet leans on its class
names and variables.
"""

import json
from collections.abc import Iterable
from copy import deepcopy
from functools import cache

import sphinx.locale
from docutils import nodes
from docutils.frontend import get_default_settings
from myst_parser.mdit_to_docutils import base as myst
from sphinx import addnodes
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
    """MyST collects docutils' default settings anew for each text, and a translated paragraph is one: that was a
    quarter of the time that a translation took to read."""
    settings = cache(get_default_settings)
    myst.get_default_settings = lambda *components: deepcopy(settings(*components))
