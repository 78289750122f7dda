"""The PDF, read back: nothing lost, nothing outside the page, links and bookmarks lead somewhere, bytes repeat."""

import re
from pathlib import Path

import pymupdf
import pypdf
import pytest
from docutils import nodes
from docutils.core import publish_doctree
from myst_parser.parsers.docutils_ import Parser

from gradbook.book.formula.typst_formula import Formula
from gradbook.book.pdf.typst import Book, MarkupError, compile_pdf, font_files, translate

SETTINGS = {
    "doctitle_xform": False,
    "myst_enable_extensions": ["dollarmath", "deflist", "colon_fence"],
    "report_level": 4,
    "output_encoding": "unicode",
    "myst_suppress_warnings": ["myst.xref_missing"],
}
SVG = """<svg xmlns="http://www.w3.org/2000/svg" width="120" height="60"><rect width="120" height="60" fill="#dde"/>
<text x="8" y="30" font-family="STIX Two Text, Noto Serif CJK SC, serif" font-size="12">axis 轴</text></svg>"""
NUMBERS = r"\\".join("&".join(rf"\val{{seed:W[{i}][{j}]}}{{-0.{i}{j}45678}}" for j in range(4)) for i in range(4))
MATRIX = rf"\begin{{pmatrix}}{NUMBERS}\end{{pmatrix}}"

WIDE_TABLE = "\n".join(["| 0 |" + " c |" * 8, "|---" * 9 + "|", "|" + r" $\val{seed:a}{-0.01234567}$ |" * 9])

CHAPTER = rf"""
# Forward pass

An *emphasis*, a **strong word**, `layer1.z[0]`, $\sigma'(z)=\val{{seed:a}}{{-0.25}}$, a note[^n],
[a link](#backward),
[outside](https://example.org/a_b), 50 % of #1 @ $5\$$ and \_under\_ [brackets].

[^n]: The footnote's words.

```{{math}}
\begin{{aligned}}
\delta &= \underbrace{{(a-y)}}_{{2\times 1\ \text{{误差}}}}\odot a\odot(\mathbf 1-a)\\
&= {MATRIX}{MATRIX}{MATRIX}{MATRIX}
\end{{aligned}}
```

- bullet one
- bullet two

3. third
4. fourth

Term
: Its definition.

> A quotation.

| name | value |
|:-----|------:|
| $W$ | $-0.5$ |
| `layer1.delta` | {"wide " * 40} |

{WIDE_TABLE}

```{{note}}
Noted words.
```

```{{admonition}} Why the transpose
:class: fold
Folded words.
```

```{{figure}} net.svg
:alt: two layers

The caption's words.
```

```python
def sigmoid(z): return 1 / (1 + np.exp(-z))  # {"x" * 150}
```

## Backward

Last words.
"""


class start_of_file(nodes.Element):  # noqa: N801 - stands for Sphinx's node of this name
    pass


def doctree(source):
    return publish_doctree(source, parser=Parser(), settings_overrides=SETTINGS)


def book(**facts):
    return Book(**{"title": "The Title", "author": "The Author", "images": {"net.svg": "net.svg"}, **facts})


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    folder = tmp_path_factory.mktemp("root")
    (folder / "net.svg").write_text(SVG, encoding="utf-8")
    return folder


def made(source, root: Path, **facts):
    out = root / f"{abs(hash((source, *facts.values())))}.pdf"
    warnings = compile_pdf(translate(doctree(source), book(**facts)), root, font_files(), out)
    return out, warnings


@pytest.fixture(scope="module")
def pdf(root):
    out, warnings = made("# Book\n\nWelcome.\n" + CHAPTER.replace("\n#", "\n##"), root)
    assert warnings == []
    return out


def text_of(path):
    return " ".join(" ".join(page.get_text() for page in pymupdf.open(path)).split())


