"""Fixtures that several tests share: built books, a plain file server in front of one, a browser.

Two tiers. `pytest` leaves out what is marked `slow`; `pytest -m slow` runs that, and every random test again with
many cases and a new seed (`tests/chance.py`). The default tier takes minutes: a test of more than about five seconds
is marked slow, unless it is the main proof of something central.

Which book a test reads:

- `book`, `site`: the lean book, built once: the examples of `LEAN`, two short chapters, both languages (`html/`), no
  PDF. It holds most of what the whole book holds; a new test takes it.
- `whole_book`, `whole_site`: the whole book with its PDFs. Only for tests marked slow: what hangs on every page.
- `any_book`, `any_site`: the lean book in the default tier and, marked slow, the whole book: for a test that promises
  something of every page. `pdfs` are the PDFs of such a book, by language: of the lean one, the English.

With `GRADBOOK_BOOK=DIR` the whole book is not built: DIR is the output folder of `build.py` and `build.py pdf`. Tests
only read these books; what changes one takes a copy, or builds its own from `small_project.py` or `small_book.py`.
"""

import functools
import http.server
import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from gradbook.book.base.lock import lock
from tests import small_book
from tests.small_project import small_project

ROOT = Path(__file__).resolve().parent.parent
LEAN = ("seed", "adam", "multihead")
"""A source with errata; a second update; lines of several heads that are folded, and wide matrices."""

pytest_plugins = ["tests.chance"]


def build(folder: Path, *words: str) -> None:
    """Runs build.py in a folder; says what it said if it fails."""
    made = subprocess.run([sys.executable, "build.py", *words], cwd=folder, capture_output=True, text=True)
    assert made.returncode == 0, made.stdout + made.stderr


@pytest.fixture(scope="session")
def once(tmp_path_factory, worker_id) -> Callable[[str, Callable[[Path], None]], Path]:
    """once(name, make) is a folder that all workers share; `make(folder)` fills it, in one of them."""
    base = tmp_path_factory.getbasetemp()
    base = base if worker_id == "master" else base.parent

    def shared(name: str, make: Callable[[Path], None]) -> Path:
        folder = base / name
        with lock(base / f".{name}-lock"):
            if not (base / f".{name}-whole").exists():
                shutil.rmtree(folder, ignore_errors=True)
                make(folder)
                (base / f".{name}-whole").touch()
        return folder

    return shared


def _lean(folder: Path) -> None:
    small_project(folder, LEAN[0])
    for name in LEAN[1:]:
        shutil.copy(ROOT / "examples" / f"{name}.toml", folder / "examples")
    (folder / "examples" / "sources").mkdir()
    shutil.copy(ROOT / "examples" / "sources" / "seed.toml", folder / "examples" / "sources")
    build(folder, "html")


@pytest.fixture(scope="session")
def lean_project(once) -> Path:
    """The project of the lean book, built: to be copied."""
    return once("lean", _lean)


@pytest.fixture(scope="session")
def book(lean_project) -> Path:
    """The output folder of the lean book."""
    return lean_project / "build"


@pytest.fixture(scope="session")
def site(book) -> Path:
    """The html folder of the lean book."""
    return book / "html"


def _whole(folder: Path) -> None:
    for target in ("html", "pdf"):
        build(ROOT, target, "--out", str(folder))


@pytest.fixture(scope="session")
def pristine(tmp_path_factory) -> Path:
    """The small book, built as a site: copied for each test."""
    folder = small_book.make(tmp_path_factory.mktemp("small") / "book")
    small_book.built(folder)
    return folder


@pytest.fixture
def small(pristine, tmp_path) -> Path:
    """A copy of the small book, built, to change at will."""
    return Path(shutil.copytree(pristine, tmp_path / "book", symlinks=True))


@pytest.fixture(scope="session")
def pristine_english(tmp_path_factory) -> Path:
    """The small book in one language: it is built in little more than half of the time."""
    folder = small_book.make(tmp_path_factory.mktemp("small-english") / "book")
    (folder / "gradbook.toml").write_text('languages = ["en"]\n', encoding="utf-8")
    small_book.built(folder)
    return folder


@pytest.fixture
def english(pristine_english, tmp_path) -> Path:
    """A copy of the small book in one language, built, to change at will."""
    return Path(shutil.copytree(pristine_english, tmp_path / "book", symlinks=True))


@pytest.fixture(scope="session")
def whole_book(once) -> Path:
    """The output folder of the whole book, with its PDFs."""
    if not (given := os.environ.get("GRADBOOK_BOOK")):
        return once("whole", _whole)
    folder = Path(given).resolve()
    wanted = [f"html/{lang}/index.html" for lang in ("en", "zh")] + [
        f"pdf/gradbook-{lang}.pdf" for lang in ("en", "zh")
    ]
    missing = [name for name in wanted if not (folder / name).is_file()]
    assert not missing, f"GRADBOOK_BOOK={given} has no {', '.join(missing)}: run build.py and build.py pdf first"
    return folder


@pytest.fixture(scope="session")
def whole_site(whole_book) -> Path:
    """The html folder of the whole book."""
    return whole_book / "html"


