"""Damage, as a power cut leaves it: whatever our own state holds, unreadable or altered is the same as absent."""

import json
import shutil
import traceback
from pathlib import Path

import pytest
from jinja2 import DictLoader, Environment, FileSystemLoader, StrictUndefined, UndefinedError

from gradbook import check
from gradbook.book.base import files
from gradbook.book.cache import whole
from gradbook.book.cache.examples import BuiltExample, Cache
from gradbook.book.i18n.compiled import Compiled
from gradbook.book.site import check_inputs, webfont
from tests.chance import remember
from tests.damage import WAYS, a_dead_link, a_file, a_folder, emptied, flipped, halved
from tests.small_book import built, edition, example

SPHINX = {
    "html/index.html": "<html></html>", "html/.buildinfo": "config", "html/_static/a.css": "p {}",
    "doctrees/index.doctree": "read", "doctrees/examples/seed.doctree": "also read",
    "doctrees/environment.pickle": "environment",
}  # fmt: skip


@pytest.fixture
def work(tmp_path) -> Path:
    """A folder as a good run of Sphinx leaves it, below a folder that is ours."""
    (tmp_path / files.MARKER).touch()
    for name, text in SPHINX.items():
        files.write(tmp_path / "en" / name, text)
    whole.keep(tmp_path / "en", "html", "version 1")
    return tmp_path / "en"


def copies(folder: Path):
    """Each file of a folder, each time in a copy of it."""
    for name in files.files_in(folder):
        copy = folder.with_name("copy")
        shutil.rmtree(copy, ignore_errors=True)
        yield shutil.copytree(folder, copy, symlinks=True) / name


def state(folder: Path) -> dict[str, bytes]:
    return {name.as_posix(): (folder / name).read_bytes() for name in files.files_in(folder)}


@pytest.mark.parametrize("way", WAYS)
def test_what_a_run_left_is_whole_to_the_byte_or_done_again(work, way):
    assert whole.is_whole(work) and len(list(copies(work))) == len(SPHINX) + 2
    for path in copies(work):
        way(path)
        copy = work.with_name("copy")
        assert not whole.is_whole(copy), path
        assert whole.begin(copy, "html", "version 1"), path
        left = {name: data for name, data in state(copy).items() if name.startswith("doctrees/")}
        assert left.items() <= {name: text.encode() for name, text in SPHINX.items()}.items(), path
        assert not (copy / "html").exists() and not (copy / "whole").exists()
        assert not any(p.is_symlink() or p.is_dir() for p in copy.rglob("*.doctree"))


def test_a_whole_folder_is_gone_on_from_and_one_shaped_otherwise_is_not(work):
    before = state(work)
    assert not whole.begin(work, "html", "version 1")
    assert state(work) == {name if name != "whole" else "before": data for name, data in before.items()}
    assert not whole.is_whole(work), "while Sphinx is at work"
    assert whole.begin(work, "html", "version 1"), "it was stopped"
    assert state(work).keys() == before.keys() - {"whole"} - {n for n in SPHINX if n.startswith("html/")} | {"before"}
    assert whole.begin(work, "html", "version 2") and state(work) == {}


@pytest.mark.parametrize("way", WAYS)
def test_a_sealed_text(tmp_path, way):
    path = tmp_path / "text"
    for text in ("", "one line", "数\n" * 3):
        files.seal(path, text)
        assert files.sealed(path) == text
        way(path)
        assert files.sealed(path) is None
        files.remove(path)
    assert files.sealed(path) is None


@pytest.mark.parametrize("way", WAYS)
def test_a_compiled_template(tmp_path, way):
    """Kept for other processes; damaged, or compiled with other filters, it is compiled again."""
    (tmp_path / files.MARKER).touch()
    filters, folder = tmp_path / "filters.py", tmp_path / "templates"
    filters.write_text("first", "utf-8")

    def compiles(text: str = "{{ 1 + 1 }} {{ x }}") -> bool:
        kept, env = Compiled(filters), Environment(loader=DictLoader({"a": text}))
        kept.folder, env.bytecode_cache, dumped = folder, kept, []
        kept.dump_bytecode = lambda bucket: (dumped.append(bucket), Compiled.dump_bytecode(kept, bucket))
        assert env.get_template("a").render(x="数") == text.replace("{{ 1 + 1 }}", "2").replace("{{ x }}", "数")
        return bool(dumped)

    assert compiles() and not compiles()
    (path,) = folder.iterdir()
    way(path)
    assert compiles() and not compiles()
    assert compiles("{{ x }}") and not compiles("{{ x }}")
    filters.write_text("second", "utf-8")
    assert compiles("{{ x }}") and not compiles("{{ x }}")


