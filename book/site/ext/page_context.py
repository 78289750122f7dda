"""The page around the text: languages, traces, the words of the theme."""

import re
from pathlib import Path

from docutils import nodes
from sphinx.application import Sphinx

from gradbook.book.formula.address import trace_of, traces_in
from gradbook.book.i18n import words
from gradbook.book.pages.values import script_name
from gradbook.book.site.policy import POLICY

from .internals import add_words
from .values import value

FORMULAS = (nodes.math, nodes.math_block)
FOLDER = re.compile(r"^examples/([^/]+)/")


def language_code(app: Sphinx) -> str:
    """`en` or `zh`, whatever the locale is called in full."""
    return words.nearest(app.config.language)


def traces(env) -> Path:
    """The folder of the scripts that carry the examples' exact values to their pages."""
    return Path(env.srcdir).parent / "static" / "traces"


def traces_on(pagename: str, doctree: nodes.document | None) -> list[str]:
    """The scripts of the values that stand on a page ('seed.js'), from its place, its mathematics and its prose."""
    names = set()
    for node in doctree.findall() if doctree else ():
        if isinstance(node, FORMULAS):
            names.update(traces_in(node.astext()))
        elif isinstance(node, value):
            names.add(trace_of(node["address"]))
    return sorted({*map(script_name, names), *(f"{folder}.js" for folder in FOLDER.findall(pagename))})


def page_context(app: Sphinx, pagename: str, templatename: str, context: dict, doctree) -> None:
    """Gives the templates the other languages of this page and the traces it needs."""
    env, own = app.env, language_code(app)
    context["languages"] = [
        (code, words.html_code(code), words.native_name(code), f"{context['content_root']}../{code}/{pagename}.html")
        for code in app.config.gradbook_languages
    ]
    context["own_language"] = own
    context["policy"] = POLICY
    context["script_words"] = {"language": own, **words.environment(own).get_template("site/words.j2").module.script}
    context["traces"] = [name for name in traces_on(pagename, doctree) if (traces(env) / name).is_file()]


def add_theme_words(app: Sphinx) -> None:
    """The theme's words that Sphinx's own catalogue does not know stand in ours (templates/site/words.j2)."""
    add_words(words.catalogue(language_code(app)))
