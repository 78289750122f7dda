"""What must be read or written again, and what must go: any build ends like a first one."""

import hashlib
import json
from pathlib import Path

from sphinx.application import Sphinx

from .around import examples_on, language_code
from .values import trace_file


def folders(app: Sphinx, config) -> None:
    """Generated scripts, fonts and the catalogues lie beside the source folder of a language."""
    beside = Path(app.srcdir).parent
    config.locale_dirs = [str(beside / "locale")]
    if (beside / "static").is_dir():
        config.html_static_path = [*config.html_static_path, str(beside / "static")]
    if language_code(app) == "en":  # else xeCJK sets every apostrophe as wide as a Chinese character
        quotes = r'\xeCJKDeclareCharClass{Default}{"2018 -> "201D}'
        preamble = f"{config.latex_elements['preamble']}\n{quotes}"
        config.latex_elements = {**config.latex_elements, "preamble": preamble}


def digest(env, docname: str) -> str:
    """What a page is made from, by content: a clock that was set back must not hide a change."""
    files = [env.doc2path(docname), *(Path(env.srcdir, name) for name in sorted(env.dependencies[docname]))]
    return hashlib.sha256(b"\0".join(f.read_bytes() for f in map(Path, files) if f.is_file())).hexdigest()


def outdated(app: Sphinx, env, added, changed, removed) -> list[str]:
    known = getattr(env, "gradbook_digests", {})
    return [name for name in env.found_docs - added if known.get(name) != digest(env, name)]


def depend_on_trace(app: Sphinx, docname: str, content: list[str]) -> None:
    for name in examples_on(docname, None):
        app.env.note_dependency(str(trace_file(app.env, name)))


def updated(app: Sphinx, env) -> set[str]:
    """When a title, a contents list or a target changes, every page may show it: all are written again."""
    env.gradbook_digests = {name: digest(env, name) for name in sorted(env.found_docs)}
    std = env.get_domain("std")
    titles = {name: title.astext() for name, title in env.titles.items()}
    parts = [titles, env.toctree_includes, std.labels, std.anonlabels]
    shape = json.dumps(parts, sort_keys=True, default=str)
    before, env.gradbook_shape = getattr(env, "gradbook_shape", None), shape
    return set() if before == shape else set(env.found_docs)


def tidy(app: Sphinx, error: Exception | None) -> None:
    """Takes away what Sphinx leaves of chapters that are gone, so that any build ends like a first one."""
    if error or app.builder.name != "html":
        return
    out, pages = Path(app.outdir), {"search", *app.env.found_docs}
    for page in out.rglob("*.html"):
        if page.relative_to(out).with_suffix("").as_posix() not in pages:
            page.unlink()
    for script in (out / "_static" / "traces").glob("*.js"):
        if not trace_file(app.env, script.stem).is_file():
            script.unlink()
    tidy_index(out / "searchindex.js")


def tidy_index(path: Path) -> None:
    """Words that no page has any more leave the search index."""
    text = path.read_text(encoding="utf-8")
    head, body = text[: text.index("(") + 1], text[text.index("(") + 1 : -1]
    index = json.loads(body)
    for kind in ("terms", "titleterms"):
        index[kind] = {word: pages for word, pages in index[kind].items() if pages != []}
    tidied = f"{head}{json.dumps(index, separators=(',', ':'), sort_keys=True)})"
    if tidied != text:
        path.write_text(tidied, encoding="utf-8")
