"""The headings of a page: lines of one scope stand side by side, and what repeats an earlier scope is folded."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from itertools import chain, groupby, repeat

from gradbook.engine.tape.trace import Trace

from ..formula.notation import pattern


@dataclass(frozen=True)
class Group:
    """What a page derives under one heading: lines of one scope, or gradients. `folded` says that lines like them
    were worked above in full, so that these are shown by their results and opened at will. A group without a scope
    goes on under the heading before it."""

    scope: str | None
    lines: list
    folded: bool = False


class Grouping:
    """How the lines of a page are grouped. `folded` are the family's patterns: of scopes ('t<t>'), whose first is
    worked in full, or of single lines ('dW_x[ifoc]'). `scope` gives a line's scope, `used` what it is computed
    from."""

    def __init__(self, trace: Trace, folded: list[str], used: Callable, scope: Callable):
        self.trace, self.used, self.scope = trace, used, scope
        self.folded = [pattern(key) for key in folded]

    def of(self, lines: list, name: Callable[[object], str]) -> list[Group]:
        """The groups in an order in which each line can be worked from those before it; `name` gives the step whose
        scope a line belongs to."""
        worked: set = set()
        return [group for lines in self._together(lines, name) for group in self._runs(lines, name, worked)]

    def apart(self, names: list[str]) -> tuple[list[str], list[str]]:
        """Steps as a list shows them: those met first, then those that repeat them at another place of the same
        pattern, as the state of step 3 repeats that of step 2."""
        met: dict[tuple, str] = {}
        for name in names:
            met.setdefault(self._role(name), name)
        first = [name for name in names if met[self._role(name)] == name]
        return first, [name for name in names if met[self._role(name)] != name]

    def _role(self, name: str) -> tuple:
        place = scope(name)
        known = next((key for key in self.folded if key.fullmatch(place)), place)
        return known, name[len(place) :], self.trace[name].is_leaf

    # Side by side

    def _together(self, lines: list, name: Callable[[object], str]) -> list[list]:
        """Lines of one scope side by side, as far as that is possible: an earlier group waits for a later line of
        its scope unless something between needs it; else the line joins it unless it needs something between."""
        groups: list[list] = []
        for line in lines:
            alike = (n for n in reversed(range(len(groups))) if self._alike(name(groups[n][0]), name(line)))
            n = next(alike, None)
            between = [other for group in groups[n + 1 :] for other in group] if n is not None else []
            if n is None or (self._need(between, groups[n]) and self._need([line], between)):
                groups.append([line])
            elif self._need(between, groups[n]):
                groups[n].append(line)
            else:
                groups.append([*groups.pop(n), line])
        return groups

    def _alike(self, a: str, b: str) -> bool:
        return self.scope(a) == self.scope(b)

    def _need(self, users: list, used: list) -> bool:
        """Whether any of the lines `users` is computed from one of `used`. A gradient that is another line's own
        value needs that line and computes nothing."""
        names = {line.name for line in used if not is_alias(line)}
        return any(names.intersection([u.name] if is_alias(u) else self.used(u.name)) for u in users)

    # Folded

    def _runs(self, lines: list, name: Callable[[object], str], worked: set) -> list[Group]:
        """The lines of one scope, cut where what is new and what repeats an earlier scope meet. `worked` is what
        earlier scopes have worked in full, and will hold what this one adds."""
        new: set = set()
        runs = groupby(lines, key=lambda line: self._repeats(line, name(line), worked, new))
        scopes = chain([self.scope(name(lines[0]))], repeat(None))
        groups = [Group(scope, list(run), folded) for scope, (folded, run) in zip(scopes, runs, strict=False)]
        worked |= new
        return groups

    def _repeats(self, line, of: str, worked: set, new: set) -> bool:
        """Whether a line that is made in the same way was worked under an earlier scope of the same pattern, or
        whether an earlier line matches the same pattern."""
        for known in self.folded:
            if known.fullmatch(line.name):
                repeats = known in worked
                worked.add(known)
                return repeats
            if known.fullmatch(self.scope(of)):
                way = (known, form(self.trace, line.name))
                new.add(way)
                return way in worked
        return False


def scope(name: str) -> str:
    """'layer1' for 'layer1.z'."""
    return name.rpartition(".")[0]


def is_alias(line) -> bool:
    return getattr(line, "alias", False)


def form(trace: Trace, name: str) -> tuple:
    """How a line is made, whatever scopes and numbers the names of its arguments have: step 3 as step 2, the norm
    behind the feed-forward network as the norm behind the attention."""
    parts = trace.parts(name)
    return trace[name].op, *(form(trace, arg) if arg in parts else _letter(arg) for arg in trace[name].args)


def _letter(name: str) -> str:
    return re.sub(r"\d+", "#", name.rpartition(".")[2])
