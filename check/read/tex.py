"""Cuts TeX mathematics into the tokens that the parser reads.

A token is (kind, text, address). Kinds: num, sym, op, rel, open, close, { and }, _ and ^, frac, sqrt, brace, sum,
accent, begin, end, row, cell, comma. Spacing, sizes of brackets and styles leave no token.
"""

import re
import unicodedata
from typing import NamedTuple

from ..arithmetic.tree import NotUnderstoodError


class Token(NamedTuple):
    kind: str
    text: str
    address: str | None = None


SIGNS = {
    "+": ("op", "+"), "-": ("op", "−"), "−": ("op", "−"), "±": ("op", "±"), "·": ("op", "·"), "⋅": ("op", "·"),
    "⊙": ("op", "⊙"), "⊘": ("op", "⊘"), "⊗": ("op", "⊗"), "×": ("op", "×"), "/": ("op", "/"), "∕": ("op", "/"),
    "*": ("sym", "*"),
    "∗": ("sym", "*"), "=": ("rel", "="), "≈": ("rel", "≈"), "→": ("rel", "→"), "↦": ("rel", "↦"), "←": ("rel", "←"),
    "<": ("rel", "<"), ">": ("rel", ">"), "≤": ("rel", "≤"), "≥": ("rel", "≥"), "≠": ("rel", "≠"), "∈": ("rel", "∈"),
    "≪": ("rel", "≪"), "≫": ("rel", "≫"), "∼": ("rel", "∼"), ":": ("rel", ":"),
    "(": ("open", "("), "[": ("open", "["), "⟨": ("open", "⟨"), ")": ("close", ")"), "]": ("close", "]"),
    "⟩": ("close", "⟩"), "⌊": ("open", "⌊"), "⌋": ("close", "⌋"),
    ",": ("comma", ","), ";": ("comma", ","), ".": ("comma", "."), "∑": ("sum", "∑"),
    "′": ("sym", "′"), "|": ("bar", "|"), "∣": ("bar", "|"), "‖": ("bar", "‖"), "∥": ("bar", "‖"), "!": ("op", "!"),
}  # fmt: skip
"""What a single character of mathematics is, in TeX and in MathML alike."""

COMMANDS = {
    "cdot": "·", "odot": "⊙", "oslash": "⊘", "otimes": "⊗", "times": "×", "pm": "±", "approx": "≈",
    "to": "→", "rightarrow": "→",
    "mapsto": "↦", "leftarrow": "←", "gets": "←", "le": "≤", "leq": "≤", "ge": "≥", "geq": "≥", "ne": "≠", "neq": "≠",
    "in": "∈", "sim": "∼", "ll": "≪", "gg": "≫", "lt": "<", "gt": ">", "sum": "∑", "langle": "⟨", "rangle": "⟩",
    "lfloor": "⌊", "rfloor": "⌋",
    "prime": "′", "ast": "*", "mid": "|", "vert": "|", "lvert": "|", "rvert": "|", "lVert": "‖", "rVert": "‖",
    "Vert": "‖", "|": "‖", "colon": ":",
}  # fmt: skip
SYMBOLS = {
    "partial": "∂", "nabla": "∇", "infty": "∞", "ell": "ℓ", "top": "𝖳", "ldots": "…", "dots": "…", "cdots": "⋯",
    "vdots": "⋮", "ddots": "⋱", "varepsilon": "ε", "epsilon": "ϵ", "varphi": "φ", "phi": "ϕ", "forall": "∀",
}  # fmt: skip
NAMES = ("ln", "log", "exp", "max", "min", "tanh", "sinh", "cosh", "sin", "cos", "arg", "det", "lim")
WORDS = ("text", "mathrm", "operatorname", "textrm", "mbox")
STYLES = {
    "mathbf": "MATHEMATICAL BOLD", "boldsymbol": "MATHEMATICAL BOLD", "bm": "MATHEMATICAL BOLD",
    "mathsf": "MATHEMATICAL SANS-SERIF", "mathbb": "MATHEMATICAL DOUBLE-STRUCK", "mathcal": "MATHEMATICAL SCRIPT",
}  # fmt: skip
ACCENTS = ("hat", "bar", "tilde", "vec", "dot", "overline", "widehat", "widetilde")
SILENT = {"left", "right", "big", "Big", "bigg", "Bigg", "bigl", "bigr", "Bigl", "Bigr", "biggl", "biggr",
          "displaystyle", "textstyle", "scriptstyle", "quad", "qquad", "limits", "nolimits", "strut"}  # fmt: skip
MATRICES = {"pmatrix": "()", "bmatrix": "[]", "matrix": ("", ""), "smallmatrix": ("", ""), "cases": ("{", ""),
            "array": ("", ""), "aligned": ("", ""), "align": ("", ""), "align*": ("", ""),
            "gathered": ("", "")}  # fmt: skip
ROWS = {"aligned", "align", "align*", "gathered"}
"""Environments whose rows are lines of a derivation, not rows of a matrix."""

_PIECES = re.compile(
    r"\\(?P<word>begin|end)\s*\{(?P<env>[a-z]+\*?)\}|\\\\(?P<row>)|\\(?P<name>[a-zA-Z]+)|\\(?P<mark>.)"
    r"|(?P<number>\d+(?:\.\d+)?)|(?P<space>[\s~]+)|(?P<char>.)",
    re.S,
)


