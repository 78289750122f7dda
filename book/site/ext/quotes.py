"""Which page quotes which example, and what that was made from: a page is read again when it is another.

What a page quotes is kept in the environment as name -> digest, and for a link to an example '#name' -> ''.
"""

from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment

LEFT_OUT = "left out"
"""What the state of an example that is left out begins with; its file may still be at hand, for its values."""


def quotes(env: BuildEnvironment) -> dict[str, dict[str, str]]:
    """By page, what it quotes."""
    if not hasattr(env, "gradbook_quotes"):
        env.gradbook_quotes = {}
    return env.gradbook_quotes


def state(env: BuildEnvironment, examples, what: str) -> str:
    """What something quoted is made from now."""
    found = "" if what.startswith("#") else examples.digest(what)
    is_left_out = what.lstrip("#").partition("@")[0] in env.config.gradbook_left_out
    return f"{LEFT_OUT} {found}".rstrip() if is_left_out else found


def note(env: BuildEnvironment, examples, what: str) -> str:
    """Remembers that the page which is read now quotes something; returns what that is made from."""
    found = state(env, examples, what)
    quotes(env).setdefault(env.docname, {})[what] = found
    return found


def left_out(env: BuildEnvironment, page: str) -> list[str]:
    """The examples that a page quotes or links to, and that are left out of this build."""
    found = quotes(env).get(page, {})
    return sorted(
        {what.lstrip("#").partition("@")[0] for what, made_from in found.items() if made_from.startswith(LEFT_OUT)}
    )


def outdated(role, app: Sphinx, env: BuildEnvironment, added, changed, removed) -> list[str]:
    return [
        page
        for page, quoted in quotes(env).items()
        if any(state(env, role.examples, what) != before for what, before in quoted.items())
    ]


def forget(app: Sphinx, env: BuildEnvironment, docname: str) -> None:
    quotes(env).pop(docname, None)


def merge(app: Sphinx, env: BuildEnvironment, docnames, other: BuildEnvironment) -> None:
    quotes(env).update({page: quoted for page, quoted in quotes(other).items() if page in docnames})
