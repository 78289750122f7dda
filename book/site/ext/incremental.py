"""What must be read or written again, and what must go: any build ends like a first one."""

import hashlib
import os
from pathlib import Path

from sphinx.application import Sphinx

from .internals import without_lost_words
from .page_context import traces, traces_on
from .page_digest import page_digests


def folders(app: Sphinx, config) -> None:
    """Generated scripts, fonts, traces and the catalogues lie beside the source folder of a language."""
    beside = Path(app.srcdir).parent
    config.locale_dirs = [*config.locale_dirs, str(beside / "locale")]
    if (beside / "static").is_dir():
        config.html_static_path = [*config.html_static_path, str(beside / "static")]
    if not config.gradbook_examples and (beside / "traces").is_dir():
        config.gradbook_examples = [str(beside / "traces"), *filter(None, config.gradbook_spare.split(os.pathsep))]


def digest(app: Sphinx, docname: str) -> str:
    """What a page is made from, by content: a clock that was set back must not hide a change."""
    env = app.env
    translated = Path(app.srcdir).parent / "locale" / str(app.config.language) / "LC_MESSAGES" / f"{docname}.po"
    used = [name for name in sorted(env.dependencies[docname]) if name.suffix != ".mo"]  # compiled only meanwhile
    files = [env.doc2path(docname), translated, *(Path(env.srcdir, name) for name in used)]
    return hashlib.sha256(b"\0".join(f.read_bytes() for f in map(Path, files) if f.is_file())).hexdigest()


def outdated(app: Sphinx, env, added, changed, removed) -> list[str]:
    known = getattr(env, "gradbook_digests", {})
    return [name for name in env.found_docs - added if known.get(name) != digest(app, name)]


def depend_on_trace(app: Sphinx, docname: str, content: list[str]) -> None:
    for name in traces_on(docname, None):
        app.env.note_dependency(str(traces(app.env) / name))


def updated(app: Sphinx, env) -> list[str]:
    """The pages that would show something else than they did when the site was made last."""
    env.gradbook_digests = {name: digest(app, name) for name in sorted(env.found_docs)}
    if app.builder.name != "html":
        return []
    before, env.gradbook_shown = getattr(env, "gradbook_shown", {}), page_digests(app)
    return [name for name, what in env.gradbook_shown.items() if before.get(name) != what]


def tidy(app: Sphinx, error: Exception | None) -> None:
    """Takes away what Sphinx leaves of chapters that are gone, so that any build ends like a first one."""
    if error or app.builder.name != "html":
        return
    out, pages = Path(app.outdir), {"search", *app.env.found_docs}
    for page in out.rglob("*.html"):
        if page.relative_to(out).with_suffix("").as_posix() not in pages:
            page.unlink()
    for script in (out / "_static" / "traces").glob("*.js"):
        if not (traces(app.env) / script.name).is_file():
            script.unlink()
    tidy_index(out / "searchindex.js")


def tidy_index(path: Path) -> None:
    """Words that no page has any more leave the search index."""
    text = path.read_text(encoding="utf-8")
    if (tidied := without_lost_words(text)) != text:
        path.write_text(tidied, encoding="utf-8")
