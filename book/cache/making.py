"""Makes the examples of a book, in several processes where there are many: what is made does not depend on it."""

from collections.abc import Callable, Iterator
from concurrent.futures import BrokenExecutor, CancelledError, Future
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from gradbook.engine.errors import BookError

from .made import Store, is_made
from .workers import answer, pool

SHARE = 3
"""A process takes about as long to start as this many small examples to make."""

Finish = Callable[[], None]
"""Returns when an example is made and stored; raises what is wrong with it."""


@contextmanager
def making(
    paths: list[Path], changes: Callable, rebuild: Callable, store: Store, jobs: int, workers: Callable = pool
) -> Iterator[list[tuple[Path, Finish]]]:
    """How to finish each example, to be called in this order: what is told first is the same for any `jobs`.

    `changes(path)` are those of an example; `rebuild(path, changes)`, a function of a module, makes it and gives its
    key. `workers(count)` is a context with a `concurrent.futures.Executor`.
    """
    finish = {path: _if_nothing_to_make(path, changes(path), store) for path in paths}
    tasks = {path: changes(path) for path in paths if not finish[path]}
    if (count := min(jobs, len(tasks) // SHARE)) < 2:
        yield [(path, finish[path] or partial(_make, path, changes(path), rebuild, store)) for path in paths]
        return
    with workers(count) as executor:
        answers = {path: executor.submit(answer, rebuild, path, task) for path, task in tasks.items()}
        yield [(path, finish[path] or partial(_receive, path, answers[path], store)) for path in paths]


def _if_nothing_to_make(path: Path, changes: tuple[str, ...], store: Store) -> Finish | None:
    try:
        return (lambda: None) if is_made(path, changes, store) else None
    except BookError as error:
        return partial(_tell, error)


def _make(path: Path, changes: tuple[str, ...], rebuild: Callable, store: Store) -> None:
    """Bring what is stored of an example up to date. Raises BookError, and the store stays as it was."""
    store.put(*rebuild(path, changes))


def _receive(path: Path, future: Future, store: Store) -> None:
    """Returns when a process has made an example and it is stored; raises what is wrong with it."""
    try:
        found = future.result()
    except (BrokenExecutor, CancelledError):
        raise BookError(
            f"{path}: the process that made it was ended from outside; --jobs 1 needs less memory."
        ) from None
    if isinstance(found, Exception):
        raise found
    store.put(*found)


def _tell(error: BookError) -> None:
    raise error
