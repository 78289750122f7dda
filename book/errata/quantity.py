"""How the errata page names one entry of any step: by its symbol or, for a part of a line, by its rule."""

from .source import Figure


class Quantities:
    """Names and links for the entries of one example, in one language. `view` is the page's PageView."""

    def __init__(self, view):
        self.view = view

    def of(self, figure: Figure) -> str:
        """What a figure claims to be, as a Markdown link to where it is derived."""
        return self.link(figure.step, figure.index, figure.term)

    def link(self, name: str, index=None, term: int | None = None) -> str:
        return f"[${self.tex(name, index, term)}$](#{self._target(name)})"

    def tex(self, name: str, index=None, term: int | None = None) -> str:
        """a_1; of a part a_1 \\cdot (1 - a_1); of a term of a product w_{12} \\cdot \\delta_2."""
        written = self.view.written
        if term is not None:
            return written.product(name, index, term)
        if self.view.trace.parent(name):
            return written.part(name, index)
        return self.view.symbol(name) if index is None else self.view.entry(name, index)

    def _target(self, name: str) -> str:
        while parent := self.view.trace.parent(name):
            name = parent
        return self.view.symbol_label(name) if self.view.trace[name].is_leaf else self.view.label(name)

    @staticmethod
    def printed(text: str) -> str:
        """A printed figure as TeX, digit for digit: 3.5e-5 becomes 3.5 \\times 10^{-5}."""
        mantissa, power, exponent = text.lower().lstrip("+").partition("e")
        return rf"{mantissa} \times 10^{{{int(exponent)}}}" if power else mantissa
