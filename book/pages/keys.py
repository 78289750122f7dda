"""The keys of example files as tables, read from the schema that editors get: one description of each, in English."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from gradbook.engine import plugins
from gradbook.engine.families import families, family
from gradbook.engine.spec.example import Example

BOUNDS = ("exclusiveMinimum", "minimum", "exclusiveMaximum", "maximum")
KINDS = ("array", "object", "string", "boolean", "integer", "number")
"""What a value is, in the words of JSON schema; a key may take several."""

COMMON = frozenset(Example.model_fields)
"""The keys that all families share."""

COMMON_KEYS = "engine/spec/example.py"
"""The file of the keys that all families share, in the book and in a copy of it."""


@dataclass(frozen=True)
class Key:
    """One key of a table. `shape` are the dimensions of its lists, '' for one of any length; `kinds` are some of
    KINDS; `default` is written as in TOML, '' where there is none; `bounds` are in the words of JSON schema; `limit`
    names the limit that `most` is."""

    name: str
    says: str
    shape: tuple[str, ...]
    kinds: tuple[str, ...]
    by_number: bool
    required: bool
    default: str
    allowed: tuple[str, ...]
    bounds: Mapping[str, float]
    least: int
    most: int
    limit: str


@dataclass(frozen=True)
class Table:
    """A table of an example file. `heads` are the ways to begin it, '[data]' or '[[layers]]', none for the keys that
    stand above all tables; `is_other` marks another form of the table before it, as one of several samples; `count`
    is the dimension, or the number, that a list has of it; `chain` what the first reads and the last gives, of a list
    whose tables stand one behind the other; `like` a list that it resembles."""

    heads: tuple[str, ...]
    says: str
    required: bool
    keys: tuple[Key, ...]
    is_other: bool = False
    count: str = ""
    chain: tuple[str, ...] = ()
    like: str = ""
    most: int = 0
    limit: str = ""

    @property
    def is_optional(self) -> bool:
        """Whether it may be left out, and its description does not speak of that."""
        return not self.required and not self.is_other and "left out" not in self.says


def tables_of(name: str) -> list[Table]:
    """The tables of a family's example files, without the keys that all families share."""
    schema = family(name).Spec.model_json_schema()
    own = {key: said for key, said in schema["properties"].items() if key not in COMMON}
    return list(Reader(schema).tables(schema | {"properties": own}))


def common_tables() -> list[Table]:
    """The tables that the example files of all families share."""
    schema = Example.model_json_schema()
    found = schema["properties"]
    ordered = {key: found[key] for key in [*Example.__annotations__, *COMMON] if key in found}
    return list(Reader(schema).tables(schema | {"properties": ordered}))


def loss_of(name: str) -> str:
    """What a family's loss is, in a sentence; '' if it does not say."""
    return family(name).Spec.LOSS


def rules_of(name: str) -> list[str]:
    """What a family's example files keep to beside shapes and bounds: what the validators say of themselves that see
    what has been read; others only make up what a file leaves out."""
    own, shared = (model.__pydantic_decorators__.model_validators for model in (family(name).Spec, Example))
    judges = (own[each] for each in own if each not in shared and own[each].info.mode == "after")
    found = (each.func.__doc__ or "" for each in judges)
    return [" ".join(text.split()) for text in found if text]


def told(root: Path) -> dict[str, list[str]]:
    """What there is to translate in the models of a root, by the file of each family, and of the common keys."""
    root, package, found = root.resolve(), plugins.PACKAGE.resolve(), {}
    if (root / COMMON_KEYS).is_file():
        found[COMMON_KEYS] = words_of(common_tables())
    for name in families():
        path = Path(str(family(name).__file__)).resolve()
        base = root if path.is_relative_to(root / "engine") else package
        place = path.relative_to(base).as_posix() if path.is_relative_to(base) else ""
        if place and (root / place).is_file():
            texts = [*words_of(tables_of(name)), loss_of(name), *rules_of(name)]
            found[place] = [text for text in texts if text]
    return found


def words_of(tables: list[Table]) -> list[str]:
    """The descriptions of tables and their keys."""
    return [each.says for table in tables for each in (table, *table.keys) if each.says]


