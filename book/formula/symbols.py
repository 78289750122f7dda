"""Symbols as TeX text: marking, transposing and indexing a symbol without ever doubling a superscript."""

import re
from typing import NamedTuple

from gradbook.engine.errors import BookError, shorten, unknown

from .mathml import MathError, to_mathml

COMMANDS = frozenset(
    """
    alpha beta gamma delta epsilon varepsilon zeta eta theta vartheta iota kappa lambda mu nu xi pi rho
    sigma tau upsilon phi varphi chi psi omega Gamma Delta Theta Lambda Xi Pi Sigma Upsilon Phi Psi
    Omega ell nabla partial hat bar tilde vec dot ddot text mathrm mathsf mathbf mathcal prime star ast
    dagger top mathbb widehat widetilde overline operatorname
    """.split()  # noqa: SIM905 (a list of sixty quoted words reads worse)
)
"""What a symbol in an example file may use: letters, accents and faces, nothing that defines, loads or spaces."""

HIDDEN = "^^"
"""In TeX, ^^5c is a backslash, and so the beginning of any command."""

NAMED = re.compile(r"\{?(?:0|[A-Za-z]+|\\[A-Za-z]+(?:\{\w+\})?)\}?")
"""A subscript that is a name: letters, or a command such as \\gamma or \\text{in}."""

SIGNS = {sign: rf"\{sign}" for sign in "$&#_%"} | {
    "{": r"\lbrace", "}": r"\rbrace", "\\": r"\backslash", "^": r"\wedge", "~": r"\sim",
}  # fmt: skip
"""What has a meaning in TeX, as a formula shows it."""

VARIANT = re.compile(r"\\var(?=(?:epsilon|theta|phi|rho|sigma|pi|kappa)(?![A-Za-z]))")
"""A letter's other form: \\varepsilon beside \\epsilon."""

SPACED = re.compile(r" *([_^{}]) *")
SPARE = re.compile(r"[{} ]")
"""What TeX needs and a reader does not see."""

_SYMBOL = re.compile(r"\\[A-Za-z]+|\\?.", re.DOTALL)
_ALLOWED = re.compile(r"[A-Za-z0-9_^{}()*+'!,.\- \u0370-\u03ff\u4e00-\u9fff]")


def check_symbol(tex: str, place: str) -> str:
    """The symbol itself; raises BookError if it holds anything but a symbol."""
    for token in _SYMBOL.findall(tex):
        if token.startswith("\\"):
            if token[1:] not in COMMANDS:
                raise unknown(place, "TeX command", token, [rf"\{c}" for c in sorted(COMMANDS)])
        elif not _ALLOWED.fullmatch(token):
            raise BookError(f"{place}: the symbol {shorten(tex)} may not hold {token!a}.")
    if HIDDEN in tex.replace(" ", ""):
        raise BookError(f"{place}: the symbol {shorten(tex)} may not hold {HIDDEN}.")
    if not _balanced(tex):
        raise BookError(f"{place}: the braces of the symbol {shorten(tex)} do not match.")
    for mark in "^_":
        if len(list(_top_level(tex, mark))) > 1:
            raise BookError(f"{place}: the symbol {shorten(tex)} has two {mark} in a row; put both into one.")
    _check_set(tex, place)
    return tex


def _check_set(tex: str, place: str) -> None:
    """Raises BookError unless the symbol can be set: alone, marked, with an index and transposed."""
    forms = (lambda: tex, lambda: marked(tex, "*"), lambda: indexed(tex, "12"), lambda: transposed(tex))
    for form in (*forms, lambda: lowered(tex)):  # one after another: what is no formula has no index either
        try:
            to_mathml(form(), display=False)
        except MathError as error:
            raise BookError(f"{place}: the symbol {shorten(tex)} cannot be set: {error.reason}.") from None


