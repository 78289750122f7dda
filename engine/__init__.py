"""Numbers: examples are worked through step by step and every intermediate array is recorded in a Trace."""

from .check import GradientCheck, check_gradients
from .errors import BookError
from .example import Example, load
from .lower import lower, train
from .trace import Step, Trace, pencil
from .work import work

__all__ = [
    "BookError",
    "Example",
    "GradientCheck",
    "Step",
    "Trace",
    "check_gradients",
    "load",
    "lower",
    "pencil",
    "train",
    "work",
]
