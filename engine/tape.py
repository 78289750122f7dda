"""Writing a trace: expressions in the operations of OPS, and the Tape that writes them down as named steps."""

from collections.abc import Callable, Mapping
from functools import partial
from math import prod

import numpy as np

from .ops import OPS
from .trace import Step, Trace, frozen


class Expr:
    """A value on the tape (it has a `name`), or an operation on such values that is not written down yet.

    Supports + - * / @, unary -, `.T` and, as a method, every operation of OPS: `z.sigmoid()`. Numbers become
    constants. Its `value` is known at once, so rules may ask for shapes.
    """

    __array_ufunc__ = None  # numpy scalars on the left must leave the operation to us

    def __init__(self, op, args=(), value=None, name=None, **attrs):
        self.op, self.args, self.attrs, self.name, self.of = op, tuple(args), attrs, name, None
        self.value = np.asarray(value, dtype=np.float64) if value is not None else self._computed()

    def _computed(self):
        with np.errstate(all="ignore"):
            return OPS[self.op].forward(*(a.value for a in self.args), **self.attrs)

    def __getattr__(self, op: str) -> Callable[..., "Expr"]:
        if op not in OPS:
            raise AttributeError(f"an expression has no operation {op!r}")
        return partial(apply, op, self)

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
        return self.op == "neg" and self.name is None

    def __add__(self, other):
        other = expr(other)
        if other.is_negated:
            return self - other.args[0]
        return other - self.args[0] if self.is_negated else apply("add", self, other)

    def __radd__(self, other):
        return apply("add", other, self)

    def __sub__(self, other):
        return apply("sub", self, other)

    def __rsub__(self, other):
        return apply("sub", other, self)

    def __neg__(self):
        """-a; -(-a) = a and -(a - b) = b - a."""
        if self.is_negated:
            return self.args[0]
        differs = self.op == "sub" and self.name is None
        return self.args[1] - self.args[0] if differs else apply("neg", self)

    def __matmul__(self, other):
        other = expr(other)
        if self.shape[:-2] != other.shape[:-2]:  # numpy would repeat it, and no rule adds that up again
            raise ValueError(f"a product needs two matrices or two batches as long, not {self.shape} @ {other.shape}")
        return apply("matmul", self, other)

    def __mul__(self, other):
        return product(self, expr(other))

    def __rmul__(self, other):
        return product(expr(other), self)

    def __truediv__(self, other):
        other = expr(other)
        return self if other.is_number(1) else apply("div", self, other)

    def __rtruediv__(self, other):
        return apply("div", other, self)

    @property
    def T(self):  # noqa: N802 (numpy's name)
        return transposed(self)

    def sum(self):
        return self if self.shape == () else apply("sum", self)

    def sum_to(self, like: "Expr"):
        """Undo a broadcast: the sum over the axes along which `like` was copied to reach this shape."""
        if self.shape == like.shape:
            return self
        if like.shape == ():
            return self.sum()
        axis = tuple(i for i, (n, m) in enumerate(zip(self.shape, like.shape, strict=True)) if n != m)
        return apply("sum_axis", self, axis=axis[0] if len(axis) == 1 else axis)

    def broadcast(self, like: "Expr"):
        return self if self.shape == like.shape else apply("broadcast", self, shape=like.shape)


def expr(value) -> Expr:
    return value if isinstance(value, Expr) else Expr("number", value=value)


def apply(op: str, *args, **attrs) -> Expr:
    """The expression `op(*args)`."""
    args = [expr(a) for a in args]
    if OPS[op].entrywise and len(args) == 2:
        args = uncopied(*args)
    return Expr(op, args, **attrs)


def uncopied(a: Expr, b: Expr) -> tuple[Expr, Expr]:
    """Two arguments of an entrywise operation without a copy that the operation makes by itself."""
    return (_uncopied(a, b), b) if _is_idle(a, b) else (a, _uncopied(b, a))


def _uncopied(a: Expr, b: Expr) -> Expr:
    return a.args[0] if _is_idle(a, b) else a


def _is_idle(a: Expr, b: Expr) -> bool:
    """Whether `a` is a copy not written down yet without which the result beside `b` has the same shape."""
    if a.op != "broadcast" or a.name is not None:
        return False
    return np.broadcast_shapes(a.args[0].shape, b.shape) == np.broadcast_shapes(a.shape, b.shape)


