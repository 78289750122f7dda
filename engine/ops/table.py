"""The table of operations: what an entry holds, and how an operation is entered.

`precedence` says how tightly the operation's written form binds. A part that binds no tighter than its parent's
`bracket_below` stands in brackets, and what stands in brackets is worked first; the same two numbers therefore decide
the brackets on the page and the roundings of pencil arithmetic.
"""

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from math import inf, prod
from typing import Any, NamedTuple

import numpy as np

from .. import plugins
from .terms import Term, everything

SUM, PRODUCT, POWER, CALL = 1, 2, 3, 4
"""Binding strengths: a + b, a b, a², f(a). CALL as `bracket_below`: the form encloses its arguments itself."""

NO_GRADIENT = None
"""In the place of a derivative rule: the slope is 0 wherever there is one, so no gradient passes."""

DOMAINS = {
    "real": (-inf, inf),
    "positive": (0, inf),
    "unit": (0, 1),
    "distribution": (0, 1),
    "sign": (-1, 1),
    "mask": (0, 1),
}
"""What an argument may hold, and between which bounds that lies: any number; above 0; between 0 and 1; columns that
add up to 1; −1 and 1; 0 and 1."""

WHOLE = ("matrix", "layout", "sum", "convolution")
"""Kinds of operations in which an entry of the result is made from several entries, or from one elsewhere."""


class Cost(NamedTuple):
    """What it takes to work an operation once: how many numbers it makes, how many multiplications (of which an
    addition, or a function, counts as one), and how often numpy is called."""

    numbers: int
    multiplications: int
    calls: int = 1


Bounds = tuple[float, float]
"""The least and the greatest of some numbers."""


