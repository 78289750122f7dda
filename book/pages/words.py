"""What is said of one example in one language: by itself, by its family, by the book."""

from functools import cached_property
from typing import Any

from ..formula.notation import pattern
from ..i18n.words import environment, markdown_text
from .worked import Worked, meanings


class Words:
    """The words of `worked` in the language `lang`, which a subclass sets."""

    worked: Worked
    lang: str

    @cached_property
    def family(self) -> Any:
        """What the family's template says."""
        return self.worked.family(self.lang)

    def of_family(self, name: str, default: Any) -> Any:
        """What the family's template says under a name; not every family says everything."""
        return getattr(self.family, name, default)

    def paragraph(self, name: str) -> str:
        """A paragraph of the family's own, or nothing."""
        return self.of_family(name, "")

    def why(self, phase: str, op: str) -> str:
        """Why an operation ('sigmoid') or its derivative ('sigmoid_0') is what it is: in the family's words if it
        has any, else in the book's; nothing if there is nothing to say."""
        own = self.of_family(f"why_{phase}", {})
        if op in own:
            return own[op]
        return getattr(environment(self.lang).get_template("why.j2").module, phase).get(op, "")

    def why_step(self, phase: str, name: str) -> str:
        """What the family says of a step: keys with a dot or of a step's name are patterns of names."""
        own = self.of_family(f"why_{phase}", {})
        return next((words for key, words in own.items() if pattern(key).fullmatch(name)), "")

    def meaning(self, name: str) -> str:
        """What a step is."""
        return meanings(self.worked, self.lang).of(name)

    def words(self, texts: dict[str, str]) -> str:
        """What an example says in this language; in English where it says nothing else."""
        return texts.get(self.lang) or texts.get("en") or next(iter(texts.values()), "")

    @property
    def title(self) -> str:
        """What the example is called."""
        return markdown_text(self.words(self.worked.example.title))
