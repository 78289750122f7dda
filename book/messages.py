"""The translators' catalogues: brought up to date with templates and chapters, and judged message by message."""

import re
import subprocess
import sys
from collections.abc import Iterable, Iterator, Sequence
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory

from babel.messages import Catalog
from babel.messages.pofile import read_po, write_po
from jinja2.ext import babel_extract

from gradbook.engine import plugins

from .base.files import write
from .i18n import hints
from .i18n.words import SOURCE, TEMPLATES, languages, locale_of
from .pages.keys import told
from .project import chapters_in
from .site.site import stage
from .site.sphinx_run import THEME, environment

ROOT = TEMPLATES.parent
OPTIONS = {
    "extensions": "jinja2.ext.do",
    "trim_blocks": "true",
    "lstrip_blocks": "true",
    "keep_trailing_newline": "true",
    "newstyle_gettext": "true",
    "silent": "false",
}
"""The templates are read for translators as book/i18n/words.py reads them for pages."""

GUESSED = {"python-format", "python-brace-format"}
"""Flags that Babel guesses from braces and percent signs, which here are mostly TeX; `parts` compares instead."""

HEADER = """msgid ""
msgstr ""
"Project-Id-Version: gradbook\\n"
"Language: {locale}\\n"
"MIME-Version: 1.0\\n"
"Content-Type: text/plain; charset=utf-8\\n"
"Content-Transfer-Encoding: 8bit\\n"
"Plural-Forms: {plural_forms}\\n"

"""
"""No dates, no versions: the same messages give the same file."""

_PART = re.compile(
    r"(?P<code>(?<!`)(?P<ticks>`+)(?!`).*?(?<!`)(?P=ticks)(?!`))"
    r"|(?P<role>\{[\w:-]+\}`[^`]*`)"
    r"|(?P<math>(?<!\\)\$[^$]+\$)"
    r"|\]\((?P<link>[^)\s]*)\)"
    r"|(?P<placeholder>%\(\w+\)[a-z])",
    re.DOTALL,
)


def parts(text: str) -> list[str]:
    """What a translation must carry over unchanged, sorted: code, roles, mathematics, links, placeholders."""
    found = (m["role"] or m["code"] or m["math"] or m["link"] or m["placeholder"] for m in _PART.finditer(text))
    inner = re.findall(r"\$[^$]*%\(\w+\)[a-z][^$]*\$", text)
    return sorted([*filter(None, found), *(p for tex in inner for p in re.findall(r"%\(\w+\)[a-z]", tex))])


# --- what the book says -------------------------------------------------------------------------------------


def from_templates(templates: Path = TEMPLATES) -> Catalog:
    """The words of all templates, in the order of the files."""
    catalog = Catalog()
    for path in sorted(templates.rglob("*.j2")):
        place = (path.relative_to(templates.parent).as_posix(), 0)
        with path.open("rb") as file:
            for _, function, message, _ in babel_extract(file, ("_", "gettext", "ngettext"), (), OPTIONS):
                catalog.add(_id(function, message), locations=[place])
    return catalog


def _id(function: str, message):
    """The words of a call, without the arguments that fill them; of a plural, both forms."""
    if isinstance(message, str):
        return message
    return tuple(message[:2]) if function == "ngettext" else message[0]


def from_models(root: Path = ROOT) -> Catalog:
    """What the models in a root say of keys, losses and rules; of a plug-in's those that the book does not say."""
    catalog = Catalog()
    for place, texts in told(root).items():
        for text in texts:
            catalog.add(text, locations=[(place, 0)])
    if root.resolve() != ROOT.resolve():
        for message in _messages(from_models()):
            catalog.delete(message.id)
    return catalog


def _together(*catalogs: Catalog) -> Catalog:
    """The messages of several catalogues in one, in their order."""
    whole = Catalog()
    for message in (message for catalog in catalogs for message in _messages(catalog)):
        whole.add(message.id, locations=message.locations)
    return whole


