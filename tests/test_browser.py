"""The site in a real browser: what it fetches, how it fits, whether mouse, keyboard and no script at all will do."""

import json
import time

import pytest

from tests.chance import of_run
from tests.tiers import some_slow

pytestmark = [
    pytest.mark.browser,
    # selenium leaves its sockets to the garbage collector
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]

PATIENCE = 60
"""Seconds on a machine with much else to do."""
PHONE, DESK = (390, 844), (1280, 900)
FORWARD = "examples/seed/forward.html"
LANGUAGES = ("en", "zh")
PARTS = 4
"""Of what visits many pages: workers share them."""
THIRD = 3
"""What hangs on the look of a page more than on what it says is asked of every third."""
STILL = 0.005
"""A layout shift below this is none that one sees."""
# Words that stand on a page of each language, as a reader would type them: other forms, parts of compounds.
SEARCHES = [("en", "propagating"), ("en", "transposing"), ("zh", "反向传播"), ("zh", "转置"), ("zh", "差项")]

CONTRAST = """
const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
const once = (work, known = new Map()) => (key) => {
  if (!known.has(key)) known.set(key, work(key));
  return known.get(key);
};
const rgba = once((colour) => {
  canvas.clearRect(0, 0, 1, 1);
  canvas.fillStyle = colour;
  canvas.fillRect(0, 0, 1, 1);
  return [...canvas.getImageData(0, 0, 1, 1).data].map((v, i) => i < 3 ? v : v / 255);
});
const over = (top, under) => [0, 1, 2].map((i) => top[i] * top[3] + under[i] * (1 - top[3]));
const ground = once((element) => {
  if (!element) return matchMedia("(prefers-color-scheme: dark)").matches ? [0, 0, 0] : [255, 255, 255];
  const colour = rgba(getComputedStyle(element).backgroundColor);
  return colour[3] === 1 ? colour.slice(0, 3) : over(colour, ground(element.parentElement));
});
const light = (colour) => {
  const [r, g, b] = colour.map((v) => v / 255).map((v) => v <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4);
  return .2126 * r + .7152 * g + .0722 * b;
};
const weak = new Set();
const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
while (walk.nextNode()) {
  const element = walk.currentNode.parentElement;
  const seen = element.checkVisibility({ visibilityProperty: true, opacityProperty: true });
  if (!seen || !walk.currentNode.data.trim() || element.closest("script, annotation, .headerlink")) continue;
  const style = getComputedStyle(element), under = ground(element);
  const paint = element instanceof SVGElement ? style.fill : style.color;
  const pair = [light(over(rgba(paint), under)), light(under)].sort();
  const ratio = (pair[1] + .05) / (pair[0] + .05);
  const large = parseFloat(style.fontSize) >= 24 || (parseFloat(style.fontSize) >= 18.66 && style.fontWeight >= 700);
  if (ratio < (large ? 3 : 4.5)) weak.add(`${element.tagName}.${element.className} ${ratio.toFixed(2)}`);
}
return [...weak];
"""
SHIFT = """
const done = arguments[0];
let sum = 0;
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) sum += entry.value;
}).observe({ type: "layout-shift", buffered: true });
document.fonts.ready.then(() => setTimeout(() => done(sum), 100));
"""


@pytest.fixture
def page(browser, server):
    """Opens pages: page("en/index.html", size, dark=...). At the end console and network must be clean."""
    del server.missing[:]
    browser.get("about:blank")
    browser.get_log("browser"), browser.get_log("performance")

    def go(address: str, size=DESK, dark=False):
        resize(browser, size)
        lit(browser, dark).get(server.url + address)
        return browser

    yield go
    browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})
    assert mistakes(browser) == []
    assert server.missing == []
    assert {url for url in requests(browser) if not url.startswith((server.url, "data:", "about:"))} == set()


def resize(browser, size: tuple[int, int]) -> None:
    width, height = size
    metrics = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)


def lit(browser, dark: bool):
    """The browser, by night or by day."""
    scheme = {"features": [{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}]}
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", scheme)
    return browser


def mistakes(browser) -> list[str]:
    return [entry["message"] for entry in browser.get_log("browser") if entry["level"] in ("SEVERE", "WARNING")]


def requests(browser) -> list[str]:
    events = (json.loads(entry["message"])["message"] for entry in browser.get_log("performance"))
    return [e["params"]["request"]["url"] for e in events if e["method"] == "Network.requestWillBeSent"]


