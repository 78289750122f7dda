"""The reference of example files: a page of the keys that all share, and one for each family of the book's examples.

Made from the families' models, whose descriptions are translated as the templates' words are, and from the trace of
the family's first shipped example, in the book's own symbols.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from gradbook.engine import BookError, load, work
from gradbook.engine.optim import OPTIMIZERS
from gradbook.engine.spec.limits import LIMITS
from gradbook.engine.tape.trace import Step

from ..base.files import digest
from ..cache.examples import BuiltExample, Cache, cached
from ..formula.derive import Rule, Symbols
from ..i18n.words import catalogue, environment, languages
from .arrangement import arrangement
from .keys import COMMON, Key, Table, common_tables, loss_of, rules_of, tables_of
from .places import reference_label
from .shipped import shipped
from .titles import family_title
from .words import Words
from .worked import Worked

NAME = "reference"


def reference(examples: list[BuiltExample], cache: Cache) -> BuiltExample:
    """The pages of all languages, from the cache if they are there."""
    examples = sorted(examples, key=lambda example: example.place)
    first = shipped()
    families = {name: first.get(name) for name in dict.fromkeys(example.family for example in examples)}
    shaped_by = [
        [[name, path and [path.stem, digest(path.read_bytes())]] for name, path in families.items()],
        [[e.name, e.family, e.titles] for e in examples],
        dict(LIMITS),
    ]
    return cached(cache, NAME, __name__, shaped_by, lambda: _made(families, examples))


def _made(families: dict[str, Path | None], examples: list[BuiltExample]) -> BuiltExample:
    known = {name: Known(name, _worked(path), tables_of(name)) for name, path in families.items()}
    files = {lang: _pages(known, examples, lang) for lang in languages()}
    return BuiltExample(NAME, "", 0, {}, files, "")


@dataclass(frozen=True)
class Known:
    """What is known of a family, in no language: its first shipped example, worked, and the tables of its files."""

    name: str
    worked: Worked | None
    tables: list[Table]


def _worked(path: Path | None) -> Worked | None:
    """The example, if there is one that is right: what is wrong with it is told where its own pages are made."""
    try:
        return path and worked_of(path)
    except BookError:
        return None


def worked_of(path: Path) -> Worked:
    """An example in the book's own symbols."""
    example = load(path).model_copy(update={"notation": {}})
    return Worked.of(example, work(example))


def _pages(families: dict[str, Known], examples: list[BuiltExample], lang: str) -> dict[str, str]:
    index, page = (environment(lang).get_template(name) for name in ("reference.md.j2", "reference-family.md.j2"))
    titles = {name: family_title(name, lang) for name in families}
    files = {"index.md": index.render(families=titles, view=Common(lang), label=reference_label)}
    for name, known in families.items():
        own = [example for example in examples if example.family == name]
        files[f"{name}.md"] = page.render(view=Family(known, own, lang), label=reference_label)
    return files


class Told:
    """What both kinds of page see: tables of keys, in the words of a language."""

    def __init__(self, lang: str):
        self.lang = lang

    def told(self, words: str) -> str:
        """A description in this language; in English where it is not translated."""
        return catalogue(self.lang).gettext(words) if words else ""

    def usual(self, key: Key) -> dict[str, float]:  # noqa: ARG002 (other pages look at it)
        """What a key is if it is left out, by optimiser; nothing if it is none of theirs."""
        return {}


class Common(Told):
    """What the index sees."""

    @property
    def tables(self) -> list[Table]:
        return common_tables()

    def usual(self, key: Key) -> dict[str, float]:
        return {
            name: entry.settings[key.name].usual for name, entry in OPTIMIZERS.items() if key.name in entry.settings
        }


@dataclass(frozen=True)
class Equation:
    """A line of the forward pass: its name in the trace, itself in TeX, what it is."""

    name: str
    tex: str
    meaning: str


@dataclass(frozen=True)
class Parameter:
    """A parameter: its name in the trace, its symbol, the key that gives its numbers, if one does, what it is."""

    name: str
    symbol: str
    key: str
    meaning: str


