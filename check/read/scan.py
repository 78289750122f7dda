"""Goes through the tokens of a formula, one after another."""

from ..arithmetic.tree import NotUnderstoodError
from .tex import Token

END = Token("end of formula", "")


class Scanner:
    """Tokens from left to right. `notes` collects what is readable but not well formed; `in_bars` says that the
    next bar closes an absolute value."""

    def __init__(self, tokens: list[Token]):
        self.tokens, self.at, self.notes, self.in_bars = tokens, 0, [], False

    @property
    def next(self) -> Token:
        return self.tokens[self.at] if self.at < len(self.tokens) else END

    def take(self, kind: str | None = None) -> Token:
        token = self.next
        if token is END or (kind and token.kind != kind):
            raise NotUnderstoodError(f"{token.text or token.kind!r} where {kind or 'more'} was expected")
        self.at += 1
        return token

    def has(self, kind: str, *texts: str) -> bool:
        return self.next.kind == kind and (not texts or self.next.text in texts)

    def script(self) -> list[Token]:
        """The tokens of a sub- or superscript, without its braces."""
        if not self.has("{"):
            token = self.take()
            if token.kind == "num" and len(token.text) > 1 and not token.address:
                self.at -= 1
                self.tokens = [*self.tokens[: self.at], Token("num", token.text[1:]), *self.tokens[self.at + 1 :]]
                return [Token("num", token.text[0])]
            return [token]
        inside = self._braced_tokens()
        if not inside:
            self.notes.append("an index or a power is empty")
        return inside

    def _braced_tokens(self) -> list[Token]:
        self.take("{")
        start, depth = self.at, 1
        while depth:
            depth += {"{": 1, "}": -1}.get(self.take().kind, 0)
        return self.tokens[start : self.at - 1]


def text_of(tokens: list[Token]) -> str:
    return "".join(t.text for t in tokens if t.kind not in "{}")
