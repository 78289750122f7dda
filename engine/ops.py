"""Every operation: how it is computed and how it is differentiated, side by side.

Glossary. g: the gradient of the loss with respect to the operation's result. out: that result. a, b, x, z: the
arguments. A rule does no arithmetic: it returns the gradient with respect to one argument as an expression in
these same operations, and the tape writes that expression down as steps.

`binds` says how tightly the operation's written form binds. A part that binds no tighter than its parent `opens`
stands in brackets, and what stands in brackets is worked first; the same two numbers therefore decide the
brackets on the page and the roundings of pencil arithmetic.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

SUM, PRODUCT, POWER, CALL = 1, 2, 3, 4
"""Binding strengths: a + b, a b, a², f(a). CALL as `opens`: the form encloses its arguments itself."""


FLAT = None
"""In the place of a rule: the slope is 0 wherever there is one, so no gradient passes."""


@dataclass(frozen=True)
class Op:
    """One operation. `forward(*arrays, **attrs)` gives an array; `rules[i](g, out, *args, **attrs)` the
    expression of the gradient with respect to argument i; `sample` the shapes of arguments to test it on."""

    name: str
    forward: Callable
    rules: tuple[Callable | None, ...]
    binds: int
    opens: int
    sample: tuple[tuple[int, ...], ...]
    kind: str


OPS: dict[str, Op] = {}


def op(name, forward, *rules, binds=CALL, opens=CALL, sample=((2, 3),), kind="arithmetic") -> Op:
    """Enter an operation into OPS: its name, its forward function, one rule for each argument."""
    OPS[name] = Op(name, forward, rules, binds, opens, sample, kind)
    return OPS[name]


def of_kind(kind: str) -> tuple[str, ...]:
    """The names of all operations of one kind ('activation', 'loss', …) in the order of this file."""
    return tuple(name for name, entry in OPS.items() if entry.kind == kind)


def worked_first(parent: str, part: str) -> bool:
    """Whether `part`, written inside `parent`, is enclosed (in brackets, a call, a fraction): if so it is
    reduced, and rounded, before its parent; if not, both are worked out in one go."""
    return OPS[part].binds <= OPS[parent].opens


# A table: one entry a paragraph, one rule a line.
# fmt: off

# Arithmetic, entry by entry; where shapes differ numpy's broadcasting applies and the rule sums it back.

op("add", np.add,
   lambda g, out, a, b: g.sum_to(a),
   lambda g, out, a, b: g.sum_to(b),
   binds=SUM, opens=0, sample=((2, 3), (2, 1)))

op("sub", np.subtract,
   lambda g, out, a, b: g.sum_to(a),
   lambda g, out, a, b: (-g).sum_to(b),
   binds=SUM, opens=SUM, sample=((2, 3), (2, 3)))

op("neg", np.negative,
   lambda g, out, a: -g,
   binds=SUM, opens=SUM)

op("mul", np.multiply,
   lambda g, out, a, b: (g * b).sum_to(a),
   lambda g, out, a, b: (g * a).sum_to(b),
   binds=PRODUCT, opens=PRODUCT, sample=((2, 3), (2, 3)))

op("scale", np.multiply,
   lambda g, out, s, x: (g * x).sum(),
   lambda g, out, s, x: s * g,
   binds=PRODUCT, opens=PRODUCT, sample=((), (2, 3)))

op("div", np.divide,
   lambda g, out, a, b: (g / b).sum_to(a),
   lambda g, out, a, b: (-(g * out / b)).sum_to(b),
   binds=PRODUCT, opens=CALL, sample=((2, 3), (2, 3)))

op("square", np.square,
   lambda g, out, a: 2 * (g * a),
   binds=POWER, opens=POWER)


# Matrices.

op("matmul", np.matmul,
   lambda g, out, a, b: g @ b.T,
   lambda g, out, a, b: a.T @ g,
   binds=PRODUCT, opens=PRODUCT, sample=((2, 3), (3, 4)), kind="matrix")

op("transpose", np.transpose,
   lambda g, out, a: g.T,
   binds=POWER, opens=POWER, kind="layout")


# Sums, and the copies that undo them.

op("sum", lambda a: np.sum(a),
   lambda g, out, a: g.broadcast(a),
   binds=PRODUCT, opens=SUM, kind="sum")

op("sum_axis", lambda a, axis: np.sum(a, axis=axis, keepdims=True),
   lambda g, out, a, axis: g.broadcast(a),
   binds=PRODUCT, opens=SUM, kind="sum")

op("broadcast", lambda a, shape: np.broadcast_to(a, shape).copy(),
   lambda g, out, a, shape: g.sum_to(a),
   sample=((2, 1),), kind="sum")


# Activations, entry by entry. At a kink the slope is PyTorch's: relu'(0) = 0.

op("identity", lambda z: np.array(z),
   lambda g, a, z: g,
   binds=CALL, opens=0, kind="activation")

op("sigmoid", lambda z: 1 / (1 + np.exp(-z)),
   lambda g, a, z: g * (a * (1 - a)),
   kind="activation")

op("tanh", np.tanh,
   lambda g, a, z: g * (1 - a.square()),
   kind="activation")

op("relu", lambda z: np.maximum(z, 0),
   lambda g, a, z: g * z.positive(),
   kind="activation")

op("positive", lambda z: (z > 0).astype(z.dtype),
   FLAT,
   kind="mask")


# Losses, entry by entry: a is what the network gives, y what it should give.

op("half_squared_error", lambda a, y: (y - a) ** 2 / 2,
   lambda g, out, a, y: g * (a - y),
   lambda g, out, a, y: g * (y - a),
   sample=((2, 3), (2, 3)), kind="loss")

op("squared_error", lambda a, y: (y - a) ** 2,
   lambda g, out, a, y: g * (2 * (a - y)),
   lambda g, out, a, y: g * (2 * (y - a)),
   sample=((2, 3), (2, 3)), kind="loss")

op("binary_cross_entropy", lambda a, y: -(y * np.log(a) + (1 - y) * np.log(1 - a)),
   lambda g, out, a, y: g * ((a - y) / (a * (1 - a))),
   lambda g, out, a, y: g * ((1 - a) / a).log(),
   sample=((2, 3), (2, 3)), kind="loss")

op("log", np.log,
   lambda g, out, a: g / a,
   kind="function")
