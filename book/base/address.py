"""The address of an example in the book, made from its name: of its folder, its anchors and its script.

A name may have letters of any language; an address has a-z, 0-9 and -, begins with a letter, and is none of ours.
"""

import re
import unicodedata
from collections.abc import Iterable
from functools import cache
from hashlib import sha256
from pathlib import Path

from docutils.nodes import make_id

from gradbook.engine import plugins
from gradbook.engine.errors import BookError

ROOT = plugins.PACKAGE

SPHINX = ("genindex", "modindex", "py-modindex", "search")
"""What Sphinx's own pages are called."""

FAMILIES = ("family", "operation", "operations", "reference")
"""The first words of addresses of ours that end in the name of a family, an operation, or a room of them."""

APART = "example"
"""The first word of an address that would otherwise be one of ours, or empty."""

LONGEST = 40
"""So many characters may stand for letters that a-z cannot spell; for more of them stands a digest."""

LABEL = re.compile(r"^\(([a-z][a-z0-9-]*)\)=$", re.MULTILINE)


@cache
def address(name: str) -> str:
    """The address of an example: 'My_Net' -> 'my-net', '01-net' -> 'example-01-net', '网络' -> 'example-io0a7i'.

    What docutils makes of the name, but for digits at its beginning, which stay; and where that loses letters, as
    of Chinese, these letters in Punycode (RFC 3492). The same name always has the same address; `distinct` refuses
    two names that have the same one.
    """
    name = unicodedata.normalize("NFC", name)
    lost = "".join(c for c in name if unicodedata.category(c)[0] in "LMN" and make_id(f"a{c}") == "a")
    spelt = make_id(f"a-{name}")[1:].lstrip("-")
    found = "-".join(filter(None, [spelt, _spelt_out(lost)]))
    return found if spelt[:1].isalpha() and not _is_ours(found) else "-".join(filter(None, [APART, found]))


def _spelt_out(letters: str) -> str:
    code = letters.encode("punycode").decode("ascii").lower().strip("-")
    return code if len(code) <= LONGEST else sha256(letters.encode()).hexdigest()[:16]


def _is_ours(found: str) -> bool:
    """Whether an address, or one below it such as `found`-check, may be one of ours."""
    first = found.partition("-")[0]
    return first in FAMILIES or any(label == found or label.startswith(f"{found}-") for label in ours())


@cache
def ours() -> frozenset[str]:
    """What else a link may name: the book's own pages, places in its chapters, Sphinx's."""
    chapters = sorted((ROOT / "docs").glob("*.md"))
    pages = [path for path in (ROOT / "templates").iterdir() if path.name.endswith(".md.j2")]
    files = [*pages, *chapters]
    labels = (label for path in files for label in LABEL.findall(path.read_text(encoding="utf-8")))
    return frozenset([*SPHINX, *labels, *(path.stem for path in chapters)])


def distinct(paths: Iterable[Path]) -> None:
    """Raises BookError if two examples would have the same address."""
    owner: dict[str, Path] = {}
    for path in paths:
        if (other := owner.setdefault(address(path.stem), path)) != path:
            raise BookError(
                f"{other} and {path.name}: both would have the address {address(path.stem)!r} in the book; "
                "choose another name for one."
            )
