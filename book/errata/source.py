"""A source file: the figures that a published or hand-worked source prints, digit for digit, where they stand."""

import re
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Annotated

import numpy as np
from pydantic import BeforeValidator, Field, ValidationError

from gradbook.engine.errors import BookError, shorten, unknown
from gradbook.engine.ops import OPS
from gradbook.engine.spec.cost import update_work
from gradbook.engine.spec.example import Model, Title, Words
from gradbook.engine.spec.limits import LIMITS, AtMost
from gradbook.engine.spec.mistakes import sentence
from gradbook.engine.spec.toml import read_tables
from gradbook.engine.tape.trace import Step, Trace

from .reading import read_figure

_NUMBER = re.compile(r"[+-]?([0-9]{1,30}(\.[0-9]{0,30})?|\.[0-9]{1,30})(e[+-]?[0-9]{1,3})?")
DRAWS = 8
"""How often a trace is worked again, at two distances, to find what a number format can know of its figures."""
MOST = 120
"""Characters of a printed figure that are read."""


def _digits(text: str) -> str:
    printed, text = text, read_figure(text[:MOST])
    if len(printed) > MOST or not _NUMBER.fullmatch(text):
        raise ValueError(f"{shorten(printed)} has more digits than a number is printed with")
    if abs(Decimal(text).adjusted()) > LIMITS["exponent"]:
        raise ValueError(f"{shorten(text)} is too large or too small; {LIMITS.rule('exponent', 400)}")
    return text


def _rows(printed):
    """One figure, a column or rows of figures, as rows; anything else is left for the types to refuse."""
    if isinstance(printed, str):
        return [[printed]]
    if isinstance(printed, list) and all(isinstance(row, str) for row in printed):
        return [[figure] for figure in printed]
    return printed


def _address(url: str) -> str:
    if not re.fullmatch(r"https?://[A-Za-z0-9._~:/?#@!&'*+,;=%-]{1,300}", url):
        raise ValueError(f"{shorten(url)} is not a web address")
    return url


Printed = Annotated[str, BeforeValidator(lambda text: _digits(text) if isinstance(text, str) else text)]
Rows = Annotated[list[Annotated[list[Printed], Field(min_length=1)]], Field(min_length=1), BeforeValidator(_rows)]
Count = Annotated[int, Field(ge=0), AtMost("updates")]
Place = Annotated[int, Field(ge=0)]


class Block(Model):
    """Figures of one step that stand together: the whole array, or the entry `index`. `term` is one product of
    a matrix product's entry; `after` the number of updates made before the step is computed."""

    step: str
    printed: Rows
    index: Annotated[list[Place], Field(max_length=2)] | None = None
    term: Place | None = None
    after: Count = 0


class PlaceInSource(Model):
    """[[place]]: where in the source the figures stand."""

    where: Annotated[Title, Field(min_length=1)]
    figures: Annotated[list[Block], Field(min_length=1), AtMost("figures")]


class Source(Model):
    """A source file: what the source is, in our words, and what it prints."""

    title: Annotated[Title, Field(min_length=1)]
    about: Annotated[Words, Field(min_length=1)] | None = None
    url: Annotated[str, BeforeValidator(lambda u: _address(u) if isinstance(u, str) else u)] | None = None
    place: Annotated[list[PlaceInSource], Field(min_length=1), AtMost("places")]


@dataclass(frozen=True)
class Figure:
    """One printed figure: the entry `index` of `step`, after `after` updates. `column` is the largest number
    of decimals in its block: a source that prints -0.023 beside -0.0229 may have dropped a zero."""

    place: int
    step: str
    index: tuple[int, ...]
    printed: str
    column: int
    after: int = 0
    term: int | None = None

    @property
    def number(self) -> Decimal:
        return Decimal(self.printed)

    @property
    def decimals(self) -> int:
        return decimals(self.printed)

    @property
    def digits(self) -> int:
        """How many significant digits are printed."""
        return len("".join(map(str, self.number.as_tuple().digits)).lstrip("0"))

    @property
    def quantity(self) -> tuple:
        """What the figure claims to be: equal for two figures that print the same thing."""
        return self.step, self.index, self.term, self.after


def decimals(printed: str) -> int:
    return -Decimal(printed).as_tuple().exponent


def source_of(example_path: str | Path) -> Path | None:
    """The source file of an example, examples/sources/<name>.toml, if there is one."""
    path = Path(example_path)
    source = path.parent / "sources" / f"{path.stem}.toml"
    return source if source.is_file() else None


