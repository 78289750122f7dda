"""Shapes are declared where a table's keys are; `meeting.py` compares them all.

A dimension is a name ("hidden"), a name plus a number ("positions+1") or a number. A name means the same in the whole
example, unless the field that holds a table says otherwise: `table` gives it another name there, `chain` lets each
table of a list read what the one before it gives.
"""

from typing import Any

from pydantic import Field

ROWS, COLUMNS = LAYOUTS = "rows", "columns"
"""Where samples may stand, if an example's key `layout` says it."""

PLURALS = {"row": "rows", "column": "columns", "entry": "entries"}


def shape(
    *dims: str | int | None,
    because: str = "",
    default: Any = ...,
    by_number: bool = False,
    laid: str = "",
    says: str | None = None,
) -> Any:
    """A field whose lists have these dimensions, the outermost first: `W: Matrix = shape("hidden", "inputs")`.

    A dimension that is None has any length. `because` says why one that is a number is that number. A field with a
    `default` may be left out.
    `by_number` allows whole numbers in the place of the innermost lists, each the number of the entry that is meant.
    `laid` names the layout of which this is true: where the example's key `layout` has another, the two dimensions
    stand the other way round. `says` describes the key, where the field has no docstring of its own.

    >>> from gradbook.engine.example import Matrix, Model, Vector
    >>> from gradbook.engine.spec.meeting import meet
    >>> class Layer(Model):
    ...     W: Matrix = shape("hidden", "inputs")
    ...     b: Vector = shape("hidden")
    >>> meet(Layer(W=[[0.1, 0.2]], b=[0.3, 0.4]))
    Traceback (most recent call last):
    ValueError: b: has 2 entries, expected 1 (hidden), because W has 1 row
    """
    declared = _declared(shape=list(dims), because=because, by_number=by_number, laid=laid)
    return Field(default, description=says, json_schema_extra=declared)


def table(*dims: str | int, because: str = "", default: Any = ..., **names: str | int | None) -> Any:
    """A field that holds a table or, of these dimensions, a list of tables; `names` says what the names of dimensions
    in a table mean outside of it.

    `outputs="code"`: what is called outputs there is called code outside. `width=None`: each table has a width of its
    own. `d_v="+values"`: each has its own, and together they make the dimension values. With a `default` it may
    be left out.
    """
    return Field(default, json_schema_extra=_declared(shape=list(dims), because=because, names=names))


def chain(
    start: str, end: str | int, because: str = "", like: str = "", default: Any = ..., **names: str | int | None
) -> Any:
    """A field with a list of tables that stand one behind the other: the `inputs` of the first are the dimension
    `start`, those of each other are the `outputs` of the one before it, and the last one's `outputs` are `end`.

    A table that stands alone, not in a list, is a chain of one. `like` names another chain of the example that has as
    many tables, each with as many outputs. `because` says why `end`, where it is a number, is that number; `names`
    are those of `table`. With a `default` the chain may be left out; then `start` and `end` are one dimension.
    """
    return Field(default, json_schema_extra=_declared(chain=[start, end], because=because, like=like, names=names))


def _declared(**said: Any) -> dict[str, Any]:
    """What a field declares, as pydantic carries it and as an editor may read it in the schema."""
    return {f"x-{key}": value for key, value in said.items() if value}


def expect(place: str, word: str, found: int, expected: int, because: str) -> None:
    """For a number of rows, columns or entries (`word`, in the singular) that is computed, and so not declared."""
    if found != expected:
        raise ValueError(f"{place}: has {counted(found, word)}, expected {expected}, because {because}")


def counted(number: int, word: str) -> str:
    """'1 row', '2 entries'."""
    return f"{number} {word if number == 1 else PLURALS[word]}"
