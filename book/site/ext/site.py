"""The extension `gradbook.book.site.ext`: our book's site, its search and navigation, and the builder of its PDF."""

import gc

from docutils import nodes
from docutils.parsers.rst.directives.body import Container
from sphinx.application import Sphinx

from gradbook.book.i18n import words

from .as_written import AsWritten, Unwrap
from .blocks import (
    FigureForTeX,
    LinkToNowhere,
    PageTransform,
    depart_fold,
    depart_fold_title,
    drawing,
    fold,
    fold_title,
    visit_drawing,
    visit_fold,
    visit_fold_title,
)
from .contents import forget_contents
from .face import add_face, bring_whole
from .html import SiteBuilder
from .incremental import depend_on_trace, folders, outdated, tidy, updated
from .internals import NoteNodes, OfOneDocument, hasten
from .language import Join, add_search, configure
from .left_out import leave_links
from .mathematics import visit_math_block_tex
from .navigation import leave_out, put_in
from .page_context import add_theme_words, page_context
from .page_digest import forget_links, merge_links, note_links
from .typst import TypstBuilder


def setup(app: Sphinx) -> dict:
    gc.set_threshold(100_000, 20, 100)  # trees live until they are written: looking for waste in them takes long
    hasten()
    app.setup_extension("gradbook")
    app.add_config_value("gradbook_languages", list(words.languages()), "html", [list, tuple])
    app.add_config_value("gradbook_spare", "", "")  # files of examples that are left out, for their values
    app.add_role("as-written", AsWritten())
    app.add_transform(OfOneDocument)
    app.add_transform(Unwrap)
    app.add_transform(Join)
    app.add_directive("div", Container)
    app.add_node(nodes.math_block, override=True, latex=(visit_math_block_tex, None))
    app.add_node(fold, html=(visit_fold, depart_fold))
    app.add_node(fold_title, html=(visit_fold_title, depart_fold_title))
    app.add_node(drawing, html=(visit_drawing, None))
    app.add_post_transform(NoteNodes)
    app.add_post_transform(LinkToNowhere)
    app.add_post_transform(PageTransform)
    add_search(app)
    app.add_builder(SiteBuilder, override=True)
    app.add_builder(TypstBuilder)
    app.add_config_value("typst_pdf", "book.pdf", "")
    app.add_config_value("typst_subtitle", "", "")
    connect(app)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def connect(app: Sphinx) -> None:
    """Our handlers, most of them after those of others."""
    for event, handler in {
        "config-inited": folders,
        "builder-inited": add_theme_words,
        "env-get-outdated": outdated,
        "source-read": depend_on_trace,
        "doctree-read": note_links,
        "env-purge-doc": forget_links,
        "env-merge-info": merge_links,
        "env-updated": updated,
        "html-page-context": page_context,
        "build-finished": tidy,
    }.items():
        app.connect(event, handler, priority=900)
    app.connect("config-inited", configure, priority=910)
    app.connect("builder-inited", draw_for_tex)
    app.connect("doctree-read", leave_links, priority=840)  # before the note on what is left out
    app.connect("html-page-context", leave_out, priority=100)  # the theme's turn is 500
    app.connect("html-page-context", put_in, priority=900)
    app.connect("html-page-context", add_face, priority=910)
    app.connect("build-finished", bring_whole, priority=910)
    app.connect("build-finished", forget_contents)


def draw_for_tex(app: Sphinx) -> None:
    """TeX alone needs it; elsewhere it would look at each picture for nothing."""
    if app.builder.format == "latex":
        app.add_post_transform(FigureForTeX)