@dataclass(frozen=True)
class Op:
    """One operation.

    `forward(*arrays, **attrs)` gives an array; `vjps[i](g, out, *args, **attrs)`, its vector-Jacobian product, the
    expression of the gradient with respect to argument i, `each(i)` makes that rule where there may be any number
    of arguments. `sample` are the shapes of arguments to test it on, `attrs` the attributes that go with them,
    `domain` what the arguments may hold. `smooth` says that the operation has a slope everywhere and is written in
    functions that complex numbers have too; `kinked`, whether one that is not smooth has a corner or a jump, or
    only such functions. `reach` are the bounds of an activation's results, or tells them from its attributes: no
    target beyond them can be reached.
    `room` is the module that entered it.

    `infix` is Python's own sign for the operation ("+", "@", ".T"), "" if it is called by its name.
    `terms(index, *arrays, **attrs)` says what the entry `index` of the result is made of (`terms.py`), where that is
    not the operation on the entries at the same place. `repeats` says that a ⊙ b ⊙ c needs no brackets.
    `size`, for an operation whose terms can cancel, adds up how large they are: it takes absolute values.
    `copies` says that it only repeats entries. `simpler(make, *args, **attrs)` is what its method on an expression
    gives, where a person leaves something out (`simpler.py`). `fails(*arrays, **attrs)` says what is wrong with the
    arguments of a result that is no finite number, and what to do; "" if nothing is.

    `outputs`, one of OUTPUTS, is what an activation makes of a layer, and what a loss needs the last layer to give.
    For the search for an example's numbers: `lively`, from where to where the size of a pre-activation is wanted (a
    unit beyond it is saturated, one nearer to 0 passes nothing on); `targets`, what the outputs of a last layer can
    be asked for, if not nearly all of `reach` between -1 and 1; `hidden`, the activation of the layers before a last
    layer that it looks at as a whole.
    `piece(before, now, **attrs)`, for an operation that is not smooth: its value at `now`, which may be complex, on
    the piece on which the real numbers `before` stand: no kink lies between. At a kink it says which piece counts.
    `cost(*args, **attrs)` tells from the shapes of the arguments, before anything is worked, what that takes; without
    it, one multiplication for each number of the result.
    """

    name: str
    forward: Callable[..., Any]
    vjps: tuple[Callable[..., Any] | None, ...]
    precedence: int
    bracket_below: int
    sample: tuple[tuple[int, ...], ...]
    kind: str
    attrs: Mapping[str, Any] = field(default_factory=dict)
    domain: tuple[str, ...] = ()
    smooth: bool = True
    reach: Bounds | Callable[..., Bounds] = (-inf, inf)
    each: Callable[[int], Callable[..., Any] | None] | None = None
    room: str = ""
    infix: str = ""
    terms: Callable[..., Term] | None = None
    repeats: bool = False
    size: Callable[..., Any] | None = None
    copies: bool = False
    simpler: Callable[..., Any] | None = None
    fails: Callable[..., str] | None = None
    outputs: str = ""
    lively: tuple[float, float] = (0.05, 1.5)
    targets: tuple[float, float] | None = None
    hidden: str = ""
    kinked: bool = True
    piece: Callable[..., Any] | None = None
    cost: Callable[..., Cost] | None = None

    @property
    def entrywise(self) -> bool:
        """Whether each entry of the result is made from the entries at its own place."""
        return self.kind not in WHOLE and "axis" not in self.attrs

    @property
    def moves(self) -> bool:
        """Whether it only moves entries, so that a result in its new place says all: not a transpose, whose sign a
        reader knows."""
        return self.kind == "layout" and self.infix == ""

    @property
    def adds_all(self) -> bool:
        """Whether the result is the sum of all entries."""
        return self.terms is everything and self.precedence == PRODUCT

    @property
    def stacks(self) -> bool:
        """Whether the result is its arguments beside or above each other."""
        return self.each is not None and self.kind == "layout"

    @property
    def aims(self) -> tuple[float, float]:
        """Between which numbers the targets of a new example lie: `targets`, else what is within reach."""
        lowest, highest = self.bounds(**self.attrs)
        low, high = float(max(lowest, -1)), float(min(highest, 1))
        return self.targets or (low + 0.05 * (high - low), high - 0.05 * (high - low))

    def bounds(self, **attrs: Any) -> Bounds:
        """`reach`, with these attributes."""
        return self.reach(**attrs) if callable(self.reach) else self.reach

    @property
    def is_product(self) -> bool:
        """Whether it is the product of two matrices."""
        return self.kind == "matrix" and self.multiplies

    @property
    def multiplies(self) -> bool:
        """Whether an entry of the result is a sum of products."""
        return self.kind in ("matrix", "convolution") and self.precedence == PRODUCT and self.terms is not None

    @property
    def takes_complex(self) -> bool:
        """Whether it can be worked on complex numbers, along its piece if it has several."""
        return self.smooth or self.piece is not None or self.kind == "mask"

    def along(self, before: Sequence[Any], now: Sequence[Any], **attrs: Any) -> Any:
        """Its value at the arrays `now`, real or complex, on the piece on which the real arrays `before` stand. What
        only decides, a mask, stays as it is."""
        if self.kind == "mask":
            return self.forward(*before, **attrs)
        return self.piece(before, now, **attrs) if self.piece else self.forward(*now, **attrs)

    def vjp(self, i: int) -> Callable[..., Any] | None:
        """The derivative rule of argument i; NO_GRADIENT if no gradient passes there."""
        return self.each(i) if self.each else self.vjps[i]

    def costs(self, *args: Any, **attrs: Any) -> Cost:
        """What it takes to work the operation on arrays, or expressions, of these shapes."""
        if self.cost:
            return self.cost(*args, **attrs)
        shapes = [a.shape for a in args]
        numbers = prod(np.broadcast_shapes(*shapes)) if self.entrywise else max(map(prod, shapes))
        return Cost(numbers, numbers)

    def accepts(self, i: int) -> str:
        """What argument i may hold: one of DOMAINS."""
        return self.domain[i] if i < len(self.domain) else "real"


