"""Makes the pages of one example: worked, drawn, and rendered through every page kind in every language."""

from collections.abc import Callable
from pathlib import Path

from jinja2.environment import TemplateModule

from gradbook.engine import BookError, load, pencil, work

from ..cache.examples import BuiltExample, key
from ..formula.mathml import MathError
from ..i18n.words import environment, forget, languages
from .kinds import PageKind, page_kinds
from .material import Material
from .places import places
from .trace_files import trace_files
from .uses import uses
from .view import GIVEN, Rendered, View
from .worked import Worked


def prepare(path: Path, changes: tuple[str, ...] = ()) -> Material:
    """Load an example, work it through and draw its figures. Raises BookError."""
    from ..errata.errata import errata, source_of
    from ..figures import figures

    original = _worked(path)
    worked = _worked(path, changes) if changes else original
    material = Material(worked, original=original)
    material.figures = figures(worked.example, worked.exact, worked.notation, hrefs(material, worked), worked.losses)
    if source := source_of(path):
        by_hand = pencil(original.exact, original.example.page.digits)
        material.errata = errata(original.exact, by_hand, source)
    return material


def _worked(path: Path, changes: tuple[str, ...] = ()) -> Worked:
    example = load(path, changes)
    return Worked.of(example, work(example))


def hrefs(material: Material, worked: Worked) -> Callable[[str], str]:
    """Gives the address of each step's derivation, relative to the folder of the example; of a leaf, of its
    definition. `worked` is the example itself or its second update, whose leaves are those of the first."""
    pages = {
        what: kind.name
        for kind in reversed(page_kinds())
        for what in kind.page.derives
        if kind.page.speaks_of(material) is (material.worked if what == GIVEN else worked)
    }
    found = places(worked)

    def href(name: str) -> str:
        step = worked.printed[name]
        label = found.symbol_label(name) if step.is_leaf else found.label(name)
        return f"{pages[GIVEN if step.is_leaf else step.phase]}.html#{label}"

    return href


def pages(material: Material, lang: str) -> dict[str, str]:
    """All files of one example in one language: 'forward.md', 'network.svg', …"""
    return _files(material, rendered(material, lang))


def _files(material: Material, written: list[Rendered]) -> dict[str, str]:
    drawn = {f"{name}.svg": figure.svg for name, figure in material.figures.items()}
    return {f"{page.name}.md": page.text for page in written} | drawn


def rendered(material: Material, lang: str) -> list[Rendered]:
    """The pages of one example in one language, in reading order. A page that says nothing is none."""
    kinds = [kind for kind in page_kinds() if kind.page.speaks_of(material)]
    found: dict[str, Rendered] = {}
    for kind in sorted(kinds, key=lambda kind: kind.page.is_overview):  # last: it lists the others
        others = [found[other.name] for other in kinds if other.name in found]
        page = _rendered(kind, material, lang, others)
        if page.text.strip():
            found[kind.name] = page
    return [found[kind.name] for kind in kinds if kind.name in found]


def _rendered(kind: PageKind, material: Material, lang: str, others: list[Rendered]) -> Rendered:
    module = _filled(kind.template, lang, kind.page(material, lang, others))
    is_of_example = kind.page.speaks_of(material) is material.worked
    title, in_list = (getattr(module, name, "") for name in ("short_title", "in_list"))
    return Rendered(kind.name, str(module), title, in_list, kind.page.derives if is_of_example else ())


def _filled(name: str, lang: str, view: View) -> TemplateModule:
    """A template as it was written for a view: as text the page, as a module what it says of itself."""
    template = environment(lang).get_template(name)
    try:
        return template.make_module({"view": view})
    except Exception:
        template.environment.handle_exception()  # raises it again, with the lines of the template


def build(material: Material) -> BuiltExample:
    """All files of one example in every language. Raises BookError if a symbol of it cannot be set."""
    example = material.worked.example
    try:
        written = {lang: rendered(material, lang) for lang in languages()}
        traces, used = trace_files(material, hrefs), uses(material.worked)
    except MathError as error:
        raise BookError(f"example {material.name!r}: {error}") from None
    files = {lang: _files(material, found) for lang, found in written.items()}
    titles = {lang: View(material, lang).title for lang in languages()}
    listed = {lang: {page.name: page.in_list for page in found if page.in_list} for lang, found in written.items()}
    return BuiltExample(material.name, example.family, example.order, titles, files, traces, used, listed)


def rebuild(path: Path, changes: tuple[str, ...]) -> tuple[BuiltExample, str]:
    """An example made anew, and the key it was made for. Raises BookError."""
    while True:
        wanted, result = key(path, changes), build(prepare(path, changes))
        if wanted == key(path, changes):
            return result, wanted
        forget()  # a template was edited meanwhile: these pages may be made of two editions of it
