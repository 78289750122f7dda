"""The layers of a network, found in its trace: each is a product of a weight matrix with what came before, which has
the samples in columns, or in rows if it stands on the left."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from gradbook.engine.ops import OPS
from gradbook.engine.tape.trace import Step, Trace


@dataclass(frozen=True)
class Layer:
    """Names of steps; `bias` may be missing. `in_rows` says that samples stand in rows."""

    before: str
    weights: str
    bias: str | None
    z: str
    a: str
    in_rows: bool

    def units(self, trace: Trace, name: str) -> int:
        """How many numbers each sample has in `name`, the layer's or what it reads."""
        return trace[name].shape[1 if self.in_rows else 0]

    def samples(self, trace: Trace, name: str) -> int:
        return trace[name].shape[0 if self.in_rows else 1]

    def place(self, unit: int) -> tuple[int, int]:
        """Where the number of a unit stands: that of the first sample, or the bias."""
        return (0, unit) if self.in_rows else (unit, 0)

    def strengths(self, trace: Trace) -> np.ndarray:
        """The weights, one row for each unit."""
        W = trace.value(self.weights)
        return W.T if self.in_rows else W


def layers(trace: Trace) -> list[Layer]:
    """The chain from the data to the loss, or [] if the forward pass is no plain chain of layers: if a value or a
    parameter is used twice, say, or if the last layer feeds another product."""
    found = [layer for step in trace.values() if (layer := _layer(trace, step))]
    if not found or _feeds_a_product(trace, found[-1].a):
        return []
    chained = all(one.a == following.before for one, following in pairwise(found))
    once = all(len(trace.users(n, "forward")) == 1 for one in found for n in (one.before, one.weights, one.bias) if n)
    return found if chained and once and trace[found[0].before].op == "data" else []


def _feeds_a_product(trace: Trace, name: str) -> bool:
    users = trace.users(name, "forward")
    return any(OPS[user.op].is_product or _feeds_a_product(trace, user.name) for user in users)


def target(trace: Trace, last: Layer) -> str | None:
    """The data that the last layer is compared with, if an operation of the loss does so directly."""
    for step in trace.users(last.a, "forward"):
        others = [name for name in step.args if trace[name].op == "data"]
        if OPS[step.op].kind == "loss" and others and trace[others[0]].shape == trace[last.a].shape:
            return others[0]
    return None


def _layer(trace: Trace, product: Step) -> Layer | None:
    is_product = not product.is_leaf and OPS[product.op].is_product
    if not is_product or product.phase != "forward":
        return None
    found = _weights_and_input(trace, product)
    if found is None:
        return None
    weights, before = found
    z, bias = product.name, None
    for user in trace.users(z, "forward"):
        others = [name for name in user.args if trace[name].op == "param"]
        if OPS[user.op].infix == "+" and others:
            z, bias = user.name, others[0]
    a = next((u.name for u in trace.users(z, "forward") if OPS[u.op].kind == "activation"), z)
    return Layer(before, weights, bias, z, a, in_rows=before == product.args[0])


def _weights_and_input(trace: Trace, product: Step) -> tuple[str, str] | None:
    """What a layer multiplies, in whichever order; a layer has a scope of its own, which a model of one product, such
    as a regression, has not."""
    for weights, before in (product.args, product.args[::-1]):
        if trace[weights].op == "param" and "." in weights:
            return weights, before
    return None