def read_source(path: str | Path, trace: Trace) -> tuple[Source, list[Figure]]:
    """The source file and its figures in order. Raises BookError with one sentence: file, place, rule."""
    path = Path(path)
    try:
        source = Source.model_validate(read_tables(path, within=path.parent.parent))
    except ValidationError as error:
        raise BookError(f"{path}: {sentence(error, Source)}") from None
    figures = [f for p, place in enumerate(source.place) for f in _figures(path, trace, p, place)]
    _check_work(path, trace, figures)
    return source, figures


def _check_work(path: Path, trace: Trace, figures: list[Figure]) -> None:
    """Refuses more figures, or more updates behind them, than can be judged in time: every wrong figure is looked
    for in the training of every mutant of the program, with one update less and one more; and each trace that figures
    are taken from is worked again in other precisions."""
    if len(figures) > LIMITS["figures"]:
        raise BookError(f"{path}: has {len(figures)} figures; {LIMITS.rule('figures', len(figures))}.")
    comparisons = len(figures) * sum(step.value.size for step in trace.values())
    if comparisons > LIMITS["comparisons"]:
        rule = LIMITS.rule("comparisons", comparisons)
        raise BookError(f"{path}: {len(figures)} figures of this example take {comparisons} comparisons; {rule}.")
    counts = {f.after for f in figures}
    updates = sum(counts)
    work = (updates * 3 * (len(trace.updated()) + 2) + 2 * DRAWS * len(counts)) * update_work(trace)
    if work > LIMITS["multiplications"]:
        rule = LIMITS.rule("multiplications", work)
        raise BookError(f"{path}: its figures ask for {updates} updates, about {work:.1e} multiplications; {rule}.")


def _figures(path: Path, trace: Trace, p: int, place: PlaceInSource):
    for i, block in enumerate(place.figures):
        where = f"{path}: place[{p}].figures[{i}]"
        if block.step not in trace:
            raise unknown(f"{where}.step", "step", block.step, trace)
        step = trace[block.step]
        block = _as_a_row(block, step)
        _check_shape(where, block, step)
        _check_term(where, block, step, trace)
        if block.after and not trace.updates:
            raise BookError(f"{where}.after: the example updates nothing.")
        column = max(decimals(text) for row in block.printed for text in row)
        for index, text in _entries(block, step):
            yield Figure(p, block.step, index, text, column, block.after, block.term)


def _as_a_row(block: Block, step: Step) -> Block:
    """Figures in one list are a column, or a row where the step is one."""
    listed = block.index is None and step.shape == (1, len(block.printed)) and len(block.printed) > 1
    if not listed or any(len(row) != 1 for row in block.printed):
        return block
    return block.model_copy(update={"printed": [[figure for row in block.printed for figure in row]]})


def _check_shape(where: str, block: Block, step: Step) -> None:
    found = [len(row) for row in block.printed]
    if block.index is not None:
        inside = len(block.index) == len(step.shape) and np.less(block.index, step.shape).all()
        if not inside:
            raise BookError(f"{where}.index: {block.index} is not an entry of {step.name!r}, {_shape(step)}.")
        rows, columns = 1, 1
    else:
        rows, columns = step.shape if len(step.shape) == 2 else (1, 1)
    if found != [columns] * rows:
        wanted = "one figure" if rows == columns == 1 else f"{rows} rows of {columns}, {_shape(step)}"
        raise BookError(f"{where}.printed: expected {wanted}; found rows of {shorten(found)}.")


def _shape(step: Step) -> str:
    return f"which has shape {' × '.join(map(str, step.shape)) or 'of one number'}"


def _check_term(where: str, block: Block, step: Step, trace: Trace) -> None:
    if block.term is None:
        return
    if step.is_leaf or not OPS[step.op].is_product or block.index is None:
        raise BookError(f"{where}.term: only an entry (index) of a matrix product has terms.")
    inner = trace[step.args[0]].shape[-1]
    if block.term >= inner:
        raise BookError(f"{where}.term: {block.term} is too large; the product has {inner} terms, counted from 0.")


def _entries(block: Block, step: Step):
    if block.index is not None:
        return [(tuple(block.index), block.printed[0][0])]
    if len(step.shape) != 2:
        return [((), block.printed[0][0])]
    return [((r, c), text) for r, row in enumerate(block.printed) for c, text in enumerate(row)]
