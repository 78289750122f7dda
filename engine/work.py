"""Working an example through: forward, backward and update on one tape."""

from . import plugins
from .backward import backward
from .example import Example
from .families import family
from .optim import update
from .tape import Tape
from .trace import Trace


def work(example: Example) -> Trace:
    """The finished trace of an example, in float64. Raises BookError naming the step if a value overflows."""
    tape = Tape(example.name)
    with plugins.blaming():
        loss = family(example.family).forward(tape, example)
        grads = backward(tape, loss)
        updates = update(tape, grads, **example.update.settings())
        return tape.finish(loss, grads, updates)
