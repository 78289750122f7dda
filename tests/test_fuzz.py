# ruff: noqa: E501 (tables)
"""Anything at all: whatever is fed to the loader, the notation, the errata and the pages, the answer is a book or a sentence."""

import random
import re
import time
from pathlib import Path

from gradbook.book.formula.mathml import MathError, to_mathml
from gradbook.book.formula.notation import Notation
from gradbook.book.formula.symbols import check_symbol
from gradbook.book.formula.typst_formula import Formula
from gradbook.book.pages.pages import pages, prepare
from gradbook.engine import BookError, load, work
from tests.chance import draws, remember

ROOT = Path(__file__).parent.parent
SEED = (ROOT / "examples" / "seed.toml").read_text(encoding="utf-8")
SOURCE = (ROOT / "examples" / "sources" / "seed.toml").read_text(encoding="utf-8")
LOADS, SYMBOLS, SOURCES, BOOKS = draws(6000, 600), draws(4000, 400), draws(200, 20), draws(100)
"""How many inputs of each kind: ten thousand for loader and notation in the slow tier."""
SECONDS = 150
"""Of the processor, for the rest of them."""

WORDS = [
    "1e400", "-0.0", "5e-324", "1e308", "-1", "0", "1", "0.5", "[", "]", "{", "}", "=", ".", ",", "\n", "\"", "'", "\\",
    "[[layers]]", "W", "b", "x", "y", "true", "nan", "../x", "\u202e", "\x00", "{{ 1 }}", "<b>", "javascript:", "$", "^", "_",
    "\\input", "\\hat", "\\text{a}", "relu", "tanh", "identity", "exact", "digits = 12", "layer1.W", "notation", "^^5c", "#", "网",
]  # fmt: skip
ATOMS = ["a", "W", "z", "1", "^", "_", "{", "}", "\\hat", "\\alpha", "\\mathrm", "\\text", "\\operatorname", "'", "(", ")", "*", " ",
         "-", ",", "^{2}", "_{1}", "\\bar{", "\\mathcal{L}", "\\", "^^5c", "网", "!", "\\prime"]  # fmt: skip


def mutated(text: str, chance: random.Random, most: int = 3) -> str:
    """The text with a few pieces cut, doubled, replaced by a word, or a number changed."""
    for _ in range(chance.randint(1, most)):
        at, length = chance.randrange(len(text) + 1), chance.choice([0, 1, 1, 4, 20])
        how = chance.randrange(4)
        piece = chance.choice(WORDS) if how == 0 else text[at : at + length] * 2 if how == 1 else ""
        if how == 3 and (numbers := list(re.finditer(r"\d+(\.\d+)?", text))):
            found = chance.choice(numbers)
            at, length = found.start(), len(found[0])
            piece = chance.choice([*WORDS[:8], f"{chance.uniform(-3, 3):.3g}", f"{chance.uniform(-3, 3):.1e}"])
        text = text[:at] + piece + text[at + length :]
    return text


def answered(action):
    """What `action` gives, or None if it refuses in a sentence; any other exception is a failure."""
    try:
        return action()
    except BookError as error:
        assert str(error).isprintable() and len(str(error)) < 3000
        return None


def test_loader(tmp_path, chance):
    path, loaded = tmp_path / "random.toml", 0
    for _ in range(LOADS):
        path.write_bytes(mutated(SEED, chance).encode("utf-8", "surrogatepass"))
        remember(path.read_bytes())
        loaded += answered(lambda: work(load(path))) is not None
    assert LOADS * 0.1 < loaded < LOADS * 0.9
    assert list(tmp_path.iterdir()) == [path]


def test_symbols_that_pass_can_be_set(chance):
    passed = 0
    for _ in range(SYMBOLS):
        tex = "".join(chance.choices(ATOMS, k=chance.randint(1, 6)))
        remember(tex, "symbol.tex")
        if answered(lambda tex=tex: check_symbol(tex, "place")):
            passed += 1
            Formula(f"{tex} = 1", display=True)
    assert passed > SYMBOLS * 0.05


def test_sources(tmp_path, chance):
    start = time.process_time()
    example = tmp_path / "seed.toml"
    example.write_text(SEED, encoding="utf-8")
    (tmp_path / "sources").mkdir()
    from gradbook.book.errata.source import read_source

    trace = work(load(example))
    for _ in range(SOURCES):
        path = tmp_path / "sources" / "seed.toml"
        path.write_text(mutated(SOURCE, chance), encoding="utf-8")
        remember(path.read_bytes(), "source.toml")
        answered(lambda path=path: read_source(path, trace))
    assert time.process_time() - start < SECONDS


def test_pages_and_their_formulas(tmp_path, chance):
    path, made = tmp_path / "random.toml", 0
    small = SEED.replace("[notation]", "[page]\ncurve = 20\n[notation]") if "[page]" not in SEED else SEED
    start = time.process_time()
    while made < BOOKS:
        path.write_text(mutated(small, chance, 2), encoding="utf-8", errors="replace")
        remember(path.read_bytes())
        material = answered(lambda: prepare(path))
        if material is None:
            continue
        made += 1
        for name, text in pages(material, chance.choice(["en", "zh"])).items():
            for tex in re.findall(r"```{math}\n(.*?)\n```", text, re.DOTALL) if name.endswith(".md") else ():
                try:
                    to_mathml(tex, display=True)
                except MathError as error:
                    raise AssertionError(f"{name}: {error}") from error
                Formula(tex, display=True)
        assert time.process_time() - start < SECONDS
    assert list(tmp_path.iterdir()) == [path]


def test_notation_of_an_example(chance):
    example = load(ROOT / "examples" / "seed.toml")
    trace = work(example)
    for _ in range(draws(200, 50)):
        own = {chance.choice(list(trace)): "".join(chance.choices(ATOMS, k=3)) for _ in range(2)}
        remember({"notation": own})
        answered(lambda own=own: Notation(example.model_copy(update={"notation": own}), trace, {}))