@pytest.fixture(scope="session", params=["lean", pytest.param("whole", marks=pytest.mark.slow)])
def whole(request) -> bool:
    """Whether `any_book` is the whole one."""
    return request.param == "whole"


@pytest.fixture(scope="session")
def any_book(request, whole) -> Path:
    """The output folder of the lean book and, in the slow tier, of the whole one."""
    return request.getfixturevalue("whole_book" if whole else "book")


@pytest.fixture(scope="session")
def any_site(any_book) -> Path:
    """The html folder of `any_book`."""
    return any_book / "html"


@pytest.fixture(scope="session")
def any_examples(request, whole) -> Path:
    """The examples of `any_book`."""
    return (ROOT if whole else request.getfixturevalue("lean_project")) / "examples"


@pytest.fixture(scope="session")
def pdfs(any_book, whole, once) -> dict[str, Path]:
    """The PDFs of `any_book` by language: English of the lean book, every language of the whole one."""
    if whole:
        return {path.stem.removeprefix("gradbook-"): path for path in sorted(any_book.glob("pdf/*.pdf"))}
    return {"en": once("lean-pdf", functools.partial(_pdf, any_book.parent)) / "pdf" / "gradbook-en.pdf"}


def _pdf(project: Path, folder: Path) -> None:
    """With what is made of the examples already."""
    shutil.copytree(project / "build", folder, symlinks=True)
    build(project, "pdf", "--lang", "en", "--out", str(folder))


@pytest.fixture(scope="session")
def server(any_site):
    """The site behind a plain file server; `server.url` ends with a slash, `server.asked` lists the paths."""
    with PlainServer(any_site) as running:
        yield running


def pytest_configure():
    """Tests interrupt builds, which inherit it where the tests themselves were started to ignore interrupts."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


class PlainServer(http.server.ThreadingHTTPServer):
    """Python's own file server, in a thread, that remembers what was asked for and what it did not have."""

    def __init__(self, folder: Path, files: type | None = None) -> None:
        self.asked, self.missing = [], []
        super().__init__(("127.0.0.1", 0), functools.partial(files or Files, directory=str(folder)))
        self.url = f"http://127.0.0.1:{self.server_port}/"

    def __enter__(self):
        threading.Thread(target=self.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *error) -> None:
        self.shutdown()
        self.server_close()


POLICY = "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self' data:; img-src 'self' data:; "
POLICY += "connect-src 'self'; form-action 'self'; base-uri 'none'"


class Files(http.server.SimpleHTTPRequestHandler):
    """Files under a strict policy: whatever breaks it shows as an error on the page's console."""

    def end_headers(self) -> None:
        self.send_header("Content-Security-Policy", POLICY)
        super().end_headers()

    def log_request(self, code="-", size="-") -> None:
        self.server.asked.append(self.path)
        if int(code) >= 400:
            self.server.missing.append(self.path)

    def log_message(self, *args) -> None:
        """Nothing on the console."""


def chrome() -> tuple[str | None, str | None]:
    return shutil.which("chromium"), shutil.which("chromedriver")


@pytest.fixture(scope="session")
def browser(tmp_path_factory):
    """Headless Chromium with its own profile; every request that a page makes is in its performance log."""
    webdriver = pytest.importorskip("selenium.webdriver")
    binary, driver = chrome()
    if not (binary and driver):
        pytest.skip("no chromium and chromedriver here (Debian: apt-get install chromium-driver)")
    options = webdriver.ChromeOptions()
    options.binary_location = binary
    flags = "headless=new no-sandbox disable-gpu no-first-run disable-background-networking"
    for flag in f"{flags} disable-component-update disable-sync hide-scrollbars lang=en".split():
        options.add_argument(f"--{flag}")
    options.add_argument(f"--user-data-dir={tmp_path_factory.mktemp('profile')}")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    running = webdriver.Chrome(options=options, service=webdriver.ChromeService(driver))
    yield running
    running.quit()


READS_A_BOOK = {"book", "whole", "whole_book"}
LONG = {
    "bounds", "contributing", "damage", "errata_counts", "extension", "extension_wheel", "faults", "hasten",
    "hostile", "new", "page_kinds", "parallel", "plugins", "project", "random_books", "shaping", "steady", "types",
    "valid_examples", "wheel",
}  # fmt: skip
"""Of the tests that read no built book, those that take longest: test_bounds.py and so on."""


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items):
    """pytest-xdist deals the list out in equal parts, and a worker without work takes half of what another has left.
    The first part begins with what reads a built book, so that one worker builds it while the second is at tests that
    need none, the long ones first; then each has short tests, of which there is always one left to share."""
    workers = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    parts, short = [[] for _ in range(max(workers, 2))], []
    for item in items:
        if READS_A_BOOK.intersection(item.fixturenames):
            parts[0].append(item)
        else:
            (parts[1] if item.path.stem.removeprefix("test_") in LONG else short).append(item)
    dealt = []
    for n, part in enumerate(parts, start=1):
        more = max(0, n * len(items) // len(parts) - len(dealt) - len(part))
        dealt += [*part, *short[:more]]
        del short[:more]
    items[:] = [*dealt, *short]
