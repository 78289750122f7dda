"""The typeface of the figures: the formulas' own (STIX Two Math), so that a symbol looks the same in both."""

from functools import cache
from importlib.util import find_spec
from pathlib import Path

FAMILY = "'STIX Two Math','Cambria Math',serif"
"""What neither has, Chinese say, browsers and Typst look for in whatever faces they have."""


def folder(package: str) -> Path:
    """The folder `fonts` that an installed package carries; the package itself is not imported."""
    return Path(find_spec(package).origin).parent / "fonts"


@cache
def _face() -> tuple[dict[int, str], dict[str, tuple[int, int]], int]:
    """The glyph of each character, the width of each glyph, and what both are measured in, a part of an em."""
    from fontTools.ttLib import TTFont

    with TTFont(folder("ziamath") / "STIXTwoMath-Regular.ttf", lazy=True) as font:
        return font.getBestCmap(), font["hmtx"].metrics, font["head"].unitsPerEm


@cache
def advance(char: str) -> float:
    """How far a character moves on, in em. What the face does not have is taken as a full square, as Chinese is."""
    glyphs, widths, em = _face()
    return widths[glyphs[ord(char)]][0] / em if ord(char) in glyphs else 1.0
