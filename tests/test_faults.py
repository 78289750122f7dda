"""Faults: whatever stops a build, readers keep one whole book, and the next build needs no cleaning by hand."""

import os
import re
import shutil
import subprocess
import time
from pathlib import Path

import pytest

from gradbook.book.cache.examples import BuiltExample, Cache
from tests import small_book
from tests.chance import remember
from tests.small_book import build, built, edition, example, kill, spoil, start

RATES = (0.5, 0.25)
"""The two editions of the small book: its example with one learning rate or the other."""


def html(folder: Path) -> str:
    return edition(folder / "build" / "html")


def one_sentence(said: str) -> str:
    """What a build refused with, after the lines of its targets."""
    assert "Traceback" not in said, said
    sentence = said[said.index("error: ") :]
    assert sentence.count("\n") == 1, said
    return sentence


def cold(folder: Path, *words: str) -> str:
    """The edition that a build into a new folder gives."""
    built(folder, "html", "--out", "cold", *words)
    whole = edition(folder / "cold" / "html")
    shutil.rmtree(folder / "cold")
    return whole


# --- killed -----------------------------------------------------------------------------------------------------

KILLS, IN_PUBLISHING, PARTS = 200, 60, 4


@pytest.mark.slow
@pytest.mark.parametrize("part", range(PARTS))
def test_killed_at_any_moment(request, tmp_path, chance, part):
    """Killed again and again, while the author changes a number to and fro: one edition or the other, whole.

    A book of one language is built in half of the time, so only the first part has two. A build that has nothing new
    to make is over at once, so the number changes mostly to the one that readers do not see yet.
    """
    with small_book.loaded(request.getfixturevalue("english" if part else "small")) as small:
        _killed_at_any_moment(small, tmp_path, chance)


