"""The languages of one page against each other: the same mathematics, numbers, listings and drawings.

Within a sentence another language may order its formulas otherwise; between sentences it may not.
"""

from collections import Counter, defaultdict

from ..read.html import Formula, Page
from .report import Report


def compare(first: Page, other: Page, report: Report) -> None:
    """Report what `other` prints otherwise than `first`."""
    report.counts["twins"] += len(other.formulas)
    mine, theirs = _by_block(first), _by_block(other)
    for block in sorted(mine | theirs):
        _compare_block(mine.get(block, []), theirs.get(block, []), first, other, report)
    for name in ("listings", "codes", "leads", "values", "drawings", "numerals"):
        _compare_all(name, first, other, report)


def _by_block(page: Page) -> dict[int, list[Formula]]:
    found: dict[int, list[Formula]] = defaultdict(list)
    for formula in page.formulas:
        found[formula.block].append(formula)
    return found


def _compare_block(mine: list[Formula], theirs: list[Formula], first: Page, other: Page, report: Report) -> None:
    missing = Counter(f.key for f in mine) - Counter(f.key for f in theirs)
    extra = Counter(f.key for f in theirs) - Counter(f.key for f in mine)
    wrong = [f for f in theirs if f.key in extra] or [f for f in mine if f.key in missing]
    wanted = [f.tex for f in mine if f.key in missing] or ["nothing"]
    if missing or extra:
        why = f"differs from {first.path}"
        report.fail("language", other.path, wrong[0].where, cut(wrong[0].tex), cut(wanted[0]), why)


def _compare_all(name: str, first: Page, other: Page, report: Report) -> None:
    mine, theirs = (_count(name, page) for page in (first, other))
    if mine != theirs:
        printed, wanted = (cut("; ".join(sorted(c))) or "nothing" for c in (theirs - mine, mine - theirs))
        report.fail("language", other.path, name, printed, wanted, f"differs from {first.path}")


def _count(name: str, page: Page) -> Counter:
    """In words, 0 and 1 may be 'none' and 'one'; no other number is written out in one language only."""
    found = map(str, getattr(page, name))
    return Counter(x for x in found if name != "numerals" or x not in ("0", "1"))


def cut(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= 120 else text[:119] + "…"
