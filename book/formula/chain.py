"""The chain rule of a gradient in partial derivatives, read off the forward steps between it and the loss."""

from functools import cached_property
from itertools import pairwise

from gradbook.engine.ops import NO_GRADIENT, OPS
from gradbook.engine.tape.trace import Step, Trace

from .nodes import Chain, Derivative, Node, Sum, Symbol


class ChainRule:
    """Writes dJ/ds as products of partial derivatives, as far back as gradients that have a line already."""

    def __init__(self, trace: Trace):
        self.trace = trace

    def derivative(self, of: str, by: str) -> Derivative:
        return Derivative(Symbol(of), Symbol(by), shape=self.trace[by].shape)

    def gradient(self, name: str) -> Derivative:
        """The derivative of the loss by a step, as one symbol."""
        return self.derivative(self.trace.loss, name)

    def of(self, name: str) -> Node:
        """The chain rule for the gradient of the forward step `name`, one term for each line that uses it."""
        terms = self._terms(name)
        return terms[0] if len(terms) == 1 else Sum(tuple(terms))

    def _terms(self, name: str) -> list[Node]:
        """A line that uses a value twice has one derivative by it, which counts both. Later lines come first, as the
        way back meets them."""
        first: dict[str, Step] = {}
        for user in self._users(name):
            first.setdefault(self._path(user.name)[-1], user)
        return [self._term(name, user) for user in reversed(first.values())]

    def reasons(self, name: str) -> list[str]:
        """The operations whose derivatives the chain uses, as 'op_i' for argument i, nearest first."""
        found = []
        for user in self._users(name):
            path = [name, *self._path(user.name)]
            found += [f"{self.trace[b].op}_{self.trace[b].args.index(a)}" for a, b in pairwise(path)]
            if not self._has_line(path[-1]):
                found += self.reasons(path[-1])
        return list(dict.fromkeys(found))

    def _users(self, name: str) -> list[Step]:
        return [s for s in self.trace.users(name, "forward") if s.name in self._ways and name in _passes_to(s)]

    @cached_property
    def _ways(self) -> set[str]:
        """The steps from which a gradient comes: a way leads to the loss, and no step on it stops the gradient."""
        found = {self.trace.loss}
        for step in reversed(list(self.trace.values())):
            if step.phase == "forward" and step.name in found:
                found.update(_passes_to(step))
        return found

    def _term(self, name: str, user: Step) -> Node:
        path = self._path(user.name)
        derivative = self.derivative(path[-1], name)
        if path[-1] == self.trace.loss:
            return derivative
        entrywise = all(OPS[self.trace[step].op].entrywise for step in path)
        return Chain(user.op, user.args.index(name), entrywise, self._arriving(path[-1]), derivative)

    def _path(self, name: str) -> list[str]:
        """The step and the lines that it is part of, outermost last: partial derivatives are taken of lines only."""
        path = [name]
        while parent := self.trace.parent(path[-1]):
            path.append(parent)
        return path

    def _arriving(self, name: str) -> Node:
        """The gradient of `name`: one symbol if it has a line or nothing lies between it and the loss."""
        if self._has_line(name) or not self._passes_line(name):
            return self.gradient(name)
        return self.of(name)

    def _has_line(self, name: str) -> bool:
        return name in self.trace.grads

    def _passes_line(self, name: str) -> bool:
        wholes = {self._path(s.name)[-1] for s in self._users(name)}
        return any(self._has_line(w) or self._passes_line(w) for w in wholes)


def _passes_to(step: Step) -> list[str]:
    """The arguments to which a gradient passes: not the mask of a masked softmax, say."""
    if step.is_leaf:
        return []
    return [arg for i, arg in enumerate(step.args) if OPS[step.op].vjp(i) is not NO_GRADIENT]
