"""Runs Sphinx in a process of its own, and tells its warnings as sentences that name the file to edit."""

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path

from gradbook.engine.errors import BookError

from .address import address
from .edition import files_in, lock
from .files import write
from .mistakes import told_in
from .words import locale_of

ROOT = Path(__file__).resolve().parent.parent
GENERATED = ("examples", "operations", "about")  # the parts of a source folder that staging leaves alone
SHAPED_BY = ("sphinx", "furo", "myst-parser", "docutils", "pygments", "math-core", "typst")
CODE = ("ext/*", "inline_svg.py", "mathml.py", "policy.py", "typst*.py", "look.typ", "values.py", "words.py")
MOST_WARNINGS = 20


@contextmanager
def sphinx(builder: str, source: Path, work: Path, lang: str, *settings: str) -> Iterator[subprocess.Popen]:
    """Sphinx at work from `source` into `work/<builder>`; it never outlives an interrupted build."""
    with lock(work.parent / f".lock-{work.name}") as held:
        again = _prepare(work, builder)
        options = ["-q", "-T", "-W", *(["-a"] if again else []), "-b", builder, "-c", ROOT / "docs"]
        overrides = [word for setting in (f"language={locale_of(lang)}", *settings) for word in ("-D", setting)]
        with open(work / "log", "w", encoding="utf-8") as log:
            folders = ["-d", work / "doctrees", "-w", work / "warnings", source, work / builder]
            command = [sys.executable, "-m", "sphinx", *options, *overrides, *folders]
            run = subprocess.Popen(command, stdout=log, stderr=log, env=environment(), pass_fds=held)
        try:
            yield run
        finally:
            if run.poll() is None:
                run.terminate()
                run.wait()


def environment() -> dict[str, str]:
    """The same bytes on every machine: no dates, no time zone, English messages, one order of sets."""
    fixed = {"PYTHONHASHSEED": "0", "LC_ALL": "C.UTF-8", "TZ": "UTC", "NO_COLOR": "1", "PYTHONUTF8": "1"}
    return {"SOURCE_DATE_EPOCH": "0", **os.environ, **fixed, **_way_to_us()}


def _way_to_us() -> dict[str, str]:
    """A checkout need not be installed: another process finds this one's gradbook, and no other edition of it."""
    if ROOT.name == "gradbook" and (ROOT / "cli.py").is_file():  # installed
        return {}
    return {"PYTHONPATH": os.pathsep.join([str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])])}


def _prepare(work: Path, builder: str) -> bool:
    """Readies a language's folder; True if the last run did not end well and all pages must be written."""
    again = not (work / "whole").exists()
    (work / "whole").unlink(missing_ok=True)
    if _read(work / "machine") != machine():
        shutil.rmtree(work, ignore_errors=True)
        write(work / "machine", machine())
    elif again:
        _go_back(work)
        shutil.rmtree(work / builder, ignore_errors=True)
    return again


def _go_back(work: Path) -> None:
    """To what the last good run had read: of what a stopped run read, Sphinx would neither warn nor look again."""
    trees, good = work / "doctrees", work / "environment.good"
    marks = json.loads(_read(work / "trees.good") or "{}")
    for name, mark in _marks(trees).items():
        if marks.get(name) != mark:
            (trees / name).unlink()
    (trees / "environment.pickle").unlink(missing_ok=True)
    if good.exists():
        write(trees / "environment.pickle", good.read_bytes())


def _keep(work: Path) -> None:
    """Remembers what this good run has read, and then that it was good."""
    trees = work / "doctrees"
    write(work / "environment.good", (trees / "environment.pickle").read_bytes())
    write(work / "trees.good", json.dumps(_marks(trees)))
    (work / "whole").touch()


