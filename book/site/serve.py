"""A loopback server for authors: rebuilds on every edit, reloads the page, leaves the built files as they are."""

import errno
import functools
import http.server
import json
import queue
import re
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from gradbook.engine.errors import BookError

from ..base.mistakes import MachineError
from .policy import HEADER

NEWS, SCRIPT = "/-/news", "/-/reload.js"
RELOAD = b"""
const shown = document.currentScript.dataset.edition;
function tell(mistake) {
  let box = document.getElementById("mistake");
  if (!box) {
    box = document.body.appendChild(document.createElement("pre"));
    box.id = "mistake";
    Object.assign(box.style, { position: "fixed", inset: "auto 0 0 0", zIndex: 99, margin: 0, padding: "1rem",
      background: "#7a1020", color: "#fff", whiteSpace: "pre-wrap", font: "14px/1.5 monospace" });
  }
  box.hidden = !mistake;
  box.textContent = mistake;
}
async function ask() {
  try {
    const news = await (await fetch("/-/news", { cache: "no-store" })).json();
    if (news.edition !== shown) location.reload();
    else tell(news.mistake);
  } catch {} // the server is not there now
}
setInterval(() => document.hidden || ask(), 1000);
document.addEventListener("visibilitychange", () => document.hidden || ask());
ask();
"""
"""Asks again and again, and holds no connection: a browser has six for all pages of a site."""

PATIENCE = 10  # seconds for a request, after which its connection is closed
MOST = 8  # requests at once: the others wait, so that a build always finds file handles
RETRY = 3  # seconds after which a build that the machine has stopped is tried again


class News:
    """What an open page asks for: the number of the edition, and what was wrong with the attempt at another one."""

    def __init__(self) -> None:
        self.count, self.mistake = 0, ""
        self.began = f"{time.time_ns():x}"  # another server's edition of the same number is another edition

    @property
    def edition(self) -> str:
        return f"{self.began}-{self.count}"

    def reload(self) -> None:
        self.count, self.mistake = self.count + 1, ""

    def json(self) -> bytes:
        return json.dumps({"edition": self.edition, "mistake": self.mistake}).encode()


class Handler(http.server.SimpleHTTPRequestHandler):
    """Files of the site; pages get the reloading script on their way out."""

    timeout = PATIENCE

    def __init__(self, *args, news: News, **kwargs) -> None:
        self.news = news
        super().__init__(*args, **kwargs)

    def do_GET(self) -> None:
        self.respond(super().do_GET)

    def do_HEAD(self) -> None:
        self.respond(super().do_HEAD)

    def respond(self, with_file: Callable[[], None]) -> None:
        try:
            if not self.is_from_here() or self.is_for_another_site():
                self.send_error(403)
            elif self.path == NEWS:
                self.answer(self.news.json(), "application/json")
            elif self.path == SCRIPT:
                self.answer(RELOAD, "text/javascript")
            elif (page := self.page()) is not None:
                self.answer(self.with_script(page), "text/html; charset=utf-8")
            else:
                with_file()
        except ConnectionError:
            raise
        except (ValueError, OSError) as error:
            no_name = isinstance(error, ValueError) or error.errno == errno.ENAMETOOLONG  # none that a file can have
            self.send_error(404 if no_name else 503)

    def is_from_here(self) -> bool:
        """A page of another site must not read the book through a name that it points at this machine."""
        return re.fullmatch(r"(127\.0\.0\.1|localhost|\[::1\])(:\d+)?", self.headers.get("Host", "")) is not None

    def is_for_another_site(self) -> bool:
        """Nor may it run our scripts or show our pages within its own; a link to the book is welcome."""
        asked = self.headers.get("Sec-Fetch-Site", "none")
        is_link = (self.headers.get("Sec-Fetch-Mode"), self.headers.get("Sec-Fetch-Dest")) == ("navigate", "document")
        return asked not in ("same-origin", "none") and not is_link

    def page(self) -> Path | None:
        path = Path(self.translate_path(self.path))
        if path.is_dir() and self.path.partition("?")[0].endswith("/"):
            path /= "index.html"
        return path if path.suffix == ".html" and path.is_file() else None

    def with_script(self, page: Path) -> bytes:
        tag = f'<script src="{SCRIPT}" data-edition="{self.news.edition}"></script></body>'  # before the page is read
        return page.read_bytes().replace(b"</body>", tag.encode())

    def list_directory(self, _path) -> None:
        self.send_error(404)

    def answer(self, content: bytes, kind: str) -> None:
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def end_headers(self) -> None:
        self.send_header("Cache-Control", "no-store")
        self.send_header("Content-Security-Policy", HEADER)
        self.send_header("Cross-Origin-Resource-Policy", "same-origin")
        self.send_header("X-Content-Type-Options", "nosniff")
        super().end_headers()

    def log_message(self, *args) -> None:
        """Requests are no news."""


