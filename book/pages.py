"""Renders the generated pages: every example through every page kind, in one language, into one folder."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache
from itertools import islice
from pathlib import Path

import numpy as np
from gradbook.engine import BookError, load, pencil, work
from gradbook.engine.errors import unknown
from gradbook.engine.toml import check_file

from .address import address, distinct
from .catalogue import catalogue
from .colophon import colophon
from .files import write_folder
from .made import Made, Store, key
from .map import address as family_address
from .map import family_title, the_map
from .mathml import MathError, to_mathml
from .page import PageView, Worked
from .quantity import Quantities
from .symbols import slashed
from .uses import uses
from .values import script, script_name
from .wide import ENTRIES
from .witness import last
from .words import TEMPLATES, environment, forget, languages

ADDRESS = re.compile(r"^(?:\* - )?\(([^()\s]+)\)=$", re.MULTILINE)
"""A place in a page that the whole book knows by this name."""

NOISE = 1e-13
"""Relative differences below this are float64's own rounding, not the pencil's."""


@cache
def page_kinds() -> tuple[tuple[str, str], ...]:
    """(page name, template) of every page kind, in reading order: templates/pages/<n>-<name>.md.j2."""
    found = sorted((TEMPLATES / "pages").glob("*-*.md.j2"), key=lambda p: int(p.name.partition("-")[0]))
    return tuple((p.name.partition("-")[2].removesuffix(".md.j2"), f"pages/{p.name}") for p in found)


@dataclass
class Material:
    """What the pages of one example are made of: the worked example, its figures, its errata. No language."""

    worked: Worked
    figures: dict = field(default_factory=dict)
    original: Worked | None = None  # the example as its file has it, which the errata speak of
    errata: object = None

    @property
    def name(self) -> str:
        return self.worked.example.name


def example_paths(folder: Path, only: Iterable[str] = ()) -> list[Path]:
    """The example files of a folder; raises BookError if there are none or `only` names one that is not there."""
    paths = sorted(folder.glob("*.toml"))
    if not paths:
        raise BookError(f"{folder}: there is no example file (*.toml).")
    known = [p.stem for p in paths]
    for name in only:
        if Path(name).stem not in known:
            raise unknown("--only", "example", name, known)
    distinct(paths)
    return paths


def prepare(path: Path, changes: tuple[str, ...] = ()) -> Material:
    """Load an example, work it through and draw its figures. Raises BookError."""
    from .errata import errata, source_of
    from .figures import figures

    original = _worked(path)
    worked = _worked(path, changes) if changes else original
    view = PageView(worked, languages()[0])
    drawn = figures(worked.example, worked.exact, view.notation, view.href, worked.losses)
    source = source_of(path)
    by_hand = pencil(original.exact, original.example.page.digits)
    judged = errata(original.example, original.exact, by_hand, source) if source else None
    return Material(worked, drawn, original, judged)


def _worked(path: Path, changes: tuple[str, ...] = ()) -> Worked:
    example = load(path, changes)
    return Worked.of(example, work(example))


def pages(material: Material, lang: str) -> dict[str, str]:
    """All files of one example in one language: 'forward.md', 'network.svg', …"""
    missing = {name for name, there in (("errata", material.errata), ("second", material.worked.second)) if not there}
    kinds = [(name, template) for name, template in page_kinds() if name not in missing]
    context = _context(PageView(material.worked, lang), material)
    context["pages"] = [name for name, _ in kinds if name != "index"]
    files: dict[str, str] = {}
    for name, template in kinds:
        page = context | (OWN[name](material, lang) if name in OWN else {})
        files[f"{name}.md"] = environment(lang).get_template(template).render(page)
    return files | {f"{name}.svg": figure.svg for name, figure in material.figures.items()}


def _errata(material: Material, lang: str) -> dict:
    view = PageView(material.original, lang)
    return {"view": view, "errata": material.errata, "quantity": Quantities(view)}


def _second(material: Material, lang: str) -> dict:
    first, second = material.worked, material.worked.second
    changed = [
        leaf for leaf in first.printed.updates if (first.printed[leaf].value != second.printed[leaf].value).any()
    ]
    return {"view": PageView(second, lang), "history": PageView(first, lang).history(), "changed": changed}


OWN = {"errata": _errata, "second": _second}
"""The page kinds that see something else, or more, than the others."""


@dataclass(frozen=True)
class Picture:
    """A figure as a page names it."""

    file: str
    facts: dict


def _context(view: PageView, material: Material) -> dict:
    worked = material.worked
    pictures = {name: Picture(f"{name}.svg", figure.facts) for name, figure in material.figures.items()}
    params = [s.name for s in worked.printed.leaves("param")]
    return {
        "view": view,
        "lang": view.lang,
        "figures": pictures,
        "heat": [picture for name, picture in pictures.items() if name.startswith("heat")],
        "losses": [float(v) for v in worked.losses],
        "gradient_links": ", ".join(_gradient_link(view, p) for p in params),
        "update_links": ", ".join(view.link(new) for new in worked.printed.updated().values()),
        "kept": ", ".join(f"${view.symbol(p)}$" for p in params if p not in worked.printed.updated()),
        "check_rows": list(_check_rows(view)),
        "check_rest": list(_check_rest(view)),
        "worst": float(np.max([c.errors.max() for c in worked.checks], initial=0.0)),
        "drifts": list(_drifts(worked)),
        "number": view.number,
        "address": address,
    }


def _gradient_link(view: PageView, parameter: str) -> str:
    gradient = next(g for g in view.gradients() if g.of == parameter)
    return f"[${gradient.inline}$](#{gradient.label})"


def _check_rows(view: PageView):
    for check in view.worked.checks:
        for index in islice(np.ndindex(check.gradient.shape), ENTRIES):
            yield {
                "symbol": slashed(view.chain.loss, view.entry(check.parameter, index)),
                "gradient": view.number(check.gradient[index], 10),
                "difference": view.number(check.difference[index], 10),
                "error": view.number(check.errors[index], 2),
            }


def _check_rest(view: PageView):
    """What the table leaves out: for each large parameter the count of its entries and their largest error."""
    for check in view.worked.checks:
        if check.gradient.size > ENTRIES:
            yield {
                "symbol": slashed(view.chain.loss, view.symbol(check.parameter)),
                "shown": ENTRIES,
                "total": check.gradient.size,
                "error": view.number(check.errors.max(), 2),
            }


def _drifts(worked: Worked):
    for name, step in worked.printed.items():
        if not step.is_leaf and not worked.printed.parent(name):
            exact = worked.exact.value(name)
            scale = float(np.abs(exact).max())
            drift = float(np.abs(step.value - exact).max()) / scale if scale else 0.0
            yield name, drift if drift > NOISE else 0.0


def made(material: Material) -> Made:
    """All files of one example in every language. Raises BookError if a symbol of it cannot be set."""
    example = material.worked.example
    try:
        files = {lang: pages(material, lang) for lang in languages()}
        titles = {lang: PageView(material.worked, lang).title for lang in languages()}
        used = uses(PageView(material.worked, languages()[0]))
        return Made(material.name, example.family, example.order, titles, files, _trace_scripts(material), used)
    except MathError as error:
        raise BookError(f"example {material.name!r}: {error}") from None


def check_files(path: Path) -> None:
    """Raises BookError unless the files of an example may be read at all."""
    from .errata import source_of

    check_file(path)
    if source := source_of(path):
        check_file(source, within=path.parent)


def is_made(path: Path, changes: tuple[str, ...], store: Store) -> bool:
    """Whether what is stored of an example is what would be made of it now. Raises BookError."""
    check_files(path)
    last = store.last(path.stem)
    return last is not None and last[0] == key(path, changes)


def remade(path: Path, changes: tuple[str, ...]) -> tuple[Made, str]:
    """An example made anew, and the key it was made for. Raises BookError."""
    while True:
        wanted, result = key(path, changes), made(prepare(path, changes))
        if wanted == key(path, changes):
            return result, wanted
        forget()  # a template was edited meanwhile: these pages may be made of two editions of it


def make(path: Path, changes: tuple[str, ...], store: Store) -> None:
    """Bring what is stored of an example up to date. Raises BookError, and the store stays as it was."""
    if not is_made(path, changes, store):
        store.put(*remade(path, changes))


def write_pages(examples: list[Made], lang: str, folder: Path) -> list[str]:
    """Make `folder` (the source folder's examples/) hold the pages of these examples; returns what changed."""
    _check_addresses(examples, lang)
    files = {"index.md": _list_of_examples(examples, lang)}
    for example in examples:
        files |= {f"{example.address}/{name}": content for name, content in example.files[lang].items()}
    return write_folder(folder, files)


def _check_addresses(examples: list[Made], lang: str) -> None:
    """Refuses names that lead to the same address in the book: the page 'check' of a, and the example a-check."""
    owner: dict[str, str] = {}
    for example in examples:
        for page in example.files[lang].values():
            for place in ADDRESS.findall(page):
                if (other := owner.setdefault(place, example.name)) != example.name:
                    raise BookError(
                        f"examples {other!r} and {example.name!r}: both have the address {place!r} in the book; "
                        "choose another name for one."
                    )


def _list_of_examples(examples: list[Made], lang: str) -> str:
    ordered = sorted(examples, key=lambda example: example.place)
    families: dict[str, list[Made]] = {}
    for example in ordered:
        families.setdefault(example.family, []).append(example)
    titles = {name: family_title(name, lang) for name in families}
    template = environment(lang).get_template("examples.md.j2")
    return template.render(examples=ordered, families=families, titles=titles, address=family_address, lang=lang)


def write_about(out: Path, examples: list[Made], lang: str, folder: Path) -> list[str]:
    """The pages that the book writes about itself."""
    page = environment(lang).get_template("checked.md.j2").render(result=last(out))
    return write_folder(
        folder, {"checked.md": page, "colophon.md": colophon(lang), **the_map(examples, _store(out)).files[lang]}
    )


def _store(out: Path) -> Store:
    """Where pages that are made of all examples together are kept."""
    return Store(out / "work" / "together")


def write_operations(out: Path, examples: list[Made], lang: str, folder: Path) -> list[str]:
    """The catalogue of operations."""
    return write_folder(folder, catalogue(examples, _store(out)).files[lang])


def write_traces(examples: list[Made], folder: Path) -> list[str]:
    """The exact values behind the printed numbers, as scripts that also work from a file: traces/<address>.js."""
    scripts = {name: text for example in examples for name, text in example.scripts.items()}
    return write_folder(folder, {script_name(name): text for name, text in scripts.items()})


def _trace_scripts(material: Material) -> dict[str, str]:
    all_worked = filter(None, [material.worked, material.worked.second])
    return {worked.exact.example: _trace_script(worked) for worked in all_worked}


def _trace_script(worked: Worked) -> str:
    views = {lang: PageView(worked, lang) for lang in languages()}
    first = next(iter(views.values()))
    steps = {}
    for name, step in worked.exact.items():
        if name.startswith("const."):
            continue
        owner = name
        while parent := worked.exact.parent(owner):
            owner = parent
        steps[name] = {
            "shape": list(step.shape),
            "value": [float(v) for v in step.value.ravel()],
            "symbol": to_mathml(first.symbol(name), display=False) if owner == name else "",
            "meaning": {lang: view.notation.meaning(name) for lang, view in views.items()},
            "href": f"examples/{address(worked.example.name)}/{first.href(owner)}",
        }
    return script(worked.exact.example, {"steps": steps})
