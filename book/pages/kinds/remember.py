"""What to remember: the lines that the family is about."""

from ..view import View


class Page(View):
    def remembered(self) -> list[tuple[list[str], str]]:
        """(formulas, sentence); a line that this example lacks is left out."""
        said = [([n for n in names if n in self.trace], words) for names, words in self.of_family("remember", [])]
        return [([self.written.rule(name) for name in names], words) for names, words in said if names]