def tokens(tex: str) -> list[Token]:
    """The tokens of a formula, of two scripts the lower one first, as in MathML.

    Raises NotUnderstoodError for a command that is not known.
    """
    found: list[Token] = []
    place = 0
    while place < len(tex):
        piece = _PIECES.match(tex, place)
        place = piece.end()
        if piece["name"] == "xrightarrow":
            inner, place = group(tex, place)
            found.append(arrow(tokens(inner)))
        elif piece["name"] in WORDS or piece["name"] in STYLES:
            inner, place = group(tex, place)
            found += word(inner) if piece["name"] in WORDS else styled(inner, STYLES[piece["name"]])
        else:
            found += _token(piece)
    return lower_first(found)


def lower_first(found: list[Token]) -> list[Token]:
    """The tokens with every 'w^{a}_{b}' turned into 'w_{b}^{a}'."""
    done: list[Token] = []
    while found:
        if found[0].kind == "^" and (upper := script_end(found)) < len(found) and found[upper].kind == "_":
            end = upper + script_end(found[upper:])
            found = [*found[upper:end], *found[:upper], *found[end:]]
        done.append(found[0])
        found = found[1:]
    return done


def script_end(found: list[Token]) -> int:
    """Where the script that begins the tokens ends."""
    depth = 0
    for i, token in enumerate(found[1:], 2):
        depth += {"{": 1, "}": -1}.get(token.kind, 0)
        if depth == 0:
            return i
    return len(found)


def _token(piece: re.Match) -> list[Token]:
    if piece["word"]:
        return _environment(piece["word"], piece["env"])
    if piece["row"] is not None:
        return [Token("row", r"\\")]
    if piece["name"]:
        return _command(piece["name"])
    if piece["mark"]:
        return _mark(piece["mark"])
    if piece["number"]:
        return [Token("num", piece["number"])]
    return [] if piece["space"] else _char(piece["char"])


def _environment(word: str, name: str) -> list[Token]:
    if name not in MATRICES:
        raise NotUnderstoodError(f"environment {name}")
    opening, closing = MATRICES[name]
    kind = Token(word, "rows" if name in ROWS else "matrix")
    if word == "begin":
        return ([sign(opening)] if opening else []) + [kind]
    return [kind] + ([sign(closing)] if closing else [])


def _command(name: str) -> list[Token]:
    if name in SILENT:
        return []
    if name in ("frac", "tfrac", "dfrac"):
        return [Token("frac", "frac")]
    if name in ("sqrt", "underbrace"):
        return [Token("brace" if name == "underbrace" else name, name)]
    if name in ACCENTS:
        return [Token("accent", name.replace("wide", "").replace("overline", "bar"))]
    if name in COMMANDS:
        return [sign(COMMANDS[name])]
    return [Token("sym", SYMBOLS.get(name) or (name if name in NAMES else greek(name)))]


def _mark(mark: str) -> list[Token]:
    if mark in "{}":
        return [Token("open" if mark == "{" else "close", mark)]
    if mark == "|":
        return [sign("‖")]
    if mark in ",;:! ":
        return []
    raise NotUnderstoodError(f"command \\{mark}")


def _char(char: str) -> list[Token]:
    if char in "{}_^":
        return [Token(char, char)]
    if char == "&":
        return [Token("cell", "&")]
    if char == "'":
        return [Token("^", "^"), Token("{", "{"), Token("sym", "′"), Token("}", "}")]
    return [sign(char)]


def sign(char: str) -> Token:
    """The token of one character of mathematics."""
    return Token(*SIGNS.get(char, ("open" if char == "{" else "close" if char == "}" else "sym", char)))


def word(text: str) -> list[Token]:
    text = " ".join(text.replace("\\ ", " ").replace("~", " ").split())
    return [Token("sym", text)] if text else []


def styled(text: str, style: str) -> list[Token]:
    return [Token("sym", "".join(_styled(c, style) for c in t.text)) for t in tokens(text) if t.kind not in "{}"]


def _styled(char: str, style: str) -> str:
    kind = "DIGIT" if char.isdigit() else "CAPITAL" if char.isupper() else "SMALL"
    name = unicodedata.name(char, "").rpartition(" ")[2]
    for prefix in (style, style.removeprefix("MATHEMATICAL ")):
        try:
            return unicodedata.lookup(f"{prefix} {kind} {name}")
        except KeyError:
            continue
    return char


def arrow(label: list[Token]) -> Token:
    """An arrow with words above it is a relation of its own."""
    return Token("rel", "→" + "".join(sorted(t.text for t in label if t.kind not in "{}_^")))


def greek(name: str) -> str:
    """The letter that a command such as \\delta prints."""
    kind = "CAPITAL" if name[0].isupper() else "SMALL"
    try:
        return unicodedata.lookup(f"GREEK {kind} LETTER {'LAMDA' if name.lower() == 'lambda' else name.upper()}")
    except KeyError:
        raise NotUnderstoodError(f"command \\{name}") from None


def group(tex: str, place: int) -> tuple[str, int]:
    """The argument that begins at `place`, in braces or a single sign, and the place behind it."""
    bare = re.compile(r"\s*(?P<sign>\\[a-zA-Z]+|[^\s{}])").match(tex, place)
    if bare:
        return bare["sign"], bare.end()
    start = tex.find("{", place) + 1
    if not start:
        raise NotUnderstoodError("a command without its argument")
    depth, end = 1, start
    while depth:
        if end >= len(tex):
            raise NotUnderstoodError("braces that are not closed")
        depth += {"{": 1, "}": -1}.get(tex[end], 0)
        end += 1
    return tex[start : end - 1], end
