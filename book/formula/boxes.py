"""A formula on its way to TeX: pieces of text and boxes inside boxes, which know how wide they are about.

What a box needs to know of itself (does it begin with a minus sign, which brackets are in it, how wide is it, where
can it be broken) follows from its parts. Text stands in a box only where a macro or a symbol has written it, and is
taken apart once.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

from gradbook.engine.ops import CALL

from .width import Width, measured, stands_alone, tokens, width_of_digits

ROUND, SQUARE, CURLY = 1, 2, 3
_GROWING = {"(": ROUND, "[": SQUARE, r"\{": CURLY}
_OUTER = {0: ("(", ")"), ROUND: ("[", "]"), SQUARE: (r"\{", r"\}"), CURLY: ("(", ")")}
"""The pair of growing brackets that goes around the outermost pair inside."""

_OPENS, _CLOSES = {r"\begin", r"\left", "{", "("}, {r"\end", r"\right", "}", ")"}
_SIGNS = {"+": "sum", "-": "sum", r"\odot": "product", r"\oslash": "product"}


@dataclass(frozen=True, eq=False)
class Box:
    """A piece of a formula, set. `precedence`, `scalar`, `is_matrix` and `is_call` are those of its node;
    `is_enclosed` says that brackets stand around it, `is_silent` that it takes no room; `number` is what is printed
    of a number, `address` which one it is."""

    parts: tuple["str | Box", ...]
    precedence: int = CALL
    scalar: bool = True
    is_matrix: bool = False
    is_call: bool = False
    is_enclosed: bool = False
    number: str = ""
    address: str = ""
    is_silent: bool = False

    @cached_property
    def tex(self) -> str:
        return "".join(part if isinstance(part, str) else part.tex for part in self.parts)

    @cached_property
    def seen(self) -> str:
        """The TeX without the addresses of numbers: what a reader sees."""
        if self.number:
            return self.number
        return "".join(part if isinstance(part, str) else part.seen for part in self.parts)

    # What brackets depend on

    @property
    def _first(self) -> "str | Box":
        return self.parts[0] if self.parts else ""

    @cached_property
    def is_negative(self) -> bool:
        first = self.number or self._first
        return first.startswith("-") if isinstance(first, str) else first.is_negative

    @cached_property
    def is_scientific(self) -> bool:
        if self.number:
            return r"\times" in self.number
        return len(self.parts) == 1 and isinstance(self._first, Box) and self._first.is_scientific

    @cached_property
    def is_quotient(self) -> bool:
        return self._first.startswith(r"\frac") if isinstance(self._first, str) else self._first.is_quotient

    @cached_property
    def is_raised(self) -> bool:
        """Whether a superscript stands outside of all groups."""
        depth = 0
        for part in self.parts:
            if isinstance(part, Box):
                if depth == 0 and part.is_raised:
                    return True
                continue
            for token in tokens(part):
                depth += (token == "{") - (token == "}")
                if token == "^" and depth == 0:
                    return True
        return False

    @cached_property
    def growing(self) -> int:
        """The outermost kind of brackets inside that grow with what they hold."""
        return max((_growing(p) if isinstance(p, str) else p.growing for p in self.parts), default=0)

    @cached_property
    def is_tall(self) -> bool:
        return any(_is_tall(p) if isinstance(p, str) else p.is_tall for p in self.parts)

    # Brackets

    @property
    def bracketed(self) -> "Box":
        """In brackets: round ones, around those square ones, around those curly ones."""
        if self.scalar and not self.is_tall:
            return self._within("(", ")")
        opening, closing = _OUTER[self.growing]
        return self._within(rf"\left{opening}", rf"\right{closing}")

    @property
    def rounded(self) -> "Box":
        """In round brackets, whatever is inside."""
        return self._within(r"\left(", r"\right)")

    def _within(self, opening: str, closing: str) -> "Box":
        return Box((opening, self, closing), scalar=self.scalar, is_enclosed=True)

    # Width

    @cached_property
    def width(self) -> Width:
        if self.number:
            return _width_of_number(self)
        return Width() if self.is_silent else measured(self.parts)

    def followed_by(self, other: "Box") -> "Box":
        """Both as one, in which a sign that stood between them stands between two spaces again."""
        *parts, last = self.parts
        first, *others = other.parts
        between = (last + first,) if isinstance(last, str) and isinstance(first, str) else (last, first)
        return Box((*parts, *between, *others))

    def pieces(self, kind: str) -> "list[Box]":
        """The box cut before the signs of this kind, 'sum' or 'product', that stand outside all brackets."""
        found: list[list[str | Box]] = [[]]
        for begins, part in self._segments(kind):
            if begins:
                found.append([])
            found[-1].append(part)
        return [Box(tuple(parts)) for parts in found]

    def _segments(self, kind: str) -> Iterator[tuple[bool, "str | Box"]]:
        """The parts, and whether each begins with a sign of this kind; boxes are opened where no bracket stands
        around them."""
        depth = 0
        for part in self.parts:
            if isinstance(part, Box):
                yield from part._segments(kind) if depth == 0 and not part.number else [(False, part)]
                continue
            begun, begins = "", False
            listed = tokens(part)
            for i, token in enumerate(listed):
                depth += (token in _OPENS) - (token in _CLOSES)
                if depth == 0 and _SIGNS.get(token) == kind and stands_alone(listed, i):
                    yield begins, begun
                    begun, begins = "", True
                begun += token
            yield begins, begun


@dataclass(frozen=True, eq=False)
class Grid(Box):
    """A matrix: rows of cells, which are among its parts too."""

    rows: tuple[tuple[Box, ...], ...] = ()

    @cached_property
    def width(self) -> Width:
        columns = zip(*self.rows, strict=True)
        return Width(matrices=2 + sum(2 + max(cell.width.total for cell in column) for column in columns))

    def _segments(self, _kind: str) -> Iterator[tuple[bool, "str | Box"]]:
        yield False, self


def grid(rows: Sequence[Sequence[Box]]) -> Grid:
    """The cells in TeX's form of a matrix in round brackets."""
    parts: list[str | Box] = [r"\begin{pmatrix} "]
    for i, row in enumerate(rows):
        parts += [r" \\ "] if i else []
        for j, cell in enumerate(row):
            parts += [" & ", cell] if j else [cell]
    return Grid((*parts, r" \end{pmatrix}"), scalar=False, is_matrix=True, rows=tuple(map(tuple, rows)))


def number(text: str, address: str = "") -> Box:
    """A printed number, with its address if it has one."""
    parts = (rf"\val{{{address}}}{{", text, "}") if address else (text,)
    return Box(parts, number=text, address=address)


def _growing(text: str) -> int:
    listed = tokens(text)
    return max((_GROWING.get(bracket, 0) for left, bracket in pairwise(listed) if left == r"\left"), default=0)


def _is_tall(text: str) -> bool:
    return any(token.startswith((r"\left", r"\frac")) for token in tokens(text))


def _width_of_number(box: Box) -> Width:
    return Width(characters=width_of_digits(box.number), braces=(len(box.parts) > 1) + (r"\times" in box.number))