def product(a: Expr, b: Expr) -> Expr:
    """a times b, without the clutter a person leaves out: 1·b = b, (-1)·b = -b, copies, (1/n)·b = b/n."""
    a, b = uncopied(a, b)
    if a.is_negated:
        return -product(a.args[0], b)
    if a.is_number(1):
        return b
    if b.is_number(1):
        return a
    if a.op == "div" and a.name is None and a.args[0].is_number(1):
        return b / a.args[1]
    if b.shape == () and a.shape != ():
        a, b = b, a
    return apply("scale" if a.shape == () else "mul", a, b)


def transposed(a: Expr) -> Expr:
    """The transpose of a, as a person writes it: (aᵀ)ᵀ = a, (aᵀ b)ᵀ = bᵀ a, and a number is its own."""
    if a.shape == (1, 1):
        return a
    if a.name is None and a.op == "transpose":
        return a.args[0]
    if a.name is None and a.op == "matmul" and any(b.name is None and b.op == "transpose" for b in a.args):
        return a.args[1].T @ a.args[0].T
    return apply("transpose", a)


class Tape:
    """Writes steps. Named expressions get a line of their own; their unnamed parts become parts of that line,
    called after their operation ('layer1.z.matmul')."""

    def __init__(self, example: str):
        self.example, self.phase = example, "forward"
        self.steps: dict[str, Step] = {}
        self.grad_names: dict[str, str] = {}

    def data(self, name: str, value) -> Expr:
        return self._leaf("data", name, value)

    def param(self, name: str, value) -> Expr:
        return self._leaf("param", name, value)

    def const(self, name: str, value) -> Expr:
        return self._leaf("const", name, value)

    def state(self, name: str, value) -> Expr:
        """A leaf that the optimiser keeps from update to update, with its value at the start."""
        return self._leaf("state", name, value)

    def write(self, name: str, expression: Expr, grad: str | None = None, of: str | None = None) -> Expr:
        """Write `expression` down as the step `name`, its unnamed parts first.

        `grad` names the line that its gradient will have ('layer1.delta'); without it the gradient is written
        inside the line that uses it. `of` is the step whose gradient this is.
        """
        if expression.name is not None:
            raise ValueError(f"{expression.name} is already written; {name} would be a copy")
        expression.name = name  # before its parts, so that a clash of names is found in reading order
        args = [self._written(arg, f"{name}.{arg.op}") for arg in expression.args]
        self._add(Step(name, expression.op, tuple(args), expression.value, self.phase, expression.attrs, of))
        if grad:
            self.grad_names[name] = grad
        return expression

    def ref(self, name: str) -> Expr:
        """The value already on the tape under `name`, as an expression."""
        step = self.steps[name]
        return Expr(step.op, value=step.value, name=name)

    def again(self, name: str) -> Expr:
        """The value under `name` for use in another line: what is only a part of a line has no symbol to be called
        by, so it is written out anew, and worked anew."""
        step, line = self.steps[name], self.steps.get(name.rpartition(".")[0])
        if line is None or name not in line.args or step.is_leaf:
            return self.ref(name)
        return Expr(step.op, map(self.again, step.args), **step.attrs)

    def finish(self, loss: str, grads: Mapping[str, str], updates: Mapping[str, str]) -> Trace:
        return Trace(self.example, self.steps.values(), loss, grads, updates)

    def _written(self, arg: Expr, name: str) -> str:
        if arg.name is None and arg.op == "number":
            return self._number(float(arg.value))
        if arg.name is None:
            self.write(self._free(name), arg, of=arg.of)
        return arg.name

    def _number(self, value: float) -> str:
        name = "const." + repr(value).removesuffix(".0").replace(".", "_").replace("-", "minus")
        return name if name in self.steps else self.const(name, value).name

    def _free(self, name: str) -> str:
        names = (name if i == 1 else f"{name}{i}" for i in range(1, len(self.steps) + 2))
        return next(n for n in names if n not in self.steps)

    def _leaf(self, kind: str, name: str, value) -> Expr:
        self._add(Step(name, kind, (), value, self.phase))
        return self.ref(name)

    def _add(self, step: Step) -> None:
        if step.name in self.steps:
            raise ValueError(f"two steps are called {step.name}")
        value = frozen(self.example, step.name, step.value, step.op)
        self.steps[step.name] = Step(step.name, step.op, step.args, value, step.phase, dict(step.attrs), step.of)
