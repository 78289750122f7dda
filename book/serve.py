"""A loopback server for authors: rebuilds on every edit, reloads the page, leaves the built files as they are."""

import functools
import http.server
import json
import threading
from collections.abc import Callable, Iterable
from pathlib import Path

from gradbook.engine.errors import BookError

from .policy import HEADER

EVENTS, SCRIPT = "/-/events", "/-/reload.js"
RELOAD = b"""
const source = new EventSource("/-/events");
source.addEventListener("reload", () => location.reload());
source.addEventListener("mistake", (event) => {
  let box = document.getElementById("mistake");
  if (!box) {
    box = document.body.appendChild(document.createElement("pre"));
    box.id = "mistake";
    Object.assign(box.style, { position: "fixed", inset: "auto 0 0 0", zIndex: 99, margin: 0, padding: "1rem",
      background: "#7a1020", color: "#fff", whiteSpace: "pre-wrap", font: "14px/1.5 monospace" });
  }
  box.textContent = JSON.parse(event.data);
});
"""
TAG = f'<script src="{SCRIPT}"></script></body>'.encode()
HEARTBEAT = 15  # seconds between signs of life, by which a closed page is noticed


class Bell:
    """Tells every open page that there is a new edition, or what was wrong with the attempt at one."""

    def __init__(self) -> None:
        self.changed = threading.Condition()
        self.count, self.event, self.text = 0, "", ""

    def ring(self, event: str, text: str = "") -> None:
        with self.changed:
            self.count, self.event, self.text = self.count + 1, event, text
            self.changed.notify_all()

    def wait(self, seen: int) -> tuple[int, str, str]:
        with self.changed:
            self.changed.wait_for(lambda: self.count != seen, timeout=HEARTBEAT)
            return self.count, self.event, self.text


class Handler(http.server.SimpleHTTPRequestHandler):
    """Files of the site; pages get the reloading script on their way out."""

    def __init__(self, *args, bell: Bell, **kwargs) -> None:
        self.bell = bell
        super().__init__(*args, **kwargs)

    def do_GET(self) -> None:
        # A page of another site must not read the book through a name that it points at this machine.
        if self.headers.get("Host", "").rpartition(":")[0] not in ("127.0.0.1", "localhost", "[::1]"):
            self.send_error(403)
        elif self.path == EVENTS:
            self.stream()
        elif self.path == SCRIPT:
            self.answer(RELOAD, "text/javascript")
        elif (page := self.page()) is not None:
            self.answer(page.read_bytes().replace(b"</body>", TAG), "text/html; charset=utf-8")
        else:
            super().do_GET()

    def page(self) -> Path | None:
        path = Path(self.translate_path(self.path))
        if path.is_dir() and self.path.partition("?")[0].endswith("/"):
            path /= "index.html"
        return path if path.suffix == ".html" and path.is_file() else None

    def answer(self, content: bytes, kind: str) -> None:
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def stream(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.end_headers()
        seen = self.bell.count
        try:
            while True:
                count, event, text = self.bell.wait(seen)
                news = f"event: {event}\ndata: {json.dumps(text)}" if count != seen else ": still here"
                seen = count
                self.wfile.write(f"{news}\n\n".encode())
                self.wfile.flush()
        except OSError:
            pass  # the page was closed

    def end_headers(self) -> None:
        self.send_header("Cache-Control", "no-store")
        self.send_header("Content-Security-Policy", HEADER)
        self.send_header("X-Content-Type-Options", "nosniff")
        super().end_headers()

    def log_message(self, *args) -> None:
        """Requests are no news."""


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

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
    """Serves `folder` until interrupted; `rebuild(changed paths)` runs after each edit in `watch`.

    `port` 0 takes any free one. A mistake in an edit is printed and shown in the open pages; the last whole
    edition stays. Raises BookError if the port is taken.
    """
    from watchfiles import watch as changes

    bell = Bell()
    handler = functools.partial(Handler, bell=bell, directory=str(folder))
    try:
        server = Server(("127.0.0.1", port), handler)
    except OSError as error:
        raise BookError(f"port {port}: {error.strerror}; choose another one with --port.") from error
    threading.Thread(target=server.serve_forever, daemon=True).start()
    say(f"http://127.0.0.1:{server.server_port}/ (Ctrl+C ends it)")
    try:
        for edits in changes(*watch, stop_event=stop, raise_interrupt=False, debounce=300):
            _again(rebuild, {Path(path) for _, path in edits}, bell, say)
    finally:
        server.shutdown()
        server.server_close()


def _again(rebuild, edits: set[Path], bell: Bell, say) -> None:
    try:
        rebuild(edits)
    except BookError as error:
        say(str(error))
        bell.ring("mistake", str(error))
    except Exception as error:  # our own mistake: say so, and go on serving
        say(f"{type(error).__name__}: {error}")
        bell.ring("mistake", f"{type(error).__name__}: {error}")
    else:
        bell.ring("reload")
