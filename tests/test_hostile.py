# ruff: noqa: E501 (tables)
"""Examples of strangers: each hostile file, name or change is refused in a sentence, and nothing else is touched."""

import ast
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from gradbook.book.cache.examples import is_cached
from gradbook.book.formula.notation import Notation
from gradbook.book.formula.symbols import check_symbol
from gradbook.book.i18n.words import markdown_text
from gradbook.book.new import new_example
from gradbook.book.pages.pages import prepare
from gradbook.book.project import Project
from gradbook.engine import BookError, load, work
from gradbook.engine.load import check_name
from gradbook.engine.spec.limits import DEFAULTS, LIMITS, VARIABLE
from gradbook.engine.spec.toml import parse
from tests.tiers import some_slow

ROOT = Path(__file__).parent.parent
SEED = (ROOT / "examples" / "seed.toml").read_text(encoding="utf-8")
TITLE = "A 2-2-2 sigmoid network, by matrices"
MARK = '[title]\nen = "A source"\n[about]\nen = "About"\n[[place]]\nwhere = { en = "Page 1" }\nfigures = [{ step = "J", printed = "0.3" }]\n'

TEX = [
    r"\input{/etc/passwd}", r"\include{a}", r"\write18{id}", r"\immediate\write18{id}", r"\directlua{os.exit()}",
    r"\openin5=a", r"\openout5=a", r"\read5 to\x", r"\catcode`\%=0", r"\def\a{\a}\a", r"\let\a=\b", r"\csname input",
    r"\newcommand{\a}{\a}", r"\special{a}", r"\usepackage{a}", r"\href{javascript:alert(1)}{a}", r"\url{a}",
    r"\html{a}", r"\class{a}{b}", r"\style{a}{b}", r"\val{seed:J}{1}", r"\verb|a|", r"\\", r"\ ", r"\(", r"\ifx", r"\loop",
    r"^^5cinput{a}", r"a_{^^5cinput}", r"{^^5c}", r"{^ ^5c}", r"{^^^^005cinput}", "{a^{b}^c}", "a^2'",
    "$", "$a$", "%", "&", "#", "~", "`", '"', "<b>", "<script>", "{{ 7*7 }}", "{% raw %}", "javascript:alert(1)",
    "a\nb", "a\x00", "\x1b[31m", "\u202eab", "\u200b", "\ufeff", "{", "}", "{a}}{", "a_", "a^", "_", "^", r"\hat", r"\text",
    " ", "{}^", r"\mathrm{", "a" * 121,
]  # fmt: skip
"""What a symbol, a title, an introduction or the words of a source may not be."""

PLAIN = [text for text in TEX if re.search(r"[\\{}<>$`\x00-\x08\x0b-\x1f\u200b\u202e\ufeff]", text)]
NAMES = [
    "../../x", "..", ".", "/etc/passwd", "a/b", "a\\b", "C:x", "con", "prn", "aux", "nul", *(f"com{i}" for i in range(10)),
    *(f"lpt{i}" for i in range(10)), "Con", "COM¹", "ＣＯＮ", "a" * 61, "a" * 10_000, "a\nb", "a\x00b", "a\x1bb", "\u202ea",
    "-rf", "--out", "~", "$HOME", "`id`", "a b", "a.b", "a@2", ".a", "a\u200db", "\u3164", "", " ", "%2e%2e", "<b>", "{{x}}", "a:b",
]  # fmt: skip
DEEP = [
    "a = " + "[" * 10_000 + "]" * 10_000, "a." * 100_000 + "a = 1", "[" + "a." * 100_000 + "a]",
    "a = {" + "b." * 100_000 + "b = 1}", "a = " + "{a=" * 10_000, 'a . "b" . ' * 5000 + "c = 1",
]  # fmt: skip
SOUP = ['"\\' * 200_000, '"""\\' * 100_000, "'''" * 100_000, "'\n" * 200_000, '"' * 400_000, "a = '" + "b" * 400_000]


