"""What each colour of a figure means; the colours themselves are the page's, which has a dark set of them."""

from ..inline_svg import PALETTE

_HEX = {name: colour for colour, name in PALETTE.items()}

INK, MUTED, FAINT, GROUND = (_HEX[name] for name in ("ink", "muted", "faint", "ground"))
PHASES = {"forward": _HEX["blue"], "backward": _HEX["red"], "update": _HEX["green"]}
CURVE = _HEX["blue"]
POINT = _HEX["red"]
POSITIVE, NEGATIVE = _HEX["amber"], _HEX["violet"]
"""Purple to orange: a diverging pair that colour-blind readers tell apart, and no phase's colour."""


def signed(value: float) -> str:
    """The colour of a number's sign."""
    return NEGATIVE if value < 0 else POSITIVE
