"""A plain Sphinx project that is not ours, built in this process as `sphinx-build` does."""

import io
import re
import shutil
from dataclasses import dataclass
from pathlib import Path

from sphinx.application import Sphinx
from sphinx.util.docutils import docutils_namespace, patch_docutils

from tests.conftest import ROOT

CONF = 'project = "Notes"\nextensions = ["gradbook"]\ngradbook_examples = "nets"\nhtml_theme = "alabaster"\n'


@dataclass
class Built:
    """What a build wrote and warned of, and the pages that it read."""

    out: Path
    warnings: list[str]
    read: set[str]
    config: dict

    def text(self, name: str) -> str:
        return (self.out / name).read_text(encoding="utf-8")

    def files(self) -> dict[str, bytes]:
        """What readers see: without Sphinx's notes for its next run."""
        found = {
            path.relative_to(self.out).as_posix(): path for path in sorted(self.out.rglob("*")) if path.is_file()
        }
        return {name: path.read_bytes() for name, path in found.items() if name not in (".buildinfo", "objects.inv")}


def project(folder: Path, pages: dict[str, str], conf: str = CONF, examples=("seed",)) -> Path:
    """Write such a project: pages by file name, and examples of ours in its folder `nets`."""
    (folder / "nets").mkdir(parents=True)
    for name in examples:
        shutil.copy(ROOT / "examples" / f"{name}.toml", folder / "nets")
    for name, text in {"conf.py": conf, **pages}.items():
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def build(folder: Path, builder: str = "html", jobs: int = 1, out: str = "", **settings) -> Built:
    """Build it into `folder/_build`, going on from what an earlier build has read there."""
    target, told, read = folder / "_build" / (out or builder), io.StringIO(), set()
    with patch_docutils(str(folder)), docutils_namespace():
        trees = target.with_name(f"{target.name}-trees")
        app = Sphinx(folder, folder, target, trees, builder, settings, status=None, warning=told, parallel=jobs)
        app.connect("env-before-read-docs", lambda app, env, names: read.update(names))
        app.build()
    lines = re.sub(r"\x1b\[[\d;]*m", "", told.getvalue()).splitlines()
    return Built(target, lines, read, {name: app.config[name] for name in app.config.values})