def test_a_copy_of_a_checkout_compiles_nothing_and_names_its_own_places(tmp_path, monkeypatch):
    monkeypatch.setattr("sys.dont_write_bytecode", False)
    filters = tmp_path / "filters.py"
    filters.write_text("first", "utf-8")
    for name in ("first", "second"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "a").write_text("one\n{{ x }}", "utf-8")

    def told(folder: Path, beside: Path | None, mine: Path) -> tuple[str, int]:
        kept, env = Compiled(filters, beside), Environment(loader=FileSystemLoader(folder), undefined=StrictUndefined)
        kept.folder, env.bytecode_cache, dumped = mine, kept, []
        kept.dump_bytecode = lambda bucket: (dumped.append(bucket), Compiled.dump_bytecode(kept, bucket))
        with pytest.raises(UndefinedError) as error:
            env.get_template("a").render()
        last = traceback.extract_tb(error.tb)[-1]
        return f"{last.filename}:{last.lineno}", len(dumped)

    beside, mine = tmp_path / "beside", tmp_path / "mine"
    assert told(tmp_path / "first", beside, mine) == (f"{tmp_path / 'first' / 'a'}:2", 1)
    assert told(tmp_path / "second", beside, mine) == (f"{tmp_path / 'second' / 'a'}:2", 0)
    assert not mine.exists(), "what lies beside the templates is not kept twice"
    beside.rename(tmp_path / "gone")
    beside.write_text("no folder", "utf-8")
    assert told(tmp_path / "second", beside, mine)[1] == 1 and len(list(mine.iterdir())) == 1
    assert told(tmp_path / "first", None, mine) == (f"{tmp_path / 'first' / 'a'}:2", 0)


@pytest.mark.parametrize("way", WAYS)
def test_caches(tmp_path, way):
    (tmp_path / files.MARKER).touch()
    cache = Cache(tmp_path / "work")
    made = BuiltExample("seed", "mlp", 1, {"en": "A"}, {"en": {"index.md": "B"}}, {"seed": "C"})
    cache.put(made, "key")
    assert cache.last("seed") == ("key", made)
    way(tmp_path / "work" / "seed.json")
    assert cache.last("seed") is None
    cache.put(made, "key")
    assert cache.last("seed") == ("key", made)
    way(tmp_path / "work" / "seed.json")
    cache.keep(["another"])
    assert not list((tmp_path / "work").iterdir())


@pytest.mark.parametrize("way", WAYS)
def test_the_last_result_of_the_checker(tmp_path, way):
    (tmp_path / files.MARKER).touch()
    check_inputs.keep(tmp_path, json.dumps({"ok": True}))
    told = (tmp_path / check_inputs.RESULT).read_bytes()
    way(tmp_path / check_inputs.RESULT)
    assert check_inputs.last(tmp_path)["ok"] and (tmp_path / check_inputs.RESULT).read_bytes() == told
    way(tmp_path / check_inputs.OWN)
    assert check_inputs.last(tmp_path) is None


def test_the_font(tmp_path, monkeypatch):
    (tmp_path / files.MARKER).touch()
    monkeypatch.setattr(webfont, "_cut", lambda characters: b"a font")
    webfont.make(tmp_path / "static")
    before = state(tmp_path)
    for name in files.files_in(tmp_path / "static"):
        for way in WAYS:
            way(tmp_path / "static" / name)
            webfont.make(tmp_path / "static")
            assert state(tmp_path) == before, (name, way)


def test_only_below_a_folder_of_ours_anything_is_cleared_away(tmp_path):
    theirs = tmp_path / "theirs" / "letter"
    theirs.mkdir(parents=True)
    (tmp_path / "file").write_text("mine")
    for path in (theirs, tmp_path / "file" / "below"):
        with pytest.raises(OSError):
            files.write(path, "ours")
    assert theirs.is_dir() and (tmp_path / "file").read_text() == "mine"
    (tmp_path / files.MARKER).touch()
    assert files.write(theirs, "ours") and files.write(tmp_path / "file" / "below", "ours")
    assert theirs.read_text() == (tmp_path / "file" / "below").read_text() == "ours"


