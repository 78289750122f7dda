"""Many examples, made by several processes: the same book, the same sentences, and nobody left behind."""

import os
import shutil
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest

from gradbook.book.cache.examples import Cache
from gradbook.book.cache.parallel import in_parallel
from gradbook.book.cache.workers import pool
from gradbook.book.pages.pages import rebuild
from tests import small_book
from tests.small_book import build, built, edition, example, spoil, start

NAMES = [f"net-{n}" for n in range(6)]
PATIENCE = 120
"""Seconds on a machine with much else to do: what is waited for comes as soon as it can."""


@pytest.fixture(scope="module")
def pristine(tmp_path_factory) -> Path:
    folder = small_book.make(tmp_path_factory.mktemp("many") / "book")
    for number, name in enumerate(NAMES, start=1):
        example(folder, name, number / 10)
    return folder


@pytest.fixture
def many(pristine, tmp_path) -> Path:
    """A small project with seven examples, nothing built."""
    return Path(shutil.copytree(pristine, tmp_path / "book"))


def children(pid: int) -> set[int]:
    """The processes that a process has started."""
    return set(map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split()))


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


def until(condition, seconds: float = PATIENCE) -> bool:
    end = time.monotonic() + seconds
    while not condition() and time.monotonic() < end:
        time.sleep(0.01)
    return bool(condition())


def made(folder: Path) -> list[str]:
    """All bytes of an output folder, but for compiled templates: each process has those that it filled."""
    return [line for line in edition(folder).splitlines() if not line.startswith("work/templates/")]


@pytest.mark.slow
def test_the_number_of_processes_does_not_show(many):
    built(many, "pages", "--jobs", "1", "--out", "one")
    built(many, "pages", "--jobs", "3", "--out", "three")
    assert len(Cache(many / "one" / "work" / "examples").last(NAMES[-1])[1].files) == 2
    assert made(many / "one") == made(many / "three")


@pytest.mark.slow
@pytest.mark.parametrize("words", [(), ("--keep-going",)])
def test_mistakes_are_told_in_the_same_order(many, words):
    for name in ("net-5", "net-1"):
        spoil(many, name)
    codes_and_sentences = [build(many, "pages", "--jobs", jobs, "--out", jobs, *words) for jobs in ("1", "3")]
    said = [text[text.index("error: ") :] for code, text in codes_and_sentences if code == 2]
    assert len(said) == 2 and said[0] == said[1] and "Traceback" not in said[1]
    assert "net-1" in said[1] and ("net-5" in said[1]) == bool(words)
    if words:
        assert made(many / "1") == made(many / "3")


@pytest.mark.slow
def test_a_wrong_template_is_told_with_its_line(many):
    path = many / "templates" / "pages" / "1-index.md.j2"
    path.write_text("{% if nonsense %}{% endif %}\n" + path.read_text("utf-8"), "utf-8")
    code, said = build(many, "pages", "--jobs", "2", "--keep-going")
    assert code == 2 and "error: templates/pages/1-index.md.j2:1: 'nonsense' is undefined.\n" in said, said
    assert "Traceback" not in said


def at_work(folder: Path) -> tuple:
    """A build that has stored a first example and has seconds of work left, and its processes."""
    run, cache = start(folder, "pages", "--jobs", "2", "--set", "page.curve=60000"), folder / "build/work/examples"
    assert until(lambda: list(cache.glob("*.json")) if cache.is_dir() else ())
    workers = children(run.pid)
    assert len(workers) >= 2
    return run, workers


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="looks at processes through /proc")
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT, signal.SIGTERM])
def test_stopped_alone_it_leaves_no_process_behind(many, how):
    run, workers = at_work(many)
    os.kill(run.pid, how)
    said = "".join(run.communicate())
    assert "Traceback" not in said, said
    assert until(lambda: not any(map(is_alive, workers)))
    built(many, "pages")
    built(many, "pages", "--jobs", "1", "--out", "cold")
    assert edition(many / "build" / "source") == edition(many / "cold" / "source")


@pytest.mark.slow
def test_interrupted_at_the_keyboard_it_says_one_word(many):
    """Ctrl+C reaches every process of the build."""
    run, _ = at_work(many)
    os.killpg(run.pid, signal.SIGINT)
    said = "".join(run.communicate())
    assert run.returncode == 1 and said.strip().endswith("Aborted!") and "Traceback" not in said, said


@pytest.mark.slow
def test_a_process_that_is_ended_from_outside_is_a_sentence(many):
    run, workers = at_work(many)
    for pid in workers:
        os.kill(pid, signal.SIGKILL)
    said = "".join(run.communicate())
    assert run.returncode == 2 and "was ended from outside; --jobs 1 needs less memory." in said, said


def test_any_executor_can_do_the_work(tmp_path):
    """A pool of threads, say, or of other machines: what it must have is the interface of concurrent.futures."""
    paths = [small_book.example(tmp_path, f"net-{n}", 0.5) for n in range(6)]
    asked = []

    @contextmanager
    def threads(count):
        asked.append(count)
        with ThreadPoolExecutor(1) as executor:
            yield executor

    cache = Cache(tmp_path / "store")
    with in_parallel(paths, lambda path: (), rebuild, cache, 2, workers=threads) as examples:
        for _, finish in examples:
            finish()
    assert asked == [2] and all(cache.last(path.stem) for path in paths)


def test_a_pool_ends_with_its_block_though_work_is_left():
    with pool(2) as executor:
        waiting = [executor.submit(time.sleep, 60) for _ in range(3)]
        assert until(lambda: waiting[0].running())
        processes = list(executor._processes.values())
    assert not any(process.is_alive() for process in processes)
