"""Who sold what is complained about: the platform itself or a third party, and the words for each.

Source: the Beijing notice before Double Eleven asks of platforms advance compensation for third-party sellers.
"""

from collections.abc import Mapping

from dealtrack.core.matching import fold, nearest_words

WORDS: Mapping[str, tuple[str, ...]] = {
    "platform": ("自营", "平台自营", "平台", "own", "self", "self-operated", "first-party"),
    "third-party": (
        "第三方",
        "第三方商家",
        "第三方卖家",
        "平台内经营者",
        "商家",
        "third party",
        "thirdparty",
        "marketplace",
        "3p",
    ),
}
"""Each kind of seller with the other words that stand for it."""

SELLERS = tuple(WORDS)


def match_seller(text: str) -> str | None:
    """Return the kind of seller that a word stands for, whatever its case and width; None where it stands for none."""
    return _BY_WORD.get(fold(text))


def nearest_sellers(text: str) -> list[str]:
    """Return the kind of seller that a text comes nearest to, by any of its words; none where it is near to none."""
    return [_BY_WORD[word] for word in nearest_words(text, _BY_WORD, 1)]


_BY_WORD = {fold(word): seller for seller, words in WORDS.items() for word in (seller, *words)}
