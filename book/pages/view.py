"""What the template of every page kind sees as `view`: words, symbols, numbers and links of one example."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import ClassVar

from ..base.address import address
from ..base.numbers import tex_number
from ..formula import wide
from ..formula.lines import Line
from ..formula.tex import shape_tex
from .arrangement import arrangement
from .listing import listing
from .material import Material
from .moved import course
from .places import places
from .training import Training, training
from .words import Words
from .worked import Worked

GIVEN = "given"
"""In `View.derives`: the page defines what is given."""


@dataclass(frozen=True)
class Rendered:
    """One page of an example as its template has written it. `title` is what navigation calls it, '' for its first
    heading; `in_list` what the list of all examples calls its link there, '' for none; `derives` as in `View`."""

    name: str
    text: str
    title: str = ""
    in_list: str = ""
    derives: tuple[str, ...] = ()


@dataclass(frozen=True)
class Picture:
    """A figure as a page names it."""

    file: str
    facts: dict


class View(Words):
    """What every page sees. A page kind that shows more is a subclass of it called `Page`. All TeX comes ready to be
    set in a `math` block or between dollars.

    `worked` is the example that the page speaks of, `others` are the pages of the example that are written already:
    all of them where `is_overview` says that the page lists them.
    """

    derives: ClassVar[tuple[str, ...]] = ()
    """The phases whose steps have their derivation on the page, and GIVEN: that is where links to them lead."""

    is_overview: ClassVar[bool] = False

    wide = wide  # its limits are told to readers

    @classmethod
    def speaks_of(cls, material: Material) -> Worked | None:
        """What the page speaks of; None if the example has no such page."""
        return material.worked

    def __init__(self, material: Material, lang: str, others: Sequence[Rendered] = ()):
        self.material, self.lang, self.others = material, lang, others
        self.worked = self.speaks_of(material) or material.worked
        self.example, self.exact, self.trace = self.worked.example, self.worked.exact, self.worked.printed
        self.written, self.notation, self.places = self.worked.written, self.worked.notation, places(self.worked)

    # Symbols and formulas

    @property
    def has_loss(self) -> bool:
        """Whether there is anything behind the forward pass."""
        return bool(self.trace.loss)

    @property
    def has_updates(self) -> bool:
        return self.worked.updates

    @property
    def given_gradients(self) -> str:
        """The symbols of the gradients at which the backward pass starts, if they are given in place of a loss."""
        found = [n for n in dict.fromkeys(self.trace.grads.values()) if self.trace[n].is_leaf]
        return ", ".join(f"${self.symbol(name)}$" for name in found)

    @property
    def loss(self) -> str:
        """The symbol of the loss."""
        return self.symbol(self.trace.loss)

    def symbol(self, name: str) -> str:
        return self.notation.symbol(name)

    def entry(self, name: str, index: tuple[int, ...]) -> str:
        """The symbol of one entry."""
        return self.notation.entry(name, index)

    def value(self, name: str) -> str:
        return self.written.value(name)

    def shape(self, name: str) -> str:
        return shape_tex(self.trace[name].shape)

    def lines(self, phase: str) -> list[Line]:
        return arrangement(self.worked).lines(phase)

    def derivation(self, line: Line) -> str:
        """The whole derivation of a line, as one block."""
        return self.written.block(self.written.derivation(line.name))

    def results(self, lines: Iterable[Line]) -> str:
        """The lines' results alone, one under the other."""
        return self.written.results((line.symbol, line.name) for line in lines)

    @property
    def is_wide(self) -> bool:
        """Whether any array of the example is printed with dots."""
        return any(wide.is_wide(step.shape) for step in self.trace.values())

    # Numbers, links, figures

    @property
    def before_and_after(self) -> tuple[float, float]:
        """The loss before and after the update, on the data that it has read."""
        return self.worked.before_and_after

    def course(self, digits: int) -> str:
        """How the loss goes in the update, where it is printed with so many digits."""
        return course(*self.before_and_after, digits)

    @property
    def training(self) -> Training | None:
        """All updates until nothing is wrong any more; None if the family's rule does not stop by itself."""
        return training(self.material.worked)

    def number(self, value: float, digits: int | None = None) -> str:
        return tex_number(value, digits)

    @property
    def address(self) -> str:
        """The address of the example in the book, with which all addresses of its pages begin."""
        return address(self.example.name)

    def label(self, name: str) -> str:
        """The address of a step's derivation."""
        return self.places.label(name)

    def link(self, name: str) -> str:
        """A Markdown link from a step's symbol to its derivation; of a leaf, to its definition."""
        return self.places.link(name)

    def listing(self, op: str) -> str:
        """The engine's own lines for an operation."""
        return listing(op)

    @property
    def figures(self) -> dict[str, Picture]:
        return {name: Picture(f"{name}.svg", figure.facts) for name, figure in self.material.figures.items()}
