"""From the book's document tree to a PDF by Typst: equal input gives equal bytes, on every machine."""

import os
import re
import shutil
from collections.abc import Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from docutils import nodes

from gradbook.book.formula.typst_math import quoted
from gradbook.book.i18n import language
from gradbook.book.i18n.words import languages, nearest
from gradbook.book.pdf.typst_writer import MarkupError, Writer

LOOK = Path(__file__).with_name("look.typ")

MATHEMATICS = ("ziamath", "STIXTwoMath-Regular.ttf")

STANDARD = "ua-1"  # for readers who listen: Typst then refuses a picture or formula without words, or a lost heading

__all__ = ["Book", "MarkupError", "compile_pdf", "font_files", "translate"]


@dataclass(frozen=True)
class Book:
    """What a book says of itself.

    images: an image's address in the tree -> its path below the root; labels: an admonition's name -> its title.
    """

    title: str
    author: str = ""
    language: str = "en"
    subtitle: str | None = None
    edition: str = ""
    docname: str = "index"
    images: Mapping[str, str] = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)


def translate(document: nodes.document, book: Book) -> str:
    """The Typst source of the whole book.

    Raises MarkupError for an unknown node, an unknown image and a link to nowhere, MathError for a formula.
    """
    lang, _, region = book.language.replace("-", "_").partition("_")
    facts = {
        "title": book.title,
        "subtitle": book.subtitle,
        "author": book.author,
        "edition": book.edition,
        "lang": lang,
        "region": region.lower() or None,
    }
    settings = ", ".join(f"{name}: {quoted(fact)}" for name, fact in facts.items() if fact is not None)
    look = f"#let words = {look_of(nearest(book.language))}\n{LOOK.read_text(encoding='utf-8')}"
    body = Writer(document, book).whole(document)
    return f"{look}\n#show: book.with({settings})\n\n{body}"


def font_files() -> list[Path]:
    """The typefaces of all languages and of mathematics, where pip put them or beside a language's file."""
    distribution, name = MATHEMATICS
    return [*(path for _, path in language.fonts(languages())), language.folder_of(distribution) / name]


def look_of(lang: str) -> str:
    """What the look asks of a language, as Typst's dictionary."""
    told = language.language(lang).pdf
    facts = {
        "body": _faces(told.text),
        "head": _faces(told.headings),
        "head-weight": str(told.heading_weight),
        "strong": _faces(told.strong),
        "page": f"n => [{_page(told.page)}]",
        "open": quoted(told.open),
        "close": quoted(told.close),
        "tracking": told.tracking,
        "leading": told.leading,
        "spacing": told.spacing,
    }
    return f"({', '.join(f'{name}: {value}' for name, value in facts.items())})"


def _faces(names: list[str]) -> str:
    return f"({''.join(f'{quoted(name)}, ' for name in names)})"


def _page(pattern: str) -> str:
    """A page number in words, with narrow spaces: 'p. {n}'."""
    parts = re.split(r"(\{n\}| )", pattern)
    return "".join({"{n}": "#n", " ": "#h(0.15em)"}.get(part) or f"#{quoted(part)}" for part in parts if part)


@contextmanager
def _only(fonts):
    """A folder of just these fonts: Typst takes folders, and would use whatever else it finds in them."""
    with TemporaryDirectory() as folder:
        for font in fonts:
            try:
                Path(folder, font.name).symlink_to(font)
            except OSError:  # Windows without the privilege
                shutil.copy(font, folder)
        yield folder


def compile_pdf(source: str, root: Path, fonts: list[Path], out: Path) -> list[str]:
    """Write `source` as PDF to `out` if that changes it; images are sought below `root`. Returns warnings.

    Only `fonts` (files) and Typst's own fonts are used, and no clock but SOURCE_DATE_EPOCH.
    Raises MarkupError with Typst's diagnosis; `out` is then left as it was.
    """
    import typst

    epoch = os.environ.get("SOURCE_DATE_EPOCH")
    with _only(fonts) as folder:
        found = typst.Fonts(include_system_fonts=False, font_paths=[folder])
        try:
            pdf, warnings = typst.compile_with_warnings(
                source.encode(),
                root=str(root),
                font_paths=found,
                format="pdf",
                pdf_standards=STANDARD,
                timestamp=int(epoch or 0),
                sys_inputs={"dated": "yes"} if epoch else {},
            )
        except typst.TypstError as error:
            raise MarkupError(f"Typst cannot set the book: {error.diagnostic or error.message}") from None
    if not (out.exists() and out.read_bytes() == pdf):
        out.parent.mkdir(parents=True, exist_ok=True)
        out.write_bytes(pdf)
    return [warning.message for warning in warnings]