class Reader:
    """Reads the tables out of a schema."""

    def __init__(self, schema: dict):
        self.definitions = schema.get("$defs", {})

    def tables(self, model: dict, place: str = "", names: Mapping[str, str] | None = None, **said) -> Iterator[Table]:
        """The table of a model, then those within it. `said` is what its own key says of it."""
        properties, needed, names = model.get("properties", {}), model.get("required", ()), names or {}
        inner = {key: found for key, value in properties.items() if (found := self._models(value))}
        keys = tuple(
            self._key(key, value, key in needed, names) for key, value in properties.items() if key not in inner
        )
        if keys or place:
            yield Table(keys=keys, **({"heads": (), "says": "", "required": True} | said))
        for key, found in inner.items():
            yield from self._table(key, properties[key], found, place, names, key in needed)

    def _table(self, key: str, said: dict, found: dict[str, list[dict]], place: str, names, required: bool):
        path = f"{place}.{key}" if place else key
        most = next((each for each in self._alternatives(said) if "x-limit" in each), {})
        count = [names.get(str(dim), str(dim)) for dim in said.get("x-shape", ())]
        heads = tuple(f"[{path}]" if kind == "table" else f"[[{path}]]" for kind in found)
        first, *others = next(iter(found.values()))
        yield from self.tables(
            first,
            path,
            self._inside(said, names),
            heads=heads,
            says=_squeezed(said),
            required=required,
            count=count[0] if count else "",
            chain=tuple(map(str, said.get("x-chain", ()))),
            like=said.get("x-like", ""),
            most=most.get("maxItems", 0),
            limit=most.get("x-limit", ""),
        )
        for other in others:
            own = {"heads": heads, "says": _squeezed(other), "is_other": True, "required": required}
            yield from self.tables(other, path, self._inside(said, names), **own)

    def _inside(self, said: dict, names: Mapping[str, str]) -> dict[str, str]:
        """What the names of dimensions mean in a table, by their names outside of it."""
        if "x-chain" in said:
            return {}
        renamed = {
            inner: outer if outer and not str(outer).startswith("+") else inner
            for inner, outer in said.get("x-names", {}).items()
        }
        return {**names, **{inner: names.get(outer, outer) for inner, outer in renamed.items()}}

    def _models(self, said: dict) -> dict[str, list[dict]]:
        """The models that a key's table may keep to, by 'table' and 'list', the ways in which it may stand there."""
        found: dict[str, list[dict]] = {}
        for each in self._alternatives(said):
            if _is_model(each):
                found.setdefault("table", []).append(each)
            elif _is_model(inner := self._resolved(each.get("items", {}))):
                found.setdefault("list", []).append(inner)
        return found

    def _alternatives(self, said: dict) -> list[dict]:
        """The forms that a value may have, without that of a key that is left out."""
        said = self._resolved(said)
        several = said.get("anyOf") or said.get("oneOf")
        if not several:
            return [] if said.get("type") == "null" else [said]
        return [found for each in several for found in self._alternatives(each)]

    def _resolved(self, said: dict) -> dict:
        while "$ref" in said:
            said = self.definitions[said["$ref"].rpartition("/")[2]] | {k: v for k, v in said.items() if k[0] == "x"}
        return said

    def _key(self, name: str, said: dict, required: bool, names: Mapping[str, str]) -> Key:
        forms = self._alternatives(said)
        first = forms[0] if forms else {}
        default, limit = said.get("default"), first.get("x-limit", "")
        is_own = limit not in ("", "numbers")  # no array has more numbers
        return Key(
            name=name,
            says=_squeezed(said),
            shape=tuple("" if dim is None else str(names.get(str(dim), dim)) for dim in said.get("x-shape", ())),
            kinds=tuple(kind for kind in KINDS if any(form.get("type") == kind for form in forms)),
            by_number=bool(said.get("x-by_number")),
            required=required,
            default="" if default in (None, [], {}) else json.dumps(default, ensure_ascii=False),
            allowed=tuple(first.get("enum", ())),
            bounds={word: first[word] for word in BOUNDS if word in first},
            least=first.get("minItems", 0),
            most=first.get("maxItems", 0) if is_own else 0,
            limit=limit if is_own else "",
        )


def _squeezed(said: dict) -> str:
    """A description without the ends of its lines, as translators get it."""
    return " ".join(said.get("description", "").split())


def _is_model(said: dict) -> bool:
    """Whether this is a table whose keys are known, and no others."""
    return said.get("additionalProperties") is False