class Server(http.server.ThreadingHTTPServer):
    """Answers so many requests at once; what is asked beyond that waits its turn."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, *args) -> None:
        self.places = threading.BoundedSemaphore(MOST)
        super().__init__(*args)

    def process_request(self, request, client_address) -> None:
        self.places.acquire()
        try:
            super().process_request(request, client_address)
        except RuntimeError:  # no thread could be started
            self.places.release()
            raise

    def process_request_thread(self, request, client_address) -> None:
        try:
            super().process_request_thread(request, client_address)
        finally:
            self.places.release()

    def handle_error(self, request, client_address) -> None:
        """A reader who leaves in the middle of a page is no news either."""


def serve(
    folder: Path,
    rebuild: Callable[[set[Path]], object],
    watch: Iterable[Path],
    port: int = 8000,
    say: Callable[[str], None] = print,
    stop: threading.Event | None = None,
) -> None:
    """Builds by `rebuild(set())` and serves `folder` until interrupted; `rebuild(changed paths)` follows each edit.

    `watch` are the folders of the edits; `port` 0 takes any free one. A mistake in an edit is printed and shown in
    the open pages; the last whole edition stays. Raises BookError, and builds nothing, if the port is taken, and if
    the first build fails.
    """
    news, stop = News(), stop or threading.Event()
    try:
        server = Server(("127.0.0.1", port), functools.partial(Handler, news=news, directory=str(folder)))
    except OSError as error:
        raise BookError(f"port {port}: {error.strerror}; choose another one with --port.") from error
    with server:
        try:
            edits = _watched(list(watch), stop)
            rebuild(set())
            with _answering(server):
                say(f"http://127.0.0.1:{server.server_port}/ (Ctrl+C ends it)")
                _follow(edits, rebuild, news, say, stop)
        finally:
            stop.set()


@contextmanager
def _answering(server: Server) -> Iterator[None]:
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield
    finally:
        server.shutdown()


def _watched(folders: list[Path], stop: threading.Event) -> queue.Queue:
    """The edits, as sets of paths, from now on."""
    from watchfiles import watch

    edits: queue.Queue = queue.Queue()

    def listen() -> None:
        try:
            for found in watch(*folders, stop_event=stop, raise_interrupt=False, debounce=300):
                edits.put({Path(path) for _, path in found})
        except Exception as error:  # to be raised where it ends the program
            edits.put(error)

    threading.Thread(target=listen, daemon=True).start()
    return edits


def _follow(edits: queue.Queue, rebuild, news: News, say, stop: threading.Event) -> None:
    """Rebuilds after each edit. A build that the machine has stopped is tried again, whatever comes."""
    again: set[Path] = set()
    while not stop.is_set():
        try:
            found = edits.get(timeout=RETRY)
        except queue.Empty:
            found = set()
        except KeyboardInterrupt:
            return
        if isinstance(found, Exception):
            raise found
        if found or again:
            again = _again(rebuild, again | found, news, say)


def _again(rebuild, edits: set[Path], news: News, say) -> set[Path]:
    """The edits that are still to be built: none, but where the machine was at fault and not the author."""
    try:
        rebuild(edits)
    except Exception as error:
        told = str(error) if isinstance(error, BookError) else f"{type(error).__name__}: {error}"
        if told != news.mistake:
            say(told)
        news.mistake = told
        return edits if isinstance(error, MachineError | OSError) else set()
    news.reload()
    return set()
