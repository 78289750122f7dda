"""Mathematics in Sphinx: MathML in HTML, formulas that fit the page in TeX."""

import html
from functools import lru_cache

from docutils import nodes
from sphinx.util import logging
from sphinx.util.math import get_node_equation_number

from .internals import names_of_formula

logger = logging.getLogger(__name__)
SHORT = 80  # characters of a formula that is likely to stand elsewhere too


def mathml(node: nodes.Element, display: bool) -> str:
    """The formula as MathML; one that cannot be read is a warning at its place, and its source is shown."""
    from gradbook.book.formula.mathml import MathError, to_mathml

    source = node.astext()
    try:
        return (_symbol if len(source) < SHORT else to_mathml)(source, display)
    except MathError as error:
        logger.warning("formula %r: %s", source[:80], error, location=node, type="gradbook", subtype="math")
        return f"<code>{html.escape(source)}</code>"


@lru_cache(4096)
def _symbol(source: str, display: bool) -> str:
    """Two of three formulas stand on other pages too, as symbols do."""
    from gradbook.book.formula.mathml import to_mathml

    return to_mathml(source, display)


def visit_math(self, node: nodes.math) -> None:
    text = mathml(node, display=False)
    self.body.append(f'<span class="nobreak">{text}</span>' if "nobreak" in node["classes"] else text)
    raise nodes.SkipNode


def visit_math_block(self, node: nodes.math_block) -> None:
    number = f'<span class="eqno">({get_node_equation_number(self, node)})</span>' if node.get("number") else ""
    node["ids"] = names_of_formula(node)
    self.body.append(self.starttag(node, "div", "", CLASS="math"))
    self.body.append(f"{number}{mathml(node, display=True)}</div>\n")
    raise nodes.SkipNode


def visit_math_block_tex(self, node: nodes.math_block) -> None:
    """In TeX a formula that is wider than the page is made smaller; nothing runs off the paper."""
    text = node.astext().strip()
    if "\\\\" in text and r"\begin" not in text:
        text = rf"\begin{{aligned}}{text}\end{{aligned}}"
    limits = r"max width=\linewidth,max totalheight=.9\textheight"
    box = rf"\begin{{adjustbox}}{{{limits}}}$\displaystyle {text}$\end{{adjustbox}}"
    self.body.append(f"\n\\begin{{center}}{box}\\end{{center}}\n")
    raise nodes.SkipNode