def from_chapters(docs: Path = ROOT / "docs") -> dict[str, Catalog]:
    """The words of each chapter as Sphinx cuts them into messages, in reading order."""
    chapters = chapters_in(docs)
    if not chapters:
        return {}
    with TemporaryDirectory() as folder:
        source, out = Path(folder, "source"), Path(folder, "messages")
        stage({"index.md": b"% a book that has no first page\n"} | chapters, [], source, SOURCE)
        _gettext(source, out)
        return {pot.relative_to(out).with_suffix("").as_posix(): _chapter(pot, out, source) for pot in _pots(out)}


def _gettext(source: Path, out: Path) -> None:
    """Sphinx's message builder; what it warns about, the build of the pages tells better."""
    command = [sys.executable, "-m", "sphinx", "-q", "-b", "gettext", "-c", THEME, "-d", out.parent / "trees"]
    run = subprocess.run([*command, source, out], capture_output=True, text=True, env=environment())
    if run.returncode:
        raise RuntimeError(f"Sphinx's gettext builder stopped ({run.returncode}): {run.stderr[-2000:]}")


def _pots(out: Path) -> list[Path]:
    return sorted(out.rglob("*.pot"))


def _chapter(pot: Path, out: Path, source: Path) -> Catalog:
    name = pot.relative_to(out).with_suffix(".md")
    formulas = _formulas((source / name).read_text(encoding="utf-8"))
    catalog = Catalog()
    with pot.open("rb") as file:
        for message in read_po(file):
            if _has_words(message.id) and _squeezed(message.id) not in formulas:
                catalog.add(message.id, locations=[(f"docs/{name.as_posix()}", 0)])
    return catalog


def _has_words(text: str) -> bool:
    """Whether there is anything to say in another language: letters outside code, roles and mathematics."""
    return re.search(r"[^\W\d_]", _PART.sub("", text)) is not None


def _formulas(markdown: str) -> set[str]:
    """The displayed formulas of a chapter, which are the same in every language."""
    return {_squeezed(tex) for tex in re.findall(r"```\{math\}\n(.*?)```", markdown, re.DOTALL)}


def _squeezed(text: str) -> str:
    return " ".join(text.split())


# --- the catalogues -----------------------------------------------------------------------------------------


def catalogues(root: Path = ROOT, langs: Sequence[str] = ()) -> dict[Path, tuple[str, Catalog]]:
    """Every catalogue that should exist: its path, its locale and the messages that belong in it.

    `langs` are the languages of the book; its chapters are written in the first one, templates always in English.
    """
    langs = langs or languages()
    words, chapters = _together(from_templates(root / "templates"), from_models(root)), from_chapters(root / "docs")
    wanted: dict[Path, tuple[str, Catalog]] = {}
    for lang in langs:
        path = root / "templates/locale" / lang / "LC_MESSAGES/book.po"
        is_ours = path.parent.is_dir() or (root != ROOT and len(words))  # a language of a plug-in is translated there
        if lang != SOURCE and is_ours:
            wanted[path] = (lang, belonging(words, root, path, lang))
        for name, chapter in chapters.items() if lang != langs[0] else ():
            locale = locale_of(lang)
            wanted[root / "docs/locale" / locale / f"LC_MESSAGES/{name}.po"] = (locale, chapter)
    return wanted


def belonging(words: Catalog, root: Path, path: Path, lang: str) -> Catalog:
    """The words that belong in the catalogue at `path`. In a project's these are the words of its templates, but for
    those that the book's own catalogue translates, and those of the book that this one translates otherwise."""
    if root.resolve() not in plugins.projects():
        return words
    said = _read(path, lang)
    known = _read(TEMPLATES / "locale" / lang / "LC_MESSAGES/book.po", lang)
    found = Catalog()
    for messages, is_ours in ((words, False), (_together(from_templates(), from_models()), True)):
        for message in _messages(messages):
            if message.id in said or not (is_ours or message.id in known):
                found.add(message.id, locations=message.locations)
    return found


