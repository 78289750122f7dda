"""Notation: how each step of one example is written in every language, from the family's symbols and its own."""

import re
from collections.abc import Mapping
from functools import cache, cached_property

from gradbook.engine.errors import BookError, suggest
from gradbook.engine.optim import companion_of
from gradbook.engine.spec.example import Example, Symbol
from gradbook.engine.tape.trace import Step, Trace

from ..base.numbers import tex_number
from .clashes import own_clash, places
from .symbols import check_symbol, indexed, letters, lowered, marked, named, partial, slashed

MARKS = {"ones": r"\mathbf{1}", "updated": "*"}
"""What [notation] may set besides steps: the vector of ones, and the mark of an updated parameter."""


@cache
def pattern(key: str) -> re.Pattern:
    """What 'layer<n>.W' or 'head<h>.t<t>.q' stands for: each letter in angle brackets is a number."""
    return re.compile(re.sub(r"<(\w+)>", r"(?P<\1>\\d+)", key.replace(".", r"\.")))


def filled(text: str, numbers: dict[str, str]) -> str:
    """A symbol or its meaning with numbers in the place of the letters; '<t-1>' is one less."""
    for letter, number in numbers.items():
        text = text.replace(f"<{letter}>", number).replace(f"<{letter}-1>", str(int(number) - 1))
    return text


def matched(texts: Mapping[re.Pattern, str], name: str) -> str:
    """What is said under the first pattern that a name fits, with its numbers; nothing if it fits none."""
    matches = ((known.fullmatch(name), text) for known, text in texts.items())
    return next((filled(text, found.groupdict()) for found, text in matches if found), "")


