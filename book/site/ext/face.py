"""The mathematical face for the pages that need it, in the smaller of its two cuts that has all that they write."""

import html
import re
from pathlib import Path

from sphinx.application import Sphinx

from gradbook.book.formula.address import IN_HTML
from gradbook.book.site import webfont

from .internals import NAVIGATION

SET = re.compile(r"<math\b.*?</math>|<span class=\"drawing\">.*?</svg>", re.DOTALL)
UNSEEN = re.compile(r"<(title|annotation)\b.*?</\1>|<[^>]*>", re.DOTALL)  # what is said of it, and all marks
ASKED = f'{IN_HTML}="'  # a number in prose: a card over it shows its symbol
HEAD = 16_384  # bytes of a page, which hold the names of its style sheets


def add_face(app: Sphinx, pagename: str, templatename: str, context: dict, doctree) -> None:
    """Names the style sheet of mathematics. To be called when the page's body and its navigation are written."""
    page = "".join(context.get(part) or "" for part in ("body", "toc", NAVIGATION))
    written = "".join(SET.findall(page))
    if written or ASKED in page:
        style = webfont.style_for(html.unescape(UNSEEN.sub("", written)))
        context["style_of_mathematics"] = f"{style}?v={webfont.digest()}"


def bring_whole(app: Sphinx, error: Exception | None) -> None:
    """The larger cut is made when the pages are written and one of them names it; else it goes."""
    if error or app.builder.name != "html":
        return
    static = Path(app.outdir, "_static")
    if any(_names_whole(page) for page in Path(app.outdir).rglob("*.html")):
        webfont.make_whole(static)
    else:
        (static / "math-whole.css").unlink(missing_ok=True)


def _names_whole(page: Path) -> bool:
    with open(page, "rb") as file:
        return b"_static/math-whole.css" in file.read(HEAD)