FEW = [f"examples/{name}.html" for name in ("seed/index", "seed/backward", "multihead/backward", "adam/second")]
FEW += ["how-to-read.html", "operations/index.html", "about/map.html"]
"""A page of each look."""


@pytest.fixture(scope="session")
def addresses(any_site, whole) -> list[str]:
    """Of the whole book half of the pages, drawn anew in each run, and for each its language; of the lean one a few,
    in both."""
    if not whole:
        return [f"{lang}/{name}" for lang in LANGUAGES for name in FEW]
    names = sorted(path.relative_to(any_site / "en").as_posix() for path in (any_site / "en").rglob("*.html"))
    chance = of_run("pages")
    return [f"{chance.choice(LANGUAGES)}/{name}" for name in sorted(chance.sample(names, len(names) // 2))]


def ask(browser, script: str, *args):
    return browser.execute_script(script, *args)


def wait(condition, seconds: float = PATIENCE):
    """The first true answer of `condition()`."""
    end = time.monotonic() + seconds
    while not (answer := condition()) and time.monotonic() < end:
        time.sleep(0.05)
    return answer


def card(browser) -> str:
    return ask(browser, "return document.querySelector('.value-card')?.textContent || ''")


def press(browser, key: str) -> None:
    from selenium.webdriver.common.action_chains import ActionChains

    ActionChains(browser).send_keys(key).perform()


@pytest.mark.parametrize("part", range(PARTS))
def test_every_page_fits_a_phone(page, addresses, part):
    """It does not scroll sideways, whatever is unfolded; while it loads nothing jumps."""
    found = {}
    for address in addresses[part::PARTS]:
        browser = page(address, PHONE)
        jumps = browser.execute_async_script(SHIFT) >= STILL if address in addresses[::THIRD] else False
        ask(browser, "document.querySelectorAll('details').forEach((d) => { d.open = true; })")
        wide = ask(browser, "return document.scrollingElement.scrollWidth > innerWidth")
        found |= {address: (wide, jumps)} if wide or jumps else {}
    assert found == {}


@pytest.mark.parametrize("part", range(PARTS))
def test_pages_on_a_desk_stand_still_and_can_be_read_by_day_and_by_night(page, addresses, part):
    found = {}
    for address in addresses[::THIRD][part::PARTS]:
        browser = page(address)
        jumps = browser.execute_async_script(SHIFT) >= STILL
        weak = [ask(lit(browser, dark), CONTRAST) for dark in (False, True)]
        found |= {address: (jumps, weak)} if jumps or any(weak) else {}
    assert found == {}


@pytest.mark.parametrize("address", ["en/examples/multihead/backward.html", "zh/examples/adam/second.html"])
def test_a_window_of_any_width_holds_the_page(page, address):
    """The sidebars go one after the other as it gets narrower; between these widths too nothing is cut off."""
    browser, wide = page(address), []
    for width in range(1440, 640, -50):
        resize(browser, (width, DESK[1]))
        wide += [width] if ask(browser, "return document.scrollingElement.scrollWidth > innerWidth") else []
    assert wide == []


def test_wide_mathematics_scrolls_in_its_own_box(page):
    browser = page("en/examples/multihead/backward.html", PHONE)
    widest = "[...document.querySelectorAll('div.math')].sort((a, b) => b.scrollWidth - a.scrollWidth)[0]"
    script = f"const b = {widest}; b.scrollLeft = 9999; return [b.scrollLeft, b.clientWidth]"
    moved, width = ask(browser, script)
    assert moved > 100 and width <= PHONE[0]


@pytest.mark.parametrize(
    ("address", "size"), some_slow([("en/operations/index.html", DESK), ("zh/examples/multihead/check.html", PHONE)])
)
def test_columns_stay_where_they_are_while_a_long_table_arrives(page, address, size):
    """On a slow device a page is drawn before all of it is there."""
    browser = page("en/index.html")
    browser.execute_cdp_cmd("Emulation.setCPUThrottlingRate", {"rate": 5})
    try:
        assert page(address, size).execute_async_script(SHIFT) < 0.001
        assert (
            ask(browser, "return getComputedStyle(document.querySelector('.table-wrapper')).visibility") == "visible"
        )
    finally:
        browser.execute_cdp_cmd("Emulation.setCPUThrottlingRate", {"rate": 1})


@pytest.mark.parametrize("size", [PHONE, DESK], ids=["phone", "desk"])
@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_operation_fits_its_columns(page, lang, size):
    cells = "[...document.querySelectorAll('table.operations :is(th, td)')]"
    browser = page(f"{lang}/operations/index.html", size)
    wide = ask(browser, f"return {cells}.filter((c) => c.scrollWidth > c.clientWidth + 1).map((c) => c.textContent)")
    assert wide == []


@pytest.mark.parametrize("lang", LANGUAGES)
def test_mathematical_font_is_ours(page, lang):
    browser = page(f"{lang}/{FORWARD}")
    loaded = "return document.fonts.ready.then((f) => [...f].map((face) => [face.family, face.status].join()))"
    assert any("STIX Two Math" in face and "loaded" in face for face in ask(browser, loaded))


@pytest.mark.parametrize(("lang", "meaning"), [("en", "pre-activations of layer 1"), ("zh", "第 1 层")])
def test_number_by_mouse(page, lang, meaning):
    from selenium.webdriver.common.action_chains import ActionChains

    browser = page(f"{lang}/{FORWARD}")
    numbers = browser.find_elements("css selector", "div.math [data-value='seed:layer1.z[1][0]']")
    ActionChains(browser).move_to_element(numbers[0]).perform()
    assert wait(lambda: card(browser))
    assert meaning in card(browser) and "0.39249999999999996" in card(browser)
    ActionChains(browser).move_to_element(browser.find_element("tag name", "h1")).perform()
    assert wait(lambda: not card(browser))
    ActionChains(browser).move_to_element(numbers[0]).click().perform()
    link = browser.find_element("css selector", ".value-card a").get_attribute("href")
    assert link.endswith(f"{lang}/{FORWARD}#seed-layer1-z")
    assert wait(lambda: card(browser)), "a click holds it"
    press(browser, "\ue00c")
    assert not card(browser)


def test_same_numbers_light_up_together(page):
    from selenium.webdriver.common.action_chains import ActionChains

    browser = page(f"en/{FORWARD}")
    where = "div.math [data-value='seed:layer1.a[0][0]']"
    ActionChains(browser).move_to_element(browser.find_element("css selector", where)).perform()
    same = "return [...document.querySelectorAll('.same')].map((e) => e.dataset.value)"
    lit = wait(lambda: ask(browser, same))
    assert len(lit) == len(browser.find_elements("css selector", where)) > 3
    assert set(lit) == {"seed:layer1.a[0][0]"}


def test_number_by_keyboard(page):
    browser = page(f"en/{FORWARD}")
    focused = "return document.activeElement.dataset.value || ''"
    for _ in range(150):  # past the contents of the book
        press(browser, "\ue004")
        if ask(browser, focused).startswith("seed:layer1.W"):
            break
    assert ask(browser, focused) == "seed:layer1.W[0][0]"
    assert "2 × 2" in card(browser)
    press(browser, "\ue014")
    assert ask(browser, focused) == "seed:layer1.W[0][1]"
    assert ask(browser, "return document.querySelector('.value-card td.this').textContent") == "0.2"
    press(browser, "\ue007")
    assert ask(browser, "return document.activeElement.className") == "value-card"
    press(browser, "\ue00c")
    assert not card(browser) and ask(browser, focused) == "seed:layer1.W[0][1]"
    stops = (
        "return Math.max(...[...document.querySelectorAll('div.math')].map((f) => f.querySelectorAll(stop).length))"
    )
    assert ask(browser, f"const stop = '[tabindex=\"0\"]'; {stops}") == 1, "one stop of the tab key in a formula"


def test_navigation_folds_by_keyboard(page):
    """The fold of the examples is a stop of the Tab key, which shows; the space key opens it."""
    browser = page("en/how-to-read.html")
    press(browser, "\ue004")
    fold = "document.querySelector('.toctree-checkbox')"
    for _ in range(60):
        if ask(browser, f"return document.activeElement === {fold}"):
            break
        press(browser, "\ue004")
    shown = "return document.querySelector('.sidebar-tree a[href$=\"examples/seed/index.html\"]').checkVisibility()"
    assert not ask(browser, shown)
    assert ask(browser, f"return getComputedStyle({fold}.nextElementSibling).outlineStyle") == "solid"
    press(browser, "\ue00d")
    assert ask(browser, shown)
    assert not ask(browser, "return document.querySelector('.sidebar-tree a[href$=\"seed/forward.html\"]')")


@pytest.mark.parametrize(("lang", "other"), [("en", "zh"), ("zh", "en")])
def test_language_switch_stays_on_the_page_and_is_remembered(page, server, lang, other):
    browser = page(f"{lang}/{FORWARD}")
    browser.find_element("css selector", f".language-switch a[data-language='{other}']").click()
    assert wait(lambda: browser.current_url == f"{server.url}{other}/{FORWARD}")
    page("index.html")
    assert wait(lambda: browser.current_url == f"{server.url}{other}/index.html")
    ask(browser, "localStorage.clear()")
    page("index.html")
    assert wait(lambda: browser.current_url == f"{server.url}en/index.html"), "the browser's own language"


@pytest.mark.parametrize(("lang", "words"), some_slow(SEARCHES, 2))
def test_search(page, lang, words):
    browser = page(f"{lang}/search.html?q={words}")
    found = "return [...document.querySelectorAll('ul.search li')].map((li) => li.textContent)"
    results = wait(lambda: ask(browser, found))
    assert results, words
    assert wait(lambda: not any("\\" in text for text in ask(browser, found)))


def test_theme_button(page):
    browser = page("zh/index.html")
    button = browser.find_element("css selector", ".theme-toggle-content .theme-toggle")
    assert button.get_attribute("aria-label").startswith("切换")
    button.click()
    theme = ask(browser, "return document.body.dataset.theme")
    assert theme in ("light", "dark")
    page(f"zh/{FORWARD}")
    assert ask(browser, "return document.body.dataset.theme") == theme
    ask(browser, "localStorage.clear()")


def test_without_scripts(page, browser, server):
    browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    page(f"en/{FORWARD}")
    document = browser.execute_cdp_cmd("DOM.getDocument", {"depth": 0})["root"]["nodeId"]

    def box(selector: str) -> dict:
        found = browser.execute_cdp_cmd("DOM.querySelector", {"nodeId": document, "selector": selector})
        return browser.execute_cdp_cmd("DOM.getBoxModel", {"nodeId": found["nodeId"]})["model"]

    assert box("div.math math")["width"] > 150 and box("div.math math")["height"] > 50
    page("index.html")
    assert browser.current_url == f"{server.url}index.html", "both languages are offered"


def test_links_inside_a_figure(page, server):
    browser = page("en/examples/seed/index.html")
    links = (
        "return [...document.querySelectorAll('.drawing svg a')].map((a) => new URL(a.href.baseVal, location).href)"
    )
    assert f"{server.url}en/{FORWARD}#seed-layer1-z" in ask(browser, links)


def test_works_from_a_file(browser, any_site):
    from selenium.webdriver.common.action_chains import ActionChains

    browser.get((any_site / "en" / FORWARD).as_uri())
    number = browser.find_element("css selector", "div.math [data-value='seed:layer1.z[0][0]']")
    ActionChains(browser).move_to_element(number).perform()
    assert wait(lambda: "0.3775" in card(browser))
    browser.get((any_site / "zh" / "search.html").as_uri() + "?q=转置")
    assert wait(lambda: ask(browser, "return document.querySelectorAll('ul.search li').length"))
    assert mistakes(browser) == []


def test_prints_in_ink_on_paper_with_folds_open(page):
    browser = page(f"en/{FORWARD}", dark=True)
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    ask(browser, "dispatchEvent(new Event('beforeprint'))")
    assert ask(browser, "return document.querySelector('details.fold').open")
    assert ask(browser, "return getComputedStyle(document.body).color") == "rgb(31, 35, 40)"
    assert not ask(browser, "return document.querySelector('.sidebar-drawer').checkVisibility()")
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})


def test_a_script_written_into_a_page_is_blocked(browser, any_site, tmp_path):
    """Every page carries the policy in itself: it holds from a file, where no server sends a header."""
    text = (any_site / "en" / FORWARD).read_text(encoding="utf-8")
    assert all("Content-Security-Policy" in p.read_text(encoding="utf-8") for p in any_site.rglob("*.html"))
    (tmp_path / "page.html").write_text(text.replace("</body>", "<script>window.ran = 1</script></body>"), "utf-8")
    browser.get_log("browser")
    browser.get((tmp_path / "page.html").as_uri())
    assert ask(browser, "return window.ran") is None
    assert any("Content Security Policy" in message for message in mistakes(browser))
