"""Reading a figure as a source prints it: every way of writing a number that means one number becomes plain digits.

Browsers, typeset pages and other languages write minus signs, digits, separators and powers of ten in many ways. What
can be read in one way only is read; what cannot is named, with its character and its place.
"""

import re

from gradbook.engine.errors import shorten
from gradbook.engine.spec.lookalike import described

_MINUS = dict.fromkeys("\u2212\u2010\u2011\u2012\u2013\ufe63\uff0d\u207b", "-")
_PLUS = dict.fromkeys("\uff0b\u207a", "+")
_SIGNS = _MINUS | _PLUS
_RAISED = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁺\u2212", "0123456789-+-")
_WIDE = {chr(0xFF10 + n): str(n) for n in range(10)} | {"\uff0e": ".", "\uff0c": ","}
_WIDE |= {"\uff45": "e", "\uff25": "E", "\uff3e": "^", "\uff0a": "*"}
_GAPS = dict.fromkeys(
    " \t\u00a0\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000", " "
)
_GAPS |= dict.fromkeys("'\u2019_", "'")
_UNSEEN = dict.fromkeys("\u200b\u200c\u200d\u200e\u200f\u2060\ufeff\u00ad")
_PLAIN = str.maketrans(_SIGNS | _WIDE | _GAPS)
_TEX = ((r"\times", "×"), (r"\cdot", "·"), (r"\,", " "), ("{,}", ","), (r"\;", " "), (r"\ ", " "))

_POWER = re.compile(
    r"(?P<digits>.*?)\s*(?:[eE]\s*(?P<e>[+-]?[0-9]+)"
    r"|(?:(?:(?<=[0-9.])\s*[×✕⨯xX·⋅∙*]\s*)|(?<![0-9.,]))10(?:\s*(?:\^|\*\*)\s*\{?\s*(?P<hat>[+-]?\s*[0-9]+)\s*\}?"
    r"|(?P<raised>[⁻⁺−]?[⁰¹²³⁴⁵⁶⁷⁸⁹]+)))"
)
_LOST = re.compile(r".*[0-9]\s*[×✕⨯xX·⋅∙*]\s*10(?P<behind>\s*[+-]?[0-9]*)")
_INTEGER = r"[1-9][0-9]{0,2}(?:(?P<gap>[ ',.])[0-9]{3})(?:(?P=gap)[0-9]{3})*"
_GROUPS = re.compile(rf"{_INTEGER}|[0-9]*")
_FRACTION = re.compile(r"[0-9]*|(?:[0-9]{3} )+[0-9]{1,3}|(?:[0-9]{5} )+[0-9]{1,5}")


def read_figure(text: str) -> str:
    """The figure in plain digits, as many as are printed: '−1 234,5' is '-1234.5', '1.20×10⁻³' is '1.20e-3'.

    Raises ValueError with a clause that names what cannot be read, or what can be read as two numbers.
    """
    for tex, char in _TEX:
        text = text.replace(tex, char)
    bare = text.translate(str.maketrans(_UNSEEN)).strip()
    head, sign = bare.translate(_PLAIN), ""
    # a raised minus is kept for the exponent, where it says that the digits after it are raised
    marked = "".join(c if c in "\u207b\u207a" else head[i] for i, c in enumerate(bare))
    if marked[:1] in ("+", "-") and marked[1:].strip():
        sign, marked = marked[0], marked[1:].strip()
    found = _POWER.fullmatch(marked)
    digits, power = (found["digits"], _exponent(found)) if found else (marked, "")
    if not found and (lost := _LOST.fullmatch(marked)):
        raise ValueError(_lost(text, lost["behind"].strip()))
    one = found and not found["e"] and not digits.strip()
    return f"{sign}{_mantissa(text, '1' if one else digits.strip())}{power}"


def _exponent(found: re.Match) -> str:
    power = found["e"] or found["hat"] or found["raised"].translate(_RAISED)
    return "e" + power.replace(" ", "")


def _lost(text: str, power: str) -> str:
    advice = f"if it is 10^{power}, write e{power} for it" if power else "write it as in '1.2e-3'"
    return f"{shorten(text)} ends in a power of ten without a raised exponent; {advice}"


def _mantissa(text: str, digits: str) -> str:
    """Digits with at most one point. Of points and commas the last kind is the decimal sign, if it stands once."""
    points, commas = digits.count("."), digits.count(",")
    if re.fullmatch(r"[1-9][0-9]{0,2},[0-9]{3}", digits):
        plain = digits.replace(",", "")
        raise ValueError(f"{shorten(text)} can be {digits.replace(',', '.')} or {plain}; write the one that it is")
    mark = "," if commas == 1 and (points != 1 or digits.rfind(",") > digits.rfind(".")) else "."
    if digits.count(mark) > 1:  # only a separator of thousands stands more than once
        mark = ""
    whole, point, rest = digits.partition(mark) if mark else (digits, "", "")
    grouped = _GROUPS.fullmatch(whole)
    if not grouped or grouped["gap"] == mark or not _FRACTION.fullmatch(rest) or not (whole or rest):
        raise ValueError(_unread(text))
    return re.sub(r"[^0-9]", "", whole) + ("." if point else "") + rest.replace(" ", "")


def _unread(text: str) -> str:
    """The first character that belongs to no number, else one that stands at a wrong place."""
    place, char = next(((i, c) for i, c in enumerate(text, 1) if not _belongs(c)), (0, ""))
    if not place:
        inner = [(i, c) for i, c in enumerate(text, 1) if not (c.isascii() and c.isdigit())]
        gaps = [(i, c) for i, c in inner if c in _GAPS]
        place, char = [(0, ""), *inner, *gaps[:1]][-1] if len(inner) < len(text) else (0, "")
    named = f": character {place} is {described(char)}" if place else ""
    return f"{shorten(text)} is not a number as one prints it, such as '-0.0386'{named}"


def _belongs(char: str) -> bool:
    return char in "0123456789+-.,eE" or char in _SIGNS | _WIDE | _GAPS | _UNSEEN