def _balanced(tex: str) -> bool:
    depth = 0
    for char in tex:
        depth += (char == "{") - (char == "}")
        if depth < 0:
            return False
    return depth == 0


def _top_level(tex: str, mark: str):
    """The places outside all braces where `mark` stands."""
    depth = 0
    for i, char in enumerate(tex):
        depth += (char == "{") - (char == "}")
        if char == mark and depth == 0:
            yield i


def named(name: str) -> str:
    """The symbol of what has none of its own: a letter as it is, any other name as text."""
    if len(name) == 1 and name.isascii() and name.isalpha():
        return name
    pieces = [SIGNS.get(piece) or rf"\text{{{piece}}}" for piece in re.split(r"([\\{}$&#^_~%])", name) if piece]
    return pieces[0] if len(pieces) == 1 else f"{{{''.join(pieces)}}}"


def has_superscript(tex: str) -> bool:
    return any(_top_level(tex, "^"))


def marked(tex: str, mark: str) -> str:
    """The symbol with a mark as superscript: W_2 -> W_2^{*}, W^{(2)} -> W^{(2)*}."""
    return _with(tex, "^", mark)


def indexed(tex: str, index: str) -> str:
    """The symbol with a subscript: z^{(1)} -> z^{(1)}_{2}; a name there goes before it: W_q -> W_{q,12}; a number
    there would be confused with it: (W_1)_{12}."""
    places = list(_top_level(tex, "_"))
    if not places:
        return f"{tex}_{{{index}}}"
    if NAMED.fullmatch(_group(tex, places[0] + 1)):
        return _with(tex, "_", f",{index}")
    return rf"\left({tex}\right)_{{{index}}}"


class Letters(NamedTuple):
    """What a reader sees of a symbol, however it is typed: its letter, its index and its superscript."""

    base: str
    sub: str
    sup: str


def letters(tex: str) -> Letters:
    """The parts of a symbol by which it is told from others: W^{(1)}_{2} and W_2^{(1)} are one. A variant of a
    letter, \\varepsilon, is that letter."""
    parts, tex = {"_": "", "^": ""}, SPACED.sub(r"\1", VARIANT.sub(r"\\", tex))
    for mark in parts:
        for start in list(_top_level(tex, mark))[:1]:
            group = _group(tex, start + 1)
            parts[mark], tex = group, tex[:start] + tex[start + 1 + len(group) :]
    return Letters(*(SPARE.sub("", part) for part in (tex, *parts.values())))


def transposed(tex: str) -> str:
    base = rf"\left({tex}\right)" if tex.startswith(r"\frac") else f"{{{tex}}}" if has_superscript(tex) else tex
    return rf"{base}^{{\mathsf{{T}}}}"


def lowered(tex: str) -> str:
    """The symbol of a matrix's entry: its first letter in lower case."""
    return tex[:1].lower() + tex[1:]


def partial(above: str, below: str) -> str:
    return rf"\frac{{\partial {above}}}{{\partial {below}}}"


def slashed(above: str, below: str) -> str:
    """A derivative for a line of prose."""
    return rf"\partial {above} / \partial {below}"


def _with(tex: str, sign: str, addition: str) -> str:
    places = list(_top_level(tex, sign))
    if not places:
        return f"{tex}{sign}{{{addition}}}"
    start = places[0] + 1
    group = _group(tex, start)
    inner = group[1:-1] if group.startswith("{") else group
    return f"{tex[:start]}{{{inner}{addition}}}{tex[start + len(group) :]}"


def _group(tex: str, start: int) -> str:
    """The TeX argument that begins at `start`: a braced group, a command or one character."""
    if tex[start] != "{":
        return re.match(r"\\[A-Za-z]+|.", tex[start:], re.DOTALL)[0]
    depth = 0
    for end in range(start, len(tex)):
        depth += (tex[end] == "{") - (tex[end] == "}")
        if depth == 0:
            return tex[start : end + 1]
    return tex[start:]
