"""What a good run of Sphinx left in a folder, each file under its digest: a stopped run shows, and so does damage."""

import json
from pathlib import Path

from ..base.files import digest_of, files_in, make_folder, read, remove, seal, sealed, write

MARK, BEFORE = "whole", "before"
"""The mark of a folder that is whole; while Sphinx is at work there, the mark that it had before."""
TREES, PICKLE, KEPT = "doctrees", "doctrees/environment.pickle", "environment.good"


def keep(work: Path, builder: str, shaped_by: str, made_of: str | None = None) -> None:
    """Mark `work` as whole: what is there now is what a good run has read and written. `made_of` stands for what it
    read, where that is known."""
    write(work / KEPT, read(work / PICKLE) or b"")
    names = [Path(KEPT), *(Path(room, name) for room in (TREES, builder) for name in files_in(work / room))]
    files = {name.as_posix(): digest_of(work / name) for name in names}
    seal(work / MARK, json.dumps({"shaped_by": shaped_by, "made_of": made_of, "files": files}))
    remove(work / BEFORE)


def is_whole(work: Path) -> bool:
    """Whether `work` is as a good run left it, to the byte."""
    mark = _mark(work / MARK)
    return mark is not None and _fits(work, mark["files"])


def is_current(work: Path, shaped_by: str, made_of: str | None) -> bool:
    """Whether a run would make again what is in `work`, to the byte."""
    mark = _mark(work / MARK)
    if made_of is None or mark is None or (mark["shaped_by"], mark.get("made_of")) != (shaped_by, made_of):
        return False
    return _fits(work, mark["files"])


def begin(work: Path, builder: str, shaped_by: str) -> bool:
    """Readies `work` for a run and takes its mark away; True if every page must be written again.

    After a stopped run, or where a file is damaged, it goes back to what the last good run had read: of what a
    stopped run read, Sphinx would neither warn nor look again. What was shaped by something else goes.
    """
    whole = _mark(work / MARK)
    last = whole or _mark(work / BEFORE)
    if not last or last["shaped_by"] != shaped_by:
        remove(work)
        make_folder(work)
        return True
    again = not whole or not _fits(work, last["files"])
    if whole:
        (work / MARK).replace(work / BEFORE)
    if again:
        _go_back(work, builder, last["files"])
    return again


def _mark(path: Path) -> dict | None:
    return json.loads(sealed(path) or "null")


def _fits(work: Path, files: dict[str, str]) -> bool:
    return all(digest_of(work / name) == known for name, known in files.items())


def _go_back(work: Path, builder: str, files: dict[str, str]) -> None:
    """What was written goes, and of what was read, all that is not as the last good run had it."""
    remove(work / builder)
    trees = work / TREES
    for path in sorted(trees.rglob("*"), reverse=True) if trees.is_dir() else ():
        name = path.relative_to(work).as_posix()
        if (name in files) if path.is_dir() else (digest_of(path) != files.get(name)):
            remove(path)
    if digest_of(work / KEPT) == files[KEPT]:
        write(work / PICKLE, read(work / KEPT))
    else:
        remove(trees)  # all is read again


def keep_compiled(source: Path, locale: str) -> None:
    """Remember the catalogues that Sphinx has compiled beside those it reads."""
    seal(_known(source, locale), json.dumps({path.name: digest_of(path) for path in _compiled(source, locale)}))


def check_compiled(source: Path, locale: str) -> None:
    """A compiled catalogue that is damaged goes: Sphinx, which looks at its time alone, makes it again."""
    known = json.loads(sealed(_known(source, locale)) or "{}")
    for path in _compiled(source, locale):
        if digest_of(path) != known.get(path.name):
            remove(path)


def _compiled(source: Path, locale: str) -> list[Path]:
    return sorted((source.parent / "locale" / locale / "LC_MESSAGES").glob("*.mo"))


def _known(source: Path, locale: str) -> Path:
    return source.parent.parent / "work" / f"compiled-{locale}"
