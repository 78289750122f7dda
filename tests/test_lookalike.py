"""Characters of a TOML file that only look right are named, with their place and with what to write."""

from pathlib import Path

import pytest

from gradbook.engine import BookError, load
from gradbook.engine.spec.toml import parse

EXAMPLE = Path(__file__).parent.parent / "examples" / "seed.toml"


@pytest.mark.parametrize(
    ("text", "clause"),
    [
        ("a = 1\nx = [[−0.3]]", "line 2, column 7 has '−', U+2212 (minus sign); write - in its place"),
        ("x = 1e–3", "line 1, column 7 has '–', U+2013 (en dash); write - in its place"),
        ("x = ３", "line 1, column 5 has '３', U+FF13 (fullwidth digit three); write 3 in its place"),
        ("x = [1，2]", "'，', U+FF0C (fullwidth comma); write , in its place"),
        ("x ＝ 1", "'＝', U+FF1D (fullwidth equals sign); write = in its place"),
        ("x = ٣", "'٣', U+0663 (arabic-indic digit three); write 3 in its place"),
        ("x =\u00a03", "line 1, column 4 has U+00A0 (no-break space); write an ordinary space in its place"),
        ("x = 1\u202f000", "U+202F (narrow no-break space); write an ordinary space"),
        ("x = \u200b1", "line 1, column 5 has U+200B (zero width space), which must go"),
        ("t = “abc”", "line 1, column 5 has '“', U+201C (left double quotation mark); write \" in its place"),
        ('t = "abc”', "line 1, column 9 has '”', U+201D (right double quotation mark); write \" in its place"),
        ("t = 'abc’\nb = 2", "line 1, column 9 has '’', U+2019 (right single quotation mark); write ' in its place"),
        ("x = 1×10", "'×', U+00D7 (multiplication sign), which may only stand in quotes"),
        ("x = 1²", "'²', U+00B2 (superscript two), which may only stand in quotes"),
        ("t = '−' # −\ny = 2−", "line 2, column 6 has '−'"),
        ('t = """\n“−”\n"""\ny = −2', "line 4, column 5 has '−'"),
    ],
)
def test_a_look_alike_is_named(text, clause):
    with pytest.raises(ValueError) as told:
        parse(text)
    assert clause in str(told.value)
    assert "\n" not in str(told.value)


@pytest.mark.parametrize("text", ["t = '“−”'\ny =", "y = .5 # −", "t = '中文'\nx = nope"])
def test_other_mistakes_are_not_blamed_on_letters_in_quotes(text):
    with pytest.raises(ValueError) as told:
        parse(text)
    assert "U+" not in str(told.value)


def test_what_is_toml_stays_so():
    assert parse("t = '“−”' # −\nx = -3") == {"t": "“−”", "x": -3}


def test_an_example_with_a_minus_sign_of_a_web_page_gives_one_sentence(tmp_path):
    path = tmp_path / "net.toml"
    path.write_text('family = "mlp"\n[data]\nx = [[−0.3]]\n', encoding="utf-8")
    with pytest.raises(BookError) as told:
        load(path)
    clause = "is not valid TOML: line 3, column 7 has '−', U+2212 (minus sign); write - in its place."
    assert str(told.value) == f"{path}: {clause}"


def test_a_look_alike_on_the_command_line_is_named():
    with pytest.raises(BookError) as told:
        load(EXAMPLE, ["update.learning_rate=−0.3"])
    assert "expected a number, found '−0.3'; character 1 is '−', U+2212 (minus sign); write - in its" in str(
        told.value
    )
    with pytest.raises(BookError) as told:
        load(EXAMPLE, ["update.learning_rate=fast"])
    assert "character" not in str(told.value)