@pytest.fixture
def folder(tmp_path) -> Path:
    (tmp_path / "sources").mkdir()
    return tmp_path


def written(folder: Path, text: str, name="strange.toml") -> Path:
    (folder / name).write_text(text, encoding="utf-8", errors="surrogatepass")
    return folder / name


def refused(action, *args) -> str:
    """The one sentence with which `action` refuses, soon: in seconds of the processor, whatever else it has to do."""
    start = time.process_time()
    with pytest.raises(BookError) as caught:
        action(*args)
    assert time.process_time() - start < 5
    assert str(caught.value).isprintable() and len(str(caught.value)) < 1500
    return str(caught.value)


def toml(text: str) -> str:
    """Text as a TOML string."""
    return '"' + "".join(c if c.isalnum() else f"\\U{ord(c):08x}" for c in text) + '"'


# Words


@pytest.mark.parametrize("tex", [tex for tex in TEX if tex != "{{ 7*7 }}"], ids=ascii)  # in TeX, two groups
def test_symbols_are_symbols(folder, tex):
    if len(tex) <= LIMITS["symbol"]:
        assert "strange" in refused(check_symbol, tex, "strange.toml: notation.x")
    path = written(folder, SEED.split("[notation]")[0] + f"[notation]\nx = {toml(tex)}\n")
    assert "strange" in refused(prepare, path)


@pytest.mark.parametrize("text", PLAIN, ids=ascii)
@pytest.mark.parametrize("place", ["title", "intro"])
def test_words_are_plain(folder, place, text):
    old = TITLE if place == "title" else re.search(r'\[intro\]\nen = "(.*)"', SEED)[1]
    assert f"{place}.en" in refused(load, written(folder, SEED.replace(f'"{old}"', toml(text), 1)))


UNSEEN = [
    *"\u061c\u200b\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060\u2061\u2062\u2063\u2064\u2066\u2067\u2068\u2069",
    *"\u206a\u206f\ufeff\ufff9\ufffa\ufffb\U0001bca0\U0001d173\U000e0001\U000e0041\x7f\x85\x9f\u2028\u2029\ufdd0\U0001ffff",
]  # fmt: skip
"""What turns the direction of other words, hides, or is no character at all."""

SPELT = [
    "می\u200cخواهم", "क्\u200dष", "ᠠ\u180eᠡ", "Sil\xadbe", "آية \u06dd", "👩\u200d💻", "1️⃣", "السلام", "שלום", "葛\U000e0100", "a\u0301",
]  # fmt: skip
"""Words that are spelt with characters of the same kinds."""


@pytest.mark.parametrize("place", ["title", "intro"])
def test_words_hide_nothing_and_are_spelt_as_in_their_language(folder, place):
    old = TITLE if place == "title" else re.search(r'\[intro\]\nen = "(.*)"', SEED)[1]
    for char in UNSEEN:
        path = written(folder, SEED.replace(f'"{old}"', toml(f"a{char}b"), 1))
        assert f"{place}.en: is plain text and may not hold {char!a}" in refused(load, path), ascii(char)
    for text in SPELT:
        assert getattr(load(written(folder, SEED.replace(f'"{old}"', toml(text), 1))), place)["en"] == text
    for text in ("\u3164", "\u200d", " \u2800 \xa0", "\u3000"):
        assert f"{place}.en: is empty" in refused(load, written(folder, SEED.replace(f'"{old}"', toml(text), 1)))


@pytest.mark.parametrize("text", some_slow(PLAIN, 6), ids=ascii)
@pytest.mark.parametrize("old", ["A source", "About", "Page 1", "0.3"])
def test_words_and_figures_of_a_source(folder, old, text):
    written(folder / "sources", MARK.replace(f'"{old}"', toml(text)))
    assert "strange" in refused(prepare, written(folder, SEED))


