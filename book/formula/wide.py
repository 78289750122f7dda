"""What is too large to be printed whole, and which rows, columns and terms of it are shown: all limits stand here."""

import re
from collections.abc import Callable

import numpy as np

MOST = 8
"""A matrix with more rows or columns than these is printed with dots."""

FIRST, LAST = 3, 1
"""How many rows or columns are printed before the dots, and after them."""

TERMS = 24
"""A sum of more terms than these is printed with dots."""

TERMS_A_ROW = 4
"""A worked sum of more than MOST terms goes on in further rows, so many terms in each."""

LINE = 74
"""A row of a derivation that is wider, in characters, goes on in a further row."""

ENTRIES = 24
"""A table that has a row for each entry of an array shows so many of them."""


def shown(n: int, most: int = MOST) -> list[int | None]:
    """The places of n that are printed; None stands for the dots."""
    return list(range(n)) if n <= most else [*range(FIRST), None, *range(n - LAST, n)]


def is_wide(shape: tuple[int, ...]) -> bool:
    """Whether an array of this shape is printed with dots."""
    return any(n > MOST for n in shape)


def filled(shape: tuple[int, ...], text: Callable[[tuple[int, ...]], str]) -> np.ndarray:
    """The cells of an array: `text(index)` wherever the cell will be printed, None elsewhere."""
    cells = np.empty(shape, dtype=object)
    printed = [[i for i in shown(n) if i is not None] for n in shape]
    for place in np.ndindex(*map(len, printed)):
        index = tuple(axis[i] for axis, i in zip(printed, place, strict=True))
        cells[index] = text(index)
    return cells


def elided(cells: np.ndarray) -> list[list[str]]:
    """The rows of cells that are printed, dots in place of the others."""
    rows, columns = map(shown, cells.shape)
    return [[_dots(i, j) if None in (i, j) else str(cells[i, j]) for j in columns] for i in rows]


def _dots(i: int | None, j: int | None) -> str:
    if i is None:
        return r"\ddots" if j is None else r"\vdots"
    return r"\cdots"


# Rows that go on

_MATRIX = re.compile(r"\\begin\{pmatrix\}(.*?)\\end\{pmatrix\}", re.DOTALL)
_ADDRESS = re.compile(r"\\val\{[^{}]*\}")
_SHAPE = re.compile(r"_\{\d+ \\times \d+\}")
_STEP = re.compile(r"\\begin|\\end|\\left\b|\\right\b|\\\\|\\[{}]|[{}()]|(?<= )(?:\+|-|\\odot|\\oslash)(?= )")
_DEPTH = {r"\begin": 1, r"\left": 1, "{": 1, "(": 1, r"\end": -1, r"\right": -1, "}": -1, ")": -1}
_FRACTION = re.compile(r"\\t?frac\{((?:[^{}]|\{[^{}]*\})*)\}\{((?:[^{}]|\{[^{}]*\})*)\}")
_LETTER = re.compile(r"\\(?!left|right)[A-Za-z]+")
_UNSEEN = re.compile(r"\\(?:left|right|[,!])|[{}^_&\s]")
_SIGN = re.compile(r" [+-] |\\cdot")
ROOM = 0.8
"""What a sign of a sum or a product needs around it, in characters."""
SUMS, PRODUCTS = ("+", "-"), ("\\odot", "\\oslash")


def broken(tex: str, left: str = "") -> list[str]:
    """The rows in which an expression is set beside its left side: one, or if it is too wide several that begin with
    their sign. It is broken where a sum stands in no brackets; where that is not enough, at ⊙ and ⊘ too."""
    room = LINE - width(left)
    if width(tex) <= room:
        return [tex]
    return [row for term in _filled(_cut(tex, SUMS), room) for row in _filled(_cut(term, PRODUCTS), room)]


def is_too_wide(tex: str, left: str = "") -> bool:
    """Whether a row of an expression is too wide for the page even where it is broken."""
    return max(map(width, broken(tex, left))) > LINE - width(left)


def _filled(pieces: list[str], room: float) -> list[str]:
    """As many pieces in each row as there is room for."""
    rows = pieces[:1]
    for piece in pieces[1:]:
        if width(rows[-1] + piece) <= room:
            rows[-1] += piece
        else:
            rows.append(piece)
    return rows


def _cut(tex: str, signs: tuple[str, ...]) -> list[str]:
    """The expression cut before those of the signs that stand outside all brackets."""
    depth, cuts = 0, [0]
    for step in _STEP.finditer(tex):
        depth += _DEPTH.get(step[0], 0)
        if depth == 0 and step[0] in signs:
            cuts.append(step.start())
    return [tex[a:b] for a, b in zip(cuts, [*cuts[1:], len(tex)], strict=True)]


def width(tex: str) -> float:
    """About how wide an expression is, in characters."""
    tex = _SHAPE.sub("", _ADDRESS.sub("", tex))
    matrices = sum(map(_matrix_width, _MATRIX.findall(tex)))
    return matrices + _characters(_MATRIX.sub("", tex))


def _matrix_width(cells: str) -> float:
    rows = [row.split("&") for row in cells.split(r"\\")]
    return 2 + sum(2 + max(map(_characters, column)) for column in zip(*rows, strict=False))


def _characters(tex: str) -> float:
    """How many characters are seen beside each other; of a fraction the wider half. Signs have room around them."""
    while (wider := _FRACTION.sub(lambda m: max(m[1], m[2], key=_characters), tex)) != tex:
        tex = wider
    return len(_UNSEEN.sub("", _LETTER.sub("x", tex))) + ROOM * len(_SIGN.findall(tex))
