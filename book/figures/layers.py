"""The layers of a network, found in its trace: each is a product of a weight matrix with what came before."""

from dataclasses import dataclass
from itertools import pairwise

from gradbook.engine.ops import OPS
from gradbook.engine.tape.trace import Step, Trace


@dataclass(frozen=True)
class Layer:
    """Names of steps; `bias` may be missing."""

    before: str
    weights: str
    bias: str | None
    z: str
    a: str


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
    if not is_product or product.phase != "forward" or trace[product.args[0]].op != "param":
        return None
    weights, before = product.args
    z, bias = product.name, None
    for user in trace.users(z, "forward"):
        others = [name for name in user.args if trace[name].op == "param"]
        if OPS[user.op].infix == "+" and others:
            z, bias = user.name, others[0]
    a = next((u.name for u in trace.users(z, "forward") if OPS[u.op].kind == "activation"), z)
    return Layer(before, weights, bias, z, a)
