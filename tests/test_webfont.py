"""The mathematical face: which of its cuts a page is given, and that it holds all that the page writes."""

import base64
import html
import io
import re
import unicodedata
from pathlib import Path

import pytest

from gradbook.book.site import webfont
from gradbook.book.site.ext.face import add_face
from tests import sample_book
from tests.small_book import edition

HAN = re.compile("[\u2e80-\u9fff]")


def carried(style: Path) -> set[str]:
    """The characters that a style sheet's own face has."""
    from fontTools.ttLib import TTFont

    data = re.search(r'url\("data:font/woff2;base64,([^"]+)"\)', style.read_text(encoding="utf-8"))
    with TTFont(io.BytesIO(base64.b64decode(data[1]))) as font:
        return set(map(chr, font.getBestCmap()))


ITALIC = {
    unicodedata.normalize("NFKD", chr(code)): chr(code)
    for code in (*range(0x1D434, 0x1D468), 0x210E, *range(0x1D6E2, 0x1D71C))
    if unicodedata.category(chr(code)) != "Cn"
}
INVISIBLE = {"\u2061", "\ufe00", "\n"}  # a function is applied; a variant of the letter before


def written_on(page: str) -> set[str]:
    """The characters in which a browser sets a page's formulas and drawings; one letter alone it makes italic."""
    sets = "".join(re.findall(r'<math\b.*?</math>|<svg[^>]*class="figure-svg.*?</svg>', page, re.DOTALL))
    sets = re.sub(r"<(annotation|title)\b.*?</\1>", "", sets, flags=re.DOTALL)
    letters = re.sub(r"<mi>(.)</mi>", lambda found: ITALIC.get(found[1], found[1]), html.unescape(sets))
    return {c for c in re.sub("<[^>]*>", "", letters) if not HAN.match(c)} - INVISIBLE


def test_the_face_of_a_page_has_all_that_the_page_writes(site):
    styles = {path.name: carried(path) for path in (site / "en" / "_static").glob("math*.css")}
    for path in site.rglob("*.html"):
        page = path.read_text(encoding="utf-8")
        linked = re.findall(r"_static/(math[\w-]*\.css)", page)
        written = written_on(page)
        assert len(linked) == (1 if written or "data-value" in page else 0), path
        assert not written or written <= styles[linked[0]], path


def style_of(**context) -> str:
    add_face(None, "page", "page.html", context, None)
    return context.get("style_of_mathematics", "").partition("?")[0]


@pytest.mark.parametrize(
    ("body", "style"),
    [
        ("<p>Words, “quoted”, née 𝔤.</p>", ""),
        ("<p>née <math><mi>x</mi></math></p>", "math.css"),
        ('<p><span class="value" data-value="seed:J">0.5</span></p>', "math.css"),
        ('<span class="drawing"><svg><text>x</text></svg></span>', "math.css"),
        ('<span class="drawing"><svg><title>10⁻³, x²</title><a aria-label="⊞"></a></svg></span>', "math.css"),
        ("<p><math><mi>x</mi><annotation>⊞</annotation></math></p>", "math.css"),
        ("<p><math><mi>𝔤</mi></math></p>", "math-whole.css"),
        ("<p><math><mo>&#8862;</mo></math></p>", "math-whole.css"),
        ('<span class="drawing"><svg><text>⊞</text></svg></span>', "math-whole.css"),
    ],
)
def test_a_page_is_given_the_face_it_needs(body, style):
    assert style_of(body=body) == style
    assert style_of(body="", toc=body) == style
    assert style_of(furo_navigation_tree=body, body=None) == style


def test_face_is_made_once_and_can_set_mathematics(tmp_path):
    from fontTools.ttLib import TTFont

    webfont.make(tmp_path)
    made = {path: (path.stat().st_mtime_ns, path.read_bytes()) for path in tmp_path.rglob("*") if path.is_file()}
    webfont.make(tmp_path)
    assert {path: (path.stat().st_mtime_ns, path.read_bytes()) for path in made} == made
    for name in ("math.css", webfont.FONT):
        (tmp_path / name).unlink()
    webfont.make(tmp_path)
    assert {path: path.read_bytes() for path in made} == {path: data for path, (_, data) in made.items()}
    assert (tmp_path / "math.css").stat().st_size < 60_000, "what every first visit waits for"
    with TTFont(tmp_path / webfont.FONT) as font:
        variants = font["MATH"].table.MathVariants.VertGlyphCoverage.glyphs
        assert {"parenleft", "bracketleft", "braceleft"} <= set(variants)
        assert {ord("δ"), 0x1D6FF, 0x2202, 0x2299, 0x2212, 0x1D5B3} <= set(font.getBestCmap())
    webfont.make_whole(tmp_path)
    assert set("𝖳ˆ˜δ𝛿⊙𝐖") <= carried(tmp_path / "math.css") < carried(tmp_path / "math-whole.css")


@pytest.mark.slow
def test_face_is_made_meanwhile_and_here_if_its_process_cannot(tmp_path, monkeypatch):
    from gradbook.book.site.sphinx_run import environment

    webfont.make(tmp_path / "here")
    with webfont.made_meanwhile(tmp_path / "there", environment()):
        assert not (tmp_path / "there").exists()
    with pytest.raises(KeyError), webfont.made_meanwhile(tmp_path / "never", environment()):
        raise KeyError
    assert not (tmp_path / "never").exists()
    monkeypatch.setattr(webfont.sys, "executable", "false")
    with webfont.made_meanwhile(tmp_path / "again", environment()):
        pass
    monkeypatch.setattr(webfont.sys, "executable", "absent")
    with webfont.made_meanwhile(tmp_path / "there", environment()):
        pass  # made already: no process is asked
    for name in ("math.css", webfont.FONT, webfont.NOTE):
        assert len({(tmp_path / place / name).read_bytes() for place in ("here", "there", "again")}) == 1


@pytest.mark.slow
def test_the_larger_cut_comes_and_goes_with_the_page_that_needs_it(tmp_path):
    site = sample_book.build(tmp_path, langs=["en"])
    static, chapter = site / "en" / "_static", tmp_path / "docs" / "how-to-read.md"
    words, before = chapter.read_text("utf-8"), edition(site)
    chapter.write_text(words + "\nAn algebra $\\mathfrak{g}$, a sum $a \\boxplus b$.\n", "utf-8")
    sample_book.build(tmp_path, langs=["en"])
    page = (site / "en" / "how-to-read.html").read_text("utf-8")
    assert re.findall(r"_static/(math[\w-]*\.css)", page) == ["math-whole.css"]
    assert written_on(page) <= carried(static / "math-whole.css")
    chapter.write_text(words, "utf-8")
    sample_book.build(tmp_path, langs=["en"])
    assert edition(site) == before and not (static / "math-whole.css").exists()
