"""Docutils nodes to Typst markup: every node has its place here, and an unknown one is an error, never a gap.

Each visit_<node> returns the Typst text of its node, children included. What things look like stands in
book/pdf/look.typ; here is only which of its functions a node calls. Nodes are told by the names of their classes,
so Sphinx's own need no import of Sphinx.
"""

import re

from docutils import nodes
from docutils.utils import get_source_line

from gradbook.book.formula.typst_formula import formula
from gradbook.book.formula.typst_math import quoted
from gradbook.book.pdf.typst_blocks import HAN, FiguresAndTables
from gradbook.book.pdf.typst_forms import ADMONITIONS, LANGUAGES, NUMBERINGS, UNSEEN, WRAPPED

PUNCTUATION = re.compile(r"[!-/:-@\[-`{-~]")
# A line break of the source between two Chinese characters is no space, even at the edge of emphasis.
HAN_BREAK = re.compile(rf"({HAN}\]?)\n(?=(?:#\w+\[)?{HAN})")
LONG_WORD = re.compile(r"(\S{90})(?=\S)")
SPACE = re.compile(r"\s*\n\s*")


FEW = 16
"""So many lines, in which everything stands above everything else, are shorter than most of a page."""


def _is_short(rows):
    """Whether a formula is short however its rows are broken: each piece in a line of its own, and each row of its
    matrices, leave room."""
    return rows.count("$") // 2 + rows.count(";") <= FEW


def files_in(node):
    return [child for child in node.findall(nodes.Element) if child.__class__.__name__ == "start_of_file"
            and child is not node]  # fmt: skip


def words_of(node):
    """The node's text outside of formulas and code: a symbol that is a link does not tell its page."""
    if isinstance(node, nodes.Text):
        return [node]
    return [] if isinstance(node, nodes.math | nodes.literal) else [w for c in node.children for w in words_of(c)]


class MarkupError(ValueError):
    """A document that cannot become a PDF; the message names the node and the place."""


