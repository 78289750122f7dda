"""Makes the examples of a book, in several processes where there are many: what is made does not depend on it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from gradbook.engine.errors import BookError

from .crew import Crew
from .made import Store, is_made

SHARE = 3
"""A process takes about as long to start as this many small examples to make."""

Finish = Callable[[], None]
"""Returns when an example is made and stored; raises what is wrong with it."""


@contextmanager
def making(
    paths: list[Path], changes: Callable, remade: Callable, store: Store, jobs: int
) -> Iterator[list[tuple[Path, Finish]]]:
    """How to finish each example, to be called in this order: what is told first is the same for any `jobs`.

    `changes(path)` are those of an example; `remade(path, changes)`, a function of a module, makes it and gives its
    key.
    """
    finish = {path: _if_nothing_to_make(path, changes(path), store) for path in paths}
    tasks = {path: changes(path) for path in paths if not finish[path]}
    if (count := min(jobs, len(tasks) // SHARE)) < 2:
        yield [(path, finish[path] or partial(_make, path, changes(path), remade, store)) for path in paths]
        return
    crew = Crew(tasks, remade, store.put)
    try:
        crew.start(count)
        yield [(path, finish[path] or partial(crew.finish, path)) for path in paths]
    finally:
        crew.stop()


def _if_nothing_to_make(path: Path, changes: tuple[str, ...], store: Store) -> Finish | None:
    try:
        return (lambda: None) if is_made(path, changes, store) else None
    except BookError as error:
        return partial(_tell, error)


def _make(path: Path, changes: tuple[str, ...], remade: Callable, store: Store) -> None:
    """Bring what is stored of an example up to date. Raises BookError, and the store stays as it was."""
    store.put(*remade(path, changes))


def _tell(error: BookError) -> None:
    raise error
