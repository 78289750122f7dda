"""What each page shows, of its own and of other pages, as a digest: a page is written again when it changes."""

import hashlib
import json

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx

from .internals import contents_lists, headings, labels, neighbours
from .navigation import navigation


def note_links(app: Sphinx, doctree: nodes.document) -> None:
    """Remembers what a page links to, while the links are still to be resolved."""
    links = list(doctree.findall(addnodes.pending_xref))
    named = {link.get(part) for link in links for part in ("reftarget", "reftargetid")}
    app.env.gradbook_links = {**_links(app.env), app.env.docname: sorted(named - {None})}


def forget_links(app: Sphinx, env, docname: str) -> None:
    env.gradbook_links = {name: links for name, links in _links(env).items() if name != docname}


def merge_links(app: Sphinx, env, docnames, other) -> None:
    """What another process has read."""
    env.gradbook_links = {**_links(env), **{name: links for name, links in _links(other).items() if name in docnames}}


def _links(env) -> dict[str, list[str]]:
    return getattr(env, "gradbook_links", {})


def page_digests(app: Sphinx) -> dict[str, str]:
    """The digest of every page. To be asked when all pages are read."""
    env = app.env
    around, places, all_headings = neighbours(env), _places(env), headings(env)
    digests = {}
    for name in sorted(env.found_docs):
        beside = [(other, _title(env, other)) for other in around.get(name, ())]
        links = [places.get(target) for target in _links(env).get(name, ())]
        lists = all_headings if _has_visible_list(env, name) else None
        digests[name] = _digest(env.gradbook_digests[name], navigation(app, name), beside, links, lists)
    return digests


def _digest(*parts) -> str:
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def _places(env) -> dict[str, list]:
    """Whatever a link may name, with where that is and the words that stand for it."""
    places = {name: [_title(env, name)] for name in env.titles}
    for name, place in labels(env):
        for target in dict.fromkeys([name, place[1]]):
            places.setdefault(target, []).append(list(map(str, place)))
    return places


def _title(env, name: str | None) -> str | None:
    return str(env.titles[name]) if name in env.titles else None


def _has_visible_list(env, name: str) -> bool:
    return any(not node.get("hidden") for node in contents_lists(env, name))
