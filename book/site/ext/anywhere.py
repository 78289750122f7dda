"""The extension `gradbook` for any Sphinx project: the role `value` and what it needs. It changes no setting."""

import os
import shutil
from functools import partial
from pathlib import Path

from sphinx.application import Sphinx
from sphinx.util import logging

from gradbook import __version__
from gradbook.book.base.files import write
from gradbook.book.pages import values
from gradbook.book.pages.quotable import Quotable

from . import quotes
from .left_out import put_note
from .mathematics import visit_math, visit_math_block
from .values import ValueRole, as_text, depart_value, value, visit_value

logger = logging.getLogger(__name__)
STYLES = "gradbook-math.css"
BOOK = "gradbook.book.site.ext"


def setup(app: Sphinx) -> dict:
    app.add_config_value("gradbook_examples", [], "", [str, list, tuple, type(Path())])
    app.add_config_value("gradbook_left_out", [], "", [str, list, tuple])
    app.add_config_value("gradbook_format", values.FORMAT, "env", [str])
    app.add_node(value, html=(visit_value, depart_value))
    role = ValueRole()
    app.add_role("value", role)
    app.connect("config-inited", as_lists, priority=950)  # after our book has told where its traces are
    app.connect("config-inited", offer_mathml)
    app.connect("builder-inited", partial(look_for_examples, role))
    app.connect("builder-inited", add_styles)
    app.connect("env-get-outdated", partial(quotes.outdated, role))
    app.connect("env-purge-doc", quotes.forget)
    app.connect("env-merge-info", quotes.merge)
    app.connect("doctree-read", put_note, priority=850)
    app.connect("doctree-resolved", as_text)
    for event in ("env-updated", "build-finished"):  # when all pages are read, or the reading has failed
        app.connect(event, clear)
    return {"version": __version__, "parallel_read_safe": True, "parallel_write_safe": True, "env_version": 2}


def as_lists(app: Sphinx, config) -> None:
    """One path or name may stand for a list of one. What is neither is told, and counts as nothing."""
    for name in ("gradbook_examples", "gradbook_left_out"):
        given = config[name]
        listed = given if isinstance(given, list | tuple) else [given]
        config[name] = [str(each) for each in listed if isinstance(each, str | os.PathLike)]
        for each in (each for each in listed if not isinstance(each, str | os.PathLike)):
            logger.warning("%s: %r is no text.", name, each, type="gradbook", subtype="config")


def look_for_examples(role: ValueRole, app: Sphinx) -> None:
    """The examples of this build; what an earlier one has worked is forgotten."""
    clear(app)
    role.examples = Quotable([Path(app.confdir, place) for place in app.config.gradbook_examples], _cache(app))
    for sentence in role.examples.wrong:
        logger.warning("gradbook_examples: %s", sentence, type="gradbook", subtype="examples")


def clear(app: Sphinx, *_) -> None:
    shutil.rmtree(_cache(app), ignore_errors=True)


def _cache(app: Sphinx) -> Path:
    """Where examples are kept that were worked for this build: pages may be read by several processes."""
    return Path(app.doctreedir) / "gradbook"


def offer_mathml(app: Sphinx, config) -> None:
    """Only where it is asked for: Sphinx takes a renderer that it knows beside MathJax for the chosen one."""
    if config.html_math_renderer == "mathml":
        app.add_html_math_renderer("mathml", (visit_math, None), (visit_math_block, None))


def add_styles(app: Sphinx) -> None:
    """What our MathML asks for. Our book has it among its own styles."""
    if app.builder.format == "html" and app.config.html_math_renderer == "mathml" and BOOK not in app.extensions:
        from gradbook.book.formula.mathml import CSS

        write(Path(app.outdir) / "_static" / STYLES, CSS)
        app.add_css_file(STYLES)