@pytest.mark.parametrize(
    "url", ["javascript:alert(1)", "data:text/html,a", "file:///etc/passwd", "//a", "https://a b"]
)
def test_addresses_of_a_source(folder, url):
    written(folder / "sources", f'url = "{url}"\n' + MARK)
    assert "url: " in refused(prepare, written(folder, SEED))


@pytest.mark.parametrize(
    "text", ["[a](javascript:alert(1))", "![a](https://b)", "https://a.b", "# a", "::: note", "(a)=", "- a", "1. a",
             "*a* _b_ **c**", "a | b", "&lt;b&gt;", "&#60;b", "[^1]", ":a: b", "+++", "---", "===", "% a", "a@b.c", "~~a~~",
             "[a]: b", "2) a", "!!! a", "'a' \"b\"", "a -- b", "...", "[a]('b')", "a'*b*'_c_", "a\u3000b\xa0c", ". . .", "{value}", ": a", "@a", "=", "a ^b^"],
)  # fmt: skip
def test_plain_words_stay_plain(text):
    from markdown_it.renderer import RendererHTML
    from markdown_it.token import Token
    from myst_parser.config.main import MdParserConfig
    from myst_parser.parsers.mdit import create_md_parser

    on = {"amsmath", "attrs_block", "attrs_inline", "colon_fence", "deflist", "dollarmath", "fieldlist", "html_image"}
    parser = create_md_parser(MdParserConfig(enable_extensions=on), RendererHTML)
    for before in ("", "# "):
        blocks: list[Token] = parser.parse(before + markdown_text(text))
        inline = [token for token in blocks if token.type == "inline"]
        (words,) = (token for line in inline for token in line.children)
        assert words.type == "text" or (words.type, words.meta) == ("myst_role", {"name": "as-written"})
        assert words.content == text


def test_no_word_becomes_a_template():
    """Only files of ours are templates: nothing in the book makes one from a string."""
    for path in (ROOT / "book").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            called = node.func if isinstance(node, ast.Call) else None
            name = getattr(called, "attr", getattr(called, "id", ""))
            assert name not in ("from_string", "Template", "eval"), f"{path.name}: {name}"


# Names and files


@pytest.mark.parametrize("name", NAMES, ids=lambda name: ascii(name)[:30])
def test_names(folder, name):
    before = tree(folder)
    refused(new_example, folder, name, "mlp", "2,2")
    if "/" not in name:
        refused(check_name, Path(f"{name}.toml"))
    (folder / "examples").mkdir()
    written(folder / "examples", SEED, "seed.toml")
    refused(Project.at(folder).example_paths, (name,))
    shutil.rmtree(folder / "examples")
    assert tree(folder) == before


@pytest.mark.parametrize("option", ["family", "layers", "activation"])
@pytest.mark.parametrize(
    "value", ["../x", "a" * 10_000, "\u202e", "9" * 5000, "-1", "1e9", "2," * 5000, "os", "__init__"]
)
def test_options_of_new(folder, option, value):
    before = tree(folder)
    refused(lambda: new_example(folder, "a", **{"family": "mlp", "layers": "2,2", option: value}))
    assert tree(folder) == before


def test_links_lead_nowhere_else(tmp_path):
    secret = written(tmp_path, SEED, "secret.toml")
    folder = tmp_path / "examples"
    (folder / "sources").mkdir(parents=True)
    (folder / "a.toml").symlink_to(secret)
    (folder / "b.toml").symlink_to("/dev/zero")
    (folder / "c.toml").symlink_to("c.toml")
    written(folder, SEED, "d.toml")
    (folder / "sources" / "d.toml").symlink_to(written(tmp_path, MARK, "source.toml"))
    (folder / "e.toml").symlink_to("d.toml")
    for name, words in {"a": "leads out", "b": "leads out", "c": "cannot be read"}.items():
        assert words in refused(load, folder / f"{name}.toml")
    for name in "abcd":
        refused(is_cached, folder / f"{name}.toml", (), None)
    assert load(folder / "e.toml").name == "e"


