"""The catalogue of operations as pages: an index and one page for each file of engine/ops, in one language.

Made from the engine's table, the templates and what the examples use; made again only when one of them has changed.
"""

from gradbook.engine.errors import BookError
from gradbook.engine.ops import OPS

from ..cache.examples import BuiltExample, Cache, cached
from ..i18n.words import environment, languages
from .listing import rooms
from .operations import Written, anchor

NAME = "operations"
MOST = 6
"""So many examples are named for one operation."""


def catalogue(examples: list[BuiltExample], cache: Cache) -> BuiltExample:
    """The pages and drawings of all languages, from the cache if they are there."""
    examples = sorted(examples, key=lambda example: example.place)
    return cached(cache, NAME, __name__, [[e.name, e.titles, e.uses] for e in examples], lambda: _made(examples))


def _made(examples: list[BuiltExample]) -> BuiltExample:
    written = {room: [Written(OPS[name]) for name in names] for room, names in rooms().items()}
    curves = _curves(written)
    files = {lang: _pages(written, curves, examples, lang) | curves for lang in languages()}
    return BuiltExample(NAME, "", 0, {}, files, "")


def _curves(written: dict[str, list[Written]]) -> dict[str, str]:
    drawn = {w.op.name: w.curve for operations in written.values() for w in operations}
    return {f"{name}.svg": svg for name, svg in drawn.items() if svg}


def words(lang: str):
    """What templates/operations.j2 says. Raises BookError if it does not speak of an operation or of its file."""
    said = environment(lang).get_template("operations.j2").module
    for table, needed in (("rooms", rooms()), ("names", OPS), ("why", OPS)):
        for name in needed:
            if name not in getattr(said, table):
                kind = "file of operations" if table == "rooms" else "operation"
                raise BookError(f"templates/operations.j2: the table `{table}` lacks the {kind} {name!r}.")
    return said


def _pages(written, curves: dict[str, str], examples: list[BuiltExample], lang: str) -> dict[str, str]:
    words(lang)
    index, room = (environment(lang).get_template(name) for name in ("operations.md.j2", "operations-room.md.j2"))
    files = {"index.md": index.render(rooms=list(written.items()), anchor=anchor)}
    drawn = {name.removesuffix(".svg") for name in curves}
    for name, operations in written.items():
        files[f"{name}.md"] = room.render(
            room=name, operations=operations, anchor=anchor, curves=drawn, uses=lambda op: _uses(op, examples, lang)
        )
    return files


def _uses(op: str, examples: list[BuiltExample], lang: str) -> list[dict]:
    """The first examples that use the operation, each with links to the first lines that do."""
    users = [example for example in examples if op in example.uses]
    return [
        {
            "title": example.titles[lang],
            "page": f"../examples/{example.address}/index.md",
            "links": (use := example.uses[op])["steps"],
            "more": use["count"] > len(use["steps"]),
        }
        for example in users[:MOST]
    ]
