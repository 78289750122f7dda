"""What a translator gets where the English of a sentence has changed: its old translation, marked stale.

In the catalogue it is `#, fuzzy`, with the English that it translates as `#| msgid`; no reader ever sees it.
"""

import re
from collections.abc import Iterator
from difflib import SequenceMatcher, get_close_matches

from babel.messages import Catalog
from babel.messages.pofile import escape, normalize, unescape

ALIKE = 0.6
"""From this likeness on (0 to 1) a new sentence is taken for a changed one, wherever it stands."""

_PREVIOUS = re.compile(r'(?:msgid|msgid_plural)\s+((?:"(?:[^"\\]|\\.)*"\s*)+)')
_STRING = re.compile(r'"(?:[^"\\]|\\.)*"')


def recall(catalog: Catalog) -> Catalog:
    """Take the English of stale translations out of the comments, where Babel leaves it when it reads a file."""
    for message in catalog:
        told = "\n".join(comment[1:].strip() for comment in message.user_comments if comment.startswith("|"))
        message.user_comments = [comment for comment in message.user_comments if not comment.startswith("|")]
        found = ("".join(map(unescape, _STRING.findall(words))) for words in _PREVIOUS.findall(told))
        message.previous_id = [words for words in found if words]
    return catalog


def keep(old: Catalog, merged: Catalog) -> None:
    """Give the sentences of `merged` that are not in `old` the translations of those that have gone."""
    for message in merged:
        before = old.get(message.id)
        message.previous_id = before.previous_id if before and message.fuzzy else []
    for gone, new in _pairs(old, merged):
        _hint(old.get(gone), merged.get(new))


def _hint(old, new) -> None:
    english = old.previous_id or _forms(old.id)
    new.string = _like(new.id, old.string)
    if english != _forms(new.id):  # else it was changed back, and is as good as before
        new.previous_id = english
        new.flags.add("fuzzy")


def _like(id, string):
    """A translation in the form that the sentence has: one, or one for each number."""
    if isinstance(id, str):
        return _forms(string)[0]
    return tuple(_forms(string))


def _forms(id) -> list[str]:
    return [id] if isinstance(id, str) else list(id)


def _key(message) -> str:
    return _forms(message.id)[0]


def _pairs(old: Catalog, merged: Catalog) -> Iterator[tuple[str, str]]:
    """(what has gone, what has come in its stead): what stands in its place, else what reads much like it."""
    before, now = ([_key(m) for m in catalog if m.id] for catalog in (old, merged))
    gone = [_key(m) for m in old if m.id and _key(m) not in now and any(_forms(m.string))]
    come = [key for key in now if key not in before]
    for kind, a, b, c, d in SequenceMatcher(None, before, now, autojunk=False).get_opcodes():
        for one, other in zip(before[a:b], now[c:d], strict=False) if kind == "replace" and b - a == d - c else ():
            if one in gone and other in come:
                gone.remove(one), come.remove(other)
                yield one, other
    for other in come:
        if found := get_close_matches(other, gone, n=1, cutoff=ALIKE):
            gone.remove(found[0])
            yield found[0], other


def with_previous(text: str, catalog: Catalog) -> str:
    """The text of a catalogue with the English of its stale translations, each on one line: Babel would break it, and
    of two equal lines it reads one."""
    for message in catalog:
        if message.id and message.previous_id:
            told = zip(("msgid", "msgid_plural"), message.previous_id, strict=False)
            lines = "".join(f"#| {name} {escape(words)}\n" for name, words in told)
            own = f"msgid {normalize(_key(message), width=0)}\n"
            text = text.replace(f"\n{own}", f"\n{lines}{own}", 1)
    return text