def test_large_files(folder):
    path = written(folder, SEED)
    os.truncate(path, 10**11)  # a hundred gigabytes of nothing
    assert "the limit (bytes)" in refused(load, path)
    assert "the limit (bytes)" in refused(is_cached, path, (), None)
    path.write_text("a" * 100_000_000)
    assert "the limit (bytes)" in refused(load, path)


@pytest.mark.parametrize("text", DEEP, ids=lambda text: text[:12])
def test_depth(folder, text):
    assert "the limit (depth) is 32" in refused(load, written(folder, text)) or len(text) > LIMITS["bytes"]
    assert refused(load, written(folder, SEED), ["data.x=" + text.removeprefix("a = ")])
    with pytest.raises(ValueError, match="nested too deeply"):
        parse(text)


@pytest.mark.parametrize("text", SOUP, ids=lambda text: text[:6])
def test_quotes_are_read_once(folder, text):
    assert "is not valid TOML" in refused(load, written(folder, text))


def test_dots_in_words_are_no_depth():
    assert parse("a = '" + "a." * 100 + "'\nb = [" + "1.5, " * 100 + "] # " + "." * 100)["b"] == [1.5] * 100


# Sizes


def net(layers=1, width=1, inputs=1, samples=1, curve=1) -> str:
    rows = lambda n, m: "[" + ",".join(["[" + ",".join(["1"] * m) + "]"] * n) + "]"  # noqa: E731
    text = (
        f'family = "mlp"\ntitle = {{ en = "A" }}\nupdate = {{ learning_rate = 1e-9 }}\npage = {{ curve = {curve} }}\n'
    )
    text += f"data = {{ x = {rows(samples, inputs)}, y = {rows(samples, width)} }}\n"
    for _ in range(layers):
        text += f'[[layers]]\nW = {rows(width, inputs)}\nb = [{",".join(["0"] * width)}]\nactivation = "tanh"\n'
        inputs = width
    return text


SIZES = {
    "layers": {"layers": 31}, "curve": {"curve": 10**9}, "numbers": {"width": 101, "inputs": 100},
    "size": {"width": 99, "inputs": 99, "samples": 99}, "multiplications": {"layers": 20, "curve": 100_000},
    "bytes": {"width": 600, "inputs": 600},
}  # fmt: skip


@pytest.mark.parametrize("limit", some_slow(SIZES, 2))
def test_sizes(folder, monkeypatch, limit):
    path = written(folder, net(**SIZES[limit]))
    text = refused(lambda: work(load(path)))
    assert f"the limit ({limit}) is {DEFAULTS[limit]}" in text
    if limit in ("layers", "size", "bytes"):
        raising = re.search(rf"{VARIABLE}=(\S+) raises it", text)[1]
        monkeypatch.setenv(VARIABLE, f"{raising} numbers=400000 multiplications=900000000000000 size=1000000")
        assert work(load(path))


def test_a_million_layers(folder):
    assert "the limit (layers)" in refused(load, written(folder, net() + "[[layers]]\n" * 40_000))
    assert "bytes" in refused(load, written(folder, net() + "[[layers]]\n" * 1_000_000))
    for change in ["layers=[" + "1," * 100_000 + "]", "page.curve=1000000000", "order=" + "9" * 4000]:
        refused(load, written(folder, SEED), [change])


def test_sources_ask_for_too_much(folder):
    example = written(folder, SEED)
    figure = '{ step = "J", printed = "0.3" },'
    for figures, limit in [(figure * 401, "figures"), (figure.replace(" }", ", after = 100000 }"), "updates"),
                           ("".join(figure.replace(" }", f", after = {n} }}") for n in range(9000, 9100)), "multiplications")]:  # fmt: skip
        written(folder / "sources", re.sub(r"figures = .*", f"figures = [{figures}]", MARK))
        assert f"the limit ({limit})" in refused(prepare, example)


