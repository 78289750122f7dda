"""A first visit on a slow line, nothing in the cache: formulas and drawings stand in the face that we ship."""

import gzip
import io
import json
import re
from pathlib import Path

import pytest

from tests.conftest import Files, PlainServer

pytestmark = [
    pytest.mark.browser,
    # selenium leaves its sockets to the garbage collector
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]

PHONE, DESK = (390, 844), (1280, 900)
DRAWN, FORMULAS = "examples/seed/index.html", "examples/seed/forward.html"
SPEED = ("downloadThroughput", "uploadThroughput")
SLOW = {"offline": False, "latency": 100, **dict.fromkeys(SPEED, 200_000)}  # ms, bytes a second
QUICK = {"offline": False, "latency": 0, **dict.fromkeys(SPEED, -1)}
LETTERS = "math :is(mi, mn, mo), .figure-svg text"
HAN = re.compile("[\u2e80-\u9fff]")
SHIFT = """
const done = arguments[0];
let sum = 0;
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) sum += entry.value;
}).observe({ type: "layout-shift", buffered: true });
setTimeout(() => done(sum), 300);
"""


class Compressed(Files):
    """As hosts do it: text is small on the way, so that the style sheets come long before any file that is not."""

    def send_head(self):
        path = Path(self.translate_path(self.path))
        if path.suffix not in (".html", ".css", ".js"):
            return super().send_head()
        packed = gzip.compress(path.read_bytes())
        self.send_response(200)
        self.send_header("Content-Type", self.guess_type(path))
        self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Length", str(len(packed)))
        self.end_headers()
        return io.BytesIO(packed)


@pytest.fixture
def visit(browser, site):
    """Opens a page as on a first visit: visit("en/index.html", size, dark=..., scripts=...)."""

    def go(address: str, size=DESK, dark=False, scripts=True):
        metrics = {"width": size[0], "height": size[1], "deviceScaleFactor": 1, "mobile": size[0] < 600}
        scheme = {"features": [{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}]}
        browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
        browser.execute_cdp_cmd("Emulation.setEmulatedMedia", scheme)
        browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": not scripts})
        browser.execute_cdp_cmd("Network.clearBrowserCache", {})
        browser.execute_cdp_cmd("Network.emulateNetworkConditions", SLOW)
        browser.get(server.url + address)
        return browser

    with PlainServer(site, Compressed) as server:
        browser.execute_cdp_cmd("Network.enable", {})
        browser.get("about:blank")
        browser.get_log("browser"), browser.get_log("performance")
        yield go
    browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})
    browser.execute_cdp_cmd("Network.emulateNetworkConditions", QUICK)
    assert [entry["message"] for entry in browser.get_log("browser") if entry["level"] != "INFO"] == []


def foreign_letters(browser, most: int = 150) -> set[str]:
    """The faces, other than one that the page brings, in which a formula's or a drawing's letters are set."""
    for domain in ("DOM", "CSS"):
        browser.execute_cdp_cmd(f"{domain}.enable", {})
    root = browser.execute_cdp_cmd("DOM.getDocument", {"depth": 0})["root"]["nodeId"]
    found = browser.execute_cdp_cmd("DOM.querySelectorAll", {"nodeId": root, "selector": LETTERS})["nodeIds"]
    assert len(found) > 50
    faces = set()
    for node in found[:most]:
        fonts = browser.execute_cdp_cmd("CSS.getPlatformFontsForNode", {"nodeId": node})["fonts"]
        if others := {font["familyName"] for font in fonts if not font["isCustomFont"]}:
            markup = browser.execute_cdp_cmd("DOM.getOuterHTML", {"nodeId": node})["outerHTML"]
            faces |= set() if HAN.search(markup) else others
    return faces


@pytest.mark.parametrize(
    ("address", "look"),
    [
        (f"en/{DRAWN}", {}),
        (f"zh/{FORMULAS}", {"size": PHONE, "dark": True}),
        (f"en/{FORMULAS}", {"size": PHONE, "scripts": False}),
    ],
    ids=["desk", "phone in the dark", "phone without scripts"],
)
def test_formulas_stand_in_our_face_and_nothing_jumps(visit, address, look):
    browser = visit(address, **look)
    assert foreign_letters(browser) == set()
    browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})
    assert browser.execute_async_script(SHIFT) < 0.02
    events = [json.loads(entry["message"])["message"] for entry in browser.get_log("performance")]
    asked = [e["params"]["request"]["url"] for e in events if e["method"] == "Network.requestWillBeSent"]
    assert any("/math.css" in url for url in asked) and not any(".woff2" in url for url in asked)


def test_a_page_read_from_a_file_has_our_face(browser, site):
    browser.get_log("browser")
    browser.get((site / "en" / DRAWN).as_uri())
    assert foreign_letters(browser) == set()
    assert [entry["message"] for entry in browser.get_log("browser") if entry["level"] != "INFO"] == []


def test_a_drawing_set_in_another_face_is_not_cut(visit):
    """A reader may forbid faces of pages: then words are wider than they were measured, and still seen."""
    browser = visit(f"en/{DRAWN}")
    script = """
    const figure = document.querySelector(".figure-svg"), edge = (element) => element.getBoundingClientRect().right;
    figure.querySelector("g[font-family]").style.fontFamily = "monospace";
    const label = [...figure.querySelectorAll("text")].sort((a, b) => edge(b) - edge(a))[0];
    const box = label.getBoundingClientRect();
    const seen = document.elementFromPoint(box.right - 2, (box.top + box.bottom) / 2);
    return [edge(label) - edge(figure), label.contains(seen)];
    """
    beyond, seen = browser.execute_script(script)
    assert beyond > 5, "the test needs a label that outgrows its drawing"
    assert seen
