"""The translators' catalogues: whole, honest about what is missing, and carrying the mathematics over unchanged."""

import re
import shutil
from gettext import GNUTranslations

import pytest
from babel.messages import Catalog
from sphinx.util.i18n import CatalogInfo

from gradbook.book import messages
from gradbook.book.i18n import words
from gradbook.book.messages import ROOT, catalogues, missing, parts, update_all

HAN = r"[\u3400-\u9fff]"
LATIN = r"[A-Za-z0-9]"
PUNCTUATION = "，。；：、？！（）《》"


@pytest.fixture
def copy(tmp_path):
    """The words of the book in a folder of their own: those of the families stand in the engine."""
    for room in ("templates", "docs", "engine"):
        shutil.copytree(ROOT / room, tmp_path / room, ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path


def edit(path, old, new):
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def test_every_message_is_translated():
    assert missing() == []


@pytest.mark.slow
def test_a_changed_message_is_found_and_an_update_leaves_it_open(copy):
    edit(copy / "docs/index.md", "What it promises", "What we promise")
    edit(copy / "templates/blocks.j2", "In this line:", "Used here:")
    told = missing(copy)
    assert len(told) == 4
    for fault in ("missing: 'What we promise'", "stale, no longer in the book: 'What it promises'"):
        assert f"docs/locale/zh_CN/LC_MESSAGES/index.po: {fault}." in told
    for fault in ("missing: 'Used here:'", "stale, no longer in the book: 'In this line:'"):
        assert f"templates/locale/zh/LC_MESSAGES/book.po: {fault}." in told

    told = ["1 to translate, of which 1 are stale"] * 2
    assert [line.partition(", ")[2] for line in update_all(copy)] == told
    assert sorted(line.partition(": ")[2] for line in missing(copy)) == [
        "stale, translated from 'In this line:': 'Used here:'.",
        "stale, translated from 'What it promises': 'What we promise'.",
    ]
    assert update_all(copy) == []


def catalogue(*entries):
    """English (one form or two), Chinese, in this order."""
    found = Catalog(locale="zh")
    for english, chinese in entries:
        found.add(english, chinese)
    return found


def updated(folder, before, *now):
    """The catalogue after an update to the English sentences of `now`, as it is written and read again."""
    path = folder / "book.po"
    if before is not None:
        path.write_bytes(messages._text(before, "zh"))
    merged = messages._merged(path, "zh", catalogue(*((english, "") for english in now)))
    path.write_bytes(messages._text(merged, "zh"))
    return messages._read(path, "zh")


LONG = 3 * 'A sentence that is far too long for one line of a file, with a "quotation", a tab\t and a\nsecond line. '


@pytest.mark.parametrize(("old", "new"), [
    ("One word of this sentence.", "One term of this sentence."), ("In this line:", "Used here:"),
    (LONG, LONG.replace("far", "much")), (("%(n)s place", "%(n)s places"), ("%(n)s spot", "%(n)s spots")),
])  # fmt: skip
def test_a_changed_sentence_keeps_its_translation_as_a_hint(tmp_path, old, new):
    chinese = "旧的译文" if isinstance(old, str) else ("旧的译文",)
    before = catalogue(("before", "前"), (old, chinese), ("after", "后"))
    for _ in range(2):
        found = updated(tmp_path, before, "before", new, "after")
        message = found.get(new if isinstance(new, str) else new[0])
        assert message.fuzzy and message.previous_id == ([old] if isinstance(old, str) else list(old))
        assert message.string == chinese and found.get("after").string == "后" and not found.get("after").fuzzy
        before = None  # once more on what has been written
    again = updated(tmp_path, None, "before", "Something else of it", "after").get("Something else of it")
    assert again.previous_id == message.previous_id, "what the translation was made from"
    back = updated(tmp_path, None, "before", old, "after").get(old if isinstance(old, str) else old[0])
    assert back.string == chinese and not back.fuzzy and not back.previous_id


def test_a_sentence_that_moved_and_changed_is_found_and_a_new_one_gets_no_hint(tmp_path):
    moved = ("The weights of this layer are small.", "权重")
    before = catalogue(("first", "一"), moved, ("second", "二"), ("third", "三"))
    new = ("first", "second", "third", "Entirely new words", "The weights of that layer are small.")
    found = updated(tmp_path, before, *new)
    assert [(m.string, m.fuzzy) for m in found if m.id] == [
        ("一", False), ("二", False), ("三", False), ("", False), ("权重", True),
    ]  # fmt: skip


@pytest.mark.slow
def test_readers_see_english_where_the_translation_is_stale(copy, monkeypatch):
    edit(copy / "docs/index.md", "What it promises", "What we promise")
    edit(copy / "templates/blocks.j2", "In this line:", "Used here:")
    update_all(copy)
    path = copy / "templates/locale/zh/LC_MESSAGES/book.po"
    assert '#, fuzzy\n#| msgid "In this line:"\nmsgid "Used here:"\nmsgstr "本行用到：' in path.read_text("utf-8")
    monkeypatch.setattr(words, "catalogue_paths", lambda lang: [path])
    told = words.catalogue.__wrapped__("zh")
    assert told.gettext("Used here:") == "Used here:" and told.gettext("nothing") == "没有变化"
    chapter = CatalogInfo(str(copy / "docs/locale/zh_CN/LC_MESSAGES"), "index", "utf-8")
    chapter.write_mo("zh_CN")
    with open(chapter.mo_path, "rb") as file:
        assert GNUTranslations(file).gettext("What we promise") == "What we promise"


@pytest.mark.slow
def test_fuzzy_messages_and_lost_mathematics_are_found(copy):
    path = copy / "docs/locale/zh_CN/LC_MESSAGES/index.po"
    edit(path, 'msgid "What it promises"', '#, fuzzy\nmsgid "What it promises"')
    edit(path, "{value}`seed:layer1.z[0]`。", "0.3775。")
    first, second = missing(copy)
    assert first.endswith("fuzzy, to be looked at: 'What it promises'.")
    assert "does not carry the same parts over ({value}`seed:layer1.z[0]`)" in second


@pytest.mark.slow
def test_a_catalogue_without_a_chapter_is_found_and_removed(copy):
    (copy / "docs/notation.md").unlink()
    path = "docs/locale/zh_CN/LC_MESSAGES/notation.po"
    assert missing(copy) == [f"{path}: belongs to no chapter."]
    assert update_all(copy) == [f"{path}: removed, its chapter is gone"]


@pytest.mark.slow
def test_the_catalogues_are_up_to_date_and_name_no_day_and_no_machine(copy):
    assert update_all(copy) == []
    for path in catalogues(copy):
        text = path.read_text(encoding="utf-8")
        assert str(ROOT) not in text and str(copy) not in text
        assert "Date" not in text.partition("\n\n")[0]


@pytest.mark.parametrize(
    ("english", "chinese"),
    [
        ("the weight $w_{11}$", "权重 $w_{12}$"),
        ("here it is {value}`seed:J`", "等于 {value}`seed:E[0]`"),
        ("see [the check](check.md)", "见[检验](update.md)"),
        ("the loss is %(loss)s", "损失为 %(lost)s"),
        ("from $%(before)s$ on", "从 $%(after)s$ 起"),
        ("the key `order`", "键 order"),
        ("`` {value}`seed:J` `` is a role", "{value}`seed:J` 是角色"),
    ],
)
def test_parts_that_differ(english, chinese):
    assert parts(english) != parts(chinese)


@pytest.mark.parametrize(
    ("english", "chinese"),
    [
        ("$a$ and then $b$", "先是 $b$，再是 $a$"),
        ("**bold** words", "文字"),
        (r"costs \$5, not \$6", "要价五美元，而不是六美元"),
    ],
)
def test_parts_that_agree(english, chinese):
    assert parts(english) == parts(chinese)


def slips(chinese):
    """What a Chinese copy editor would mark: spacing beside Latin and mathematics, punctuation of the wrong kind."""
    text = re.sub(r"%\(\w+\)s", "\0", chinese)
    text = re.sub(r"`+[^`]*`+|\$[^$]*\$", "x", text.replace("{value}", ""))
    text = re.sub(r"\]\([^)]*\)|[\[\]*]|<n>", lambda m: "1" if m[0] == "<n>" else "", text)
    yield from re.findall(f"{HAN}{LATIN}|{LATIN}{HAN}", text)
    yield from re.findall(f"[{PUNCTUATION}] | [{PUNCTUATION}]", text)
    yield from re.findall(f"{HAN} ?[,;:?!]|{HAN}\\.(?!\\w)", text)
    yield from re.findall(f"{HAN} {HAN}", text)


@pytest.mark.parametrize("text", ["权重w", "权重$w$", "第 1 层 ，", "权重 和偏置", "权重,偏置", "数{value}`seed:J`"])
def test_the_copy_editor_sees(text):
    assert list(slips(text))


@pytest.mark.parametrize(
    "text", ["权重 $w$，偏置 `b`。", "见[检验](check.md)", "**笔算**。第 <n> 层", "等于 {value}`seed:J`。"]
)
def test_the_copy_editor_lets_pass(text):
    assert not list(slips(text))


@pytest.fixture(scope="module")
def chinese():
    from babel.messages.pofile import read_po

    found = []
    for path in [*ROOT.glob("templates/locale/zh/**/*.po"), *ROOT.glob("docs/locale/zh_CN/**/*.po")]:
        with path.open("rb") as file:
            found += [m.string if isinstance(m.string, str) else m.string[0] for m in read_po(file) if m.id]
    return found


def test_chinese_is_set_as_in_print(chinese):
    assert {text: found for text in chinese if (found := list(slips(text)))} == {}