def update_all(root: Path = ROOT, langs: Sequence[str] = ()) -> list[str]:
    """Bring every catalogue up to date: new messages wait for words, translations stay, obsolete ones go.

    Returns one line for each file that changed.
    """
    wanted, told = catalogues(root, langs), []
    for path, (locale, current) in wanted.items():
        merged = _merged(path, locale, current)
        if write(path, _text(merged, locale)):
            told.append(f"{path.relative_to(root).as_posix()}: {_counted(_messages(merged))}")
    for path in _strays(root, wanted):
        path.unlink()
        told.append(f"{path.relative_to(root).as_posix()}: removed, its chapter is gone")
    return told


def _counted(messages: list) -> str:
    stale = sum(m.fuzzy for m in messages)
    told = f"{len(messages)} messages, {sum(not _is_translated(m) for m in messages)} to translate"
    return f"{told}, of which {stale} are stale" if stale else told


def _merged(path: Path, locale: str, current: Catalog) -> Catalog:
    old, merged = _read(path, locale), _read(path, locale)
    merged.update(current, no_fuzzy_matching=True)
    merged.obsolete.clear()
    hints.keep(old, merged)
    for message in merged:
        message.auto_comments = []
        message.flags -= GUESSED
    return merged


def _read(path: Path, locale: str) -> Catalog:
    if not path.is_file():
        return Catalog(locale=locale)
    with path.open("rb") as file:
        return hints.recall(read_po(file, locale=locale))


def _text(catalog: Catalog, locale: str) -> bytes:
    body = BytesIO()
    write_po(body, catalog, width=0, omit_header=True, include_lineno=False, ignore_obsolete=True)
    text = hints.with_previous(body.getvalue().decode(), catalog)
    return f"{HEADER.format(locale=locale, plural_forms=catalog.plural_forms)}{text}".encode()


def _messages(catalog: Catalog) -> list:
    return [message for message in catalog if message.id]


def _is_translated(message) -> bool:
    strings = message.string if isinstance(message.string, tuple | list) else [message.string]
    return all(strings) and not message.fuzzy


def _strays(root: Path, wanted: Iterable[Path]) -> list[Path]:
    """Catalogues that no template and no chapter asks for."""
    found = [*root.glob("templates/locale/**/*.po"), *root.glob("docs/locale/**/*.po")]
    return sorted(set(found) - set(wanted))


# --- the judgement ------------------------------------------------------------------------------------------


def missing(root: Path = ROOT, langs: Sequence[str] = ()) -> list[str]:
    """A sentence for each message that is missing, fuzzy, stale, obsolete, or carries something else over."""
    wanted = catalogues(root, langs)
    told = [f"{path.relative_to(root).as_posix()}: belongs to no chapter." for path in _strays(root, wanted)]
    for path, (locale, current) in wanted.items():
        place = path.relative_to(root).as_posix()
        told += [f"{place}: {fault}" for fault in _faults(current, _read(path, locale))]
    return told


def _faults(current: Catalog, catalog: Catalog) -> Iterator[str]:
    known = {message.id for message in _messages(current)}
    for message in _messages(current):
        yield from _fault(message.id, catalog.get(message.id))
    yield from (f"stale, no longer in the book: {_quoted(m.id)}." for m in _messages(catalog) if m.id not in known)
    yield from (f"obsolete: {_quoted(id)}." for id in catalog.obsolete)


def _fault(id, message) -> Iterator[str]:
    if message is None:
        yield f"missing: {_quoted(id)}."
    elif message.fuzzy and message.previous_id:
        yield f"stale, translated from {_quoted(message.previous_id)}: {_quoted(id)}."
    elif message.fuzzy:
        yield f"fuzzy, to be looked at: {_quoted(id)}."
    elif not _is_translated(message):
        yield f"not translated: {_quoted(id)}."
    elif isinstance(id, str) and parts(id) != parts(message.string):
        ours, theirs = set(parts(id)), set(parts(message.string))
        odd = ", ".join(sorted(ours ^ theirs)) or "the same part, another number of times"
        yield f"does not carry the same parts over ({odd}): {_quoted(id)}."


def _quoted(id, limit: int = 70) -> str:
    text = _squeezed(id if isinstance(id, str) else id[0])
    return repr(text if len(text) <= limit else text[: limit - 1] + "…")
