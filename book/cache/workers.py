"""A pool of processes that make examples; they write nothing: the one that holds the folder stores what they send."""

import multiprocessing
import os
import signal
import threading
import traceback
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, ProcessPoolExecutor
from contextlib import contextmanager, suppress
from multiprocessing.connection import Connection
from pathlib import Path


@contextmanager
def pool(count: int) -> Iterator[Executor]:
    """So many new processes, not forks: they hold none of our locks. They end with the block, and with us, however we
    end: each waits at one end of a pipe of which we alone hold the other."""
    fresh = multiprocessing.get_context("spawn")
    theirs, ours = fresh.Pipe(duplex=False)
    executor = ProcessPoolExecutor(count, mp_context=fresh, initializer=_begin, initargs=(theirs,))
    try:
        yield executor
    finally:
        ours.close()
        executor.shutdown(cancel_futures=True)
        theirs.close()


def _begin(pipe: Connection) -> None:
    """What a process does first. This file loads no library before it has work."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C stops the build, which stops us
    threading.Thread(target=_end_with, args=(pipe,), daemon=True).start()


def _end_with(pipe: Connection) -> None:
    with suppress(EOFError, OSError):
        pipe.recv_bytes()
    os._exit(0)


def answer(rebuild: Callable, path: Path, changes: tuple[str, ...]):
    """What was made, with its key, or what is wrong: told here, as the line of a template survives no pipe."""
    from gradbook.engine.errors import BookError

    from ..base.mistakes import ElsewhereError, to_book_error

    try:
        return rebuild(path, changes)
    except BookError as error:
        return error
    except Exception as error:
        sentence = to_book_error(error)
        return ElsewhereError(sentence) if sentence else RuntimeError(traceback.format_exc())
