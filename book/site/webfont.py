"""The mathematical typeface on the web: STIX Two Math in two cuts, each in a style sheet that carries it whole.


A browser draws nothing before it has a page's style sheets. So a formula never stands in another face first, nothing
jumps when the face arrives, and a page read from a file has it too: no request of its own can be late or refused.
"""

import base64
import hashlib
import io
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

from ..base.files import digest_of, seal, sealed, write
from ..formula import mathml

FAMILY = "STIX Two Math"

# What most pages write: text, Greek, the letters of mathematics in italic and upright bold, accents, the common
# operators, relations and arrows, brackets and braces with all their sizes.
COMMON = [
    (0x20, 0x7E), (0xA0, 0xA0), (0xAC, 0xAC), (0xAF, 0xB1), (0xB7, 0xB7), (0xD7, 0xD7), (0xF7, 0xF7),
    (0x131, 0x131), (0x237, 0x237), (0x2C6, 0x2C6), (0x2DC, 0x2DC), (0x302, 0x305), (0x391, 0x3A9), (0x3B1, 0x3C9),
    (0x3D1, 0x3D1), (0x3D5, 0x3D6), (0x3F1, 0x3F1), (0x3F5, 0x3F5), (0x2013, 0x2014), (0x2016, 0x2016),
    (0x2026, 0x2026), (0x2032, 0x2033), (0x2061, 0x2063), (0x2102, 0x2102), (0x210E, 0x210E), (0x2112, 0x2113),
    (0x2115, 0x2115), (0x211A, 0x211B), (0x211D, 0x211D), (0x2124, 0x2124), (0x2190, 0x2194), (0x21A6, 0x21A6),
    (0x21D0, 0x21D4), (0x2200, 0x2200), (0x2202, 0x2203), (0x2205, 0x2205), (0x2207, 0x2209), (0x220F, 0x220F),
    (0x2211, 0x2213), (0x2217, 0x2218), (0x221A, 0x221A), (0x221D, 0x221E), (0x2225, 0x2225), (0x2227, 0x222B),
    (0x223C, 0x223C), (0x2248, 0x2248), (0x2260, 0x2261), (0x2264, 0x2265), (0x226A, 0x226B), (0x2282, 0x2282),
    (0x2286, 0x2286), (0x2295, 0x2299), (0x22A4, 0x22A5), (0x22C5, 0x22C5), (0x22EE, 0x22EF), (0x22F1, 0x22F1),
    (0x2308, 0x230B), (0x23DC, 0x23E1), (0x27E8, 0x27E9), (0xFE00, 0xFE00), (0x1D400, 0x1D467), (0x1D53C, 0x1D53C),
    (0x1D5B3, 0x1D5B3), (0x1D6A4, 0x1D6A5), (0x1D6AB, 0x1D6AB), (0x1D6E2, 0x1D71B), (0x1D7CE, 0x1D7D7),
]  # fmt: skip

# All that a formula may ask for: every alphabet of mathematics, its operators and arrows.
WHOLE = [
    *COMMON, (0xA1, 0xFF), (0x2C7, 0x2C7), (0x2D8, 0x2DA), (0x300, 0x333), (0x338, 0x338), (0x20D0, 0x20F0),
    (0x391, 0x3F6), (0x2010, 0x2063), (0x2100, 0x214F), (0x2190, 0x21D5), (0x2200, 0x22FF), (0x2308, 0x230B),
    (0x239B, 0x23B9), (0x25A0, 0x25CA), (0x27E6, 0x27EF), (0x27F5, 0x27FF), (0x2A00, 0x2A06), (0x2A7D, 0x2A7E),
    (0x2AAF, 0x2AB0), (0x1D400, 0x1D7FF),
]  # fmt: skip
FONT, NOTE = "fonts/stix-two-math.woff2", "fonts/stix-two-math.txt"
SEAL = ".mathematics"


def characters(ranges: list[tuple[int, int]]) -> list[int]:
    return sorted({code for first, last in ranges for code in range(first, last + 1)})


RARE = frozenset(map(chr, set(characters(WHOLE)) - set(characters(COMMON))))
STYLES = {"math.css": COMMON, "math-whole.css": WHOLE}


