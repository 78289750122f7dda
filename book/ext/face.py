"""The mathematical face for the pages that need it, in the smaller of its two cuts that has all that they write."""

import html
import re

from gradbook.book import webfont
from sphinx.application import Sphinx

SET = re.compile(r"<math\b.*?</math>|<span class=\"drawing\">.*?</svg>", re.DOTALL)
ASKED = 'data-value="'  # a number in prose: a card over it shows its symbol
BEFORE_OURS = 700  # what html_css_files names has 800


def add_face(app: Sphinx, pagename: str, templatename: str, context: dict, doctree) -> None:
    """Gives the page the style sheet of mathematics. To be called when its body and its navigation are written."""
    page = "".join(context.get(part) or "" for part in ("body", "toc", "furo_navigation_tree"))
    written = "".join(SET.findall(page))
    if written or ASKED in page:
        app.add_css_file(webfont.style_for(html.unescape(written)), priority=BEFORE_OURS)
