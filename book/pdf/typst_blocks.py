"""Figures and tables in Typst markup: the part of the writer that is about them."""

import math
import re
from itertools import zip_longest

from docutils import nodes

from gradbook.book.formula.typst_math import quoted
from gradbook.book.pdf.typst_forms import ALIGNMENTS

HAN = "[\u2e80-\u303f\u3400-\u9fff\uf900-\ufaff\uff00-\uffef]"
BREAKABLE = re.compile(rf" |{HAN}")
SURELY_NARROWER = 0.5
"""A text with less than this share of another's letters is narrower."""
SIZE = re.compile(r"([\d.]+)\s*(px|pt|em|cm|mm|in|%)?")


def _length(entry):
    """How many letters wide a cell is, where it is words alone; of a formula nobody knows before it is set."""
    if entry.next_node(nodes.math) or entry.next_node(nodes.image):
        return math.inf
    text = entry.astext()
    return len(text) + len(re.findall(HAN, text))


class FiguresAndTables(nodes.NodeVisitor):
    """The writer has the rest: `inner`, `block`, `anchor`, `named`, `error`, `quiet` and `book`."""

    # ---- figures ----

    def visit_image(self, node):
        inline = isinstance(node.parent, nodes.TextElement) and not isinstance(node.parent, nodes.reference)
        if inline:
            return f"#box({self.picture(node)})"
        return f"#shown({self.picture(node)}{self.named(node)})\n\n"

    def picture(self, node, caption=""):
        path, alt = self.book.images.get(node["uri"]), node.get("alt") or caption
        if path is None:
            raise self.error(node, f"the image “{node['uri']}” is no part of the book")
        if not alt:
            raise self.error(node, f"the image “{node['uri']}” has no words for readers who listen, add :alt:")
        return f"picture({quoted('/' + path)}, {quoted(alt)}{self.size(node)})"

    def size(self, node):
        match = SIZE.fullmatch(node.get("width", ""))
        if not match:
            return ""
        pixels = match[2] in (None, "px")
        return f", width: {float(match[1]) * 0.75:g}pt" if pixels else f", width: {match[1]}{match[2]}"

    def visit_figure(self, node):
        image = node.next_node(nodes.image)
        if image is None:
            return self.anchor(node) + self.inner(node)
        texts = [child for child in node if isinstance(child, (nodes.caption, nodes.legend))]
        caption = " ".join(self.inner(child).strip() for child in texts)
        picture = self.picture(image, " ".join(child.astext() for child in texts))
        names = self.named({"ids": [*node["ids"], *image["ids"]]})
        return f"#shown({picture}{f', caption: [{caption}]' if caption else ''}{names})\n\n"

    # ---- tables ----

    def visit_table(self, node):
        title, group = node.next_node(nodes.title), node.next_node(nodes.tgroup)
        caption = f", title: {self.block(title, quiet=True)}" if title else ""
        before, self.quiet = self.quiet, True
        header = self.rows(group.next_node(nodes.thead), strong=True)
        rows = self.rows(group.next_node(nodes.tbody))
        self.quiet = before
        wordy = self.wordy(group.next_node(nodes.tbody))
        columns = ", ".join(str(is_wordy).lower() for is_wordy in wordy)
        widest = self.widest(group, wordy)
        return f"#tabular(({columns},), ({header}), ({rows}){widest}{caption}{self.named(node)})\n\n"

    def wordy(self, body):
        """Which columns hold sentences, that is, may be broken into lines."""

        def is_wordy(entry):
            words = (text for text in entry.findall(nodes.Text) if not isinstance(text.parent, nodes.math))
            return sum(len(text) for text in words if BREAKABLE.search(text)) > 20

        return [any(map(is_wordy, column)) for column in zip_longest(*body, fillvalue=nodes.entry())]

    def widest(self, group, wordy):
        """For each column the numbers of the rows whose cells can be its widest, as an argument: to measure a long
        table whole takes as long, and as much memory, as to set it."""
        if any("morerows" in entry or "morecols" in entry for entry in group.findall(nodes.entry)):
            return ""
        columns = zip(zip(*group.next_node(nodes.tbody), strict=True), wordy, strict=True)
        found = (f"({''.join(f'{row}, ' for row in self.widest_of(*column))})" for column in columns)
        return f", widest: ({', '.join(found)},)"

    def widest_of(self, column, is_wordy):
        lengths = [_length(entry) if is_wordy else math.inf for entry in column]
        least = SURELY_NARROWER * max((length for length in lengths if length < math.inf), default=0)
        first: dict[str, int] = {}
        for row, entry in enumerate(column):
            if lengths[row] >= least:
                first.setdefault(self.shape(entry), row)
        return first.values()

    def shape(self, entry):
        """Equal for cells of about one width, as digits are. How many a page number has, nobody knows before."""
        text = self.block(entry, quiet=True)
        return text if "#to(" in text else re.sub(r"\d", "0", text)

    def rows(self, part, strong=False):
        return "\n  ".join("".join(self.cell(entry, strong) for entry in row) for row in part or ())

    def cell(self, entry, strong):
        spans = {"colspan": entry.get("morecols", 0) + 1, "rowspan": entry.get("morerows", 0) + 1}
        options = [f"{name}: {span}" for name, span in spans.items() if span > 1]
        options += [f"align: {ALIGNMENTS[name]}" for name in entry["classes"] if name in ALIGNMENTS]
        body = f"[#strong{self.block(entry)}]" if strong else self.block(entry)
        return f"table.cell({', '.join(options)}){body}, " if options else f"{body}, "
