"""Makes the pages of one example: worked, drawn, and rendered through every page kind in every language."""

import json
import re
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

import numpy as np

from gradbook.engine import BookError, load, pencil, work
from gradbook.engine.plugins import named

from ..base.address import address
from ..cache.made import Made, key
from ..errata.quantity import Quantities
from ..formula.mathml import MathError, to_mathml
from ..formula.symbols import slashed
from ..formula.wide import ENTRIES
from ..i18n.finding import names
from ..i18n.words import environment, forget, languages
from .page import PageView, Worked
from .uses import uses
from .values import script_name

KIND = re.compile(r"(?P<number>\d{1,9})-(?P<name>[a-z][a-z0-9-]*)")
"""How the file of a page kind is called, without its ending."""

NOISE = 1e-13
"""Relative differences below this are float64's own rounding, not the pencil's."""


def page_kinds() -> tuple[tuple[str, str], ...]:
    """(page name, template) of every page kind, in reading order: templates/pages/<n>-<name>.md.j2 of all roots.

    Raises BookError if a file is called otherwise, or if two are for one name.
    """
    files: dict[str, Path] = {}
    found = []
    for template, path in names("pages/*.md.j2").items():
        kind = KIND.fullmatch(path.name.removesuffix(".md.j2"))
        if not kind:
            raise BookError(
                f"{named(path)}: a page kind's file is called <number>-<name>.md.j2, name in a-z, 0-9 and -."
            )
        if (other := files.setdefault(kind["name"], path)) != path:
            raise BookError(f"{named(path)}: there is a page kind {kind['name']!r} already, {named(other)}.")
        found.append((int(kind["number"]), kind["name"], template))
    return tuple((name, template) for _, name, template in sorted(found))


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


def prepare(path: Path, changes: tuple[str, ...] = ()) -> Material:
    """Load an example, work it through and draw its figures. Raises BookError."""
    from ..errata.errata import errata, source_of
    from ..figures import figures

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
    kinds = {name: template for name, template in page_kinds() if name not in missing}
    context = _context(PageView(material.worked, lang), material) | {"pages": [n for n in kinds if n != "index"]}
    texts: dict[str, str] = {}
    for name in sorted(kinds, key=lambda name: name == "index"):  # last: it lists the others
        page = context | (OWN[name](material, lang) if name in OWN else {})
        if name == "index":
            page["pages"] = [name for name in kinds if name in texts]
        text = environment(lang).get_template(kinds[name]).render(page)
        if text.strip():  # else it has nothing to say of this example
            texts[name] = text
    files = {f"{name}.md": texts[name] for name in kinds if name in texts}
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
                "symbol": slashed(view.loss, view.entry(check.parameter, index)),
                "gradient": view.number(check.gradient[index], 10),
                "difference": view.number(check.difference[index], 10),
                "error": view.number(check.errors[index], 2),
            }


def _check_rest(view: PageView):
    """What the table leaves out: for each large parameter the count of its entries and their largest error."""
    for check in view.worked.checks:
        if check.gradient.size > ENTRIES:
            yield {
                "symbol": slashed(view.loss, view.symbol(check.parameter)),
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
        return Made(material.name, example.family, example.order, titles, files, _traces(material), used)
    except MathError as error:
        raise BookError(f"example {material.name!r}: {error}") from None


def remade(path: Path, changes: tuple[str, ...]) -> tuple[Made, str]:
    """An example made anew, and the key it was made for. Raises BookError."""
    while True:
        wanted, result = key(path, changes), made(prepare(path, changes))
        if wanted == key(path, changes):
            return result, wanted
        forget()  # a template was edited meanwhile: these pages may be made of two editions of it


def _traces(material: Material) -> dict[str, str]:
    all_worked = list(filter(None, [material.worked, material.worked.second]))
    scripts = {script_name(worked.exact.example): _trace_script(worked) for worked in all_worked}
    return scripts | {f"{worked.exact.example}.json": worked.exact.to_json() for worked in all_worked}


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
    content = json.dumps({"steps": steps}, ensure_ascii=False, separators=(",", ":"))
    return f"gradbook.trace({json.dumps(worked.exact.example)},{content});\n"
