"""Fixtures that several tests share: a built book, a plain file server in front of it, a browser."""

import functools
import http.server
import os
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from gradbook.book.edition import lock
from hypothesis import settings

ROOT = Path(__file__).resolve().parent.parent
settings.register_profile("ci", derandomize=True)  # the same cases every time; on a desk new ones are tried
if os.environ.get("CI"):
    settings.load_profile("ci")


@pytest.fixture(scope="session")
def book(tmp_path_factory, worker_id) -> Path:
    """The output folder of the real book, built once for all workers: site and Typst PDFs. Tests only read it."""
    base = tmp_path_factory.getbasetemp()
    shared = (base if worker_id == "master" else base.parent) / "book"
    with lock(shared.with_name(".book-lock")):
        if not (shared / "whole").exists():
            for target in ("html", "pdf"):
                command = [sys.executable, "build.py", target, "--out", str(shared)]
                subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
            (shared / "whole").touch()
    return shared


@pytest.fixture(scope="session")
def site(book) -> Path:
    """The html folder of the built book."""
    return book / "html"


@pytest.fixture(scope="session")
def server(site):
    """The site behind a plain file server; `server.url` ends with a slash, `server.asked` lists the paths."""
    with PlainServer(site) as running:
        yield running


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