OUTPUTS = {
    "unit": "outputs between 0 and 1",
    "distribution": "probabilities that add up to 1",
    "logits": "logits",
}
"""What losses ask of a last layer, in words."""

OPS: dict[str, Op] = {}
"""Every operation by its name, in the order in which the files enter them: `OPS["sigmoid"].forward(z)`."""

SIGNS: dict[tuple[str, int], str] = {}
"""Python's own signs, with the number of arguments -> the first operation that is written so."""


def op(  # noqa: PLR0913 (an entry's settings are keywords)
    name: str,
    forward: Callable[..., Any],
    *vjps: Callable[..., Any] | None,
    precedence: int = CALL,
    bracket_below: int = CALL,
    sample: tuple[tuple[int, ...], ...] = ((2, 3),),
    kind: str = "arithmetic",
    attrs: Mapping[str, Any] | None = None,
    domain: tuple[str, ...] = (),
    smooth: bool = True,
    reach: Bounds | Callable[..., Bounds] = (-inf, inf),
    each: Callable[[int], Callable[..., Any] | None] | None = None,
    infix: str = "",
    terms: Callable[..., Term] | None = None,
    repeats: bool = False,
    size: Callable[..., Any] | None = None,
    copies: bool = False,
    simpler: Callable[..., Any] | None = None,
    fails: Callable[..., str] | None = None,
    outputs: str = "",
    lively: tuple[float, float] = (0.05, 1.5),
    targets: tuple[float, float] | None = None,
    hidden: str = "",
    kinked: bool = True,
    piece: Callable[..., Any] | None = None,
    cost: Callable[..., Cost] | None = None,
) -> Op:
    """Enter an operation into OPS: its name, its forward function, one rule for each argument.

    `forward(*arrays, **attrs)` takes float64 arrays and gives one. A rule `(g, out, *args, **attrs)` takes
    expressions and returns the gradient with respect to its argument, of that argument's shape, as an expression in
    operations of OPS; NO_GRADIENT (None) stands for an argument to which no gradient passes. The other settings are
    those of `Op`. From then on every expression has the operation as a method; a file may enter its own name anew.
    Raises ValueError for a name that is no Python name, BookError if another file has an operation of this name.

    >>> from gradbook import Tape, op
    >>> entry = op("cube", lambda a: a**3, lambda g, out, a: g * (3 * a.square()))
    >>> x = Tape().data("x", [[1.0, 2.0]])
    >>> x.cube().value
    array([[1., 8.]])
    """
    if not name.isidentifier():
        raise ValueError(f"{name!r} cannot be called as a method; an operation needs a Python name")
    room = sys._getframe(1).f_globals.get("__name__", "__main__")
    if name in OPS and OPS[name].room != room:
        plugins.refuse_twice("operation", name, room, OPS[name].room)
    OPS[name] = Op(
        name, forward, vjps, precedence, bracket_below, sample, kind, attrs or {}, domain, smooth, reach, each, room,
        infix=infix, terms=terms, repeats=repeats, size=size, cost=cost, copies=copies, simpler=simpler, fails=fails,
        outputs=outputs, lively=lively, targets=targets, hidden=hidden, kinked=kinked, piece=piece,
    )  # fmt: skip
    if infix:
        SIGNS.setdefault((infix, len(vjps)), name)
    return OPS[name]


def of_kind(kind: str) -> tuple[str, ...]:
    """The names of all operations of one kind ('activation', 'loss', …) in the order of the table."""
    return tuple(name for name, entry in OPS.items() if entry.kind == kind)


def worked_first(parent: str, part: str, leads: bool = False) -> bool:
    """Whether `part`, written inside `parent`, is enclosed (in brackets, a call, a fraction): if so it is
    reduced, and rounded, before its parent; if not, both are worked out in one go. `leads` says that it is the
    first argument: a ⊙ b ⊙ c needs no brackets."""
    return OPS[part].precedence <= OPS[parent].bracket_below and not (leads and parent == part and OPS[part].repeats)
