"""Writing a trace: expressions in the operations of OPS, and the Tape that writes them down as named steps."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from math import prod
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from ..errors import unknown
from ..ops import OPS
from ..ops.simpler import uncopied
from ..ops.table import SIGNS
from .trace import Step, Trace, checked_array

if TYPE_CHECKING:
    from ..spec.cost import Meter
    from ..spec.example import Example


class Expr:
    """A value on the tape, by its `name`, or an operation on such values not written down yet, whose name is empty.

    Supports + - * / @, unary -, `.T` and, as a method, every operation of OPS: `z.sigmoid()`. Numbers become
    constants. Its `value`, a float64 array, is known at once, so rules may ask for shapes. Raises AttributeError for
    a method that is no operation, ValueError where shapes do not meet.
    """

    __array_ufunc__ = None  # numpy scalars on the left must leave the operation to us

    def __init__(
        self,
        op: str,
        args: Iterable["Expr"] = (),
        value: ArrayLike | None = None,
        name: str = "",
        **attrs: Any,
    ):
        self.op, self.args, self.attrs, self.name = op, tuple(args), attrs, name
        self.of: str | None = None
        self.meter: Meter | None = next((a.meter for a in self.args if a.meter), None)
        self.value = np.asarray(value, dtype=np.float64) if value is not None else self._computed()

    def _computed(self) -> np.ndarray:
        if self.meter:
            self.meter.before(self.op, self.args, self.attrs)
        with np.errstate(all="ignore"):
            return OPS[self.op].forward(*(a.value for a in self.args), **self.attrs)

    def __getattr__(self, op: str) -> Callable[..., "Expr"]:
        if op not in OPS:
            raise AttributeError(f"an expression has no operation {op!r}")
        return partial(called, op, self)

    @property
    def shape(self) -> tuple[int, ...]:
        return np.shape(self.value)

    @property
    def size(self) -> int:
        return prod(self.shape)

    def length(self, axis: int | tuple[int, ...]) -> int:
        """How many entries one sum along `axis` adds up."""
        return prod(self.shape[a] for a in (axis if isinstance(axis, tuple) else (axis,)))

    def is_number(self, number: float) -> bool:
        """Whether this is the constant `number`, which no replay changes."""
        return self.op == "number" and self.shape == () and bool(self.value == number)

    @property
    def is_negated(self) -> bool:
        """Whether this is -a, not written down yet: what is added to it may as well have a taken away."""
        return self.op == SIGNS["-", 1] and not self.name

    def __add__(self, other: "Operand") -> "Expr":
        return called(SIGNS["+", 2], self, other)

    def __radd__(self, other: "Operand") -> "Expr":
        return apply(SIGNS["+", 2], other, self)

    def __sub__(self, other: "Operand") -> "Expr":
        return apply(SIGNS["-", 2], self, other)

    def __rsub__(self, other: "Operand") -> "Expr":
        return apply(SIGNS["-", 2], other, self)

    def __neg__(self) -> "Expr":
        return called(SIGNS["-", 1], self)

    def __matmul__(self, other: "Operand") -> "Expr":
        other = expr(other)
        if self.shape[:-2] != other.shape[:-2]:  # numpy would repeat it, and no rule adds that up again
            raise ValueError(f"a product needs two matrices or two batches as long, not {self.shape} @ {other.shape}")
        return called(SIGNS["@", 2], self, other)

    def __mul__(self, other: "Operand") -> "Expr":
        return called(SIGNS["*", 2], self, other)

    def __rmul__(self, other: "Operand") -> "Expr":
        return called(SIGNS["*", 2], other, self)

    def __truediv__(self, other: "Operand") -> "Expr":
        return called(SIGNS["/", 2], self, other)

    def __rtruediv__(self, other: "Operand") -> "Expr":
        return apply(SIGNS["/", 2], other, self)

    @property
    def T(self) -> "Expr":  # noqa: N802 (numpy's name)
        return called(SIGNS[".T", 1], self)

    def sum_to(self, like: "Expr") -> "Expr":
        """Undo a broadcast: the sum over the axes along which `like` was copied to reach this shape."""
        if self.shape == like.shape:
            return self
        if like.shape == ():
            return self.sum()
        axis = tuple(i for i, (n, m) in enumerate(zip(self.shape, like.shape, strict=True)) if n != m)
        return self.sum_axis(axis=axis[0] if len(axis) == 1 else axis)


class Missing(Expr):
    """A value that is not given, such as a target. What is computed from it is missing, too, and is not written."""

    def __init__(self) -> None:
        super().__init__("missing", value=np.nan)


Operand = Expr | ArrayLike
"""What stands beside an expression: another one, or a number."""


def expr(value: Operand) -> Expr:
    """The value as an expression: a number or an array becomes a constant."""
    return value if isinstance(value, Expr) else Expr("number", value=value)


def apply(op: str, *args: Operand, **attrs: Any) -> Expr:
    """The expression `op(*args)`, as it stands."""
    operands = [expr(a) for a in args]
    if any(isinstance(a, Missing) for a in operands):
        return Missing()
    if OPS[op].entrywise and len(operands) == 2:
        operands = list(uncopied(*operands))
    return Expr(op, operands, **attrs)


def called(op: str, *args: Operand, **attrs: Any) -> Expr:
    """`op(*args)` as a person writes it: what the operation's entry leaves out is left out."""
    simpler = OPS[op].simpler
    if simpler is None or any(isinstance(a, Missing) for a in args):
        return apply(op, *args, **attrs)
    return simpler(partial(apply, op), *map(expr, args), **attrs)


