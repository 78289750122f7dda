"""The chain rule of a gradient in partial derivatives, read off the forward steps between it and the loss."""

from engine.trace import Step

from .symbols import partial
from .writer import Sheet


class Chain:
    """Writes dJ/ds as products of partial derivatives, as far back as gradients that have a line already."""

    def __init__(self, sheet: Sheet):
        self.sheet, self.trace, self.symbol = sheet, sheet.trace, sheet.notation.symbol
        self.loss = self.symbol(self.trace.loss)

    def row(self, name: str) -> str:
        """The chain rule for the gradient of the forward step `name`, one term for each use of it."""
        return " + ".join(self._term(name, user) for user in self._users(name))

    def reasons(self, name: str) -> list[str]:
        """The operations whose derivatives the chain uses, as 'op_i' for argument i, nearest first."""
        found = []
        for user in self._users(name):
            found.append(f"{user.op}_{user.args.index(name)}")
            whole = self._whole(user.name)
            if self.trace.parent(user.name):
                found += [f"{self.trace[whole].op}_{self.trace[whole].args.index(user.name)}"]
            if not self._has_line(whole):
                found += self.reasons(whole)
        return list(dict.fromkeys(found))

    def _users(self, name: str) -> list[Step]:
        return [s for s in self.trace.users(name, "forward") if self._reaches(s.name)]

    def _reaches(self, name: str) -> bool:
        return name == self.trace.loss or any(self._reaches(s.name) for s in self.trace.users(name, "forward"))

    def _term(self, name: str, user: Step) -> str:
        whole = self._whole(user.name)
        macro = self._macro(user.op, user.args.index(name))
        return macro(self._arriving(whole), partial(self.symbol(whole), self.symbol(name))).strip()

    def _whole(self, name: str) -> str:
        """The line that a part belongs to: partial derivatives are taken of lines only."""
        while parent := self.trace.parent(name):
            name = parent
        return name

    def _macro(self, op: str, i: int):
        macros = self.sheet.macros
        return getattr(macros, f"chain_{op}_{i}", None) or macros.chain

    def _arriving(self, name: str) -> str:
        """The gradient of `name`: one symbol if it has a line or nothing lies between it and the loss."""
        if self._has_line(name) or not self._passes_line(name):
            return partial(self.loss, self.symbol(name))
        return self.row(name)

    def _has_line(self, name: str) -> bool:
        return name in self.trace.grads

    def _passes_line(self, name: str) -> bool:
        wholes = {self._whole(s.name) for s in self._users(name)}
        return any(self._has_line(w) or self._passes_line(w) for w in wholes)