class Notation:
    """The symbols of one example. `family` maps step patterns ('layer<n>.W') to [symbol, meaning], `attached` the
    letter of what belongs to a parameter ('m' in 'layer1.m_W') to [symbol, meaning, meaning of its new value],
    `instead` the steps of an update to the symbols that they get where theirs stands for something else.

    Raises BookError if [notation] of the example is not as it should be, or gives one symbol to two things.
    """

    def __init__(self, example: Example, trace: Trace, family: dict[str, list[str]], attached=None, instead=None):
        self.example, self.trace, self.attached, self.instead = example, trace, attached or {}, instead or {}
        self.family = {pattern(key): symbol for key, (symbol, _) in family.items()}
        self._of_family: dict[str, str] = {}
        self._taken: dict[str, bool] = {}
        self.own = {key: _symbol(value) for key, value in example.notation.items()}
        self._check_keys()
        for key, value in self.own.items():
            _check(value, f"{example.name}.toml: notation.{key}")
        if self.own and (clash := own_clash(self)):
            raise BookError(f"{example.name}.toml: {clash}")

    def _check_keys(self):
        known = [*self.trace, *MARKS]
        for key, value in self.own.items():
            place = f"{self.example.name}.toml: notation"
            if key not in known:
                lines = [n for n in self.trace if not self.trace.parent(n)]
                raise BookError(f"{place}: {suggest('symbol', key, [*lines, *MARKS])}")
            if value.entries is not None and key in self.trace:
                self._check_entries(f"{place}.{key}.entries", value.entries, self.trace[key])

    @staticmethod
    def _check_entries(place: str, entries: list[list[str]], step: Step):
        rows, columns = step.shape if len(step.shape) == 2 else (1, 1)
        found = [len(row) for row in entries]
        if found != [columns] * rows:
            raise BookError(f"{place}: expected {rows} rows of {columns} symbols, found rows of {found}.")

    def names(self, name: str) -> bool:
        """Whether a step has a symbol that the family or the example gives it."""
        return bool(self._given(name))

    @cached_property
    def ones(self) -> str:
        return self._mark("ones")

    @cached_property
    def updated(self) -> str:
        return self._mark("updated")

    def _mark(self, key: str) -> str:
        return self.own[key].symbol if key in self.own else MARKS[key]

    def symbol(self, name: str) -> str:
        """The TeX symbol of a step that has a line or is a leaf."""
        return self._given(name) or self._made(name)

    def _given(self, name: str) -> str:
        """The symbol that the example or the family gives a step; nothing if neither does."""
        if name in self.own:
            return self.own[name].symbol
        symbol = self._family(name)
        return self.instead[name] if name in self.instead and self._is_taken(symbol) else symbol

    def _is_taken(self, symbol: str) -> bool:
        """Whether a step that is not of `instead`, or an entry of one, is given this symbol."""
        if symbol not in self._taken:
            names = (n for n in self.trace if n not in self.instead and not self.trace.parent(n) and self._given(n))
            found = places(self, names, letters(symbol).base)
            self._taken[symbol] = letters(symbol) in (key for key, _ in found)
        return self._taken[symbol]

    def _made(self, name: str) -> str:
        """The symbol of a step that nobody gives one, from what it is."""
        step = self.trace[name]
        if name == "rate" and {"learning_rate", "t"} <= self.trace.keys():
            return indexed(self.symbol("learning_rate"), self.symbol("t"))
        if step.op == "const" and name.startswith("const."):
            return tex_number(float(step.value))
        if old := self.old(name):
            return marked(self.symbol(old), self.updated)
        if found := self.attachment(name):
            return self._attached_to(found[0], self.symbol(found[1]))
        return partial(self.symbol(self.trace.loss), self.symbol(step.of)) if step.of else named(name)

    def inline(self, name: str) -> str:
        """The symbol as it stands in a line of prose: derivatives with a slash."""
        step = self.trace[name]
        symbol = self.symbol(name)
        if step.of and symbol == partial(self.symbol(self.trace.loss), self.symbol(step.of)):
            return slashed(self.symbol(self.trace.loss), self.symbol(step.of))
        return symbol

    def old(self, new: str) -> str | None:
        """The leaf whose new value the step `new` holds."""
        return next((leaf for leaf, n in self.trace.updates.items() if n == new), None)

    def attachment(self, name: str) -> tuple[str, str] | None:
        """The letter and the parameter of what belongs to one: ('m', 'layer1.W') for 'layer1.m_W'."""
        found = companion_of(self.trace, name)
        return found if found and found[0] in self.attached else None

    def _attached_to(self, letter: str, parameter: str) -> str:
        return rf"{self.attached[letter][0]}_{{{parameter}}}"

    def entry(self, name: str, index: tuple[int, ...] | str) -> str:
        """The symbol of one entry: the example's own, or w^{(1)}_{12}; of a column only the row is counted.

        An index of letters, 'ij', asks for any entry.
        """
        step, own = self.trace[name], self.own.get(name)
        if not step.value.size > 1:
            return self.symbol(name)
        if own and own.entries and not isinstance(index, str):
            return own.entries[index[0]][index[1]]
        if not own and (old := self.old(name)):
            return marked(self.entry(old, index), self.updated)
        if not own and (found := self.attachment(name)):
            return self._attached_to(found[0], self.entry(found[1], index))
        return self._counted(step, index)

    def _counted(self, step: Step, index: tuple[int, ...] | str) -> str:
        """An entry by the symbol of the whole and a count."""
        if step.of and "frac" in self.symbol(step.name):
            if isinstance(index, str):
                return indexed(rf"\left({self.symbol(step.name)}\right)", index)
            return partial(self.symbol(self.trace.loss), self.entry(step.of, index))
        return indexed(self._entry_base(step.name), index if isinstance(index, str) else self._index(step, index))

    def _entry_base(self, name: str) -> str:
        symbol = self.symbol(name)
        return lowered(symbol) if self.trace[name].op == "param" else symbol

    def _index(self, step: Step, index: tuple[int, ...]) -> str:
        """Both indices of a matrix, which has a capital letter; of a row or a column only the one that counts."""
        counted = [i + 1 for i, n in zip(index, step.shape, strict=True) if n > 1 or len(step.shape) == 1]
        if len(step.shape) == 2 and step.op == "param" and step.shape[1] > 1 and self.symbol(step.name)[0].isupper():
            counted = [i + 1 for i in index]
        return ("," if max(counted) > 9 else "").join(map(str, counted))

    def _family(self, name: str) -> str:
        if name not in self._of_family:
            self._of_family[name] = matched(self.family, name)
        return self._of_family[name]


def _symbol(value: str | Symbol) -> Symbol:
    return Symbol(symbol=value) if isinstance(value, str) else value


def _check(value: Symbol, place: str) -> None:
    check_symbol(value.symbol, place)
    for row in value.entries or []:
        for entry in row:
            check_symbol(entry, place)
