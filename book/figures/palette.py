"""What each colour of a figure means; the colours themselves are the page's, which has a dark set of them."""

from ..base.colours import DRAWN

INK, MUTED, FAINT, GROUND = (DRAWN[name] for name in ("ink", "muted", "faint", "ground"))
PHASES = {"forward": DRAWN["blue"], "backward": DRAWN["red"], "update": DRAWN["green"]}
CURVE = DRAWN["blue"]
POINT = DRAWN["red"]
POSITIVE, NEGATIVE = DRAWN["amber"], DRAWN["violet"]
"""Purple to orange: a diverging pair that colour-blind readers tell apart, and no phase's colour."""


def signed(value: float) -> str:
    """The colour of a number's sign."""
    return NEGATIVE if value < 0 else POSITIVE