def _killed_at_any_moment(small: Path, tmp_path: Path, chance) -> None:
    whole, ready = {}, tmp_path / "ready"
    for rate in reversed(RATES):
        example(small, "seed", rate)
        began = time.monotonic()
        built(small)
        lasts = time.monotonic() - began
        whole[rate] = html(small)
        for room in ("work", "source"):
            shutil.copytree(small / "build" / room, ready / str(rate) / room, symlinks=True)
    assert len(set(whole.values())) == 2
    wanted = [True] * (IN_PUBLISHING // PARTS) + [False] * ((KILLS - IN_PUBLISHING) // PARTS)
    chance.shuffle(wanted)
    seen, mixed, killed, done = set(), 0, 0, []
    while killed < len(wanted):
        publishing = wanted[killed]
        moment = chance.uniform(0, 0.06 if publishing else lasts)
        others = [rate for rate in RATES if whole[rate] != html(small)]
        rate = others[0] if publishing or chance.random() < 0.8 else chance.choice(RATES)
        done.append(f"learning rate {rate}, killed {moment:.4f} s after its {'languages' if publishing else 'start'}")
        remember("\n".join(done), "kills.txt")
        if publishing:  # as a build leaves it that was stopped when every language was ready
            for room in ("work", "source"):
                shutil.rmtree(small / "build" / room)
                shutil.copytree(ready / str(rate) / room, small / "build" / room, symlinks=True)
        example(small, "seed", rate)
        run = start(small)
        if publishing:
            _until_publishing(run)
        time.sleep(moment)
        killed += kill(run)
        mixed += html(small) not in whole.values()
        seen.add(html(small))
    print(f"{killed} kills, {mixed} mixed books, {len(seen)} editions seen")
    assert mixed == 0
    for rate, edition_of_it in whole.items():
        example(small, "seed", rate)
        built(small)
        assert html(small) == edition_of_it
    if killed > KILLS // 10:
        assert cold(small) == html(small)
    assert not list((small / "build").rglob("*.part")) and not (small / "build" / ".html-next").exists()


def _until_publishing(run: subprocess.Popen) -> None:
    """Reads what the build says until it has said that every language is ready."""
    for line in run.stderr:
        if line.startswith("html "):
            return


@pytest.mark.slow
def test_killed_while_the_pdf_is_made(english):
    with small_book.loaded(english):
        _killed_while_the_pdf_is_made(english)


def _killed_while_the_pdf_is_made(english: Path) -> None:
    built(english, "pdf")
    before = {path.name: path.read_bytes() for path in (english / "build" / "pdf").glob("*.pdf")}
    example(english, "seed", RATES[1])
    began = time.monotonic()
    built(english, "pdf", "--out", "cold")
    lasts = time.monotonic() - began
    after = {name: (english / "cold" / "pdf" / name).read_bytes() for name in before}
    for moment in range(12):
        run = start(english, "pdf")
        time.sleep(lasts * (moment + 1) / 13)
        kill(run)
        for path in (english / "build" / "pdf").glob("*.pdf"):
            assert path.read_bytes() in (before[path.name], after[path.name])
    built(english, "pdf")
    assert {name: (english / "build" / "pdf" / name).read_bytes() for name in before} == after


@pytest.mark.slow
def test_a_page_that_a_stopped_build_had_read_is_read_again(english):
    """Even if the clock says that it is older than what was read."""
    before, chapter = html(english), english / "docs" / "how-to-read.md"
    text, times = chapter.read_text("utf-8"), chapter.stat()
    chapter.write_text(text.replace("is easy", "is hard") + "\nSee [nothing](#no-such-target).\n", "utf-8")
    assert build(english)[0] == 2
    chapter.write_text(text, "utf-8")
    for path in (chapter, english / "build" / "source" / "en" / chapter.name):
        os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
    built(english)
    assert html(english) == before


@pytest.mark.slow
def test_what_was_finished_is_not_done_again(english):
    """A build that stops among many examples, here at one that is found wrong when it is made, goes on there."""
    names = [f"extra-{n}" for n in range(6)]
    for name in names:
        example(english, name, 0.1)
    last = english / "examples" / f"{names[-1]}.toml"
    right = last.read_text("utf-8")
    spoil(english, names[-1])
    code, said = build(english, "pages", "--jobs", "1")
    cache = Cache(english / "build" / "work" / "examples")
    assert code == 2 and names[-1] in said and cache.last(names[0]) and not cache.last(names[-1])
    before = {p.name: p.stat().st_mtime_ns for p in cache.folder.glob("extra-*.json")}
    last.write_text(right, "utf-8")
    built(english, "pages")
    after = {p.name: p.stat().st_mtime_ns for p in cache.folder.glob("extra-*.json")}
    assert len(after) == 6 and before.items() <= after.items()


LOADED = "import runpy, sys; sys.argv = ['build.py', 'pages']\ntry: runpy.run_path('build.py', run_name='__main__')\n"
LOADED += "except SystemExit: print('gradbook.book.figures.canvas' in sys.modules)"


@pytest.mark.slow
def test_an_unchanged_example_is_neither_worked_nor_drawn(english):
    told = small_book.run(english, "-c", LOADED)
    assert told.endswith("False\n"), told
    example(english, "seed", RATES[1])
    assert small_book.run(english, "-c", LOADED).endswith("True\n")


@pytest.mark.parametrize("damage", [b"", b"{}", b"\xff\x00", None])
def test_a_damaged_entry_is_made_again(tmp_path, damage):
    cache = Cache(tmp_path)
    made = BuiltExample("seed", "mlp", 1, {"en": "A"}, {"en": {"index.md": "B"}}, "C")
    cache.put(made, "key")
    assert cache.last("seed") == ("key", made)
    entry = tmp_path / "seed.json"
    entry.write_bytes(entry.read_bytes().replace(b'"B"', b'"D"') if damage is None else damage)
    assert cache.last("seed") is None


# --- the machine ------------------------------------------------------------------------------------------------


@pytest.fixture
def tiny_disk(tmp_path):
    """A function that mounts a disk of so many kilobytes; only root may."""
    folder = tmp_path / "disk"
    folder.mkdir()

    def mount(kilobytes: int) -> Path:
        options = ["-o", f"size={kilobytes}k{',remount' if os.path.ismount(folder) else ''}"]
        done = subprocess.run(["mount", "-t", "tmpfs", *options, "none", folder], capture_output=True)
        if done.returncode:
            pytest.skip("no disk can be mounted here")
        return folder

    yield mount
    if os.path.ismount(folder):
        subprocess.run(["umount", "-l", folder], check=True)


@pytest.mark.slow
def test_full_disk(english, tiny_disk):
    """At every size at which it does not fit: one sentence, the old book; with room, the new one."""
    out = tiny_disk(65536)
    built(english, "html", "--out", out)
    old = edition(out / "html")
    used = int(subprocess.run(["du", "-sk", out], capture_output=True, text=True, check=True).stdout.split()[0])
    example(english, "seed", RATES[1])
    new = cold(english)
    refused = 0
    for room in (0, 8, 40, 120, 300, 600, 65536):
        tiny_disk(used + room)
        code, said = build(english, "html", "--out", out)
        if code:
            refused += 1
            assert code == 2 and "No space left on device" in said and "Traceback" not in said, said
            assert edition(out / "html") == old
        else:
            assert edition(out / "html") == new
    assert refused and code == 0


@pytest.mark.slow
@pytest.mark.parametrize("words", [("html",), ("pages",), ("clean",)])
def test_read_only_folder(english, tiny_disk, words):
    out = tiny_disk(65536)
    shutil.copytree(english / "build", out, dirs_exist_ok=True)
    before = edition(out)
    subprocess.run(["mount", "-o", "remount,ro", out], check=True)
    code, said = build(english, *words, "--out", out)
    assert code == 2 and "Read-only file system" in one_sentence(said) and edition(out) == before


@pytest.mark.skipif(os.getuid() == 0, reason="root may write anywhere")
def test_folder_of_somebody_else(english, tmp_path):
    (tmp_path / "theirs").mkdir(mode=0o500)
    code, said = build(english, "html", "--out", tmp_path / "theirs" / "book")
    assert code == 2 and "Permission denied" in one_sentence(said)


@pytest.mark.slow
@pytest.mark.parametrize("years", [-20, 20])
def test_clock_set_back_or_forward(english, years):
    """Every file seems to be of another time, and what is edited keeps its old time."""
    example(english, "seed", RATES[1])
    edit = english / "docs" / "how-to-read.md"
    edit.write_text(edit.read_text("utf-8").replace("is easy", "is hard"), "utf-8")
    moment = time.time() + years * 366 * 86400
    for path in english.rglob("*"):
        os.utime(path, (moment, moment))
    built(english)
    assert "is hard" in (english / "build" / "html" / "en" / "how-to-read.html").read_text("utf-8")
    assert html(english) == cold(english)


# --- two builds at once ---------------------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize("targets", [("html", "html"), ("html", "pdf")])
def test_two_builds_at_once(english, targets):
    """The second begins when the first, which has something to make, has made its examples and holds the folder."""
    runs, rates = [], (0.125, 0.0625)
    for target, rate in zip(targets, rates, strict=True):
        runs.append(start(english, target, "--set", f"update.learning_rate={rate}"))
        if len(runs) == 1:
            runs[0].stderr.readline()
    said = ["".join(run.communicate()) for run in runs]
    assert [run.returncode for run in runs] == [0, 0], said
    assert sum("waiting: another build is at work in" in text for text in said) == 1
    last = rates[targets.count("html") - 1]  # the site is the last one's that builds a site
    assert html(english) == cold(english, "--set", f"update.learning_rate={last}")


# --- the author -----------------------------------------------------------------------------------------------------


WRONG = "{% if nonsense %}{% endif %}", "'nonsense' is undefined"
SYNTAX = "{% if %}", "Expected an expression"
TEMPLATES = [
    ("templates/pages/1-index.md.j2", *WRONG),
    ("templates/pages/1-index.md.j2", "{{ view.nonsense }}", "has no attribute 'nonsense'"),
    ("templates/math.j2", "{% endmacro %}", "Encountered unknown tag 'endmacro'"),
    ("templates/site/index.html", *SYNTAX),
]
READ_BY_SPHINX = [
    ("templates/site/words.j2", *SYNTAX),
    ("book/site/theme/templates/page.html", *SYNTAX),
    ("book/site/theme/templates/page.html", "{% if nonsense.there %}{% endif %}", WRONG[1]),
]


@pytest.mark.slow
@pytest.mark.parametrize(("template", "wrong", "said"), [*TEMPLATES, *READ_BY_SPHINX])
def test_wrong_template(english, template, wrong, said):
    path, before = english / template, html(english)
    text = path.read_text("utf-8")
    path.write_text(f"{wrong}\n{text}", "utf-8")
    code, told = build(english)
    sentence = one_sentence(told)
    assert code == 2 and f"{template}:1: " in sentence and said in sentence, told
    assert html(english) == before


@pytest.mark.slow
def test_a_template_that_is_mended(english):
    path, before = english / "templates" / "site" / "words.j2", html(english)
    text = path.read_text("utf-8")
    path.write_text(f"{text}\n{WRONG[0]}\n", "utf-8")
    assert build(english)[0] == 2
    path.write_text(text, "utf-8")
    built(english)
    assert html(english) == before


@pytest.mark.slow
def test_a_bad_example_among_good_ones(small):
    """It stops the build, unless the author wants to go on; its old pages stay, and a new one is left out."""
    before = html(small)
    example(small, "good", 0.1)
    example(small, "seed", "'fast'")
    code, said = build(small)
    assert code == 2 and "examples/seed.toml: update.learning_rate" in one_sentence(said) and html(small) == before
    example(small, "new", -1)
    code, said = build(small, "html", "--keep-going")
    assert code == 2 and "2 of the examples could not be built" in said and "Traceback" not in said
    assert "examples/seed.toml: update.learning_rate" in said and "examples/new.toml: update.learning_rate" in said
    pages = {path.relative_to(small / "build/html").as_posix() for path in (small / "build/html").rglob("*.html")}
    assert {"en/examples/good/index.html", "zh/examples/seed/forward.html"} <= pages
    assert not any("/new/" in page for page in pages)
    (small / "examples" / "new.toml").unlink()
    example(small, "seed", RATES[0])
    built(small)
    assert html(small) == cold(small)


@pytest.mark.slow
def test_chapters_may_speak_of_an_example_that_is_left_out(english):
    chapter = english / "docs" / "how-to-read.md"
    links = "See [its pages](examples/seed/forward.md), [a line](#seed-layer1-z) and {value}`seed:J`."
    chapter.write_text(f"{chapter.read_text('utf-8')}\n{links}\n", "utf-8")
    example(english, "good", 0.1)
    example(english, "seed", -1)
    shutil.rmtree(english / "build")
    code, said = build(english, "html", "--keep-going")
    assert code == 2 and "1 of the examples could not be built" in said, said
    page = (english / "build" / "html" / "en" / "how-to-read.html").read_text("utf-8")
    assert "its pages" in page and "This page quotes examples that are left out" in page
    assert "a value of the example seed" in page and not re.search(r'href="[^"]*seed', page)
    example(english, "seed", RATES[0])
    built(english)
    assert html(english) == cold(english)
    assert build(english, "pdf", "--keep-going")[0] == 0