def style_for(written: str) -> str:
    """The style sheet for a page whose formulas and drawings write these characters."""
    return "math-whole.css" if RARE.intersection(written) else "math.css"


def make(folder: Path) -> None:
    """Writes into `folder` what it lacks or has of another making: `math.css`, the font as a file, and its notice."""
    if not _is_made(folder):
        _put(folder, _cut(characters(COMMON)))


@contextmanager
def made_meanwhile(folder: Path, environment: Mapping[str, str]) -> Iterator[None]:
    """Does `make` beside what the caller does: cutting the face takes a second, in a process of its own."""
    if _is_made(folder):
        yield
        return
    command = [sys.executable, "-m", __spec__.name]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment) as process:
        try:
            yield
            font, _ = process.communicate()
        finally:
            process.kill()
    _put(folder, font if process.returncode == 0 else _cut(characters(COMMON)))


def _is_made(folder: Path) -> bool:
    return sealed(folder / SEAL) == _state(folder)


def _put(folder: Path, font: bytes) -> None:
    write(folder / "math.css", _style(font))
    write(folder / FONT, font)
    write(folder / NOTE, f"Made from {digest()}\n\n{NOTICE}\n{OFL.read_text(encoding='utf-8')}")
    seal(folder / SEAL, _state(folder))


def _state(folder: Path) -> str:
    """Stands for what the files are made from, and for what is in them."""
    return "\n".join([digest(), *(str(digest_of(folder / name)) for name in ("math.css", FONT, NOTE))])


def make_whole(folder: Path) -> None:
    """Writes `math-whole.css` into `folder` unless it is there: its cut takes seconds, and few books need it."""
    path = folder / "math-whole.css"
    if not _read(path).startswith(_opening()):
        write(path, _style(_cut(characters(WHOLE))))


def _style(font: bytes) -> str:
    """What our MathML asks of a style sheet, and the face in the sheet itself."""
    data = base64.b64encode(font).decode()
    face = f'font-family:"{FAMILY}";src:url("data:font/woff2;base64,{data}") format("woff2");font-display:block'
    return f"{_opening()}\n@font-face{{{face}}}\n{mathml.CSS}"


def _opening() -> str:
    return f"/* {FAMILY}, subset: fonts/stix-two-math.txt has its notice and licence. Made from {digest()} */"


@cache
def digest() -> str:
    """Stands for all that the style sheets are made from."""
    versions = [version("fonttools"), version("brotli")]
    recipe = f"{versions} {STYLES} {mathml.CSS} {Path(__file__).read_text(encoding='utf-8')}"
    return hashlib.sha256(recipe.encode() + _source().read_bytes()).hexdigest()[:16]


OFL = Path(__file__).with_name("OFL.txt")
NOTICE = """\
STIX Two Math: a subset of the typeface, in WOFF2, alone and in style sheets.

Copyright 2001-2020 The STIX Fonts Project Authors (https://github.com/stipub/stixfonts)

This Font Software is licensed under the SIL Open Font License, Version 1.1.
This license is copied below, and is also available with a FAQ at: https://openfontlicense.org
"""
"""What goes with every copy of the face, before the licence itself."""


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8") if path.is_file() else ""


def _source() -> Path:
    package = find_spec("ziamath")  # found, not imported: of the package we want the file alone
    return Path(package.submodule_search_locations[0]) / "fonts" / "STIXTwoMath-Regular.ttf"


def _cut(characters: list[int]) -> bytes:
    from fontTools import subset
    from fontTools.ttLib import TTFont

    options = subset.Options(
        layout_features=["dtls", "flac"],  # dotless letters and flat accents; no browser asks for the others
        name_IDs=[0, 1, 2, 4, 5, 6, 13, 14],
        drop_tables=["DSIG", "fpgm", "prep", "cvt ", "gasp", "GPOS", "GDEF"],
        hinting=False,
        notdef_outline=True,
    )
    font = TTFont(_source(), recalcTimestamp=False)
    cutter = subset.Subsetter(options)
    cutter.populate(unicodes=characters)
    cutter.subset(font)
    font.flavor = "woff2"
    out = io.BytesIO()
    font.save(out)
    return out.getvalue()


if __name__ == "__main__":
    sys.stdout.buffer.write(_cut(characters(COMMON)))
