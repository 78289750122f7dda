"""The translators' catalogues: whole, honest about what is missing, and carrying the mathematics over unchanged."""

import re
import shutil

import pytest
from gradbook.book.messages import ROOT, catalogues, missing, parts, update_all

HAN = r"[\u3400-\u9fff]"
LATIN = r"[A-Za-z0-9]"
PUNCTUATION = "，。；：、？！（）《》"


@pytest.fixture
def copy(tmp_path):
    """The words of the book in a folder of their own."""
    for room in ("templates", "docs"):
        shutil.copytree(ROOT / room, tmp_path / room)
    return tmp_path


def edit(path, old, new):
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def test_every_message_is_translated():
    assert missing() == []


def test_a_changed_message_is_found_and_an_update_leaves_it_open(copy):
    edit(copy / "docs/index.md", "What it promises", "What we promise")
    edit(copy / "templates/blocks.j2", "In this line:", "Used here:")
    told = missing(copy)
    assert len(told) == 4
    for words in ("missing: 'What we promise'", "stale, no longer in the book: 'What it promises'"):
        assert f"docs/locale/zh_CN/LC_MESSAGES/index.po: {words}." in told
    for words in ("missing: 'Used here:'", "stale, no longer in the book: 'In this line:'"):
        assert f"templates/locale/zh/LC_MESSAGES/book.po: {words}." in told

    assert [line.partition(", ")[2] for line in update_all(copy)] == ["1 to translate", "1 to translate"]
    assert sorted(line.partition(": ")[2] for line in missing(copy)) == [
        "not translated: 'Used here:'.",
        "not translated: 'What we promise'.",
    ]
    assert update_all(copy) == []


def test_fuzzy_messages_and_lost_mathematics_are_found(copy):
    path = copy / "docs/locale/zh_CN/LC_MESSAGES/index.po"
    edit(path, 'msgid "What it promises"', '#, fuzzy\nmsgid "What it promises"')
    edit(path, "{value}`seed:layer1.z[0]`。", "0.3775。")
    first, second = missing(copy)
    assert first.endswith("fuzzy, to be looked at: 'What it promises'.")
    assert "does not carry the same parts over ({value}`seed:layer1.z[0]`)" in second


def test_a_catalogue_without_a_chapter_is_found_and_removed(copy):
    (copy / "docs/notation.md").unlink()
    path = "docs/locale/zh_CN/LC_MESSAGES/notation.po"
    assert missing(copy) == [f"{path}: belongs to no chapter."]
    assert update_all(copy) == [f"{path}: removed, its chapter is gone"]


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
