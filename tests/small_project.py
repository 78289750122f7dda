"""A copy of the project that builds in seconds: all of the program, one example, two chapters in both languages."""

import json
import shutil
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PROGRAM = ("gradbook", "book", "check", "engine", "templates")
FILES = ("build.py",)
CHAPTERS = {
    "index.md": "# A small book\n\nIts numbers are computed, its $\\delta$ is $W^{{\\mathsf T}}\\delta$.\n\n"
    "```{{toctree}}\n:maxdepth: 1\n\nhow-to-read\nexamples/index\noperations/index\nreference/index\n"
    "about/map\nabout/checked\nabout/colophon\n```\n",
    "how-to-read.md": "# How to read\n\nThe loss is {{value}}`{name}:J`; "
    "see [the overview](examples/{name}/index.md).\n",
}
CHINESE = {
    "index": {
        "A small book": "小书",
        "Its numbers are computed, its $\\delta$ is $W^{{\\mathsf T}}\\delta$.": "书中的数都是算出来的，"
        "其中 $\\delta$ 是 $W^{{\\mathsf T}}\\delta$。",
    },
    "how-to-read": {
        "How to read": "怎样读",
        "The loss is {{value}}`{name}:J`; see [the overview](examples/{name}/index.md).": "损失为"
        " {{value}}`{name}:J`；参见[概览](examples/{name}/index.md)。",
    },
}


def small_project(folder: Path, example: Path | str = "seed") -> Path:
    """Make `folder` such a project. `example` names one of the book's, or is a file."""
    path = ROOT / "examples" / f"{example}.toml" if isinstance(example, str) else example
    copy_program(folder)
    (folder / "examples").mkdir()
    shutil.copy(path, folder / "examples")
    for name, text in CHAPTERS.items():
        (folder / "docs" / name).write_text(text.format(name=path.stem), encoding="utf-8")
    _write_catalogues(folder / "docs" / "locale" / "zh_CN" / "LC_MESSAGES", path.stem)
    return folder


def copy_program(folder: Path) -> None:
    """Everything of the project but examples, chapters and tests; compiled where it is, as that takes seconds."""
    for room in PROGRAM:
        shutil.copytree(ROOT / room, folder / room)
    for name in FILES:
        shutil.copy(ROOT / name, folder / name)
    (folder / "docs").mkdir()


def _write_catalogues(folder: Path, example: str) -> None:
    folder.mkdir(parents=True)
    for name, words in CHINESE.items():
        pairs = [
            tuple(json.dumps(text.format(name=example), ensure_ascii=False) for text in pair)
            for pair in words.items()
        ]
        entries = "".join(f"\nmsgid {english}\nmsgstr {chinese}\n" for english, chinese in pairs)
        head = 'msgid ""\nmsgstr "Content-Type: text/plain; charset=UTF-8\\n"\n'
        (folder / f"{name}.po").write_text(head + entries, encoding="utf-8")
