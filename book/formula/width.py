"""How wide TeX is, about: its text taken apart into commands and characters, and measured."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cache
from typing import Protocol

_TOKEN = re.compile(r"\\[A-Za-z]+|\\.|.", re.DOTALL)
_UNSEEN = {r"\left", r"\right", r"\,", r"\!", "{", "}", "^", "_", "&", " ", "\n", "\t"}
ROOM = 0.8
"""What a sign of a sum or a product needs around it, in characters."""


@cache
def tokens(text: str) -> tuple[str, ...]:
    """The commands and characters of a piece of TeX."""
    return tuple(_TOKEN.findall(text))


@dataclass(frozen=True)
class Width:
    """About how wide something is, in characters: its matrices, and the rest of it. `braces` says how deep groups are
    nested in it."""

    matrices: float = 0
    characters: float = 0
    braces: int = 0

    @property
    def total(self) -> float:
        return self.matrices + self.characters

    def __add__(self, other: "Width") -> "Width":
        return Width(
            self.matrices + other.matrices,
            self.characters + other.characters,
            max(self.braces, other.braces),
        )


class HasWidth(Protocol):
    """What is measured already."""

    @property
    def width(self) -> Width: ...


def measured(parts: Iterable[str | HasWidth]) -> Width:
    """The width of pieces of TeX beside each other."""
    return _Measure(parts).all()


@cache
def width_of_digits(text: str) -> float:
    """That of a printed number, in characters."""
    return measured((text,)).characters


def stands_alone(listed: tuple[str, ...], i: int) -> bool:
    """Whether spaces stand on both sides of a token: then it is a sign between two things."""
    return 0 < i < len(listed) - 1 and listed[i - 1] == listed[i + 1] == " "


class _Measure:
    """Adds up the widths of parts: of a fraction the wider half, of a matrix the widest cell of each column."""

    def __init__(self, parts: Iterable[str | HasWidth]):
        self.items: list[tuple[str | HasWidth, bool]] = []
        for part in parts:
            if isinstance(part, str):
                listed = tokens(part)
                self.items += [(token, stands_alone(listed, i)) for i, token in enumerate(listed)]
            else:
                self.items.append((part, False))
        self.at = 0

    def all(self) -> Width:
        found = Width()
        while self.at < len(self.items):
            found += self._next()
        return found

    def _next(self) -> Width:
        item, alone = self.items[self.at]
        self.at += 1
        if not isinstance(item, str):
            return item.width
        if item in (r"\frac", r"\tfrac") and self._peek() == "{":
            return self._fraction()
        if item == r"\begin":
            return self._matrix()
        if item == "{":
            inside = self._until("}")
            return replace(inside, braces=inside.braces + 1)
        return Width(characters=_characters(item, alone))

    def _peek(self):
        return self.items[self.at][0] if self.at < len(self.items) else ""

    def _until(self, *ends: str) -> Width:
        """What stands before one of these, which is passed; `self.end` says which it was."""
        found = Width()
        while self.at < len(self.items) and self._peek() not in ends:
            found += self._next()
        self.end = self._peek()
        self.at += 1
        return found

    def _group(self) -> Width:
        self.at += 1
        return self._until("}")

    def _fraction(self) -> Width:
        above = self._group()
        below = self._group() if self._peek() == "{" else Width()
        if max(above.braces, below.braces) > 1:  # too much in it to be set small
            return replace(above + below + Width(characters=1), braces=1 + max(above.braces, below.braces))
        wider = above if above.characters >= below.characters else below
        return replace(wider, matrices=above.matrices + below.matrices)

    def _matrix(self) -> Width:
        self._group()
        rows: list[list[float]] = [[]]
        while True:
            rows[-1].append(self._until("&", r"\\", r"\end").total)
            if self.end == r"\\":
                rows.append([])
            elif self.end != "&":
                break
        self._group()
        return Width(matrices=2 + sum(2 + max(column) for column in zip(*rows, strict=False)))


def _characters(token: str, alone: bool) -> float:
    if token in _UNSEEN:
        return 0
    return 1 + ROOM * (token.startswith(r"\cdot") or (alone and token in "+-"))
