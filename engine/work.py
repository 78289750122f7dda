"""Working an example through: forward, backward and update on one tape."""

from .backward import backward
from .example import Example
from .families import family
from .optim import update
from .tape import Tape
from .trace import Trace


def work(example: Example) -> Trace:
    """The finished trace of an example, in float64. Raises BookError naming the step if a value overflows."""
    tape = Tape(example.name)
    loss = family(example.family).forward(tape, example)
    grads = backward(tape, loss)
    rule = example.update
    updates = update(tape, grads, **rule.settings())
    return tape.finish(loss, grads, updates)