class Family(Told, Words):
    """What the page of a family sees. `examples` are those of the book."""

    def __init__(self, known: Known, examples: list[BuiltExample], lang: str):
        super().__init__(lang)
        self.name, self.worked, self.tables, self.examples = known.name, known.worked, known.tables, examples

    @property
    def family_title(self) -> str:
        return family_title(self.name, self.lang)

    @property
    def intro(self) -> str:
        """What the model is about: of its page of words the paragraph that opens the forward pass."""
        return self.paragraph("about") or self.paragraph("forward") if self.worked else ""

    @property
    def source(self) -> str:
        """The title of the example that the equations are from; a link to it, if the book has it."""
        found = next((e for e in self.examples if e.name == self.worked.example.name), None)
        return f"[{self.title}](../examples/{found.address}/index.md)" if found else self.title

    @property
    def loss(self) -> str:
        return self.told(loss_of(self.name))

    @property
    def rules(self) -> list[str]:
        return [self.told(rule) for rule in rules_of(self.name)]

    @property
    def equations(self) -> list[Equation]:
        """The forward pass, without the lines that repeat others at another place."""
        names = [step.name for step in self.worked.printed.lines("forward")]
        first, _ = arrangement(self.worked).grouping.apart(names)
        return [Equation(name, self._equation(name), self.meaning(name)) for name in first]

    def _equation(self, name: str) -> str:
        written = self.worked.written
        rule = Rule(written.sheet, Symbols(written.sheet, False)).of(name)
        return f"{self.worked.notation.symbol(name)} = {written.tex(rule)}"

    @property
    def parameters(self) -> list[Parameter]:
        trace, keys = self.worked.exact, keys_of(self.worked)
        symbol = self.worked.notation.symbol
        return [
            Parameter(n, symbol(n), keys.get(n, ""), self.meaning(n)) for n in (s.name for s in trace.leaves("param"))
        ]

    @property
    def named_after(self) -> tuple[str, str, str]:
        """A parameter, its gradient and its new value by their names in the trace; empty if it has no update."""
        updated = self.worked.exact.updated()
        name = next(iter(updated), "")
        return (name, self.worked.exact.grads[name], updated[name]) if name else ("", "", "")


def keys_of(worked: Worked) -> dict[str, str]:
    """The key that has the numbers of each parameter: of several that have the same, the one that is called as it is,
    then the first, and each key once."""
    own = worked.example.model_dump(exclude=set(COMMON))
    there, found = dict(_arrays(own, "")), {}
    for step in worked.exact.leaves("param"):
        fitting = [place for place, value in there.items() if _are_of(value, step)]
        if fitting:
            found[step.name] = min(fitting, key=lambda place: _last(place) != _last(step.name))
            del there[found[step.name]]
    return found


def _arrays(value: Any, place: str) -> Iterator[tuple[str, Any]]:
    """Every number, list of numbers and matrix of an example's tables, by its place."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _arrays(inner, f"{place}.{key}" if place else key)
    elif isinstance(value, list | float):
        if _dimensions(value) <= 2:
            yield place, value
        for i, inner in enumerate(value if isinstance(value, list) else ()):
            if not isinstance(inner, list) or _dimensions(value) > 2:
                yield from _arrays(inner, f"{place}[{i}]")


def _dimensions(value: Any) -> int:
    """How deep lists of numbers lie in one another; 9 if there are tables in them."""
    if isinstance(value, list):
        return 1 + _dimensions(value[0]) if value else 1
    return 9 if isinstance(value, dict) else 0


def _are_of(value: Any, step: Step) -> bool:
    """Whether these are the numbers of a leaf, in which a list may have become a row or a column."""
    numbers = np.asarray(value, dtype=float)
    if numbers.ndim == 2:
        return numbers.shape == step.shape and np.array_equal(numbers, step.value)
    return numbers.size == step.value.size and np.array_equal(numbers.ravel(), np.ravel(step.value))


def _last(name: str) -> str:
    return re.sub(r"\[\d+\]|_", "", name.rpartition(".")[2])
