"""Makes the examples of a book, in several processes where there are many: what is made does not depend on it."""

from collections.abc import Callable, Iterator
from concurrent.futures import BrokenExecutor, CancelledError, Future
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from gradbook.engine.errors import BookError

from .examples import Cache, is_cached
from .workers import answer, pool

SHARE = 3
"""A process takes about as long to start as this many small examples to make."""

Finish = Callable[[], None]
"""Returns when an example is made and stored; raises what is wrong with it."""


@contextmanager
def in_parallel(
    paths: list[Path], changes: Callable, rebuild: Callable, cache: Cache, jobs: int, workers: Callable = pool
) -> Iterator[list[tuple[Path, Finish]]]:
    """How to finish each example, to be called in this order: what is told first is the same for any `jobs`.

    `changes(path)` are those of an example; `rebuild(path, changes)`, a function of a module, makes it and gives its
    key. `workers(count)` is a context with a `concurrent.futures.Executor`.
    """
    finish = {path: _if_nothing_to_make(path, changes(path), cache) for path in paths}
    tasks = {path: changes(path) for path in paths if not finish[path]}
    if (count := min(jobs, len(tasks) // SHARE)) < 2:
        yield [(path, finish[path] or partial(_make, path, changes(path), rebuild, cache)) for path in paths]
        return
    with workers(count) as executor:
        answers = {path: executor.submit(answer, rebuild, path, task) for path, task in tasks.items()}
        yield [(path, finish[path] or partial(_receive, path, answers[path], cache)) for path in paths]


def _if_nothing_to_make(path: Path, changes: tuple[str, ...], cache: Cache) -> Finish | None:
    try:
        return (lambda: None) if is_cached(path, changes, cache) else None
    except BookError as error:
        return partial(_tell, error)


def _make(path: Path, changes: tuple[str, ...], rebuild: Callable, cache: Cache) -> None:
    """Bring what is stored of an example up to date. Raises BookError, and the cache stays as it was."""
    cache.put(*rebuild(path, changes))


def _receive(path: Path, future: Future, cache: Cache) -> None:
    """Returns when a process has made an example and it is stored; raises what is wrong with it."""
    try:
        found = future.result()
    except (BrokenExecutor, CancelledError):
        raise BookError(
            f"{path}: the process that made it was ended from outside; --jobs 1 needs less memory."
        ) from None
    if isinstance(found, Exception):
        raise found
    cache.put(*found)


def _tell(error: BookError) -> None:
    raise error
