"""The author's server: it follows every edit, answers many tabs, and gives another site nothing."""

import errno
import http.client
import json
import re
import socket
import threading
import time
from pathlib import Path

import pytest

from gradbook.book.site import serve
from gradbook.engine.errors import BookError

PAGE = "<html><body>hello</body></html>"


class Author:
    """A server at work in a thread, before a site of one page; `failures` are raised by the next builds."""

    def __init__(self, folder: Path):
        self.folder, self.watched = folder / "html", folder / "docs"
        self.folder.mkdir()
        self.watched.mkdir()
        (self.folder / "index.html").write_text(PAGE)
        (self.folder / "seed.js").write_text("gradbook.trace()")
        self.said, self.built, self.failures, self.stop = [], [], [], threading.Event()

    def __enter__(self) -> "Author":
        settings = {"port": 0, "say": self.said.append, "stop": self.stop}
        arguments = (self.folder, self._rebuild, [self.watched])
        self.thread = threading.Thread(target=serve.serve, args=arguments, kwargs=settings)
        self.thread.start()
        assert until(lambda: self.said)
        self.port = int(re.search(r":(\d+)/", self.said[0])[1])
        return self

    def __exit__(self, *error) -> None:
        self.stop.set()
        self.thread.join(20)
        assert not self.thread.is_alive()

    def _rebuild(self, edits: set[Path]) -> None:
        self.built.append({path.name for path in edits})
        if edits and self.failures:
            raise self.failures.pop(0)

    def ask(self, path: str, method: str = "GET", **headers: str) -> tuple[http.client.HTTPResponse, str]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        connection.request(method, path, headers={name.replace("_", "-"): text for name, text in headers.items()})
        answer = connection.getresponse()
        return answer, answer.read().decode()

    def news(self) -> dict:
        return json.loads(self.ask(serve.NEWS)[1])


def until(condition, seconds: float = 20) -> bool:
    end = time.monotonic() + seconds
    while not condition() and time.monotonic() < end:
        time.sleep(0.02)
    return bool(condition())


@pytest.fixture
def author(tmp_path, monkeypatch):
    monkeypatch.setattr(serve, "RETRY", 0.2)
    with Author(tmp_path) as running:
        yield running


def test_it_builds_reloads_after_an_edit_and_survives_a_mistake(author):
    assert author.built == [set()], "the first build"
    page, first = author.ask("/")[1], author.news()["edition"]
    assert f'hello<script src="/-/reload.js" data-edition="{first}">' in page
    assert "location.reload" in author.ask(serve.SCRIPT)[1] and author.news()["mistake"] == ""
    assert (author.folder / "index.html").read_text() == PAGE
    (author.watched / "a.md").write_text("x")
    assert until(lambda: author.news()["edition"] != first) and author.built[-1] == {"a.md"}
    second = author.news()["edition"]
    author.failures.append(BookError("docs/bad: is wrong."))
    (author.watched / "bad").write_text("x")
    assert until(lambda: author.news()["mistake"] == "docs/bad: is wrong.")
    assert author.said[-1] == "docs/bad: is wrong." and author.news()["edition"] == second
    assert "hello" in author.ask("/")[1]
    builds = len(author.built)
    time.sleep(0.5)
    assert len(author.built) == builds, "a mistake of the author is not tried again"


def test_an_edit_is_built_even_if_the_machine_could_not_at_first(author):
    first = author.news()["edition"]
    author.failures += [OSError(errno.EMFILE, "Too many open files")] * 2
    (author.watched / "a.md").write_text("x")
    assert until(lambda: author.news()["edition"] != first)
    assert author.built[-3:] == [{"a.md"}] * 3 and sum("Too many" in said for said in author.said) == 1