@pytest.mark.parametrize(
    "text", ["x", "bytes", "bytes=", "bytes=-1", "bytes=0", "bytes=1e9", "bits=9", "bytes=" + "9" * 99]
)
def test_a_wrong_limit_is_a_mistake(folder, monkeypatch, text):
    monkeypatch.setenv(VARIABLE, text)
    assert VARIABLE in refused(load, written(folder, SEED))


def test_limits_are_documented():
    chapter = (ROOT / "docs" / "your-own-example.md").read_text(encoding="utf-8")
    assert VARIABLE in chapter
    for name, number in DEFAULTS.items():
        assert f"| `{name}` | {number} |" in chapter


# Numbers

NUMBERS = ["1e400", "-1e400", "nan", "1e308", "-1e308", "5e-324", "-5e-324", "2.2e-308", "-0.0", "1e-320", "0.0", "1e22",
           "9007199254740993", "9" * 400, "1e-300", "123456789.123456789", "0x7fffffffffffffff", "-1e-9"]  # fmt: skip


@pytest.mark.parametrize("number", some_slow(NUMBERS, 4), ids=lambda text: text[:20])
@pytest.mark.parametrize("place", ["0.05", "0.15", "0.35", "0.01", "learning_rate = 0.5"])
def test_hard_numbers_are_worked_or_refused(folder, place, number):
    text = SEED.replace(place, place.replace("0.5", number) if "=" in place else number, 1)
    try:
        material = prepare(written(folder, text))
    except BookError as error:
        assert str(error).isprintable()
        return
    from gradbook.book.pages.pages import pages

    assert not re.search(
        r"-0(?![.\d])|\bnan\b|\binf\b", "\n".join(v for k, v in pages(material, "en").items() if k.endswith("md"))
    )


# The whole build


def tree(folder: Path) -> dict:
    """Every path below a folder, with what would show a change."""
    return {p: (p.lstat().st_mtime_ns, p.lstat().st_size) for p in folder.rglob("*") if "__pycache__" not in p.parts}


def test_a_build_of_hostile_files_touches_its_output_only(tmp_path):
    home, out = tmp_path / "home", tmp_path / "home" / "out"
    folder = home / "examples"
    (folder / "sources").mkdir(parents=True)
    for name, text in {"a": DEEP[1], "b": SEED.replace(TITLE, "{{ 7 * 7 }}"), "c": net(layers=31)}.items():
        written(folder, text, f"{name}.toml")
    before = tree(tmp_path)
    command = [sys.executable, "-B", "-m", "gradbook", "-C", str(home), "pages", "--out", str(out)]
    environment = {**os.environ, "HOME": str(home), "TMPDIR": str(home), "MPLCONFIGDIR": str(out / "mpl")}
    for name in "abc":
        run = subprocess.run(
            [*command, "--only", name], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=600
        )
        assert run.returncode == 2 and "Traceback" not in run.stderr
    after = {path: found for path, found in tree(tmp_path).items() if not path.is_relative_to(out)}
    assert {p: f for p, f in after.items() if p.is_file()} == {p: f for p, f in before.items() if p.is_file()}


def test_two_names_with_one_address(folder):
    from gradbook.book.cache.examples import BuiltExample
    from gradbook.book.site.generated import write_pages

    made = [
        BuiltExample(n, "mlp", 1, {"en": n}, {"en": {"a.md": t}}, "")
        for n, t in [("a", "(a-check)=\n"), ("a-check", "(a-check)=\n")]
    ]
    assert "both have the address 'a-check'" in refused(write_pages, made, "en", folder / "pages")
    assert not (folder / "pages").exists()


def test_notation_is_checked_before_it_is_set(folder):
    example = load(written(folder, SEED), ["notation.nowhere=x"])
    assert "unknown symbol" in refused(Notation, example, work(example), {})