def _marks(trees: Path) -> dict[str, list[int]]:
    """Each page as Sphinx has read it, with what betrays that it was read again."""
    found = ((name, (trees / name).stat()) for name in files_in(trees) if name.suffix == ".doctree")
    return {name.as_posix(): [stat.st_ino, stat.st_size, stat.st_mtime_ns] for name, stat in found}


def machine() -> str:
    """Stands for what shapes every page: our code, templates and styles, the versions of what we build on."""
    rooms = ("docs/_templates", "docs/static")
    code = [p for name in CODE for p in sorted((ROOT / "book").glob(name)) if p.is_file()]
    shaping = [ROOT / "docs" / "conf.py", *code] + [
        ROOT / room / name for room in rooms for name in files_in(ROOT / room)
    ]
    parts = [p.relative_to(ROOT).as_posix().encode() + b"\0" + p.read_bytes() for p in shaping]
    versions = [f"{name} {version(name)}".encode() for name in SHAPED_BY]
    return hashlib.sha256(b"\0".join([*parts, *versions, sys.version.encode()])).hexdigest()


def outcome(source: Path, work: Path, run: subprocess.Popen, absent: Collection[str] = ()) -> list[str]:
    """Waits for Sphinx; the sentences of its warnings, or none and `work` is marked whole.

    What chapters say of the examples in `absent` is no mistake of theirs. A full disk also swallows warnings;
    that there were some, Sphinx tells by its exit code.
    """
    run.wait()
    warned = _sentences(_read(work / "warnings"), source)
    mistakes = [sentence for sentence in warned if not _excused(sentence, absent)]
    if run.returncode and not mistakes:
        write(work / "room", bytes(1 << 16))  # raises OSError if the disk is full
        (work / "room").unlink()
    if run.returncode and not warned:
        log = _read(work / "log")
        raise told_in(log) or RuntimeError(f"Sphinx stopped ({run.returncode}): {log[-2000:]}")
    if not mistakes:
        _keep(work)
    return mistakes


def _excused(sentence: str, absent: Collection[str]) -> bool:
    """Whether this is a link to an example that could not be built, or a value of it."""
    names, places = ("|".join(map(re.escape, some)) for some in (absent, map(address, absent)))
    spoken_of = rf"'(?:examples/(?:{places})/|#?(?:{places})-)|unknown example '(?:{names})'"
    return bool(names) and re.search(spoken_of, sentence) is not None


def refuse(mistakes: list[str]) -> None:
    """Raise BookError with these sentences, if there are any."""
    if mistakes:
        more = [f"… and {len(mistakes) - MOST_WARNINGS} more."] if len(mistakes) > MOST_WARNINGS else []
        raise BookError("\n".join([*mistakes[:MOST_WARNINGS], *more]))


_WARNING = re.compile(
    r"(?:(?P<path>[^\n]*?\.\w+)(?::(?:docstring of [^:]*:)?(?P<line>\d+))?(?::<\w+>)?(?::\d+)?: )?"
    r"(?:WARNING|ERROR|CRITICAL|SEVERE): (?P<text>.*?)(?: \[[\w.]+\])?"
)


def _sentences(warnings: str, source: Path) -> list[str]:
    """Each warning once, as `docs/how-to-read.md:12: what is wrong.`, with the path of the file to edit."""
    found: list[str] = []
    for line in filter(str.strip, warnings.splitlines()):
        match = _WARNING.fullmatch(line)
        if match:
            found.append(_sentence(match, source))
        elif found:
            found[-1] = f"{found[-1].rstrip('.')} {line.strip()}."
    return list(dict.fromkeys(found))


def _sentence(match: re.Match, source: Path) -> str:
    text = match["text"].strip().rstrip(".") + "."
    if not match["path"]:
        return text
    path = Path(match["path"])
    if path.is_relative_to(source):
        path = path.relative_to(source)
        path = path if path.parts[0] in GENERATED else Path("docs") / path
    return f"{path.as_posix()}{':' + match['line'] if match['line'] else ''}: {text}"


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8") if path.is_file() else ""