class Writer(FiguresAndTables):
    """One book's nodes as Typst text; `whole(document)` is all of it."""

    def __init__(self, document: nodes.document, book):
        super().__init__(document)
        self.book, self.docname = book, book.docname
        self.quiet = False  # in titles and tables links do not tell their page
        self.level = 0 if sum(isinstance(child, nodes.section) for child in document) == 1 else 1
        self.previous = 0  # the level of the section before
        self.depth, self.shelf, self.bound = 0, False, bool(files_in(document))
        self.opened, self.footnotes, self.noted = book.docname, {}, set()
        self.targets = self._collected(document, book.docname)

    def _collected(self, node, docname):
        """Every place that a link may point to; footnotes are noted on the way."""
        found = {docname + "#"}
        for child in (child for child in node.children if isinstance(child, nodes.Element)):
            here = child["docname"] if child.__class__.__name__ == "start_of_file" else docname
            names = [f"{here}#{name}" for name in child["ids"]]
            if isinstance(child, nodes.footnote):
                self.footnotes.update(dict.fromkeys(names, child))
            found.update(names, self._collected(child, here))
        return found

    # ---- walking ----

    def whole(self, document) -> str:
        return HAN_BREAK.sub(r"\1", self.inner(document))

    def inner(self, node) -> str:
        return self.all(node.children)

    def all(self, children) -> str:
        return "".join(map(self.dispatch_visit, children))

    def dispatch_visit(self, node):
        name = node.__class__.__name__
        if name in UNSEEN or (name.startswith("desc_sig_") and not node.children):
            return ""
        if name in ADMONITIONS:
            return self.admonition(node, name)
        before, after = ("", "") if name.startswith("desc_sig_") else WRAPPED.get(name, (None, None))
        if before is not None:
            return self.anchor(node) + before + self.inner(node) + after
        return getattr(self, f"visit_{name}", self.unknown_visit)(node)

    def unknown_visit(self, node):
        raise self.error(node, f"the PDF has no form for the node “{node.__class__.__name__}”")

    def error(self, node, reason):
        source, line = get_source_line(node)
        place = f"{source or self.docname}:{line or ''}".rstrip(":")
        return MarkupError(f"{place}: {reason}")

    def block(self, node, quiet=False):
        """The children as one content argument."""
        before, self.quiet = self.quiet, self.quiet or quiet
        text = self.inner(node).strip()
        self.quiet = before
        return f"[{text}]"

    # ---- places and links ----

    def names(self, node):
        return [f"{self.docname}#{name}" for name in dict.fromkeys(node["ids"])]

    def anchor(self, node):
        names = self.names(node)
        return f"#anchor({', '.join(map(quoted, names))})" if names else ""

    def named(self, node):
        """The same as an argument, for things that would leave a place before them on another page."""
        names = self.names(node)
        return f", names: ({''.join(quoted(name) + ',' for name in names)})" if names else ""

    def visit_target(self, node):
        return self.anchor(node) + self.inner(node)

    def visit_reference(self, node):
        uri, body = node.get("refuri", ""), self.block(node)
        if uri.startswith("%") or "refid" in node:
            return self.link(node, self.address(node), body)
        return f"#away({quoted(uri)}, {body})" if uri else body[1:-1]

    visit_number_reference = visit_reference

    def address(self, node):
        if "refid" in node:
            return f"{self.docname}#{node['refid']}"
        docname, _, name = node["refuri"][1:].partition("#")
        return f"{docname}#{name.rpartition('#')[2]}"

    def link(self, node, name, body):
        if name not in self.targets:
            raise self.error(node, f"a link leads to “{name}”, which is no part of the book")
        quiet = self.quiet or not words_of(node)
        return f"#link(label({quoted(name)}), {body})" if quiet else f"#to({quoted(name)}, {body})"

    def visit_download_reference(self, node):
        return self.inner(node)

    # ---- the order of the book ----

    def visit_start_of_file(self, node):
        """A file is a chapter or a part of one, wherever the table of contents that names it may stand.

        A file that holds whole books, such as the list of worked examples, is a chapter beside theirs.
        """
        before = self.docname, self.level, self.depth
        self.depth += 1
        if self.depth == 1:
            self.shelf = any(map(files_in, files_in(node)))
        self.docname = self.opened = node["docname"]
        self.level = self.depth - (self.shelf and self.depth > 1)
        text = self.anchor(node) + self.inner(node)
        self.docname, self.level, self.depth = before
        return text

    def visit_section(self, node):
        names = self.names(node)
        if opens := self.opened == self.docname:
            names.append(f"{self.docname}#")
            self.opened = None
        head = self.heading(node, names, opens and self.level == 2 < self.previous + 1)
        self.previous = self.level
        self.level += 1
        text = head + self.all(child for child in node if not isinstance(child, nodes.title))
        self.level -= 1
        return text

    def heading(self, node, names, new_page):
        places = ", ".join(map(quoted, names))
        title = node.next_node(nodes.title)
        if self.level == 0 or title is None:
            return f"#anchor({places})\n\n"
        if self.bound and self.depth == 0:
            return f"\n#preface({self.level}, {self.block(title, quiet=True)}, names: ({places},))\n\n"
        page = ", new-page: true" if new_page else ""
        return f"\n#section({self.level}, {self.block(title, quiet=True)}{page}, names: ({places},))\n\n"

    def visit_title(self, node):
        """The title of a document that docutils lifted out of its section."""
        return f"#rubric{self.block(node, quiet=True)}\n\n"

    # ---- sentences ----

    def visit_Text(self, node):  # noqa: N802 - docutils' name
        return self.escaped(SPACE.sub("\n", node.astext()))

    def escaped(self, text):
        return PUNCTUATION.sub(r"\\\g<0>", text)

    def visit_paragraph(self, node):
        text = self.anchor(node) + self.inner(node).strip()
        after = node.next_node(
            lambda it: not isinstance(it, nodes.Invisible | nodes.target | nodes.Text), descend=False, siblings=True
        )
        return f"#lead[{text}]\n\n" if isinstance(after, nodes.math_block) else f"{text}\n\n"

    visit_compact_paragraph = visit_paragraph

    def visit_literal(self, node):
        return f"#raw({quoted(node.astext())})"

    def visit_math(self, node):
        it = formula(node.astext(), False)
        return f"#m({quoted(it.tex)}, ${it.body}${', high: true' if it.high else ''})"

    def visit_math_block(self, node):
        it = formula(node.astext(), True)
        number = f", number: [({node['number']})]" if node.get("number") else ""
        rows = "\n  ".join(f"{row}," for row in it.rows)
        short = ", short: true" if _is_short(rows) else ""
        return f"\n#eq({quoted(it.tex)}, ({rows}){short}{number}{self.named(node)})\n\n"

    def visit_footnote_reference(self, node):
        name = f"{self.docname}#{node['refid']}"
        if name in self.noted:
            return f"#footnote(label({quoted('note:' + name)}))"
        self.noted.add(name)
        body = self.all(child for child in self.footnotes[name] if not isinstance(child, nodes.label)).strip()
        return f"#footnote[{body}]#label({quoted('note:' + name)})"

    def visit_transition(self, node):
        after = node.next_node(descend=False, siblings=True)
        return "" if after is None or isinstance(after, nodes.footnote) else "#break-of-thought\n\n"

    def visit_raw(self, node):
        return node.astext() if "typst" in node.get("format", "").split() else ""

    # ---- lists ----

    def visit_bullet_list(self, node):
        return f"{self.anchor(node)}#list({self.tightness(node)}{self.items(node)})\n\n"

    def visit_enumerated_list(self, node):
        form = quoted(NUMBERINGS.get(node.get("enumtype", "arabic"), "1."))
        return (
            f"{self.anchor(node)}#enum({self.tightness(node)}start: {node.get('start', 1)}, "
            f"numbering: {form}, {self.items(node)})\n\n"
        )

    def items(self, node):
        return ", ".join(self.block(item) for item in node)

    def tightness(self, node):
        return f"tight: {str(all(len(item) <= 1 for item in node)).lower()}, "

    def visit_definition_list_item(self, node):
        terms = [child for child in node if not isinstance(child, nodes.definition)]
        bodies = [child for child in node if isinstance(child, nodes.definition)]
        return f"terms.item([{self.all(terms).strip()}], [{self.all(bodies).strip()}]), "

    def visit_field(self, node):
        return f"terms.item({self.block(node[0])}, {self.block(node[1])}), "

    def visit_desc(self, node):
        content = [child for child in node if child.__class__.__name__ == "desc_content"]
        signature = [child for child in node if child not in content]
        return f"#definition([{self.all(signature)}], [{self.all(content).strip()}])\n\n"

    def visit_desc_parameterlist(self, node):
        return "\\(" + ", ".join(map(self.dispatch_visit, node)) + "\\)"

    # ---- boxes ----

    def admonition(self, node, kind):
        folded = "fold" in node["classes"] or "dropdown" in node["classes"]
        title = node.next_node(nodes.title) if isinstance(node[0], nodes.title) else None
        head = self.block(title, quiet=True) if title else f"[{self.escaped(self.label(kind))}]"
        body = self.all(child for child in node if child is not title).strip()
        kind = quoted("fold" if folded else next((c for c in node["classes"] if c in ADMONITIONS), kind))
        return f"#box-of({kind}, {head}, [{body}]{self.named(node)})\n\n"

    def label(self, kind):
        return self.book.labels.get(kind, kind.capitalize())

    def visit_literal_block(self, node):
        lang = LANGUAGES.get(node.get("language", "none"), node.get("language"))
        source = LONG_WORD.sub("\\1\u200b", node.astext())
        return f"#code({quoted(source)}{f', lang: {quoted(lang)}' if lang else ''}{self.named(node)})\n\n"

    visit_doctest_block = visit_literal_block
