"""The exact values of an example as files: scripts that pages load, and traces that prose quotes."""

import json
from collections.abc import Callable

from gradbook.engine.tape.trace import Trace

from ..base.address import address
from ..formula.mathml import to_mathml
from ..i18n.words import languages
from .material import Material
from .values import script_name
from .worked import Worked

Href = Callable[[str], str]


def trace_files(material: Material, hrefs: Callable[[Material, Worked], Href]) -> dict[str, str]:
    """By name the files of the example's trace, and of that of its second update. `hrefs` gives where the steps of
    a trace are derived."""
    all_worked = list(filter(None, [material.worked, material.worked.second]))
    scripts = {script_name(worked.exact.example): _script(worked, hrefs(material, worked)) for worked in all_worked}
    return scripts | {f"{worked.exact.example}.json": worked.exact.to_json() for worked in all_worked}


def _script(worked: Worked, href: Href) -> str:
    meanings = {lang: worked.meanings(lang) for lang in languages()}
    folder = f"examples/{address(worked.example.name)}"
    steps = {}
    for name, step in worked.exact.items():
        if name.startswith("const."):
            continue
        owner = _owner(worked.exact, name)
        steps[name] = {
            "shape": list(step.shape),
            "value": [float(v) for v in step.value.ravel()],
            "symbol": to_mathml(worked.notation.symbol(name), display=False) if owner == name else "",
            "meaning": {lang: said.of(name) for lang, said in meanings.items()},
            "href": f"{folder}/{href(owner)}",
        }
    content = json.dumps({"steps": steps}, ensure_ascii=False, separators=(",", ":"))
    return f"gradbook.trace({json.dumps(worked.exact.example)},{content});\n"


def _owner(trace: Trace, name: str) -> str:
    """The line that a step is a part of; of a line, itself."""
    while parent := trace.parent(name):
        name = parent
    return name
