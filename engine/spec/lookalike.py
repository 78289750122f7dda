"""Characters that look like those of TOML: copied from a web page or a word processor, they stand where none can."""

import unicodedata
from collections.abc import Iterator

_LOOKS = dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2212\u207b", "-")
_LOOKS |= dict.fromkeys("\u201c\u201d\u201e\u201f\u00ab\u00bb\u2033", '"')
_LOOKS |= dict.fromkeys("\u2018\u2019\u201a\u201b\u2039\u203a\u2032", "'")
_LOOKS |= {"\u3002": ".", "\u066b": ".", "\u3001": ",", "\u066c": ",", "\u3010": "[", "\u3011": "]"}
_LOOKS |= {"\u300c": '"', "\u300d": '"', "\u2217": "*"}


def meant(char: str) -> str | None:
    """The character of TOML that a look-alike stands for, "" if it should not be there, None if it is like none."""
    if char in _LOOKS:
        return _LOOKS[char]
    if unicodedata.category(char) in ("Zs", "Zl", "Zp"):
        return " "
    if unicodedata.category(char) in ("Cf", "Cc"):
        return ""
    if unicodedata.category(char) == "Nd":
        return str(unicodedata.decimal(char))
    wide = unicodedata.decomposition(char).startswith(("<wide>", "<small>"))
    return unicodedata.normalize("NFKC", char) if wide else None


def look_alike(text: str, outside: Iterator[tuple[int, int]]) -> str | None:
    """What is wrong with the first character beyond ASCII in the stretches `outside` of strings and comments, in a
    clause; None if all are plain."""
    for start, end in outside:
        for i in range(start, end):
            if not text[i].isascii():
                return _clause(text, i)
    return None


def look_alike_in(text: str) -> str | None:
    """The same of text that stands where a number should."""
    place = next((i for i, char in enumerate(text) if not char.isascii()), None)
    return None if place is None else f"character {place + 1} is {_advised(text[place])}"


def described(char: str) -> str:
    """A character by its look, if it has one, its code and its name: '−', U+2212 (minus sign)."""
    seen = f"{char!r}, " if char.isprintable() and not char.isspace() and not unicodedata.combining(char) else ""
    return f"{seen}U+{ord(char):04X}" + (f" ({name.lower()})" if (name := unicodedata.name(char, "")) else "")


def _clause(text: str, i: int) -> str:
    line, column = text.count("\n", 0, i) + 1, i - text.rfind("\n", 0, i)
    return f"line {line}, column {column} has {_advised(text[i])}"


def _advised(char: str) -> str:
    wanted = meant(char)
    advice = {
        None: ", which may only stand in quotes",
        "": ", which must go",
        " ": "; write an ordinary space in its place",
    }.get(wanted, f"; write {wanted} in its place")
    return described(char) + advice
