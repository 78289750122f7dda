"""Compiled templates, kept: in memory for the environments of all languages, and for the processes that follow beside
the templates of a checkout, as Python keeps its own; in a folder of the build's where that cannot be.

To compile them takes longer than to work a small example. Words are looked up when a page is made, not before, so
what is compiled is the same in every language.
"""

import sys
from contextlib import suppress
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path

from jinja2 import BytecodeCache, Environment
from jinja2.bccache import Bucket

from ..base.files import digest, seal, sealed_bytes


class Compiled(BytecodeCache):
    """What Jinja compiled, by template; Jinja itself asks whether the template is still the same, and the Python.

    What filters make of constants is in the code too: it counts as long as the `module` that has them is the same.
    """

    def __init__(self, module: Path, beside: Path | None = None):
        self.folder: Path | None = None
        self._beside = beside
        self._made_by = f"jinja2 {version('jinja2')}, {digest(module.read_bytes())}\n".encode()
        self._kept: dict[str, bytes] = {}

    def get_bucket(self, environment: Environment, name: str, filename: str | None, source: str) -> Bucket:
        """By name and text alone: a copy of a checkout compiles nothing again, and tells its own places."""
        checksum = self.get_source_checksum(source)
        bucket = Bucket(environment, sha256(f"{name} {checksum}".encode()).hexdigest(), checksum)
        self.load_bytecode(bucket)
        if bucket.code and filename:
            bucket.code = bucket.code.replace(co_filename=filename)
        return bucket

    def load_bytecode(self, bucket: Bucket) -> None:
        if code := self._kept.get(bucket.key) or self._stored(bucket.key):
            bucket.bytecode_from_string(code)

    def dump_bytecode(self, bucket: Bucket) -> None:
        self._kept[bucket.key] = code = bucket.bytecode_to_string()
        if self._beside and not sys.dont_write_bytecode:
            with suppress(OSError):
                seal(self._beside / bucket.key, self._made_by + code)
                return
        if self.folder:
            seal(self.folder / bucket.key, self._made_by + code)

    def _stored(self, key: str) -> bytes | None:
        """Only what bears its digest: of damaged code Python would make anything."""
        for folder in filter(None, (self._beside, self.folder)):
            stored = sealed_bytes(folder / key)
            if stored and stored.startswith(self._made_by):
                return stored.removeprefix(self._made_by)
        return None
