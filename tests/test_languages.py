"""A language is its catalogues and one file beside them: nothing else knows of it."""

import json
import os
import re
import subprocess
import sys

import pytest

from gradbook.book.i18n.language import language, native_name
from gradbook.book.i18n.words import SOURCE, languages
from gradbook.book.pages.colophon import typefaces
from gradbook.book.pdf.typst import font_files, look_of
from gradbook.book.site.ext.language import joined, search_of
from gradbook.engine import BookError
from tests.small_project import small_project
from tests.test_floors import ROOT, files
from tests.tiny_plugin import write

MINE = {
    "templates/locale/eo/LC_MESSAGES/book.po": """msgid ""
msgstr "Content-Type: text/plain; charset=UTF-8\\n"

msgid "Forward"
msgstr "Antaŭen"
""",
    "templates/locale/eo/language.toml": """name = "Lingvo por provo"
plural = "n == 1 ? 0 : n < 5 ? 1 : 2"

[search]
characters = '\\u10a0-\\u10ff'
script = "Georgian"

[pdf]
text = ["Gelasio"]
page = "{n}-a paĝo"
leading = "0.7em"

[pdf.fonts]
"." = ["Gelasio.otf"]

[[typefaces]]
name = "Gelasio"
licence = "SIL Open Font License 1.1"
source = "mplfonts"
""",
}
"""Esperanto as if it had a script of its own, in the folder of a project."""


@pytest.fixture
def mine(tmp_path, monkeypatch):
    monkeypatch.setenv("GRADBOOK_PLUGINS", json.dumps([str(write(tmp_path / "mine", MINE))]))
    return tmp_path / "mine"


def test_our_languages_have_their_files():
    for lang in languages():
        assert (ROOT / "templates" / "locale" / lang / "language.toml").is_file()
    assert [native_name(lang) for lang in ("en", "zh")] == ["English", "中文"]
    assert language("zh").plural == "0" and language("zh").pdf.latex == ""


def test_a_language_is_found_by_its_folder(mine):
    assert languages() == (SOURCE, "eo", "zh")
    assert native_name("eo") == "Lingvo por provo"
    found, english = language("eo").pdf, language(SOURCE).pdf
    write(mine, {"templates/locale/eo/Gelasio.otf": "a face"})
    assert (found.page, found.leading) == ("{n}-a paĝo", "0.7em")
    assert (found.spacing, found.headings, found.latex) == (english.spacing, english.headings, english.latex)
    assert mine / "templates/locale/eo/Gelasio.otf" in font_files()
    assert ("Gelasio", "Lingvo por provo") in [(face.name, face.use) for face in typefaces()]
    told = look_of("eo")
    assert 'body: ("Gelasio", )' in told and 'page: n => [#n#"-a"#h(0.15em)#"paĝo"]' in told


def test_a_language_without_a_file_is_as_english(mine):
    (mine / "templates/locale/eo/language.toml").unlink()
    assert language("eo").pdf == language(SOURCE).pdf and language("eo").search is None
    assert native_name("eo") == "Esperanto" and search_of("eo") is None


def test_a_project_says_otherwise_what_the_book_says_of_a_language(mine):
    write(mine, {"templates/locale/zh/language.toml": '[pdf]\npage = "{n}"\n'})
    assert language("zh").pdf.page == "{n}"
    assert language("zh").pdf.text == ["Noto Serif CJK SC"] and language("zh").search.script == "Han"


def test_words_without_spaces_are_found_by_pairs(mine):
    """The index and the query are cut in the same way."""
    found = search_of("eo")
    assert found.lang == "eo" and "Esperanto into pairs" in found.js_splitter_code
    assert "Script=Georgian" in found.js_splitter_code and "Han" not in found.js_splitter_code
    assert found({}).split("აბგ layers") == ["layers", "ა", "ბ", "გ", "აბ", "ბგ"]
    assert search_of("zh").lang == "zh_CN" and "Chinese into pairs" in search_of("zh").js_splitter_code


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ('plurals = "0"', "unknown key 'plurals'. Did you mean 'plural'?"),
        ('[pdf]\nleding = "1em"', "pdf: unknown key 'leding'. Did you mean 'leading'?"),
        ('[pdf]\nleading = "wide"', "pdf.leading: "),
        ('plural = "alert(1)"', "plural: "),
        ('[pdf]\npage = "Seite"', "pdf.page: "),
        ('[search]\nscript = "Han"', "search.characters: is missing"),
        ("[search]\nscript = 'Han'\ncharacters = 'z-a'", "search.characters: "),
        ("[pdf", "is not valid TOML"),
        ("[pdf]\nfonts = 3", "pdf.fonts: expected a table"),
        ("pdf = 3", "pdf: expected a table"),
    ],
)
def test_a_mistake_is_told_in_a_sentence(mine, text, sentence):
    path = mine / "templates/locale/eo/language.toml"
    path.write_text(f"{text}\n", encoding="utf-8")
    with pytest.raises(BookError) as told:
        language("eo")
    assert "locale/eo/language.toml: " in str(told.value) and sentence in str(told.value)
    assert "\n" not in str(told.value)


@pytest.mark.parametrize("source", [".", "ziamath", "nosuchdistribution"])
def test_a_face_that_is_not_there_is_told(mine, source):
    write(mine, {"templates/locale/eo/language.toml": f'[pdf.fonts]\n"{source}" = ["Nosuch.otf"]\n'})
    with pytest.raises(BookError, match=r"locale/eo/language\.toml: pdf\.fonts: .*(Nosuch|nosuchdistribution)"):
        font_files()


def test_no_program_asks_for_a_language_by_name():
    """What is special about a language stands in its file."""
    asked = re.compile(r"""(?:==|\bin)\s*\(?["'](?:zh|en|zh_CN)["']""")
    places = [
        *files("book", "gradbook", "engine", "check"),
        *(ROOT / "book").rglob("*.js"),
        *ROOT.glob("book/pdf/*.typ"),
    ]
    found = [path.name for path in places if asked.search(path.read_text("utf-8"))]
    assert found == []


@pytest.mark.slow
def test_a_site_in_a_language_of_a_project(mine, tmp_path):
    book = small_project(tmp_path / "book")
    settings = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run([sys.executable, "build.py"], cwd=book, env=settings, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    html = book / "build" / "html"
    page = (html / "eo/examples/seed/forward.html").read_text("utf-8")
    assert "Lingvo por provo" in (html / "en/index.html").read_text("utf-8") and "Antaŭen" in page
    scripts = re.findall(r'src="[^"]*_static/([\w-]+\.js)', page)
    assert scripts.index("translations.js") < scripts.index("plural-eo.js")
    assert (html / "eo/_static/plural-eo.js").read_text("utf-8") == (
        "Documentation.PLURAL_EXPR = (n) => Number(n == 1 ? 0 : n < 5 ? 1 : 2);\n"
    )
    assert "plural-" not in (html / "zh/index.html").read_text("utf-8")
    assert "Script=Georgian" in (html / "eo/_static/language_data.js").read_text("utf-8")


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("损失下降。 下一步", "损失下降。下一步"),
        ("损失\n下降：\n Adam", "损失下降：Adam"),
        ("先看 （见上）", "先看（见上）"),
        ("用 Adam\n训练 一次", "用 Adam\n训练 一次"),
        ("Two sentences. \nIn English", "Two sentences. \nIn English"),
    ],
)
def test_sentences_stand_without_spaces_where_the_language_has_none(written, read):
    assert joined(written, language("zh").search.characters) == read
