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
def _face():
    from matplotlib.ft2font import FT2Font

    return FT2Font(folder("ziamath") / "STIXTwoMath-Regular.ttf")


@cache
def advance(char: str) -> float:
    """How far a character moves on, in em. What the face does not have is taken as a full square, as Chinese is."""
    from matplotlib.ft2font import LoadFlags

    face = _face()
    if not face.get_char_index(ord(char)):
        return 1.0
    glyph = face.load_char(ord(char), flags=LoadFlags.NO_SCALE | LoadFlags.NO_HINTING)
    return glyph.horiAdvance / face.units_per_EM
