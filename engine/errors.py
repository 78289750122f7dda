"""The one error type for users' mistakes: a sentence with the place, what is wrong, and the next action."""

from collections.abc import Iterable
from difflib import get_close_matches


class BookError(Exception):
    """A user's mistake, told in one sentence; the command line prints it and exits with code 2.

    >>> from gradbook import BookError, load
    >>> try:
    ...     load("examples/sed.toml")
    ... except BookError as error:
    ...     print(error)
    examples: unknown example file 'sed.toml'. Did you mean 'seed.toml'? Known: ...
    """


def suggest(kind: str, name: object, known: Iterable[str]) -> str:
    """The sentence for a name that is not known: it proposes the nearest name and lists what is known."""
    known = [str(k) for k in known]
    near = [k for k in known if k.casefold() == str(name).casefold()]
    near = near or get_close_matches(str(name)[:100], known, n=1, cutoff=0.5)
    hint = f" Did you mean {near[0]!r}?" if near else ""
    return f"unknown {kind} {shorten(name)}.{hint} Known: {shorten_list(known)}."


def unknown(place: str, kind: str, name: object, known: Iterable[str]) -> BookError:
    """The error for an unknown name at a place (a file, a key in it)."""
    return BookError(f"{place}: {suggest(kind, name, known)}")


def shorten(value: object, limit: int = 60) -> str:
    """The value as an error may quote it: one line, printable, never longer than `limit` characters."""
    if isinstance(value, bool):
        return str(value).lower()
    try:
        text = ascii(value) if isinstance(value, str) and not value.isprintable() else repr(value)
    except RecursionError:
        return "a value that is nested too deeply"
    except ValueError:
        return "a whole number of thousands of digits"
    return shorten_text(text, limit)


def shorten_text(text: object, limit: int = 200) -> str:
    """The text itself, cut if it is longer than `limit` characters."""
    text = str(text)
    return text if len(text) <= limit else text[: limit - 1] + "…"


def shorten_list(names: list[str], most: int = 40) -> str:
    """Names for the end of an error; a long list is cut and counted."""
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return (", ".join(names[:most]) or "none") + more
