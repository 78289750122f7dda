"""Numbers: examples are worked through step by step and every intermediate array is recorded in a Trace."""

from .backward import backward
from .check import GradientCheck, check_gradients
from .errors import BookError
from .example import Example, load
from .lower import lower, train
from .ops import OPS, op
from .tape import Tape
from .trace import Step, Trace, pencil
from .work import work

__all__ = [
    "OPS",
    "BookError",
    "Example",
    "GradientCheck",
    "Step",
    "Tape",
    "Trace",
    "backward",
    "check_gradients",
    "load",
    "lower",
    "op",
    "pencil",
    "train",
    "work",
]
