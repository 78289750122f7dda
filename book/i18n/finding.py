"""Where templates are found: a project's own before the book's, those of installed plug-ins after them.

A file that lies directly in templates/ holds macros and tables that all share (math.j2, why.j2, symbols.j2, …). It is
not one file of several: what all roots say under its name is one. A project may say otherwise what the book says; an
installed plug-in only adds.
"""

from collections.abc import Iterator
from pathlib import Path

from jinja2 import BaseLoader, Environment, FileSystemLoader, Template
from jinja2.environment import TemplateModule

from gradbook.engine import plugins
from gradbook.engine.errors import BookError


def folders() -> list[Path]:
    """The templates/ of every root, in the order in which a file is looked for."""
    order = [*reversed(plugins.projects()), plugins.PACKAGE, *plugins.installed()]
    return [root / "templates" for root in order]


def names(pattern: str) -> dict[str, Path]:
    """The templates that fit a pattern, as in pages/*.md.j2, by name, with the file that each is read from."""
    named: dict[str, Path] = {}
    for folder in folders():
        for path in sorted(folder.glob(pattern)):
            named.setdefault(path.relative_to(folder).as_posix(), path)
    return named


def is_shared(name: str) -> bool:
    """Whether all roots together say what stands in a template: it lies directly in templates/ and is no page."""
    return "/" not in name and name.endswith(".j2") and not name.endswith(".md.j2")


class Finder(BaseLoader):
    """Finds a template by its name, or, under 'FOLDER:NAME', one root's part of a shared one."""

    def __init__(self):
        self.folders = folders()
        _refuse_replacements()

    def get_source(self, environment, template):
        folder, _, name = template.rpartition(":")
        return FileSystemLoader([folder] if folder else self.folders).get_source(environment, name)

    def parts(self, name: str) -> list[str]:
        """The parts of a shared template: the book's, the plug-ins', the project's. Of any other none."""
        if ":" in name or not is_shared(name):
            return []
        return [f"{root / 'templates'}:{name}" for root in plugins.roots() if (root / "templates" / name).is_file()]


def _refuse_replacements() -> None:
    """Raises BookError if an installed plug-in has a template of a name that is taken."""
    owner = dict(_whole(plugins.PACKAGE)) if plugins.installed() else {}
    for root in plugins.installed():
        for name, path in _whole(root):
            if (other := owner.setdefault(name, path)) != path:
                place, taken = plugins.named(path), plugins.named(other)
                raise BookError(
                    f"{place}: its name is taken by {taken}; a plug-in adds to the book and replaces nothing."
                )


def _whole(root: Path) -> Iterator[tuple[str, Path]]:
    """The templates of a root that are not shared."""
    for path in sorted((root / "templates").rglob("*")):
        name = path.relative_to(root / "templates").as_posix()
        if path.suffix == ".j2" and not is_shared(name):
            yield name, path


class Joined(Template):
    """A template; as a module, a shared one holds what all roots say."""

    def make_module(self, vars=None, shared=False, locals=None) -> TemplateModule:
        parts = self.environment.loader.parts(self.name)
        if len(parts) < 2:
            return super().make_module(vars, shared, locals)
        first, *others = (self.environment.get_template(part) for part in parts)
        module = first.make_module(vars, shared, locals)
        for part in others:
            _add(module, part.make_module(vars, shared, locals), Path(part.filename), Path(first.filename))
        return module


def _add(module: TemplateModule, other: TemplateModule, file: Path, first: Path) -> None:
    """Adds what one root says to what is said already: to a table its entries, to the rest its other names."""
    may_replace = file.parent.parent in plugins.projects()
    for name, value in vars(other).items():
        if name.startswith("_"):
            continue
        said = vars(module).get(name)
        tables = isinstance(said, dict) and isinstance(value, dict)
        taken = sorted(said.keys() & value.keys()) if tables else [name] if said is not None else []
        if taken and not may_replace:
            raise BookError(
                f"{plugins.named(file)}: {taken[0]!r} is taken, by {plugins.named(first)} or another plug-in; "
                "a plug-in adds to the book and replaces nothing."
            )
        vars(module)[name] = said | value if tables else value


class Templates(Environment):
    """Jinja's environment over the templates of all roots."""

    template_class = Joined

    def __init__(self, **options):
        super().__init__(loader=Finder(), **options)

    def join_path(self, template: str, parent: str) -> str:
        """A part of a shared template that imports its own name is given the book's part."""
        _, part, name = parent.rpartition(":")
        return f"{plugins.PACKAGE / 'templates'}:{template}" if part and name == template else template
