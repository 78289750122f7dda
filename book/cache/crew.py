"""Processes that make examples; they write nothing: the one that holds the folder stores what they send."""

import multiprocessing
import signal
import traceback
from collections.abc import Callable, Mapping
from contextlib import suppress
from multiprocessing.connection import Connection, wait
from pathlib import Path


class Crew:
    """Several processes at the tasks (path -> changes) in their order; `remade(path, changes)`, a function of a
    module, makes one, and `keep(made, key)` gets each result."""

    def __init__(self, tasks: Mapping[Path, tuple[str, ...]], remade: Callable, keep: Callable):
        self.tasks, self.remade, self.keep = iter(tasks.items()), remade, keep
        self.processes: list = []
        self.busy: dict[Connection, Path] = {}
        self.done: dict[Path, Exception | None] = {}

    def start(self, count: int) -> None:
        """New processes, not forks: they hold none of our locks, and they end with us because their pipe does."""
        fresh = multiprocessing.get_context("spawn")
        for _ in range(count):
            ours, theirs = fresh.Pipe()
            process = fresh.Process(target=work, args=(theirs,), daemon=True)
            process.start()
            theirs.close()
            self.processes.append(process)
            self._send(ours, self.remade)
            self._hand_out(ours)

    def stop(self) -> None:
        for process in self.processes:
            process.terminate()
        for process in self.processes:
            process.join()

    def finish(self, path: Path) -> None:
        """Returns when an example is made and kept; raises what is wrong with it."""
        while path not in self.done and self.busy:
            for pipe in wait(list(self.busy)):
                self._receive(pipe)
        if error := self.done.get(path, _ended(path)):
            raise error

    def _hand_out(self, pipe: Connection) -> None:
        if task := next(self.tasks, None):
            self.busy[pipe] = task[0]
            self._send(pipe, task)

    @staticmethod
    def _send(pipe: Connection, something) -> None:
        with suppress(OSError):  # the process has ended: that shows when its answer is read
            pipe.send(something)

    def _receive(self, pipe: Connection) -> None:
        path = self.busy.pop(pipe)
        try:
            answer = pipe.recv()
        except (EOFError, OSError):
            self.done[path] = _ended(path)
            return
        self._hand_out(pipe)
        self.done[path] = answer if isinstance(answer, Exception) else self.keep(*answer)


def _ended(path: Path) -> Exception:
    from gradbook.engine.errors import BookError

    return BookError(f"{path}: the process that made it was ended from outside; --jobs 1 needs less memory.")


def work(pipe: Connection) -> None:
    """The life of a process of the crew, until its pipe ends. It loads nothing before the next line: what makes an
    example comes through the pipe."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C stops the build, which stops us
    with suppress(EOFError, OSError):
        remade = pipe.recv()
        while True:
            pipe.send(_answer(remade, *pipe.recv()))


def _answer(remade: Callable, path: Path, changes: tuple[str, ...]):
    """What was made, with its key, or what is wrong: told here, as the line of a template does not survive a pipe."""
    from gradbook.engine.errors import BookError

    from ..base.mistakes import ElsewhereError, told

    try:
        return remade(path, changes)
    except BookError as error:
        return error
    except Exception as error:
        sentence = told(error)
        return ElsewhereError(sentence) if sentence else RuntimeError(traceback.format_exc())
