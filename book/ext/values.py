"""Values in prose: {value}`seed:layer2.delta[0]|.4f` in any chapter."""

from pathlib import Path

from docutils import nodes
from gradbook.engine.errors import BookError
from sphinx.util import logging
from sphinx.util.docutils import SphinxRole

logger = logging.getLogger(__name__)


def traces(env) -> Path:
    """The folder of the scripts that carry the examples' exact values to their pages."""
    return Path(env.srcdir).parent / "static" / "traces"


class value(nodes.inline):  # noqa: N801 (docutils names nodes so)
    """A number of a step, standing in prose; its address is in the attribute `address`."""


class ValueRole(SphinxRole):
    """Puts a value into prose; the page is read again when the example's trace changes."""

    def run(self):
        from gradbook.book import values

        example = self.text.partition(":")[0].strip()
        self.env.note_dependency(str(traces(self.env) / values.script_name(example)))
        try:
            found = values.lookup(self.text, traces(self.env))
        except BookError as error:
            logger.warning("%s", error, location=self.get_location(), type="gradbook", subtype="value")
            return [nodes.literal(self.rawtext, self.text)], []
        return [value(self.rawtext, found.text, address=found.address, classes=["no-search"])], []


def visit_value(self, node: value) -> None:
    self.body.append(f'<span class="value" data-value="{self.attval(node["address"])}">')


def depart_value(self, node: value) -> None:
    self.body.append("</span>")
