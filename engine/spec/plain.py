"""Text that stands on a page as it was written: names, titles and introductions without anything hidden."""

from unicodedata import category

from pydantic import AfterValidator

from ..errors import shorten
from .limits import LIMITS

NAME = "is made of letters and digits of any language, - and _, and does not begin with -"
"""What the name of an example must be; `is_name` judges it."""

MARKUP = frozenset("\\{}<>$`")
UNSEEN = ("Cc", "Cf", "Cs", "Zl", "Zp")
"""The Unicode categories of control, format and broken characters, and of separators of lines."""

NEEDED = frozenset(
    "\n\t\xad\u200c\u200d\u180e"  # the soft hyphen; joiners, with which Persian, Hindi and Mongolian are spelt
    "\u0600\u0601\u0602\u0603\u0604\u0605\u06dd\u070f\u0890\u0891\u08e2\U000110bd\U000110cd"  # signs that are seen
)
"""Format characters that words are spelt with. What turns the direction of other words, or is seen nowhere, is not
among them: a title would read as something that is not written."""

BLANK = frozenset("\u115f\u1160\u2800\u3164\uffa0")
"""Letters and signs that look like nothing."""


def is_unseen(char: str) -> bool:
    """Whether a character controls others or is never seen."""
    noncharacter = ord(char) & 0xFFFE == 0xFFFE or 0xFDD0 <= ord(char) <= 0xFDEF
    return (category(char) in UNSEEN and char not in NEEDED) or noncharacter


def is_seen(text: str) -> bool:
    """Whether there is anything to see of a text."""
    return any(category(c)[0] in "LNPS" and c not in BLANK for c in text)


def plain(limit: str):
    """A validator for words that are set as they stand: no markup, no control characters, not too long."""

    def check(text: str) -> str:
        if len(text) > LIMITS[limit]:
            raise ValueError(f"is {len(text)} characters long; {LIMITS.rule(limit, len(text))}")
        if found := next((c for c in text if c in MARKUP or is_unseen(c)), None):
            raise ValueError(f"is plain text and may not hold {found!a}, which is markup or control")
        if limit == "title" and "\n" in text:
            raise ValueError("is a title and stands on one line")
        if not is_seen(text):
            raise ValueError("is empty")
        return text

    return AfterValidator(check)


def is_name(text: str) -> bool:
    """Whether an example may be called so: letters of any language with their marks, digits, - and _."""
    letters = all(c in "-_" or (category(c)[0] in "LMN" and c not in BLANK) for c in text)
    return letters and text[:1] not in ("", "-") and category(text[0])[0] != "M"


def named(name: str) -> str:
    if not is_name(name):
        raise ValueError(f"{shorten(name)} is no name of an example")
    return name
