"""The Sphinx builder `html`, which lets go of each page when it is written."""

import gc
from collections.abc import Set

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.builders.html import StandaloneHTMLBuilder
from sphinx.environment import BuildEnvironment

from .internals import take_apart, tell_places


class SiteBuilder(StandaloneHTMLBuilder):
    """Sphinx's own in all that it writes. A tree and its translator hold each other, and would wait for the search
    for waste."""

    def __init__(self, app: Sphinx, env: BuildEnvironment) -> None:
        super().__init__(app, env)
        self.translators: list[nodes.NodeVisitor] = []

    def prepare_writing(self, docnames: Set[str]) -> None:
        """What is there when writing begins stays, or goes without being searched for."""
        super().prepare_writing(docnames)
        gc.freeze()

    def create_translator(self, *args) -> nodes.NodeVisitor:
        self.translators.append(super().create_translator(*args))
        return self.translators[-1]

    def write_doc(self, docname: str, doctree: nodes.document) -> None:
        super().write_doc(docname, doctree)
        tell_places()
        take_apart(doctree)
        for translator in self.translators:
            vars(translator).clear()
        self.translators.clear()
        gc.collect(0)  # templates leave waste that has the page in it
