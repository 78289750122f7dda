"""The exact values of an example as files: scripts that pages load, and traces that prose quotes."""

import json
from collections.abc import Callable

from ..base.address import address
from ..formula.mathml import to_mathml
from ..i18n.words import languages
from .material import Material
from .places import places
from .values import script_name
from .worked import Worked, meanings

Href = Callable[[str], str]


def trace_files(material: Material, hrefs: Callable[[Material, Worked], Href]) -> dict[str, str]:
    """By name the files of the example's trace, and of that of its second update. `hrefs` gives where the steps of
    a trace are derived."""
    all_worked = list(filter(None, [material.worked, material.worked.second]))
    scripts = {script_name(worked.exact.example): _script(worked, hrefs(material, worked)) for worked in all_worked}
    return scripts | {f"{worked.exact.example}.json": worked.exact.to_json() for worked in all_worked}


def _script(worked: Worked, href: Href) -> str:
    said = {lang: meanings(worked, lang) for lang in languages()}
    folder = f"examples/{address(worked.example.name)}"
    steps = {}
    for name, step in worked.exact.items():
        if name.startswith("const."):
            continue
        line = places(worked).line_of(name)
        steps[name] = {
            "shape": list(step.shape),
            "value": [float(v) for v in step.value.ravel()],
            "symbol": to_mathml(worked.notation.symbol(name), display=False) if line == name else "",
            "meaning": {lang: words.of(name) for lang, words in said.items()},
            "href": f"{folder}/{href(line)}",
        }
    content = json.dumps({"steps": steps}, ensure_ascii=False, separators=(",", ":"))
    return f"gradbook.trace({json.dumps(worked.exact.example)},{content});\n"
