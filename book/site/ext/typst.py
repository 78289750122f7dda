"""The Sphinx builder `typst`, which makes the whole book one PDF."""

from typing import ClassVar

from docutils import nodes
from sphinx.builders import Builder
from sphinx.locale import admonitionlabels
from sphinx.util import logging

from .internals import whole_book

logger = logging.getLogger(__name__)


class TypstBuilder(Builder):
    """Assembles all documents into one tree, as Sphinx's singlehtml does, and hands it to book/pdf/typst.py.

    Images are read where they are, below the source folder, which is Typst's root.
    """

    name = "typst"
    format = "typst"
    epilog = "The PDF is in %(outdir)s."
    supported_image_types: ClassVar[list[str]] = ["image/svg+xml", "image/png", "image/jpeg"]

    def init(self):
        self.pdf = self.outdir / self.config.typst_pdf

    def get_outdated_docs(self):
        return "all documents"

    def get_target_uri(self, docname, typ=None):
        return "%" + docname

    def get_relative_uri(self, from_, to, typ=None):
        return self.get_target_uri(to, typ)

    def prepare_writing(self, docnames):
        pass

    def write_documents(self, docnames):
        from gradbook.book.pdf.typst import Book, compile_pdf, font_files, translate

        tree = whole_book(self)
        config = self.config
        source = translate(
            tree,
            Book(
                title=config.project,
                author=config.author,
                language=config.language or "en",
                subtitle=config.typst_subtitle or None,
                edition=config.release,
                docname=config.root_doc,
                images={node["uri"]: node["uri"] for node in tree.findall(nodes.image)},
                labels={name: str(label) for name, label in admonitionlabels.items()},
            ),
        )
        self.pdf.with_suffix(".typ").write_text(source, encoding="utf-8")
        for warning in compile_pdf(source, self.srcdir, font_files(), self.pdf):
            logger.warning("Typst: %s", warning, type="gradbook", subtype="typst")
