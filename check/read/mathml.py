"""Cuts built MathML into the same tokens as `tex`, so that what is seen and what is annotated can be compared."""

from ..arithmetic.tree import NotUnderstoodError
from .tex import Token, arrow, sign

MINUS = "−"
ACCENTS = {"^": "hat", "ˆ": "hat", "¯": "bar", "‾": "bar", "―": "bar", "_": "bar", "~": "tilde", "˜": "tilde",
           "→": "vec", "˙": "dot", ".": "dot"}  # fmt: skip
SILENT = {"mspace", "annotation", "maligngroup", "mphantom"}
PLAIN = {0xA0: " ", 0xFE00: None, 0xFE01: None}
"""Hard spaces, and the selectors of a letter's shape."""
INVISIBLE = {"\u2061", "\u2062", "\u2063", "\u2064", ""}


def tokens(math) -> list[Token]:
    """The tokens of a `math` element. Raises NotUnderstoodError for an element that is not known."""
    return [token for child in math for token in _element(child)]


def _element(element) -> list[Token]:
    name = element.tag
    if not isinstance(name, str) or name in SILENT:
        return []
    if name not in READERS:
        raise NotUnderstoodError(f"element <{name}>")
    return READERS[name](element)


def _children(element) -> list[Token]:
    if element.get("data-value") and len(element):
        return [_scientific(element)]
    return [token for child in element for token in _element(child)]


def _text(element) -> str:
    return " ".join("".join(element.itertext()).translate(PLAIN).split())


def _number(element) -> list[Token]:
    text = _text(element)
    address = element.get("data-value")
    if text.startswith((MINUS, "-")) or address:
        return [Token("num", text.replace(MINUS, "-"), address)]
    return [Token("num", text)]


def _scientific(element) -> Token:
    """A number of a step in powers of ten: mantissa, ×, and 10 with its exponent."""
    text = _text(element).replace(MINUS, "-").replace(" ", "")
    mantissa, _, power = text.partition("×")
    if not power.startswith("10"):
        raise NotUnderstoodError(f"number {text}")
    return Token("num", f"{mantissa}e{power[2:]}", element.get("data-value"))


def _operator(element) -> list[Token]:
    text = _text(element)
    if text in INVISIBLE:
        return []
    return [sign(text)]


def _symbol(element) -> list[Token]:
    text = _text(element)
    return [sign(text)] if len(text) == 1 else [Token("sym", text)] if text else []


def _grouped(element) -> list[Token]:
    inner = _element(element)
    return inner if len(inner) == 1 else [Token("{", "{"), *inner, Token("}", "}")]


def _braced(element) -> list[Token]:
    return [Token("{", "{"), *_element(element), Token("}", "}")]


def _scripts(*marks: str):
    def read(element) -> list[Token]:
        base, *scripts = element
        found = _grouped(base)
        for mark, script in zip(marks, scripts, strict=True):
            found += [Token(mark, mark), *_braced(script)]
        return found

    return read


def _under(element) -> list[Token]:
    base, below = element
    if _text(below) == "⏟":
        return [Token("brace", "underbrace"), *_braced(base)]
    if base.tag == "munder" and _text(base[1]) == "⏟":
        return [*_under(base), Token("_", "_"), *_braced(below)]
    return _scripts("_")(element)


def _over(element) -> list[Token]:
    base, above = element
    if _text(base) == "→":
        return [arrow(_element(above))]
    mark = ACCENTS.get(_text(above))
    return [Token("accent", mark), *_braced(base)] if mark else _scripts("^")(element)


def _fraction(element) -> list[Token]:
    return [Token("frac", "frac"), *_braced(element[0]), *_braced(element[1])]


def _root(element) -> list[Token]:
    inner = [token for child in element for token in _element(child)]
    return [Token("sqrt", "sqrt"), Token("{", "{"), *inner, Token("}", "}")]


def _table(element) -> list[Token]:
    kind = "rows" if "lines" in (element.get("class") or "").split() else "matrix"
    found = [Token("begin", kind)]
    for r, row in enumerate(element):
        found += [Token("row", r"\\")] if r else []
        for c, cell in enumerate(row):
            found += [Token("cell", "&")] if c else []
            found += _children(cell)
    return [*found, Token("end", kind)]


READERS = {
    "semantics": _children, "mrow": _children, "mstyle": _children, "mpadded": _children, "mtd": _children,
    "mn": _number, "mi": _symbol, "mo": _operator, "mtext": _symbol,
    "msub": _scripts("_"), "msup": _scripts("^"), "msubsup": _scripts("_", "^"),
    "munder": _under, "mover": _over, "munderover": _scripts("_", "^"),
    "mfrac": _fraction, "msqrt": _root, "mtable": _table,
}  # fmt: skip
