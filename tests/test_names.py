"""Names of examples in any language become addresses of their own, and words come out as they are written."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from lxml import html

from gradbook import check
from gradbook.book.base.address import FAMILIES, address, distinct, ours
from gradbook.book.new import new_example
from gradbook.book.pages.map import address as family_address
from gradbook.book.pages.operations import anchor
from gradbook.book.pages.traces import traces as traces_of
from gradbook.book.project import Project
from gradbook.book.site import check_inputs
from gradbook.book.site.generated import ADDRESS
from gradbook.check.judge.site import Site
from gradbook.check.read.html import folders, read_pages
from gradbook.engine import BookError, load
from gradbook.engine.families import families
from gradbook.engine.ops import OPS
from tests.small_project import small_project

ROOT = Path(__file__).parent.parent
TITLE = "It's \"so\" -- or 'not' ... --- end"
INTRO = "Don't say \"x\" -- ever... it's 'so'."
WORDS = f"en = {json.dumps(TITLE)}\nzh = {json.dumps(TITLE)}", f"en = {json.dumps(INTRO)}\nzh = {json.dumps(INTRO)}"
TOML = """\
family = "mlp"
see = SEE
[title]
TITLE
[intro]
INTRO
[data]
x = [[0.5]]
y = [[0.25]]
[[layers]]
W = [[-1.0]]
b = [0.0]
activation = "sigmoid"
[update]
learning_rate = 0.1
[page]
curve = 3
steps = STEPS
""".replace("TITLE", WORDS[0]).replace("INTRO", WORDS[1])
ADDRESSES = {
    "My_Net": "my-net", "a--b": "a-b", "Netz-Ä": "netz-a", "网络": "example-io0a7i", "search": "example-search",
    "index": "example-index", "मॉडल": "example-e2bzn4g",
}  # fmt: skip


def written(folder: Path, name: str, see: tuple[str, ...] = (), steps: int = 1) -> Path:
    path = folder / f"{name}.toml"
    path.write_text(TOML.replace("SEE", json.dumps(see)).replace("STEPS", str(steps)), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def book(tmp_path_factory) -> Path:
    """A book of such examples; a chapter quotes a number of each."""
    folder = tmp_path_factory.mktemp("names")
    small_project(folder / "project", written(folder, "My_Net", tuple(ADDRESSES), 2))
    for name in ADDRESSES:
        if name != "My_Net":
            written(folder / "project" / "examples", name)
    chapter = folder / "project" / "docs" / "how-to-read.md"
    quoted = "\n\n".join(f"{name}: {{value}}`{name}:layer1.a|.4f`." for name in [*ADDRESSES, "My_Net@2"])
    chapter.write_text(f"# How to read\n\n{quoted}\n", encoding="utf-8")
    command = [sys.executable, "build.py"]
    done = subprocess.run(command, cwd=folder / "project", capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return folder / "project"


@pytest.mark.slow
def test_the_checker_agrees_with_a_book_of_such_names(book):
    traces = traces_of(sorted((book / "examples").glob("*.toml")))
    report = check.run(traces=traces, **check_inputs.built(book / "build", Project.at(book)))
    assert report.ok, report.summary()
    assert report.counts["numbers"] > 100 * len(ADDRESSES)


@pytest.mark.slow
def test_the_checker_sees_pages_without_a_trace_and_a_trace_without_pages(book):
    pages = read_pages(book / "build" / "html")
    assert folders(pages.values()) == {place: name for name, place in ADDRESSES.items()}
    text = json.dumps({"steps": []})
    told = Site(book / "build" / "html", pages, ("en",), {n: text for n in [*ADDRESSES, "网"] if n != "网络"}, "")
    found = [(f.printed, f.why) for f in told.check().failures if f.page.startswith("en/examples/网")]
    assert found == [("网络", "is an example that has no trace: stale"), ("网", "is an example without pages")]


@pytest.mark.slow
def test_every_page_has_its_address_and_names_its_example(book):
    for name, place in ADDRESSES.items():
        for lang in ("en", "zh"):
            page = html.fromstring((book / f"build/html/{lang}/examples/{place}/forward.html").read_text("utf-8"))
            assert page.xpath(f"//*[@id='{place}-layer1-z']")
            assert {a.partition(":")[0] for a in page.xpath("//math//@data-value")} == {name}
            assert page.xpath(f"//script[contains(@src, '_static/traces/{place}.js')]")
    links = html.fromstring((book / "build/html/en/examples/my-net/index.html").read_text("utf-8")).xpath(
        "//p//@href"
    )
    assert {f"../{place}/index.html#{place}" for place in ADDRESSES.values()} - set(links) == {
        "../my-net/index.html#my-net"
    }


@pytest.mark.slow
def test_chapters_quote_their_numbers(book):
    page = html.fromstring((book / "build/html/zh/how-to-read.html").read_text("utf-8"))
    found = {e.get("data-value").partition(":")[0]: e.text for e in page.xpath("//span[@data-value]")}
    assert found.keys() == {*ADDRESSES, "My_Net@2"} and found.pop("My_Net@2") != "0.3775"
    assert set(found.values()) == {"0.3775"}


@pytest.mark.slow
@pytest.mark.parametrize("lang", ["en", "zh"])
def test_words_come_out_as_they_are_written(book, lang):
    folder = book / "build" / "html" / lang
    for name in (
        "examples/a-b/index",
        "examples/a-b/forward",
        "examples/index",
        "about/map",
        "operations/activations",
    ):
        page = html.fromstring((folder / f"{name}.html").read_text("utf-8"))
        texts = [" ".join(e.text_content().split()) for e in page.xpath("//title | //h1 | //li | //article//a")]
        assert any(TITLE in text for text in texts), name
        assert not [text for text in texts if re.search("[“”‘’–—…].*end|so[“”’]", text)], name
    assert INTRO in (folder / "examples/a-b/index.html").read_text("utf-8").replace("&quot;", '"')


@pytest.mark.slow
def test_words_come_out_as_they_are_written_in_the_pdf(book):
    pymupdf = pytest.importorskip("pymupdf")
    subprocess.run([sys.executable, "build.py", "pdf", "--lang", "en"], cwd=book, check=True, capture_output=True)
    path = book / "build" / "pdf" / "gradbook-en.pdf"
    text = " ".join(" ".join(page.get_text() for page in pymupdf.open(path)).split())
    assert TITLE in text and INTRO in text and "“so" not in text


def test_an_address_is_none_of_ours():
    made = [*(family_address(name) for name in families()), *map(anchor, OPS), "operations-sums"]
    taken = {*ours(), *FAMILIES, *made}
    assert {"map", "checked", "colophon", "operations", "examples", "losses", "search", "index"} <= ours()
    for name in taken:
        mine = address(name)
        assert not any(label == mine or label.startswith(f"{mine}-") for label in taken), name
        assert not mine.startswith(tuple(f"{first}-" for first in FAMILIES))
    for path in (ROOT / "examples").glob("*.toml"):
        assert address(path.stem) == path.stem


@pytest.mark.parametrize(("name", "place"), [
    *ADDRESSES.items(), ("01-net", "example-01-net"),
    ("Straße", "strasze"), ("感知机-relu", "relu-zguv9kz9p"), ("网络1", "example-1-io0a7i"),
    ("1", "example-1"), ("_", "example"), ("Netz-A\N{COMBINING DIAERESIS}", "netz-a"), ("İstanbul", "istanbul"),
])  # fmt: skip
def test_address(name, place):
    assert address(name) == place
    assert re.fullmatch("[a-z](-?[a-z0-9]+)*", place)


def test_long_names_of_any_language_have_short_addresses():
    found = {address(letter * 60) for letter in "网地α𠀀ᄀ"}
    assert len(found) == 5 and all(len(place) < 110 and re.fullmatch("[a-z0-9-]+", place) for place in found)


@pytest.mark.parametrize(("one", "other"), [
    ("a--b", "a-b"), ("My_Net", "my-net"), ("Netz-Ä", "netz-a"), ("网络", "example-io0a7i"), ("map", "example-map"),
])  # fmt: skip
def test_two_that_would_share_an_address_are_refused(tmp_path, one, other):
    folder = tmp_path / "examples"
    folder.mkdir()
    written(folder, one), written(folder, other)
    with pytest.raises(BookError, match=rf"both would have the address '{address(one)}' in the book; choose another"):
        Project.at(tmp_path).example_paths()
    assert load(folder / f"{one}.toml").name == one
    (folder / f"{other}.toml").unlink()
    with pytest.raises(BookError, match="both would have the address"):
        new_example(folder, other, "mlp", "2,2")
    assert len(list(folder.iterdir())) == 1


def test_distinct_lets_pass_what_differs():
    distinct(
        Path(f"{name}.toml") for name in ["网络1", "网络2", "1", "2", "01-net", "02-net", "图-mlp", "网-mlp", "mlp"]
    )


def test_labels_of_templates_are_seen():
    assert ADDRESS.findall("(map)=\n* - (family-mlp)=\n") == ["map", "family-mlp"]
