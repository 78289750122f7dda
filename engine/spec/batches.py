"""Which samples each update reads, where an example does not give all of them to every update.

A key belongs to the samples if its outermost dimension is declared as such: `x: Matrix = shape("samples", …)`.
"""

from collections.abc import Iterator
from typing import Any, TypeVar

from pydantic import BaseModel

from .example import Example
from .rules import expect_index

SAMPLES = "samples"
"""The dimension that an update can take a part of."""

M = TypeVar("M", bound=BaseModel)


def batches(example: Example) -> list[tuple[int, ...]]:
    """The samples that the updates read, in turn, by their places in the file; [] if every update reads all, or if
    there is none.

    Raises ValueError if the example has no samples to choose from, or if they cannot be chosen so.
    """
    if example.update is None:
        return []
    size, order = example.update.batch_size, example.update.order
    if size is None:
        if order is not None:
            raise ValueError("update.order: belongs to batch_size, which is missing: how many each update reads")
        return []
    count = max(_counts(example), default=0)
    if not count:
        raise ValueError(
            f"update.batch_size: examples of the family {example.family!r} have no samples of which an update could "
            "take a part; leave it out"
        )
    for i, sample in enumerate(order or ()):
        expect_index(f"update.order[{i}]", sample, count, SAMPLES)
    taken = list(range(count)) if order is None else order
    if len(taken) % size:
        where, told = ("data", "samples") if order is None else ("update.order", "entries")
        raise ValueError(
            f"update.batch_size: {where} has {len(taken)} {told}, which is no multiple of {size}; every update takes "
            "equally many"
        )
    return [tuple(taken[i : i + size]) for i in range(0, len(taken), size)]


def of_samples(example: Example, chosen: tuple[int, ...]) -> Example:
    """The example with these samples alone. Raises ValidationError if its family does not take it so."""
    tables = _chosen(example, chosen).model_dump(exclude_unset=True)
    for key in ("batch_size", "order"):
        tables["update"].pop(key, None)
    found = type(example).model_validate(tables)
    found._file = example.file
    return found


def _fields(model: BaseModel) -> Iterator[tuple[str, Any, bool]]:
    """The keys that a table has, with their values, and whether these are one for each sample."""
    for name, field in type(model).model_fields.items():
        said = field.json_schema_extra
        dims: Any = said.get("x-shape") if isinstance(said, dict) else None
        yield name, getattr(model, name), bool(dims and dims[0] == SAMPLES)


def _counts(model: BaseModel) -> Iterator[int]:
    for _, value, by_sample in _fields(model):
        if by_sample and value is not None:
            yield len(value)
        for part in value if isinstance(value, list) else [value]:
            if isinstance(part, BaseModel):
                yield from _counts(part)


def _chosen(model: M, chosen: tuple[int, ...]) -> M:
    changes: dict[str, Any] = {}
    for name, value, by_sample in _fields(model):
        if by_sample and value is not None:
            changes[name] = [value[i] for i in chosen]
        elif isinstance(value, BaseModel):
            changes[name] = _chosen(value, chosen)
        elif isinstance(value, list) and any(isinstance(part, BaseModel) for part in value):
            changes[name] = [_chosen(part, chosen) for part in value]
    return model.model_copy(update=changes)
