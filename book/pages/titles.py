"""What a family is called, and what its template says of no example in particular."""

from jinja2 import TemplateNotFound
from jinja2.environment import TemplateModule

from ..i18n.words import environment


def family_title(name: str, lang: str) -> str:
    """What a family is called in a language; its name if nobody has given it another."""
    return getattr(said_of_family(name, lang), "title", name)


def said_of_family(name: str, lang: str) -> TemplateModule | None:
    """What the family's template says of no example in particular; nothing if it has none yet."""
    try:
        return environment(lang).get_template(f"families/{name}.j2").module
    except TemplateNotFound:
        return None
