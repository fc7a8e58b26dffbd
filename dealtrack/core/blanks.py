"""What people write where there is nothing, as N/A or 无, in the columns of a file."""

import re
from enum import Enum
from functools import lru_cache
from unicodedata import normalize


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
_NO_BLANK_BEGINS = frozenset("123456789")
# As *** or 0000-00-00 00:00:00, and crosses, as xxx. What a spreadsheet shows as ### is a value that it hides.
_SIGNS = re.compile(r"(?:[^\w#]|[_0])+|x{2,}")


def blank_kind(text: str) -> Blank | None:
    """Return as what a text stands for nothing, whatever its case and width; None where it says something."""
    return None if text[0] in _NO_BLANK_BEGINS or len(text) > _LONGEST else _kind(text)


@lru_cache(4096)
def _kind(text: str) -> Blank | None:
    plain = normalize("NFKC", text).strip().casefold()
    for word in (plain, plain.strip(_BRACKETS)):
        if word in BLANKS:
            return Blank.NOTHING if word in _NOTHING else Blank.UNKNOWN
    return Blank.SIGNS if _SIGNS.fullmatch(plain) else None
