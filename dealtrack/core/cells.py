"""What stands in a cell in the place of a value: words for nothing, and what a spreadsheet made of a number."""

import re
from enum import Enum
from functools import lru_cache
from unicodedata import normalize

from dealtrack.errors import BadText
from dealtrack.phrase import Phrase


class Blank(Enum):
    """What stands in a cell for nothing: a word for it, a word for what is not known, or signs and noughts alone."""

    NOTHING = "nothing"
    UNKNOWN = "unknown"
    SIGNS = "signs"


_NOTHING = frozenset({
    "n/a", "n.a.", "n.a", "na", "#n/a", "<na>", "nan", "nat", "none", "null", "\\n", "nil", "not available",
    "not applicable", "not assigned", "unassigned", "blank", "empty", "no number", "tbd", "tba", "tbc", "pending",
    "keine", "aucun", "ninguno", "s/n", "sin número", "нет", "없음", "-", "--", "---", "—", "——", "/", "//", "\\", ".",
    "?", "??", "#", "无", "無", "暂无", "暂缺", "空", "空白", "没有", "没有编号", "未填", "未填写", "未提供", "未编号",
    "未登记", "未分配", "不适用", "无编号", "无单号", "无号", "無編號", "暂无编号", "待定", "待补", "待补充", "待编号",
    "待查", "待确认", "該項なし", "該当なし", "なし", "無し", "未定",
})  # fmt: skip
_UNKNOWN = frozenset({
    "unknown", "unspecified", "undefined", "missing", "不详", "不明", "未知", "缺", "缺失",
})  # fmt: skip

BLANKS = _NOTHING | _UNKNOWN
"""The words, in small letters and of usual width."""

_LONGEST = 24
_BRACKETS = "()[]<>\"'"
_IN_NO_BLANK = frozenset("123456789")
# As *** or 0000-00-00 00:00:00, and crosses, as xxx. What a spreadsheet shows as ### is a value that it hides.
_SIGNS = re.compile(r"(?:[^\w#]|[_0])+|x{2,}")


def blank_kind(text: str) -> Blank | None:
    """Return as what a text stands for nothing, whatever its case and width; None where it says something."""
    return None if len(text) > _LONGEST or not _IN_NO_BLANK.isdisjoint(text) else _kind(text)


@lru_cache(64)
def _kind(text: str) -> Blank | None:
    plain = normalize("NFKC", text).strip().casefold()
    for word in (plain, plain.strip(_BRACKETS)):
        if word in BLANKS:
            return Blank.NOTHING if word in _NOTHING else Blank.UNKNOWN
    return Blank.SIGNS if _SIGNS.fullmatch(plain) else None


# 2.01611E+13, 2,01611e13, 2E+13: what stood behind the digits that are shown is lost.
_ROUNDED = re.compile(r"[+-]?(?:[0-9]{1,3}[.,][0-9]+ ?E ?[+-]? ?|[0-9]{1,3}E\+)[0-9]{1,3}", re.IGNORECASE)
FAULTS_BEGIN = "#＃"
# What a spreadsheet shows in the place of a value, as #REF! or ####.
_FAULT = re.compile(r"#{3,}|#(?:REF|VALUE|NAME|NUM|NULL|DIV/0|SPILL|CALC|FIELD|BLOCKED|CONNECT|BUSY|UNKNOWN)[!?]")
_TEXT_FORMULA = re.compile(r'\s*="((?:[^"]|"")*)"\s*')
_QUOTED_DIGITS = re.compile(r"['‘’`][0-9]+")


def number_fault(text: str) -> str | None:
    """Return why a text is no number that tells complaints apart, None where it may be one."""
    plain = text if text.isascii() else normalize("NFKC", text).replace("\u2212", "-")
    if _ROUNDED.fullmatch(plain):
        return Phrase(
            "{text} was rounded by a spreadsheet and has lost its last digits; format the column as text "
            "there, and save the file again",
            text=text,
        )
    return cell_fault(plain)


def cell_fault(text: str) -> str | None:
    """Return why a text is what a spreadsheet shows in the place of a value, None where it is something else."""
    if text[:1] in FAULTS_BEGIN and _FAULT.fullmatch(normalize("NFKC", text).upper()):
        return Phrase("{text} is what a spreadsheet shows instead of a value; save the file again", text=text)
    return None


def check_number(text: str) -> str:
    """Return a number that a person gave; raises BadText for what stands for none, or was rounded."""
    if text and blank_kind(text):
        fault: str | None = Phrase("cannot be {text}, which means none", text=text)
    else:
        fault = number_fault(text)
    if fault:
        raise BadText(what=Phrase("The complaint number"), reason=fault)
    return text


def without_text_mark(text: str) -> str:
    """Return a number without the apostrophe by which a spreadsheet is told that its digits are text."""
    return text[1:] if text[0] in "'‘’`" and _QUOTED_DIGITS.fullmatch(text) else text


def text_of_formula(cell: str) -> str:
    """Return the text of a formula that is nothing but a text, as 0012 for ="0012"; any other cell as it is."""
    formula = _TEXT_FORMULA.fullmatch(cell)
    return formula[1].replace('""', '"') if formula else cell
