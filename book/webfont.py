"""The mathematical web font: STIX Two Math, cut down to what the book writes; the same bytes every time."""

import io
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

from .files import digest, digest_of, seal, sealed, write

# Characters that stay: text, Greek, operators and arrows, brackets with their parts, and the letters of
# mathematics in italic, bold, bold italic and double-struck.
RANGES = [
    (0x20, 0x7E), (0xA0, 0xFF), (0x131, 0x131), (0x237, 0x237), (0x302, 0x305), (0x391, 0x3F6),
    (0x2010, 0x2063), (0x2100, 0x214F), (0x2190, 0x21D5), (0x2200, 0x22FF), (0x2308, 0x230B), (0x239B, 0x23B9),
    (0x23DC, 0x23E1), (0x25A0, 0x25CA), (0x27E6, 0x27EF), (0x27F5, 0x27FF), (0x2A00, 0x2A02), (0x2A7D, 0x2A7E),
    (0x1D400, 0x1D49B), (0x1D538, 0x1D56B), (0x1D6A4, 0x1D6DB), (0x1D6E2, 0x1D74D),
]  # fmt: skip
NAME = "stix-two-math.woff2"


def make(folder: Path) -> Path:
    """Writes the font and the note of its making into `folder`, unless they are there and up to date."""
    source = _source()
    recipe = f"{digest(source.read_bytes())} {version('fonttools')} {version('brotli')} {RANGES}"
    note = f"STIX Two Math, subset. Copyright 2001-2020 The STIX Fonts Project Authors\n{LICENCE}\n"
    note += f"Made from {digest(recipe.encode())}\n"
    font, known = folder / NAME, folder / ".made"
    if sealed(known) != f"{note}{digest_of(font)}":
        write(font, _subset(source))
        seal(known, f"{note}{digest_of(font)}")
    write(folder / "stix-two-math.txt", note)
    return font


LICENCE = (
    "(https://github.com/stipub/stixfonts). Licensed under the SIL Open Font License, Version 1.1,\n"
    "https://openfontlicense.org; the licence stands in the font's name table as well."
)


def _source() -> Path:
    package = find_spec("ziamath")  # found, not imported: of the package we want the file alone
    return Path(package.submodule_search_locations[0]) / "fonts" / "STIXTwoMath-Regular.ttf"


def _subset(source: Path) -> bytes:
    from fontTools import subset
    from fontTools.ttLib import TTFont

    options = subset.Options(
        layout_features=["dtls", "flac"],  # dotless letters and flat accents; no browser asks for the others
        name_IDs=[0, 1, 2, 4, 5, 6, 13, 14],
        drop_tables=["DSIG", "fpgm", "prep", "cvt ", "gasp"],
        hinting=False,
        notdef_outline=True,
    )
    font = TTFont(source, recalcTimestamp=False)
    cutter = subset.Subsetter(options)
    cutter.populate(unicodes=[code for first, last in RANGES for code in range(first, last + 1)])
    cutter.subset(font)
    font.flavor = "woff2"
    out = io.BytesIO()
    font.save(out)
    return out.getvalue()
