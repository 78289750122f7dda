"""Working an example through: forward, backward and update on one tape."""

from . import plugins
from .errors import BookError
from .families import family
from .optim import update
from .spec.cost import Meter
from .spec.example import Example
from .tape.backward import backward, weighted
from .tape.tape import Tape
from .tape.trace import Trace


def work(example: Example) -> Trace:
    """The finished trace of an example: forward pass, gradients and one update, in float64.

    Shapes are the example's: of a multilayer perceptron (units, samples), of other families as their pages say.
    Raises BookError naming the step if a value overflows, or the largest table of an example that is too large.

    >>> from gradbook import load, work
    >>> trace = work(load("examples/seed.toml"))
    >>> [step.name for step in trace.lines("forward")]
    ['layer1.z', 'layer1.a', 'layer2.z', 'layer2.a', 'E', 'J']
    """
    tape = Tape(example.name)
    tape.meter = meter = Meter(example)
    with plugins.blaming():
        loss = family(example.family).forward(tape, example) or weighted(tape)
        meter.expect_size(tape)
        grads = backward(tape, loss, _inputs(tape, example)) if loss else {}
        updates = update(tape, grads, **example.update.settings()) if loss and example.update else {}
        meter.expect_time()
        return tape.finish(loss, grads, updates, example)


def _inputs(tape: Tape, example: Example) -> list[str]:
    """The inputs whose gradients are asked for."""
    if example.input_gradients and not tape.inputs:
        place = f"{example.file or example.name}: input_gradients"
        raise BookError(f"{place}: what {example.family} reads are whole numbers, which have no gradient.")
    return tape.inputs if example.input_gradients else []
