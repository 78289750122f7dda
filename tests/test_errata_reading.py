"""Printed figures are read as they are copied; what can be two numbers, or none, is named."""

import pytest

from gradbook.book.errata.reading import read_figure

READ = {
    "-0.0386": "-0.0386", "+3": "+3", ".5": ".5", "3.": "3.", "0.50": "0.50",
    # signs
    "−0.3": "-0.3", "–0.3": "-0.3", "\u20110.3": "-0.3", "－１．２": "-1.2", "０．５": "0.5", "＋１": "+1",
    "− 0.3": "-0.3",
    # separators of groups
    "1\u202f234.5": "1234.5", "1\u2009234": "1234", "1\u00a0234\u00a0567": "1234567",
    "0.123\u2009456\u200978": "0.12345678",
    "0.12345 67890": "0.1234567890", "1’234.5": "1234.5", "1'234'567": "1234567", "1_000": "1000",
    r"0.123\,456": "0.123456", " 0.5\u200b ": "0.5", "\ufeff0.5": "0.5",
    # decimal commas
    "0,5934": "0.5934", "−0,0386": "-0.0386", "0,123": "0.123", "12,34": "12.34", "1234,567": "1234.567", ",5": ".5",
    "1.234,5": "1234.5", "1\u202f234,56": "1234.56", "０，５": "0.5", "0{,}25": "0.25",
    # commas of thousands
    "1,234.5": "1234.5", "1,234,567": "1234567", "1.234.567": "1234567", "1.234.567,8": "1234567.8",
    # powers of ten
    "1e-3": "1e-3", "1E-3": "1e-3", "1e−3": "1e-3", "５ｅ－３": "5e-3", "1.2e+05": "1.2e+05",
    "1.2×10⁻³": "1.2e-3", "1.20×10³": "1.20e3", "1.2 x 10^-3": "1.2e-3", "1.2·10^{-3}": "1.2e-3",
    r"1.2\times 10^{-3}": "1.2e-3", "1.2*10**-3": "1.2e-3", "−1,2 × 10^−3": "-1.2e-3", "10⁻³": "1e-3",
    "−10^2": "-1e2",
}  # fmt: skip


@pytest.mark.parametrize(("printed", "read"), READ.items())
def test_one_number_however_it_is_written(printed, read):
    assert read_figure(printed) == read


@pytest.mark.parametrize("printed", ["1,234", "12,345", "-1,234", "１，２３４", "1,234e-3"])
def test_a_comma_that_can_be_two_things_is_named(printed):
    with pytest.raises(
        ValueError, match=r"can be (1\.234|12\.345)(e-3)? or (1234|12345)(e-3)?; write the one that it is"
    ):
        read_figure(printed)


@pytest.mark.parametrize(
    ("printed", "clause"),
    [
        ("0.333…", "character 6 is '…', U+2026 (horizontal ellipsis)"),
        ("≈0.5", "character 1 is '≈', U+2248 (almost equal to)"),
        ("50%", "character 3 is '%', U+0025 (percent sign)"),
        ("1/3", "character 2 is '/'"),
        ("٣", "character 1 is '٣', U+0663 (arabic-indic digit three)"),
        ("0.1 0.2", "character 4 is U+0020 (space)"),
        ("1 2", "character 2 is U+0020 (space)"),
        ("0 123", "character 2 is U+0020 (space)"),
        ("1,23,456", "character 5 is ','"),
        ("1..2", "character 3 is '.'"),
        ("--1", "character 2 is '-'"),
        ("−", "is not a number as one prints it"),
        ("—", "character 1 is '—', U+2014 (em dash)"),
        ("", "is not a number as one prints it"),
        ("e5", "is not a number as one prints it"),
        ("110^3", "is not a number as one prints it"),
        ("1.2×10-3", "a power of ten without a raised exponent; if it is 10^-3, write e-3 for it"),
        ("1.2 × 103", "if it is 10^3, write e3 for it"),
    ],
)
def test_what_is_no_number_is_named_with_its_place(printed, clause):
    with pytest.raises(ValueError) as told:
        read_figure(printed)
    assert clause in str(told.value)
    assert "\n" not in str(told.value)
