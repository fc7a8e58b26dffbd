"""The number that a complaint has elsewhere: what stands for none, and what a spreadsheet has damaged."""

import re
from unicodedata import normalize

from dealtrack.errors import BadText
from dealtrack.phrase import Phrase

BLANKS = frozenset({
    "n/a", "n.a.", "n.a", "na", "#n/a", "nan", "none", "null", "<null>", "(null)", "nil", "unknown", "unspecified",
    "not available", "not applicable", "(blank)", "-", "--", "---", "—", "——", "/", "//", "\\", ".", "?", "??",
    "无", "暂无", "暂缺", "空", "(空)", "(空白)", "空白", "没有", "不详", "不明", "未知", "未填", "未填写", "未提供",
    "无编号", "无单号", "待定", "待补", "该項なし", "なし",
})  # fmt: skip
"""What people write where there is nothing, in small letters and of usual width."""

_LONGEST = max(map(len, BLANKS))
# 2.01611E+13, 2,01611e13, 2E+13: what stood behind the digits that are shown is lost.
_ROUNDED = re.compile(r"[+-]?(?:[0-9]{1,3}[.,][0-9]+ ?E ?[+-]? ?|[0-9]{1,3}E\+)[0-9]{1,3}", re.IGNORECASE)
# What a spreadsheet shows in the place of a value, as #REF! or ####.
_FAULT = re.compile(r"#{3,}|#(?:REF|VALUE|NAME|NUM|NULL|DIV/0)[!?]")
_TEXT_FORMULA = re.compile(r'\s*="((?:[^"]|"")*)"\s*')
_QUOTED_DIGITS = re.compile(r"['‘’`][0-9]+")


def is_blank(text: str) -> bool:
    """Tell whether a text is what people write where there is nothing, as N/A or 无, whatever its case and width."""
    if len(text) > _LONGEST:
        return False
    return normalize("NFKC", text).strip().casefold() in BLANKS or text in BLANKS


def number_fault(text: str) -> str | None:
    """Return why a text is no number that tells complaints apart, None where it may be one."""
    plain = text if text.isascii() else normalize("NFKC", text).replace("\u2212", "-")
    if _ROUNDED.fullmatch(plain):
        return Phrase(
            "{text} is a number that a spreadsheet has rounded: its last digits are lost; "
            "make the column text there, and save the file anew",
            text=text,
        )
    if _FAULT.fullmatch(plain.upper()):
        return Phrase("{text} is what a spreadsheet shows in the place of a value; save the file anew", text=text)
    return None


def check_number(text: str) -> str:
    """Return a number that a person gave; raises BadText for what stands for none, or was rounded."""
    if text and is_blank(text):
        raise BadText(what=Phrase("The number"), reason=Phrase("cannot be {text}, which stands for none", text=text))
    fault = number_fault(text)
    if fault:
        raise BadText(what=Phrase("The number"), reason=fault)
    return text


def without_text_mark(text: str) -> str:
    """Return a number without the apostrophe by which a spreadsheet is told that its digits are text."""
    return text[1:] if text[0] in "'‘’`" and _QUOTED_DIGITS.fullmatch(text) else text


def text_of_formula(cell: str) -> str:
    """Return the text of a formula that is nothing but a text, as 0012 for ="0012"; any other cell as it is."""
    found = _TEXT_FORMULA.fullmatch(cell)
    return found[1].replace('""', '"') if found else cell
