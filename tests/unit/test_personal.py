"""Personal data masked: enough to tell consumers apart, not enough to reach them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dealtrack.core.personal import PERSONAL, email_key, is_masked, mask, mask_all, phone_key


@pytest.mark.parametrize(
    ("field", "text", "shown"),
    [
        ("consumer", "张三", "张*"),
        ("consumer", "欧阳娜娜", "欧*"),
        ("consumer", "张", "张*"),
        ("consumer", "Wang Xiaoming", "W*"),
        ("consumer", " 李四 ", "李*"),
        ("phone", "13812341234", "138****1234"),
        ("phone", "+86 138 1234 1234", "138****1234"),
        ("phone", "0086-138-1234-1234", "138****1234"),
        ("phone", "１３８１２３４１２３４", "138****1234"),
        ("phone", "010-82691234", "010****1234"),
        ("phone", "82691234", "82****34"),
        ("phone", "12315", "****"),
        ("phone", "微信 abc", "****"),
        ("phone", "13812341234/13912345678", "138****1234/139****5678"),
        ("phone", "13812341234 或 82691234", "138****1234/82****34"),
        ("email", "alice@example.com", "a***@example.com"),
        ("email", "a@example.com", "a***@example.com"),
        ("email", "没有", "没***"),
        ("email", "a b@c d", "***"),
        ("address", "北京市海淀区中关村大街1号", "北京市海淀区****"),
        ("address", "广东省广州市天河区体育西路", "广东省广州市天河区****"),
        ("address", "12 Main Street", "****"),
    ],
)
def test_what_is_shown(field: str, text: str, shown: str) -> None:
    assert mask(field, text) == shown
    assert is_masked(field, shown) and not is_masked(field, text)


def test_nothing_stays_nothing() -> None:
    assert [mask(field, text) for field in PERSONAL for text in (None, "", "  ")] == [None] * 12
    assert mask_all({"consumer": "张三", "phone": None}) == {"consumer": "张*", "phone": None}


@pytest.mark.parametrize("field", PERSONAL)
@given(text=st.one_of(st.text(min_size=1), st.from_regex(r"\A[0-9*@/ 张市.a]{1,20}\Z")))
def test_what_is_masked_stays_as_it_is(field: str, text: str) -> None:
    once = mask(field, text)
    assert once is None or mask(field, once) == once


@given(number=st.from_regex(r"\A1[3-9][0-9]{9}\Z"))
def test_the_middle_of_a_number_is_gone(number: str) -> None:
    shown = mask("phone", number)
    assert shown is not None and shown.replace("*", "") == number[:3] + number[-4:]


def test_what_is_masked_makes_nobody_the_same_consumer() -> None:
    assert phone_key("138****1234") is None and email_key("a***@example.com") is None
    assert phone_key("13812341234") == "13812341234" and email_key("A@example.com") == "a@example.com"
