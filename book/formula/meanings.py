"""What the steps of one example mean, in words of one language; their symbols are those of every language."""

from ..i18n.words import short
from .notation import Notation, matched, pattern


class Meanings:
    """The meanings of one example's steps. `family` maps step patterns ('layer<n>.W') to [symbol, meaning],
    `attached` the letter of what belongs to a parameter ('m' in 'layer1.m_W') to [symbol, meaning, meaning of its
    new value]; `derived` says what the "gradient" and the "updated" value of '<x>' are, where the family does not."""

    def __init__(self, notation: Notation, family: dict[str, list[str]], attached: dict, derived: dict[str, str]):
        self.notation, self.attached, self.derived = notation, attached, derived
        self.family = {pattern(key): meaning for key, (_, meaning) in family.items()}
        self._found: dict[str, str] = {}

    def of(self, name: str) -> str:
        """What the step is; empty if nothing is said of it, nor of what it belongs to."""
        if name not in self._found:
            self._found[name] = self._said(name) or self._derived(name)
        return self._found[name]

    def _said(self, name: str) -> str:
        return matched(self.family, name) or self._attached(name)

    def _attached(self, name: str) -> str:
        found = self.notation.attachment(name)
        if not found:
            return ""
        meaning = self.attached[found[0]][2 if self.notation.old(name) else 1]
        return meaning.replace("<parameter>", short(self.of(found[1])))

    def _derived(self, name: str) -> str:
        """What a gradient or a new value is, made of the meaning of what it is the gradient or new value of."""
        old = self.notation.old(name)
        kind, of = ("updated", old) if old else ("gradient", self.notation.trace[name].of)
        meaning = short(self.of(of)) if of else ""
        return self.derived.get(kind, "").replace("<x>", meaning) if meaning else ""
