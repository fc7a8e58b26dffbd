"""Text made clean when it comes in, and harmless when it goes out."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dealtrack.core.text import (
    clean_input,
    defuse_formula,
    display_width,
    escape_controls,
    fit_text,
    pad_text,
    parse_amount,
    restore_formula,
    safe_lines,
    safe_text,
    unescape_controls,
)
from dealtrack.errors import BadAmount, BadText


def test_controls_and_escapes_become_visible_and_harmless() -> None:
    every = "".join(map(chr, (*range(0x20), *range(0x7F, 0xA0), 0x202E, 0x2066, 0x2028, 0xD800)))
    safe = safe_text(f"a{every}b")
    assert safe.isprintable()
    assert safe_text("\x1b[31mred") == "␛[31mred"
    assert safe_text("one\ntwo\tthree\r") == "one two three "
    assert safe_text("abc\u202edef") == "abc\ufffddef"


def test_plain_text_stays_as_it_is() -> None:
    for text in ("", "电视屏幕有划痕，商家拒绝退货", "naïve [red] 'x'", "全角　空格"):
        assert safe_text(text) == text


def test_lines_keep_their_ends() -> None:
    assert safe_lines("one\ntwo\x1b\r") == "one\ntwo␛ "


@pytest.mark.parametrize("text", ["=1+1", "+86 138", "-5", "@SUM(A1)", "\t=1", "\r=1", "＝1", "'=1", "''=1", "'@"])
def test_a_formula_is_defused_and_comes_back(text: str) -> None:
    defused = defuse_formula(text)
    assert defused == "'" + text
    assert restore_formula(defused) == text


@pytest.mark.parametrize("text", ["", "JD", "'tis", "a=b", "1-2", "'", "''"])
def test_what_is_no_formula_stays(text: str) -> None:
    assert defuse_formula(text) == text
    assert restore_formula(text) == text


@pytest.mark.parametrize(
    ("text", "escaped"),
    [
        ("\x1b[31mred\x07", "\\u001b[31mred\\u0007"),
        ("a\u202eb\x9b\u2028", "a\\u202eb\\u009b\\u2028"),
        ("back\rover", "back\\u000dover"),
        ("dos\r\nlines\tand\ntabs", "dos\r\nlines\tand\ntabs"),
        ("\\u001b as it stands", "\\u005cu001b as it stands"),
        ("\\user \\u12 全角　空格", "\\user \\u12 全角　空格"),
    ],
)
def test_controls_are_escaped_and_come_back(text: str, escaped: str) -> None:
    assert escape_controls(text) == escaped
    assert unescape_controls(escaped) == text


@given(st.one_of(st.text(), st.from_regex(r"\A(\\\\|u|00|1b|5c|\x1b|\r|\n|\u202e|'|=){0,12}\Z")))
def test_whatever_is_escaped_and_defused_comes_back(text: str) -> None:
    harmless = escape_controls(text)
    assert not [c for c in harmless if ord(c) < 32 and c not in "\t\r\n"]
    assert unescape_controls(harmless) == text
    assert unescape_controls(restore_formula(defuse_formula(harmless))) == text


def test_input_is_stripped_and_composed() -> None:
    assert clean_input("  cafe\u0301 \n", "summary", 4) == "café"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("a\0b", "summary contains a NUL character."),
        ("a\udcffb", "summary contains bytes that are not UTF-8 text."),
        ("x" * 1001, "summary has 1,001 characters; the maximum is 1,000."),
    ],
)
def test_bad_input_is_refused(text: str, reason: str) -> None:
    with pytest.raises(BadText) as refusal:
        clean_input(text, "summary", 1000)
    assert str(refusal.value) == reason


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("1299", "1299.00"),
        ("1299.5", "1299.50"),
        ("1,299.50", "1299.50"),
        ("￥1299", "1299.00"),
        ("¥ 1,299", "1299.00"),
        ("1299元", "1299.00"),
        ("RMB 12", "12.00"),
        ("１２９９．５０", "1299.50"),
        ("0", "0.00"),
        ("007.1", "7.10"),
        ("999999999999.99", "999999999999.99"),
    ],
)
def test_an_amount_has_one_form(text: str, amount: str) -> None:
    assert parse_amount(text) == amount


@pytest.mark.parametrize(
    "text",
    ["", "-1", "nan", "inf", "1e309", "1.234", "1" * 13, "12,34", ",123", "1.", ".5", "元", "1 299", "٣", "9" * 9999],
)
def test_what_is_no_amount_is_refused(text: str) -> None:
    with pytest.raises(BadAmount) as refusal:
        parse_amount(text)
    assert len(str(refusal.value)) < 150


def test_width_in_columns() -> None:
    assert display_width("JD") == 2
    assert display_width("天猫") == 4
    assert display_width("Ａ，") == 4
    assert display_width("cafe\u0301") == 4
    assert display_width("…") == 1
    assert pad_text("天猫", 6) == "天猫  "


def test_a_cut_text_fits_and_says_so() -> None:
    assert fit_text("天猫超市", 8) == "天猫超市"
    assert fit_text("天猫超市", 7) == "天猫超…"
    assert fit_text("天猫超市", 6) == "天猫…"
    assert fit_text("two words", 5) == "two…"
    for width in range(1, 9):
        assert display_width(fit_text("a天b猫c", width)) <= width
