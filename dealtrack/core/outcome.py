"""What may come of a complaint: the words in use, and finding the one meant by what a clerk types.

Any other word is an outcome too where a file tells it: an agency's own words are kept.
"""

from collections.abc import Mapping

from dealtrack.core.matching import fold, nearest_words

WORDS: Mapping[str, tuple[str, ...]] = {
    "advance-compensation": ("先行赔付", "先行赔偿", "先赔", "advance compensation"),
    "refund": ("退款", "退货退款"),
    "exchange": ("换货", "调换", "replacement"),
    "repair": ("维修", "修理"),
    "compensation": ("赔偿", "补偿", "赔付"),
    "no-agreement": ("未达成一致", "未达成协议", "未达成调解协议", "调解不成", "no agreement"),
    "other": ("其他", "其它"),
}
"""Each outcome with the other words that stand for it. Source: 先行赔付 is what the Beijing notice before Double
Eleven asks of platforms for the complaints about third-party sellers."""

OUTCOMES = tuple(WORDS)


def outcome_named(text: str) -> str:
    """Return the outcome that a word stands for, whatever its case and width; any other word as it is."""
    return _BY_WORD.get(fold(text), text)


def match_outcome(text: str) -> str | None:
    """Return the outcome that a word stands for, whatever its case and width; None where it stands for none."""
    return _BY_WORD.get(fold(text))


def nearest_outcomes(text: str, count: int = 2) -> list[str]:
    """Return the outcomes that a text comes nearest to, by any of their words, best first."""
    close = nearest_words(text, _BY_WORD, count * 3)
    return list(dict.fromkeys(_BY_WORD[word] for word in close))[:count]


_BY_WORD = {fold(word): outcome for outcome, words in WORDS.items() for word in (outcome, *words)}