@pytest.mark.parametrize(
    "words",
    [
        "The Title", "The Author", "Contents", "Welcome.", "Forward pass", "emphasis", "strong word", "layer1.z[0]",
        "footnote’s words", "50 % of #1 @", "_under_ [brackets]", "误差", "bullet two", "3. third", "Its definition",
        "A quotation", "layer1.delta", "Noted words", "Why the transpose", "Folded words", "caption’s words",
        "axis 轴", "def sigmoid(z)", "Last words", "−0.3345678",
    ],
)  # fmt: skip
def test_every_construct_is_in_the_pdf(pdf, words):
    text = text_of(pdf)
    assert words in text or words.replace("’", "'") in text


def test_nothing_leaves_the_page_or_its_margins(pdf):
    for page in pymupdf.open(pdf):
        assert (round(page.rect.width), round(page.rect.height)) == (595, 842)
        for x0, y0, x1, y1, word, *_ in page.get_text("words"):
            assert x0 > 70 and x1 < 595 - 70 and y0 > 20 and y1 < 842 - 20, (page.number, word)


def test_links_and_bookmarks_lead_to_their_places(pdf):
    reader = pypdf.PdfReader(pdf)
    titles = [entry.title for entry in reader.outline if not isinstance(entry, list)]
    assert any("Forward pass" in title for title in titles)
    document = pymupdf.open(pdf)
    links = [link for page in document for link in page.get_links()]
    inside = [link for link in links if link["kind"] in (pymupdf.LINK_GOTO, pymupdf.LINK_NAMED)]
    assert any(link.get("uri") == "https://example.org/a_b" for link in links)
    assert len(inside) >= 3  # two contents entries, one cross reference
    assert all(0 <= link["page"] < len(document) for link in inside)


def test_all_fonts_are_embedded_and_are_the_books_own(pdf):
    document = pymupdf.open(pdf)
    fonts = {font[3].rpartition("+")[2]: font[1] for page in document for font in page.get_fonts()}
    assert all(kind != "n/a" for kind in fonts.values())
    assert any("STIXTwoMath" in name for name in fonts)
    families = ("Libertinus", "STIXTwoMath", "NotoS", "DejaVuSansMono")
    assert all(name.startswith(families) for name in fonts), fonts


def test_metadata(pdf):
    reader = pypdf.PdfReader(pdf)
    assert (reader.metadata.title, reader.metadata.author) == ("The Title", "The Author")
    assert reader.trailer["/Root"]["/Lang"] == "en"
    assert b"pdfuaid" in reader.trailer["/Root"]["/Metadata"].get_data()


def test_chinese_stands_in_a_chinese_face_without_spaces_at_line_ends(root):
    out, warnings = made(
        "# 书\n\n## 前向传播\n\n每个**数字**\n都是\n算出来的，\n用numpy计算 $W$ 的梯度。\n", root, language="zh_CN"
    )
    assert warnings == []
    assert "每个数字都是算出来的，用" in text_of(out).replace("\n", "")
    assert "目录" in text_of(out)
    assert pypdf.PdfReader(out).trailer["/Root"]["/Lang"].startswith("zh")
    assert "NotoSerifCJKsc" in str([page.get_fonts() for page in pymupdf.open(out)])


def test_equal_input_gives_equal_bytes_and_no_second_write(root, monkeypatch):
    source = translate(doctree("# A\n\n## B\n\n$x$ ![net](net.svg)\n\n```{figure} net.svg\n\nWords.\n```\n"), book())
    first, second = root / "first.pdf", root / "second.pdf"
    for out in (first, second):
        compile_pdf(source, root, font_files(), out)
    assert first.read_bytes() == second.read_bytes()
    before = first.stat().st_mtime_ns
    compile_pdf(source, root, font_files(), first)
    assert first.stat().st_mtime_ns == before
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "86400")
    compile_pdf(source, root, font_files(), second)
    assert "19700102" in pypdf.PdfReader(second).metadata["/CreationDate"]


