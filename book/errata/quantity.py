"""How the errata page names one entry of any step: by its symbol or, for a part of a line, by its rule."""

from .source import Figure


class Quantities:
    """Names and links for the entries of one example, in no language: by its formulas
    (`book.formula.written.Written`) and its places in the book (`book.pages.places.Places`)."""

    def __init__(self, written, places):
        self.written, self.trace, self.places = written, written.trace, places

    def of(self, figure: Figure) -> str:
        """What a figure claims to be, as a Markdown link to where it is derived."""
        return self.link(figure.step, figure.index, figure.term)

    def link(self, name: str, index=None, term: int | None = None) -> str:
        return f"[${self.tex(name, index, term)}$](#{self._target(name)})"

    def tex(self, name: str, index=None, term: int | None = None) -> str:
        """a_1; of a part a_1 \\cdot (1 - a_1); of a term of a product w_{12} \\cdot \\delta_2."""
        if term is not None:
            return self.written.product(name, index, term)
        if self.trace.parent(name):
            return self.written.part(name, index)
        notation = self.written.notation
        return notation.symbol(name) if index is None else notation.entry(name, index)

    def _target(self, name: str) -> str:
        line = self.places.line_of(name)
        return self.places.symbol_label(line) if self.trace[line].is_leaf else self.places.label(line)

    @staticmethod
    def printed(text: str) -> str:
        """A printed figure as TeX, digit for digit: 3.5e-5 becomes 3.5 \\times 10^{-5}."""
        mantissa, power, exponent = text.lower().lstrip("+").partition("e")
        return rf"{mantissa} \times 10^{{{int(exponent)}}}" if power else mantissa
