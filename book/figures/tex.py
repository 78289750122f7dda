"""From a TeX symbol to text that SVG can hold: characters in the line, raised or lowered, with their widths.

Only what a symbol may be made of is understood (book/formula/symbols.py), and numbers; scripts of scripts lie flat.
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, cached_property

from .fonts import advance

SCRIPT = 0.7  # the size of a raised or lowered character
RAISED, LOWERED = -0.4, 0.22  # em, downwards
_SHIFTS = {"": 0.0, "^": RAISED, "_": LOWERED}

_SIGNS = {
    "partial": "𝜕", "nabla": "∇", "ell": "ℓ", "prime": "′", "star": "⋆", "ast": "∗", "dagger": "†", "top": "⊤",
    "times": "×", "cdot": "⋅", "odot": "⊙", "vdots": "⋮", "cdots": "⋯", "to": "→", "varepsilon": "𝜀", "vartheta": "𝜗",
    "varphi": "𝜑", "epsilon": "𝜖", "phi": "𝜙", "'": "′", "*": "∗", "-": "−", "=": " = ",
}  # fmt: skip
_ACCENTS = {
    "hat": "\u0302", "widehat": "\u0302", "bar": "\u0304", "overline": "\u0304", "tilde": "\u0303",
    "widetilde": "\u0303", "vec": "\u20d7", "dot": "\u0307", "ddot": "\u0308",
}  # fmt: skip
_FACES = {
    "text": "", "mathrm": "", "mathsf": "", "operatorname": "",
    "mathbf": "BOLD ", "boldsymbol": "BOLD ITALIC ", "mathcal": "SCRIPT ", "mathbb": "DOUBLE-STRUCK ",
}  # fmt: skip
_DROPPED = {r"\left", r"\right", r"\!", r"\,", r"\;", r"\ "}
_TOKEN = re.compile(r"\\[A-Za-z]+|\\.|.", re.DOTALL)


@dataclass(frozen=True)
class Run:
    """Characters in one place: '' in the line, '^' raised, '_' lowered."""

    text: str
    place: str = ""

    @property
    def scale(self) -> float:
        return SCRIPT if self.place else 1.0

    @property
    def shift(self) -> float:
        """How far below the line the run stands, in em of the line."""
        return _SHIFTS[self.place]

    @cached_property
    def width(self) -> float:
        """In em of the line; accents take no room."""
        return self.scale * sum(advance(c) for c in self.text if not unicodedata.combining(c))


@cache
def runs(tex: str) -> tuple[Run, ...]:
    """The runs of a symbol, neighbours in one place joined."""
    joined: list[Run] = []
    for run in _read(_TOKEN.findall(tex), "ITALIC ", ""):
        if joined and joined[-1].place == run.place:
            run = Run(joined.pop().text + run.text, run.place)
        joined.append(run)
    return tuple(joined)


@cache
def placed(tex: str) -> tuple[tuple[Run, float], ...]:
    """Each run with where it starts, in em: a raised and a lowered one stand over each other, the longer last."""
    x, queue, found = 0.0, list(runs(tex)), []
    while queue:
        run = queue.pop(0)
        if queue and run.place and queue[0].place:
            run, other = sorted((run, queue.pop(0)), key=lambda r: r.width)
            found.append((run, x))
            run = other
        found.append((run, x))
        x += run.width
    return tuple(found)


def width(tex: str, size: float) -> float:
    """How wide the symbol is when set in `size`."""
    return size * max((x + run.width for run, x in placed(tex)), default=0.0)


@cache
def plain(tex: str) -> str:
    """The symbol's characters in one line, in ordinary letters."""
    return unicodedata.normalize("NFKC", "".join(run.text for run in runs(tex)))


def _read(tokens: list[str], face: str, place: str) -> Iterator[Run]:
    tokens = list(tokens)
    while tokens:
        token = tokens.pop(0)
        name = token.removeprefix("\\")
        if token in ("^", "_"):
            yield from _read(_argument(tokens), face, place or token)
        elif token == "{":
            tokens.insert(0, token)
            yield from _read(_argument(tokens), face, place)
        elif token == "\\frac":
            yield from _read(_argument(tokens), face, place)
            yield Run("/", place)
            yield from _read(_argument(tokens), face, place)
        elif token[0] == "\\" and name in _FACES:
            yield from _read(_argument(tokens), _FACES[name], place)
        elif token[0] == "\\" and name in _ACCENTS:
            yield from _accented(_read(_argument(tokens), face, place), _ACCENTS[name])
        elif not (token.isspace() and face) and token not in _DROPPED and token not in "{}":
            yield Run(_character(token, name, face), place)


def _argument(tokens: list[str]) -> list[str]:
    """Takes one argument off `tokens`: a braced group, without its braces, or one token."""
    depth, argument = 0, []
    while tokens and (depth or not argument):
        depth += (tokens[0] == "{") - (tokens[0] == "}")
        argument.append(tokens.pop(0))
    return argument[1:-1] if argument[:1] == ["{"] else argument


def _accented(parts: Iterator[Run], accent: str) -> Iterator[Run]:
    first, *rest = list(parts) or [Run("")]
    return iter([Run(first.text[:1] + accent + first.text[1:], first.place), *rest])


def _character(token: str, name: str, face: str) -> str:
    if token[0] == "\\":
        return _SIGNS.get(name) or _lettered(_greek(name), face) or name
    return _SIGNS[token] if face and token in _SIGNS else _lettered(token, face)


def _greek(name: str) -> str:
    case, letter = ("SMALL" if name.islower() else "CAPITAL"), name.upper().replace("LAMBDA", "LAMDA")
    try:
        return unicodedata.lookup(f"GREEK {case} LETTER {letter}")
    except KeyError:
        return ""


def _lettered(char: str, face: str) -> str:
    """The character in a mathematical face, where there is one: W becomes the italic W of formulas."""
    if not char or not face or (face == "ITALIC " and char in "ΓΔΘΛΞΠΣΥΦΨΩ"):
        return char
    if face == "ITALIC " and char == "h":
        return "ℎ"
    what = unicodedata.name(char, "").replace("LATIN ", "").replace("GREEK ", "").replace(" LETTER", "")
    try:
        return unicodedata.lookup(f"MATHEMATICAL {face}{what}")
    except KeyError:
        return char
