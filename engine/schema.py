"""The JSON schema of example files: what editors need to complete keys and to mark mistakes while one types."""

import json

from .errors import unknown
from .families import families, family

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def schema(name: str | None = None) -> str:
    """The schema (JSON text, draft 2020-12) of one family's example files, or of all families' together.

    Raises BookError if there is no such family.
    """
    if name is not None and name not in families():
        raise unknown("schema", "family", name, families())
    names = [name] if name else list(families())
    parts = {name: _part(name) for name in names}
    definitions = {key: value for part in parts.values() for key, value in part.pop("$defs", {}).items()}
    whole = parts[name] if name else {"anyOf": list(parts.values())}
    return json.dumps({"$schema": DIALECT, **whole, "$defs": definitions}, indent=2, ensure_ascii=False)


def _part(name: str) -> dict:
    """One family's schema; its definitions are called after the family, so that families never clash."""
    spec = family(name).Spec
    part = spec.model_json_schema(ref_template=f"#/$defs/{name}.{{model}}")
    part["$defs"] = {f"{name}.{key}": value for key, value in part.get("$defs", {}).items()}
    part["title"] = f"gradbook example: {name}"
    if loss := getattr(spec, "LOSS", ""):
        part["description"] = f"{part.get('description', '')}\n\nThe loss: {loss}".strip()
    part["properties"]["family"] = {"const": name}
    return part
