"""Working an example through: forward, backward and update on one tape."""

import numpy as np

from . import plugins
from .errors import BookError
from .families import family
from .optim import update
from .spec.batches import batches, of_samples
from .spec.cost import Meter
from .spec.example import Example
from .tape.backward import backward, weighted
from .tape.tape import Tape
from .tape.trace import Trace


def work(example: Example) -> Trace:
    """The finished trace of an example: forward pass, gradients and one update, in float64.

    Shapes are the example's: of a multilayer perceptron (units, samples), or (samples, units) if its layout is rows,
    of other families as their pages say. Where an update reads only some of the samples, the trace is that of the
    first update, and has the data of the others.
    Raises BookError naming the step if a value overflows, or the largest table of an example that is too large.

    >>> from gradbook import load, work
    >>> trace = work(load("examples/seed.toml"))
    >>> [step.name for step in trace.lines("forward")]
    ['layer1.z', 'layer1.a', 'layer2.z', 'layer2.a', 'E', 'J']
    """
    tape = Tape(example.name)
    tape.meter = meter = Meter(example)
    with plugins.blaming():
        turns = batches(example) if example.is_answered else []
        first = of_samples(example, turns[0]) if turns else example
        loss = family(example.family).forward(tape, first)
        meter.expect_size(tape, len(turns) or 1)
        given = {turn: _given(of_samples(example, turn), tape) for turn in dict.fromkeys(turns)}
        loss = loss or weighted(tape)
        grads = backward(tape, loss, _inputs(tape, example)) if loss else {}
        updates = {}
        if loss and example.update is not None:
            updates = update(tape, grads, **example.update.settings(), start=example.start)
        meter.expect_time()
        return tape.finish(loss, grads, updates, example, _differing([given[turn] for turn in turns]))


def _inputs(tape: Tape, example: Example) -> list[str]:
    """The inputs whose gradients are asked for."""
    if example.input_gradients and not tape.inputs:
        place = f"{example.file or example.name}: input_gradients"
        raise BookError(f"{place}: what {example.family} reads are whole numbers, which have no gradient.")
    return tape.inputs if example.input_gradients else []


def _given(turn: Example, first: Tape) -> dict[str, np.ndarray]:
    """The data that an update reads, by the names of their leaves on the tape of the first update.

    Raises BookError if the family writes other steps for other samples, which no update could follow.
    """
    tape = Tape(turn.name)
    family(turn.family).forward(tape, turn)
    written = [(s.name, s.op, s.args, s.value.shape) for s in tape.steps.values()]
    if written != [(s.name, s.op, s.args, s.value.shape) for s in first.steps.values()]:
        raise BookError(
            f"{turn.file or turn.name}: update.batch_size: the samples differ in what has to be worked, as sequences "
            "of different length do; every update must have the same lines, so make them alike or leave it out."
        )
    return {s.name: s.value for s in tape.steps.values() if s.op == "data"}


def _differing(data: list[dict[str, np.ndarray]]) -> list[dict[str, np.ndarray]]:
    """What is not the same in all updates; [] if everything is."""
    moving = [name for name in (data[0] if data else ()) if any((d[name] != data[0][name]).any() for d in data)]
    return [{name: d[name] for name in moving} for d in data] if moving else []
