"""The rows of a derivation as they are set, for tests that read them."""

from gradbook.book.formula.rows import SetRow
from gradbook.book.formula.written import Written


def said(written: Written, name: str) -> list[SetRow]:
    """All rows of a line."""
    return written.rows.said(written.derivation(name))


def in_numbers(written: Written, name: str) -> list[SetRow]:
    """The rows of a line in which numbers stand."""
    return written.rows.numbers(written.derivation(name))


def entry(written: Written, name: str, index: tuple[int, ...]) -> list[SetRow]:
    """One entry of a line in full."""
    return [written.rows.row(row) for row in written.line(name).entry(name, index)]