def test_documents_keep_their_own_places(root):
    """Two documents with the same ids, as every generated example has them, and links across."""
    tree = doctree("# Book\n\nSee.\n")
    for name, other in (("a", "b"), ("b", "a")):
        part = start_of_file("", *doctree(f"# Part {name}\n\n## Same\n\nText.\n").children, docname=name)
        link = nodes.reference("", f"to {other}", refuri=f"%{other}#same")
        whole = nodes.reference("", f"all of {other}", refuri=f"%{other}")
        part[0].append(nodes.paragraph("", "", link, nodes.Text(" "), whole))
        tree[0].append(part)
    out = root / "parts.pdf"
    compile_pdf(translate(tree, book()), root, font_files(), out)
    document = pymupdf.open(out)
    links = [link for page in document.pages(2) for link in page.get_links()]
    assert len({link["page"] for link in links}) == 2
    assert [level for level, *_ in document.get_toc()] == [1, 2, 1, 2]


FORMULAS = {
    "one": r"z = W x + b",
    "long": " ".join(["z &= 1 +", *(rf"{n}.12345 \cdot {n}.54321 +" for n in range(6)), "1"]),
    "tall": r"\begin{pmatrix} " + r" \\ ".join([r"\dfrac{\sum_{i} a_i}{\sum_{j} b_j}"] * 15) + r" \end{pmatrix}",
    "taller": r"\begin{pmatrix} " + r" \\ ".join(["a"] * 60) + r" \end{pmatrix}",
}


@pytest.mark.parametrize("name", FORMULAS)
def test_a_formula_that_is_called_short_is_not_broken_across_pages_anyway(root, name):
    """Whether its height is measured or not, it is the same to the byte."""
    source = translate(doctree(f"# Heights\n\n$$\n{FORMULAS[name]}\n$$\n"), book())
    assert (", short: true" in source) == (name != "taller")
    for told, text in {"short": source, "measured": source.replace(", short: true", "")}.items():
        compile_pdf(text, root, font_files(), root / f"{told}.pdf")
    assert (root / "short.pdf").read_bytes() == (root / "measured.pdf").read_bytes()


NUMBER = "-0." + "1234567890" * 2


@pytest.mark.parametrize(
    "last", ["1", f"{NUMBER}1", "[far](#widths)", "$W^{(1)}_{1}$ " * 9, "words " * 30, "中文" * 20]
)
@pytest.mark.parametrize("others", [f"{NUMBER} | {NUMBER} | {NUMBER}", "1 | 2 | a few words"])
def test_a_table_is_as_wide_as_its_widest_cells(root, last, others):
    """Set from the cells that are measured and from all of them, it is the same to the byte: a table that is too wide
    is made smaller by its width."""
    rows = [f"| $x_{n}$ | {n}.5 | {others} |" for n in range(1, 9)]
    rows += [f"| {last} | 2.5 | {others} |", f"| $y$ | {last} | {others} |"]
    table = "\n".join(["# Widths", "", "| a | b | c | d | e |", "|---|---|---|---|---|", *rows])
    source = translate(doctree(table), book())
    measured_whole = re.sub(r", widest: \([()\d, ]*\)(?=[,)])", "", source)
    assert measured_whole != source and "widest: (" not in measured_whole
    for name, text in {"some": source, "all": measured_whole}.items():
        compile_pdf(text, root, font_files(), root / f"{name}.pdf")
    assert (root / "some.pdf").read_bytes() == (root / "all.pdf").read_bytes()


def test_a_file_is_a_chapter_and_a_list_of_books_stands_beside_theirs(root):
    """Root > a section of it > shelf > book > page: levels 1 1 2, and what the root says has no number."""
    tree = doctree("# Book\n\n## Welcome\n\nWords.\n")
    place = tree[0][-1]
    for name in ("shelf", "volume", "page"):
        part = start_of_file("", *doctree(f"# The {name}\n\nText.\n").children, docname=name)
        place.append(part)
        place = part[0]
    out = root / "shelf.pdf"
    compile_pdf(translate(tree, book()), root, font_files(), out)
    toc = [(level, title) for level, title, _ in pymupdf.open(out).get_toc()]
    assert toc[-3:] == [(1, "1 The shelf"), (1, "2 The volume"), (2, "2.1 The page")]