@pytest.mark.parametrize("way", WAYS)
def test_the_checker_reads_what_is_damaged_and_says_so(tmp_path, way):
    for name in ("index.html", "en/searchindex.js"):
        files.write(tmp_path / "site" / name, f"<html><body>{name}</body></html>")
    (tmp_path / "book.pdf").write_bytes(b"%PDF-1.7\n")
    for path in [p for p in tmp_path.rglob("*.*") if p.is_file()]:
        way(path)
    assert not check.run(tmp_path / "site", {}, ["en"]).ok
    pytest.importorskip("pymupdf")
    assert "cannot be read" in check.check_pdf(tmp_path / "book.pdf", []).failures[0].why


# --- the whole book -----------------------------------------------------------------------------------------------

SOME = {
    "work/en/html/index.html": emptied, "work/en/html/_static/theme.js": flipped, "work/zh/environment.good": halved,
    "html/zh/index.html": halved, "html/index.css": a_folder, "source/en/index.md": a_dead_link,
    "source/static/fonts/stix-two-math.woff2": flipped, "source/static/traces/seed.js": halved,
    "source/locale/zh_CN/LC_MESSAGES/index.mo": flipped, "work/examples/seed.json": flipped,
    "work/together/map.json": emptied, "work/.lock-en": a_folder, ".gradbook": a_dead_link,
}  # fmt: skip


@pytest.mark.slow
def test_a_damaged_book_is_right_after_the_next_build(small):
    before = edition(small / "build" / "html")
    for name, way in SOME.items():
        way(small / "build" / name)
    built(small)
    assert edition(small / "build" / "html") == before


ALONE = ("html", "source", "doctrees", "environment.good", "whole", "locale")
"""What is damaged apart from the rest: that it is noticed must not be owed to other damage."""


READ = ("doctrees", "environment.good", "whole")
"""What Sphinx reads only where something else has changed."""


def kind(name: Path) -> str:
    found = [part for part in name.parts if part in ALONE]
    return "work/html" if name.parts[0] == "work" and found == ["html"] else found[-1] if found else "the rest"


@pytest.fixture(scope="module")
def changed(pristine_english, tmp_path_factory) -> str:
    """The edition of the small book with another learning rate, built from nothing."""
    folder = Path(shutil.copytree(pristine_english, tmp_path_factory.mktemp("changed") / "book"))
    example(folder, "seed", 0.25)
    built(folder, "html", "--out", "cold")
    return edition(folder / "cold" / "html")


@pytest.mark.slow
@pytest.mark.parametrize("what", ["work/html", *ALONE, "the rest"])
def test_every_file_of_the_book_damaged(request, changed, what, chance):
    """Each in a way of its own; a file that stands alone of its kind meets every way within a few runs."""
    book = request.getfixturevalue("small" if what == "locale" else "english")  # English needs no catalogues
    before = edition(book / "build" / "html")
    chosen = [name for name in files.files_in(book / "build") if kind(name) == what]
    assert chosen
    done = [(chance.choice(WAYS), name) for name in chosen]
    remember("\n".join(f"{way.__name__}: {name}" for way, name in done), "damage.txt")
    for way, name in done:
        way(book / "build" / name)
    if what in READ:
        example(book, "seed", 0.25)
    built(book)
    assert edition(book / "build" / "html") == (changed if what in READ else before)


FOLDERS = (
    "html", "html/en", "source", "source/static/fonts", "work", "work/en", "work/en/html", "work/en/doctrees",
    "work/en/doctrees/examples", "work/examples",
)  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("folder", FOLDERS)
def test_a_file_where_a_folder_belongs(english, folder):
    before = edition(english / "build" / "html")
    a_file(english / "build" / folder)
    built(english)
    assert edition(english / "build" / "html") == before


@pytest.mark.slow
def test_damage_to_the_pdf(english, chance):
    """Every file, each in a way of its own."""
    built(english, "pdf")
    before = edition(english / "build" / "pdf")
    done = [
        (chance.choice(WAYS), Path(room, name)) for room in ("pdf", "work/pdf")
        for name in files.files_in(english / "build" / room)
    ]  # fmt: skip
    remember("\n".join(f"{way.__name__}: {name}" for way, name in done), "damage.txt")
    for way, name in done:
        way(english / "build" / name)
    built(english, "pdf")
    assert edition(english / "build" / "pdf") == before
