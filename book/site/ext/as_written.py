"""Words of an example as its author wrote them: no quotation mark, dash or ellipsis of theirs is made another."""

from docutils import nodes
from sphinx.transforms import SphinxTransform
from sphinx.util.docutils import SphinxRole


class AsWritten(SphinxRole):
    """{as-written}`it's "so" -- or not`: plain text that smart quotes leave alone."""

    def run(self):
        return [nodes.inline(self.rawtext, self.text, support_smartquotes=False)], []


class Unwrap(SphinxTransform):
    """When the quotation marks are made, the words need no node of their own any more."""

    default_priority = 760  # after Sphinx's smart quotes (750), before titles are collected (880)

    def apply(self, **kwargs) -> None:
        for node in list(self.document.findall(nodes.inline)):
            if node.get("support_smartquotes") is False:
                node.replace_self(node.children)