class Tape:
    """Writes steps. Named expressions get a line of their own; their unnamed parts become parts of that line,
    called after their operation ('layer1.z.matmul').

    Values are float64 arrays; what the book prints has at most two axes, and where samples stand in columns a layer
    is `W @ x + b`. `phase` is that of the steps written from now on: 'forward', 'backward' (set by `backward`) or
    'update'. Raises BookError if a value overflows, ValueError if a name is taken.

    >>> from gradbook import Tape, backward
    >>> tape = Tape("line")
    >>> x, y = tape.data("x", [[1.0, 2.0]]), tape.data("y", [[2.0, 3.0]])
    >>> w, b = tape.param("w", [[0.5]]), tape.param("b", [[1.0]])
    >>> loss = tape.write("J", (w @ x + b).half_squared_error(y).sum())
    >>> grads = backward(tape, "J")
    >>> tape.phase = "update"
    >>> w_new = tape.write("w_new", w - 0.1 * tape.ref(grads["w"]))
    >>> tape.finish("J", grads, {"w": "w_new"}).value("w_new")
    array([[0.75]])
    """

    meter: "Meter | None" = None
    """Counts what is written, where an example is worked that may be anyone's."""

    def __init__(self, example: str = "tape"):
        self.example, self.phase = example, "forward"
        self.steps: dict[str, Step] = {}
        self.grad_names: dict[str, str] = {}
        self.inputs: list[str] = []
        self.given_gradients: dict[str, str] = {}

    def data(self, name: str, value: ArrayLike) -> Expr:
        """A leaf that is given and never learned: inputs, targets, masks."""
        return self._leaf("data", name, value)

    def input(self, name: str, value: ArrayLike) -> Expr:
        """Data that the model reads, in real numbers: `backward` writes its gradient if it is asked for."""
        self.inputs.append(name)
        return self.data(name, value)

    def target(self, name: str, data: Any, of: Expr, layout: Callable[[Any], ArrayLike] = np.asarray) -> Expr:
        """The leaf with which the outputs `of` are compared, `layout` of `data.target`; without one it is missing,
        and `data.upstream`, the gradient of the outputs, is a leaf if it is given."""
        if data.target is not None:
            return self.data(name, layout(data.target))
        if data.upstream is not None:
            own = name[: name.rfind(".") + 1] + "upstream"
            self.given_gradients[of.name] = self.data(own, layout(data.upstream)).name
        return Missing()

    def param(self, name: str, value: ArrayLike) -> Expr:
        """A leaf that is learned: `backward` writes its gradient."""
        return self._leaf("param", name, value)

    def const(self, name: str, value: ArrayLike) -> Expr:
        """A leaf that is a number of the method, such as the learning rate."""
        return self._leaf("const", name, value)

    def state(self, name: str, value: ArrayLike) -> Expr:
        """A leaf that the optimiser keeps from update to update, with its value at the start."""
        return self._leaf("state", name, value)

    def write(self, name: str, expression: Expr, grad: str | None = None, of: str | None = None) -> Expr:
        """Write `expression` down as the step `name`, its unnamed parts first.

        `grad` names the line that its gradient will have ('layer1.delta'); without it the gradient is written
        inside the line that uses it. `of` is the step whose gradient this is. Raises ValueError if the name is taken
        or the expression has one, BookError if a value overflows. A missing value is not written.
        """
        if isinstance(expression, Missing):
            return expression
        if expression.name:
            raise ValueError(f"{expression.name} is already written; {name} would be a copy")
        expression.name = name  # before its parts, so that a clash of names is found in reading order
        args = [self._written(arg, f"{name}.{arg.op}") for arg in expression.args]
        self._add(Step(name, expression.op, tuple(args), expression.value, self.phase, expression.attrs, of))
        if grad:
            self.grad_names[name] = grad
        return expression

    def ref(self, name: str) -> Expr:
        """The value already on the tape under `name`, as an expression. Raises BookError for a name that is not."""
        step = self._step(name)
        found = Expr(step.op, value=step.value, name=name)
        found.meter = self.meter
        return found

    def again(self, name: str) -> Expr:
        """The value under `name` for use in another line: what is only a part of a line has no symbol to be called
        by, so it is written out anew, and worked anew."""
        step, line = self.steps[name], self.steps.get(name.rpartition(".")[0])
        if line is None or name not in line.args or step.is_leaf:
            return self.ref(name)
        return Expr(step.op, map(self.again, step.args), **step.attrs)

    def finish(
        self,
        loss: str,
        grads: Mapping[str, str] = MappingProxyType({}),
        updates: Mapping[str, str] = MappingProxyType({}),
        spec: "Example | None" = None,
        batches: Sequence[Mapping[str, np.ndarray]] = (),
    ) -> Trace:
        """The trace of all that is written: `loss` is the step with the loss, or "", `grads` maps a step to that with
        its gradient (what `backward` returns), `updates` a leaf to that with its new value; `spec` is the example,
        `batches` are the data of its updates in turn, if they differ. Raises BookError for a name not on the tape."""
        for name in (*filter(None, [loss]), *grads, *grads.values(), *updates, *updates.values()):
            self._step(name)
        return Trace(self.example, self.steps.values(), loss, grads, updates, spec, batches=batches)

    def _step(self, name: str) -> Step:
        if name not in self.steps:
            raise unknown(f"example {self.example!r}", "step", name, self.steps)
        return self.steps[name]

    def _written(self, arg: Expr, name: str) -> str:
        if not arg.name and arg.op == "number":
            return self._number(float(arg.value))
        if not arg.name:
            self.write(self._free(name), arg, of=arg.of)
        return arg.name

    def _number(self, value: float) -> str:
        name = "const." + repr(value).removesuffix(".0").replace(".", "_").replace("-", "minus")
        return name if name in self.steps else self.const(name, value).name

    def _free(self, name: str) -> str:
        names = (name if i == 1 else f"{name}{i}" for i in range(1, len(self.steps) + 2))
        return next(n for n in names if n not in self.steps)

    def _leaf(self, kind: str, name: str, value: ArrayLike) -> Expr:
        self._add(Step(name, kind, (), np.asarray(value, dtype=np.float64), self.phase))
        return self.ref(name)

    def _add(self, step: Step) -> None:
        if not step.name:
            raise ValueError("a step needs a name")
        if step.name in self.steps:
            raise ValueError(f"two steps are called {step.name}")
        value = checked_array(step, step.value, self.steps, self.example)
        self.steps[step.name] = Step(step.name, step.op, step.args, value, step.phase, dict(step.attrs), step.of)
        if self.meter:
            self.meter.wrote(self.steps[step.name], self.steps)
