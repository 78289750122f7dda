"""Numbers: examples are worked through step by step and every intermediate array is recorded in a Trace."""

from .errors import BookError
from .load import load
from .ops import OPS, op
from .spec.example import Example
from .tape.backward import backward
from .tape.check import GradientCheck, check_gradients
from .tape.lower import lower, train
from .tape.pencil import pencil
from .tape.tape import Tape
from .tape.trace import Step, Trace
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
