"""What a family's template says of one example: it may ask which steps the example has."""

from jinja2.environment import TemplateModule

from gradbook.engine.tape.trace import Trace

from ..i18n.words import environment
from .notation import pattern


def family_words(trace: Trace, family: str, lang: str) -> TemplateModule:
    """The template's words in a language, chosen by what the trace has, what it lacks, and what the example says."""

    def has(key: str) -> bool:
        """Whether there is a step of this pattern: 'layer<n>.b'."""
        known = pattern(key)
        return any(known.fullmatch(name) for name in trace)

    def lacking(key: str, other: str) -> str:
        """The pattern of those steps alone beside which there is no step `other`: ('layer<n>.z', 'b')."""
        known = pattern(key)
        alone = [n for n in trace if known.fullmatch(n) and f"{n.rpartition('.')[0]}.{other}" not in trace]
        return f"(?={'|'.join(alone)})" + key if alone else f"(?!){key}"

    return (
        environment(lang)
        .get_template(f"families/{family}.j2")
        .make_module({"has": has, "lacking": lacking, "example": trace.spec})
    )
