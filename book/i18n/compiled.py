"""Compiled templates, kept: in memory for the environments of all languages, in a folder for the builds that follow.

To compile them takes longer than to work a small example. Words are looked up when a page is made, not before, so
what is compiled is the same in every language.
"""

from importlib.metadata import version
from pathlib import Path

from jinja2 import BytecodeCache
from jinja2.bccache import Bucket

from ..base.files import digest, seal, sealed_bytes


class Compiled(BytecodeCache):
    """What Jinja compiled, by template; Jinja itself asks whether the template is still the same, and the Python.

    What filters make of constants is in the code too: it counts as long as the `module` that has them is the same.
    """

    def __init__(self, module: Path):
        self.folder: Path | None = None
        self._made_by = f"jinja2 {version('jinja2')}, {digest(module.read_bytes())}\n".encode()
        self._kept: dict[str, bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        if code := self._kept.get(bucket.key) or self._stored(bucket.key):
            bucket.bytecode_from_string(code)

    def dump_bytecode(self, bucket: Bucket) -> None:
        self._kept[bucket.key] = code = bucket.bytecode_to_string()
        if self.folder:
            seal(self.folder / bucket.key, self._made_by + code)

    def _stored(self, key: str) -> bytes | None:
        """Only what bears its digest: of damaged code Python would make anything."""
        stored = sealed_bytes(self.folder / key) if self.folder else None
        return stored.removeprefix(self._made_by) if stored and stored.startswith(self._made_by) else None