def test_a_node_without_a_form_is_an_error_with_its_name():
    tree = doctree("# A\n")
    tree[0].append(nodes.option_list())
    with pytest.raises(MarkupError, match="option_list"):
        translate(tree, book())


def test_a_link_to_nowhere_is_an_error_with_its_target():
    tree = doctree("# A\n")
    tree[0].append(nodes.paragraph("", "", nodes.reference("", "x", refuri="%missing#place")))
    with pytest.raises(MarkupError, match="missing#place"):
        translate(tree, book())


@pytest.mark.parametrize(("image", "words"), [("other.svg", "no part of the book"), ("net.svg", "add :alt:")])
def test_an_image_that_is_missing_or_mute_is_an_error_with_its_name(image, words):
    with pytest.raises(MarkupError, match=f"{image}” .*{words}"):
        translate(doctree(f"# A\n\n```{{figure}} {image}\n```\n"), book())


def test_typst_refusals_are_one_error_and_leave_the_old_file(root):
    out = root / "old.pdf"
    out.write_bytes(b"old")
    with pytest.raises(MarkupError, match="Typst cannot set the book"):
        compile_pdf("#nosuch()", root, font_files(), out)
    assert out.read_bytes() == b"old"


@pytest.mark.parametrize(
    "hostile", ["#panic()", "$x$", "*a*", "// no", "@ref", "<label>", "[b]", "= H", "1. a", "\\u{41}"]
)
def test_text_is_never_markup(hostile, root):
    tree = doctree("# A\n\n## B\n")
    tree[0].append(nodes.paragraph("", hostile))
    out = root / "hostile.pdf"
    compile_pdf(translate(tree, book(title=hostile)), root, font_files(), out)
    assert text_of(out).count(hostile) == 2


def test_a_formula_is_cut_at_equalities_and_before_signs():
    (chain,) = Formula("A=B=-C+D", True).rows
    assert (chain.left, chain.links) == ("A", [["\\=B"], ["\\=−C", "\\+D"]])
    first, second = Formula(r"\begin{aligned}A&=B\odot C=D\\&=E\end{aligned}", True).rows
    assert (first.left, first.links) == ("A", [["\\=B", "⊙C"], ["\\=D"]])
    assert (second.left, second.links) == ("", [["\\=E"]])


def test_a_formula_with_a_remark_behind_a_quad_is_not_cut():
    (row,) = Formula(r"A=B \qquad C=D", True).rows
    assert row.left is None and len(row.links) == 1


def test_a_row_too_wide_is_broken_rather_than_set_small(root):
    wide = rf"\begin{{aligned}}A&={MATRIX}\odot{MATRIX}\\&=B\end{{aligned}}"
    out, _ = made(f"# Book\n\n## C\n\n```{{math}}\n{wide}\n```\n", root)
    spans = [
        span
        for block in pymupdf.open(out)[-1].get_text("dict")["blocks"]
        for line in block.get("lines", ())
        for span in line["spans"]
    ]
    heights = {round(span["origin"][1]) for span in spans if "0.0045678" in span["text"].replace("−", "")}
    assert len(heights) == 2
    assert all(span["size"] > 10 for span in spans if "45678" in span["text"])


@pytest.mark.parametrize(
    ("latex", "typst"),
    [
        (r"\val{a:b}{-0.25}", 'class("normal",−)0.25'),
        (r"\mathbf{W}^{\mathsf{T}}", "attach(𝐖, t: 𝖳)"),
        (r"\tfrac12", "inline(frac(1, 2))"),
        (r"x_i^2", "attach(x, b: i, t: 2)"),
        (r"ab", "a b"),
        (r"a,b;c", r"a\,b\;c"),
        (
            r"\begin{matrix}\operatorname{ReLU}z\end{matrix}",
            '#h(0.12em)display(mat(delim: #none, op("ReLU")z))#h(0.12em)',
        ),
    ],
)
def test_mathematics_as_typst(latex, typst):
    assert Formula(latex, False).body == typst
