"""Values in prose: {value}`seed:layer2.delta[0]|.4f` in any chapter."""

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util import logging
from sphinx.util.docutils import SphinxRole

from gradbook.book.formula.address import IN_HTML, trace_of
from gradbook.book.pages import values
from gradbook.book.pages.quotable import Quotable
from gradbook.engine.errors import BookError

from . import quotes
from .left_out import placeholder

logger = logging.getLogger(__name__)


class value(nodes.inline):  # noqa: N801 (docutils names nodes so)
    """A number of a step, standing in prose; its address is in the attribute `address`."""


class ValueRole(SphinxRole):
    """Puts a value into prose. `examples` are those of the build at work."""

    examples = Quotable()

    def run(self):
        name = trace_of(self.text)
        is_left_out = quotes.note(self.env, self.examples, name).startswith(quotes.LEFT_OUT)
        if file := self.examples.file(name):
            self.env.note_dependency(str(file))
        try:
            found = self.lookup()
        except BookError as error:
            if is_left_out:  # what stands in its file is no matter of this build
                return [placeholder(name, self.config.language)], []
            logger.warning("%s", error, location=self.get_location(), type="gradbook", subtype="value")
            return [nodes.literal(self.rawtext, self.text)], []
        return [value(self.rawtext, found.text, address=found.address, classes=["no-search"])], []

    def lookup(self) -> values.ValueText:
        if not self.examples:
            raise BookError(f"value {self.text!r}: there are no examples; name their folder in gradbook_examples.")
        return values.lookup(self.text, self.examples, str(self.config.gradbook_format))


def as_text(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Outside of HTML a value is its number and nothing else, for any builder there may be."""
    if app.builder.format == "html":
        return
    for node in list(doctree.findall(value)):
        number = node.astext()
        if app.builder.format == "latex" and app.config.latex_engine not in ("xelatex", "lualatex"):
            in_tex = number.replace("\N{MINUS SIGN}", r"\ensuremath{-}")  # other engines do not know the sign
            node.parent.replace(node, nodes.raw("", in_tex, format="latex"))
        else:
            node.parent.replace(node, nodes.Text(number))


def visit_value(self, node: value) -> None:
    self.body.append(f'<span class="value" {IN_HTML}="{self.attval(node["address"])}">')


def depart_value(self, node: value) -> None:
    self.body.append("</span>")
