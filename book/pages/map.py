"""The map of the book: which family to read before which, its examples, and the operations that it is made of.

Made from what the families' templates say (`title`, `before`) and from what the examples use.
"""

from dataclasses import dataclass

from gradbook.engine.families import families

from ..cache.examples import BuiltExample, Cache, cached
from ..i18n.words import SOURCE, environment, languages
from .listing import rooms
from .operations import anchor
from .titles import family_title, said_of_family

NAME = "map"


@dataclass(frozen=True)
class Entry:
    """A family on the map: `operations` are those of the forward pass of its examples, by room."""

    name: str
    title: str
    before: tuple[str, ...]
    examples: list[BuiltExample]
    operations: dict[str, list[str]]


def entries(examples: list[BuiltExample], lang: str) -> dict[str, Entry]:
    """The families in reading order."""
    from ..figures.families import order

    told = {name: said_of_family(name, lang) for name in families()}
    before = {name: tuple(b for b in getattr(words, "before", ()) if b in told) for name, words in told.items()}
    return {
        name: Entry(
            name,
            family_title(name, lang),
            before[name],
            own := sorted((e for e in examples if e.family == name), key=lambda e: e.place),
            _operations(own),
        )
        for name in order(before)
    }


def _operations(examples: list[BuiltExample]) -> dict[str, list[str]]:
    used = {op for example in examples for op, use in example.uses.items() if use["forward"]}
    found = {room: [op for op in names if op in used] for room, names in rooms().items()}
    return {room: names for room, names in found.items() if names}


def the_map(examples: list[BuiltExample], cache: Cache) -> BuiltExample:
    """The page and its drawing in all languages, from the cache if they are there."""
    parts = [[e.name, e.family, e.order, e.titles, e.uses] for e in examples]
    return cached(cache, NAME, __name__, parts, lambda: _made(examples))


def _made(examples: list[BuiltExample]) -> BuiltExample:
    drawing = _drawing(entries(examples, SOURCE))
    files = {lang: {"map.md": _page(examples, lang), "map.svg": drawing} for lang in languages()}
    return BuiltExample(NAME, "", 0, {}, files, "")


def _page(examples: list[BuiltExample], lang: str) -> str:
    template = environment(lang).get_template("map.md.j2")
    return template.render(families=entries(examples, lang), lang=lang, anchor=anchor, address=address)


def address(family: str) -> str:
    """The address of a family on the map, as docutils writes ids."""
    return f"family-{family}".replace("_", "-")


def _drawing(found: dict[str, Entry]) -> str:
    """The same in all languages: families by the names of their files."""
    from ..figures.families import draw

    return draw({entry.name: entry.before for entry in found.values()}, lambda family: f"#{address(family)}")
