"""The reverse walk: from the loss back to every parameter, each rule writing steps on the same tape."""

from collections.abc import Callable, Iterable

from ..ops import NO_GRADIENT, OPS
from .tape import Expr, Tape, expr


def backward(tape: Tape, loss: str, inputs: Iterable[str] = ()) -> dict[str, str]:
    """Write the gradients of `loss` on the tape; returns {name: the step that holds its gradient}.

    The chain rule, summed over all uses of a value (Rumelhart, Hinton & Williams 1986). A gradient gets a line
    of its own if it is a parameter's or that of one of `inputs`, which are leaves of data, if the family named it,
    or if several later gradients use it; any other is written inside the line that uses it. `loss` must be a single
    number; each gradient has the shape of what it is the gradient of. Steps are written with the phase 'backward'.
    Raises BookError if `loss` is no step or a value overflows, ValueError if the loss has several entries.

    >>> from gradbook import Tape, backward
    >>> tape = Tape()
    >>> w = tape.param("w", [[1.0, -2.0]])
    >>> loss = tape.write("J", w.square().sum())
    >>> grads = backward(tape, "J")
    >>> grads
    {'w': 'dw'}
    >>> tape.steps["dw"].value
    array([[ 2., -4.]])
    """
    if shape := tape.ref(loss).shape:
        raise ValueError(f"the loss {loss} has shape {shape}; expected a single number, such as a sum")
    forward = list(tape.steps.values())
    wanted = {step.name for step in forward if step.op == "param"}.union(inputs)
    needed = _leading_to(wanted, forward)
    tape.phase = "backward"
    arriving: dict[str, Expr] = {loss: expr(1.0)}
    grads: dict[str, str] = {}
    for step in reversed(forward):
        if step.name not in arriving or step.name not in needed:
            continue
        g = _settled(
            tape, step, arriving[step.name], step.name in wanted, sum(arg in needed for arg, _ in _routes(step))
        )
        if g.name:
            grads[step.name] = g.name
        for name, gradient in _rules(tape, step, g, needed):
            arriving[name] = arriving[name] + gradient if name in arriving else gradient
    return {name: grads[name] for name in (s.name for s in forward) if name in grads}


def weighted(tape: Tape) -> str:
    """Write the number whose gradient by the outputs is the given one: the outputs, each entry times its gradient,
    added up. Returns its name; "" if no gradient is given."""
    terms = [(tape.ref(leaf) * tape.ref(of)).sum() for of, leaf in tape.given_gradients.items()]
    return tape.write("J_U", sum(terms[1:], terms[0])).name if terms else ""


def _leading_to(wanted: set[str], forward) -> set[str]:
    needed = set(wanted)
    for step in forward:
        if any(arg in needed for arg, _ in _routes(step)):
            needed.add(step.name)
    return needed


def _routes(step) -> list[tuple[str, Callable]]:
    """The arguments to which a gradient passes, each with its rule."""
    if step.is_leaf:
        return []
    rules = ((arg, OPS[step.op].vjp(i)) for i, arg in enumerate(step.args))
    return [(arg, rule) for arg, rule in rules if rule is not NO_GRADIENT]


def _rules(tape, step, g, needed):
    """The gradients that one step sends to those of its arguments that matter."""
    args, out = [tape.again(a) for a in step.args], tape.again(step.name)
    for name, rule in _routes(step):
        if name in needed:
            yield name, rule(g, out, *args, **step.attrs)


def _settled(tape: Tape, step, g: Expr, is_wanted: bool, uses: int) -> Expr:
    """Give the gradient of `step` its line, if it deserves one; mark whose gradient it is."""
    if g.name or g.op == "number":
        return g
    if is_wanted or step.name in tape.grad_names or uses > 1:
        return tape.write(tape.grad_names.get(step.name) or gradient_name(step.name), g, of=step.name)
    g.of = g.of or step.name
    return g


def gradient_name(name: str) -> str:
    """'layer1.W' -> 'layer1.dW': the usual name of a gradient that the family does not name."""
    scope, dot, letter = name.rpartition(".")
    return f"{scope}{dot}d{letter}"
