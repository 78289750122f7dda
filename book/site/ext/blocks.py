"""Folded blocks and figures that stand in the page itself, in HTML; figures for TeX."""

from pathlib import Path

from docutils import nodes
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.transforms.post_transforms.images import ImageConverter

CLOSING = tuple(".,;:!?)]”’。，、；：！？）」』》")


class fold(nodes.General, nodes.Element):  # noqa: N801 (docutils names nodes so)
    """A block that a reader opens; in a PDF it is an ordinary admonition."""


class fold_title(nodes.TextElement):  # noqa: N801 (docutils names nodes so)
    """The line that opens a folded block."""


class drawing(nodes.General, nodes.Inline, nodes.Element):  # noqa: N801 (docutils names nodes so)
    """A figure of ours that is set into the page itself."""


class PageTransform(SphinxPostTransform):
    """What HTML alone needs: folds, figures inside the page, mathematics that keeps its comma, and no index of it."""

    formats = ("html",)
    default_priority = 400

    def run(self, **kwargs) -> None:
        for node in list(self.document.findall(nodes.admonition)):
            if "fold" in node["classes"]:
                self.fold(node)
        for number, node in enumerate(list(self.document.findall(nodes.image)), start=1):
            self.draw(node, f"f{number}-")
        for node in self.document.findall(nodes.math_block):
            node["classes"].append("no-search")
        for node in self.document.findall(nodes.math):
            node["classes"].append("no-search")
            keep_comma(node)

    def fold(self, node: nodes.admonition) -> None:
        title, *rest = node.children
        keep = [name for name in node["classes"] if not name.startswith("admonition")]
        block = fold("", fold_title("", "", *title.children), *rest, classes=keep, ids=node["ids"])
        node.replace_self(block)

    def draw(self, node: nodes.image, prefix: str) -> None:
        path = Path(self.env.srcdir, node["uri"])
        if path.suffix == ".svg" and path.is_file():
            node.replace_self(drawing("", path=str(path), alt=node.get("alt", ""), prefix=prefix))


class LinkToNowhere(SphinxPostTransform):
    """A link that found no target is its words: it may lead to an example that could not be built."""

    default_priority = 300  # after MyST has resolved links

    def run(self, **kwargs) -> None:
        for link in list(self.document.findall(nodes.reference)):
            page, _, target = link.get("refuri", f"#{link.get('refid', '')}").partition("#")
            by_myst = any("myst" in words.get("classes", ()) for words in link.findall(nodes.inline))
            if by_myst and not page and target not in self.document.ids:
                link.replace_self(link.children)


def keep_comma(node: nodes.math) -> None:
    """A browser may break the line between a formula and its comma: formulas that have one are marked."""
    alone = isinstance(node.parent, nodes.reference) and len(node.parent) == 1
    outer = node.parent if alone else node
    following = outer.next_node(descend=False, siblings=True)
    if isinstance(following, nodes.Text) and following.astext().startswith(CLOSING):
        outer["classes"].append("nobreak")


def visit_fold(self, node: fold) -> None:
    self.body.append(self.starttag(node, "details"))


def depart_fold(self, node: fold) -> None:
    self.body.append("</details>\n")


def visit_fold_title(self, node: fold_title) -> None:
    self.body.append("<summary>")


def depart_fold_title(self, node: fold_title) -> None:
    self.body.append("</summary>\n")


def visit_drawing(self, node: drawing) -> None:
    from gradbook.book.site.inline_svg import inline

    text = Path(node["path"]).read_text(encoding="utf-8")
    self.body.append(f'<span class="drawing">{inline(text, node["alt"], node["prefix"])}</span>')
    raise nodes.SkipNode


class FigureForTeX(ImageConverter):
    """TeX cannot set SVG: Typst makes a PDF page of a figure, and it stays a drawing."""

    conversion_rules = [("image/svg+xml", "application/pdf")]  # noqa: RUF012 (Sphinx declares it so)

    def is_available(self) -> bool:
        return True

    def convert(self, _from: str, _to: str) -> bool:
        from gradbook.book.figures.pdf import pdf

        Path(_to).write_bytes(pdf(Path(_from).read_text(encoding="utf-8")))
        return True
