"""Categories: what a complaint is about, the words for each, and finding one by what a clerk types.

Source: the problems that the Beijing notice before Double Eleven names (quality, delivery speed, goods not as
ordered, the seller cancelled the order), with advertising and the rest.
"""

from collections.abc import Mapping

from dealtrack.core.matching import fold, nearest_words

OTHER = "other"

WORDS: Mapping[str, tuple[str, ...]] = {
    "quality": ("质量", "质量问题", "商品质量", "产品质量"),
    "delivery": ("物流", "配送", "物流配送", "发货", "快递"),
    "mismatch": ("货不对板", "货不对版", "与描述不符"),
    "cancelled-order": ("取消订单", "订单取消", "砍单", "cancelled order", "canceled-order", "canceled order"),
    "advertising": ("广告", "虚假宣传", "虚假广告"),
    OTHER: ("其他", "其它"),
}
"""Each category with the other words that stand for it."""

CATEGORIES = tuple(WORDS)


def match_category(text: str) -> str | None:
    """Return the category that a word stands for, whatever its case and width; None where it stands for none."""
    return _BY_WORD.get(fold(text))


def nearest_categories(text: str, count: int = 2) -> list[str]:
    """Return the categories that a text comes nearest to, by any of their words, best first."""
    close = nearest_words(text, _BY_WORD, count * 3)
    return list(dict.fromkeys(_BY_WORD[word] for word in close))[:count]


_BY_WORD = {fold(word): category for category, words in WORDS.items() for word in (category, *words)}
