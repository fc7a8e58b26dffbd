"""The words for what a complaint is about, who sold it and what came of it, and how long texts may be.

A word is matched whatever its case and width. Sources: the problems that the Beijing notice before Double Eleven names
(quality, delivery speed, goods not as ordered, the seller cancelled the order), with advertising and the rest; and the
advance compensation that it asks of platforms for third-party sellers.
"""

from collections.abc import Mapping
from functools import cached_property

from dealtrack.core.matching import fold, meanings_by_word, nearest_meanings
from dealtrack.core.text import clean_input

OTHER = "other"


class Vocabulary:
    """The words that a field may hold, each with the other words that stand for it."""

    def __init__(self, others: Mapping[str, tuple[str, ...]]) -> None:
        self.others = others

    @cached_property
    def _meanings(self) -> dict[str, str]:
        return meanings_by_word(self.others)

    def match(self, text: str) -> str | None:
        """Return the word that a text stands for, whatever its case and width; None where it stands for none."""
        return self._meanings.get(fold(text))

    def nearest(self, text: str, count: int = 2) -> list[str]:
        """Return the words that a text comes nearest to, by any that stand for them, best first."""
        return nearest_meanings(text, self._meanings, count)


CATEGORY = Vocabulary(
    {
        "quality": ("质量", "质量问题", "商品质量", "产品质量"),
        "delivery": ("物流", "配送", "物流配送", "发货", "快递"),
        "mismatch": ("与描述不符", "货不对板", "货不对版", "not as described"),
        "cancelled-order": (
            *("单方取消订单", "取消订单", "订单取消", "砍单"),
            *("cancelled order", "canceled-order", "canceled order", "cancelled by seller"),
        ),
        "advertising": ("广告", "虚假宣传", "虚假广告"),
        OTHER: ("其他", "其它"),
    }
)
CATEGORIES = tuple(CATEGORY.others)

SELLER = Vocabulary(
    {
        "platform": ("自营", "平台自营", "平台", "own", "self", "self-operated", "first-party"),
        "third-party": (
            *("平台内经营者", "第三方", "第三方商家", "第三方卖家", "商家"),
            *("third party", "thirdparty", "marketplace", "3p"),
        ),
    }
)
SELLERS = tuple(SELLER.others)

OUTCOME = Vocabulary(
    {
        "advance-compensation": ("先行赔付", "先行赔偿", "先赔", "advance compensation"),
        "refund": ("退款", "退货退款"),
        "exchange": ("换货", "调换", "replacement"),
        "repair": ("维修", "修理"),
        "compensation": ("赔偿", "补偿", "赔付"),
        "no-agreement": ("未达成调解协议", "未达成一致", "未达成协议", "调解不成", "no agreement"),
        "other": ("其他", "其它"),
    }
)
OUTCOMES = tuple(OUTCOME.others)

NAME = 300
"""The most characters of a name, a number or a contact."""

TEXT = 10_000
"""The most characters of a note, a reason or a finding."""

_OTHERS: Mapping[str, int] = {
    "summary": 100_000,
    "address": 1000,
    "note": TEXT,
    "reason": TEXT,
    "holiday": 200,
    "source": 1000,
    "scope": 200,
}


def longest(field: str) -> int:
    """Return the most characters that a field of a complaint, of a transition's detail or of a notice may have."""
    return _OTHERS.get(field, NAME)


def clean_field(field: str, text: str) -> str:
    """Return the text of a field without white space around it, in Unicode's composed form; raises BadText."""
    return clean_input(text, field, longest(field))
