"""What the checker found: for a person to read, and for a program."""

import json
from collections import Counter
from dataclasses import asdict, dataclass, field
from decimal import Decimal
from pathlib import Path

NOT_UNDERSTOOD = 0.01
"""The share of equations that may remain not understood."""
SHOWN = 40
MOST_DIGITS = 45


def apart(value: Decimal | float, printed: Decimal | str, digits: int = 10) -> str:
    """`value` to so many digits, or to as many as show that it is not the number that is printed."""
    texts = (f"{value:.{n}g}" for n in range(digits, MOST_DIGITS))
    return next((text for text in texts if Decimal(text) != Decimal(str(printed))), str(value))


def both_apart(a: Decimal, b: Decimal, digits: int) -> tuple[str, str]:
    """Two values to so many digits, or to as many as show that they differ."""
    texts = ((f"{a:.{n}g}", f"{b:.{n}g}") for n in range(digits, MOST_DIGITS))
    return next((pair for pair in texts if pair[0] != pair[1]), (str(a), str(b)))


@dataclass(frozen=True)
class Failure:
    """One thing that is wrong: which check found it, where it stands, what is printed, what it should be."""

    check: str
    page: str
    where: str
    printed: str
    expected: str
    why: str

    def __str__(self) -> str:
        place = ", ".join(p for p in (self.page, self.where) if p)
        wanted = f" (should be {self.expected})" if self.expected else ""
        return f"{place}: {self.printed!r} {self.why}{wanted}"


@dataclass(frozen=True)
class Unknown:
    """An equation that the checker could not read or redo, and why."""

    page: str
    where: str
    tex: str
    why: str

    def __str__(self) -> str:
        return f"{self.page}, {self.where}: {self.why}: {' '.join(self.tex.split())[:100]}"


@dataclass
class Report:
    """Counts and findings of a whole run."""

    counts: Counter = field(default_factory=Counter)
    failures: list[Failure] = field(default_factory=list)
    unknown: list[Unknown] = field(default_factory=list)
    figures: dict[str, float] = field(default_factory=dict)

    def fail(self, check: str, page: str, where: str, printed, expected="", why="is wrong") -> None:
        self.failures.append(Failure(check, page, where, str(printed), str(expected), why))

    def add(self, other: "Report") -> None:
        self.counts += other.counts
        self.failures += other.failures
        self.unknown += other.unknown
        for name, value in other.figures.items():
            self.figures[name] = max(value, self.figures.get(name, 0.0))

    @property
    def share_unknown(self) -> float:
        return len(self.unknown) / max(self.counts["equations"], 1)

    @property
    def ok(self) -> bool:
        return not self.failures and self.share_unknown <= NOT_UNDERSTOOD

    def summary(self) -> str:
        """A few lines for a person, then every failure, then what was not understood."""
        lines = [text.format_map(_Counts(self.counts)) for text in LINES]
        told = [(label, name, unit) for name, (label, unit) in FIGURES.items() if name in self.figures]
        lines += [f"{label:<24}{self.figures[name]:.3g}{unit}" for label, name, unit in told]
        lines.append(f"{'not understood':<24}{len(self.unknown)} ({100 * self.share_unknown:.2f} % of the equations)")
        lines += [f"  {unknown}" for unknown in self.unknown[:SHOWN]]
        lines.append(f"{'failures':<24}{len(self.failures)}")
        lines += [f"  {failure}" for failure in self.failures[:SHOWN]]
        if len(self.failures) > SHOWN:
            lines.append(f"  … and {len(self.failures) - SHOWN} more")
        return "\n".join([*lines, "The book agrees." if self.ok else "The book does not agree."])

    def to_json(self) -> str:
        told = {"format": 1, "ok": self.ok, "counts": dict(sorted(self.counts.items())), "figures": self.figures}
        told |= {"failures": [asdict(f) for f in self.failures], "not_understood": [asdict(u) for u in self.unknown]}
        return json.dumps(told, indent=1, ensure_ascii=False) + "\n"

    def write(self, path: Path) -> None:
        path.write_text(self.to_json(), encoding="utf-8")


class _Counts(dict):
    def __missing__(self, name: str) -> int:
        return 0


LINES = (
    "pages read              {pages}",
    "formulas read           {formulas} ({equations} of them equations)",
    "relations redone        {redone} from printed numbers, {substituted} between symbols and numbers",
    "numbers compared        {numbers} with 50-digit values",
    "                        {right} right ({digits} digits), {drifted} drifted by pencil",
    "gradients compared      {gradients} with central differences",
    "rows of tables redone   {table_rows}",
    "other numbers           {loose} known as quantities of their example",
    "numbers in figures      {figure_numbers} found beside their symbols",
    "listings compared       {listings} with the engine's source",
    "links followed          {links}, files accounted for {files}",
    "in every language       {twins} formulas compared",
    "in the PDFs             {pdf_numbers} numbers found, {pdf_links} links followed",
)
FIGURES = {
    "drift": ("largest pencil drift", " of what it may be"),
    "ulps": ("largest float64 error", " ulps"),
    "gradient": ("largest gradient error", ""),
}