HEADS = [
    ("/seed.js", {"Host": "evil.example"}, 403),
    ("/seed.js", {"Host": "localhost"}, 200),
    ("/seed.js", {"Host": "127.0.0.1.evil.example:8000"}, 403),
    ("/seed.js", {"Sec_Fetch_Site": "cross-site", "Sec_Fetch_Mode": "no-cors", "Sec_Fetch_Dest": "script"}, 403),
    ("/seed.js", {"Sec_Fetch_Site": "same-site", "Sec_Fetch_Mode": "no-cors", "Sec_Fetch_Dest": "script"}, 403),
    ("/", {"Sec_Fetch_Site": "cross-site", "Sec_Fetch_Mode": "navigate", "Sec_Fetch_Dest": "document"}, 200),
    ("/", {"Sec_Fetch_Site": "cross-site", "Sec_Fetch_Mode": "navigate", "Sec_Fetch_Dest": "iframe"}, 403),
    ("/-/news", {"Sec_Fetch_Site": "cross-site", "Sec_Fetch_Mode": "no-cors", "Sec_Fetch_Dest": "empty"}, 403),
    ("/seed.js", {"Sec_Fetch_Site": "same-origin", "Sec_Fetch_Mode": "no-cors", "Sec_Fetch_Dest": "script"}, 200),
    ("/", {"Sec_Fetch_Site": "none", "Sec_Fetch_Mode": "navigate", "Sec_Fetch_Dest": "document"}, 200),
]


def test_another_site_gets_nothing(author):
    for method in ("GET", "HEAD"):
        for path, headers, status in HEADS:
            answer, text = author.ask(path, method, **headers)
            assert answer.status == status, (method, path, headers)
            assert answer.headers["Cross-Origin-Resource-Policy"] == "same-origin"
            assert (
                not text if method == "HEAD" else ("gradbook.trace" in text) == (path == "/seed.js" and status == 200)
            )


@pytest.mark.parametrize("path", ["/%00", "/" + "x" * 5000, "/a%00b.html", "/%ff%fe", "/" + "a/" * 3000, "/docs/"])
def test_a_path_that_no_file_has_is_answered(author, path):
    assert author.ask(path)[0].status == 404
    assert author.ask(path, "HEAD")[0].status == 404


def test_idle_connections_keep_nobody_waiting(author, monkeypatch):
    monkeypatch.setattr(serve.Handler, "timeout", 0.3)
    idle = [socket.create_connection(("127.0.0.1", author.port)) for _ in range(3 * serve.MOST)]
    try:
        assert "hello" in author.ask("/")[1]
    finally:
        for connection in idle:
            connection.close()


def test_a_taken_port_is_told_before_anything_is_built(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(BookError, match="choose another one"):
        serve.serve(tmp_path, lambda edits: pytest.fail("built"), [tmp_path], taken.getsockname()[1])


def test_where_the_first_build_fails_nothing_is_served(tmp_path):
    def fails(edits):
        raise BookError("examples/seed.toml: is wrong.")

    with pytest.raises(BookError, match="is wrong"):
        serve.serve(tmp_path, fails, [tmp_path], 0, lambda text: pytest.fail(text))


@pytest.mark.slow
@pytest.mark.browser
def test_many_tabs_are_all_reloaded(author, browser):
    """A browser gives a site six connections, however many tabs show it."""
    first, home = browser.current_window_handle, f"http://127.0.0.1:{author.port}/"
    tabs = []

    def shown() -> str:
        """What the tab in front shows; nothing while it is loading."""
        return browser.execute_script("return document.body ? document.body.innerText.trim() : ''")

    for _ in range(8):
        browser.switch_to.new_window("tab")
        browser.get(home)
        tabs.append(browser.current_window_handle)
        assert until(lambda: shown() == "hello")
    (author.folder / "index.html").write_text(PAGE.replace("hello", "another edition"))
    (author.watched / "a.md").write_text("x")
    assert until(lambda: len(author.built) > 1)
    for tab in tabs:
        browser.switch_to.window(tab)
        assert until(lambda: shown() == "another edition")
    author.failures.append(BookError("docs/a.md: is wrong."))
    (author.watched / "a.md").write_text("y")
    assert until(lambda: "docs/a.md: is wrong." in shown())
    for tab in tabs:
        browser.switch_to.window(tab)
        browser.close()
    browser.switch_to.window(first)
