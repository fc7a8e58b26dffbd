"""Words as people type them, whatever their case and width; those of a complaint's fields, and how long texts may be.

Sources of what a complaint is about, who sold it and what came of it: the problems that the Beijing notice before
Double Eleven names (quality, delivery speed, goods not as ordered, the seller cancelled the order), with advertising
and the rest; and the advance compensation that it asks of platforms for third-party sellers.
"""

from collections.abc import Iterable, Mapping
from functools import cached_property, lru_cache
from unicodedata import is_normalized, normalize

from dealtrack.core.text import clean_input

OFFICE_SUFFIX = ".office.toml"
"""What the name of the file with an office's settings adds to that of the register."""

_WIDE = tuple(zip("，！？：；（）", ",!?:;()", strict=True))


@lru_cache(64)
def fold(text: str) -> str:
    """Return a text as it is compared: full-width forms as plain ones, no case, single spaces."""
    plain = text
    if not plain.isascii():
        # Nearly all Chinese sentences are normal but for these, and to see that takes a tenth of the time.
        for wide, narrow in _WIDE:
            plain = plain.replace(wide, narrow)
        if not is_normalized("NFKC", plain):
            plain = normalize("NFKC", text)
    return " ".join(plain.casefold().split())


def nearest_words(word: str, words: Iterable[str], count: int = 2) -> list[str]:
    """Return the words that are most like one, best first; none where nothing comes near."""
    from difflib import get_close_matches

    by_fold: dict[str, str] = {}
    for name in words:
        by_fold.setdefault(fold(name), name)
    return [by_fold[close] for close in get_close_matches(fold(word)[:200], by_fold, n=count, cutoff=0.6)]


def meanings_by_word(words: Mapping[str, Iterable[str]]) -> dict[str, str]:
    """Return what each word means, by the word as it is compared, given the other words for each meaning."""
    return {fold(word): meaning for meaning, others in words.items() for word in (meaning, *others)}


def nearest_meanings(word: str, meanings: Mapping[str, str], count: int = 2) -> list[str]:
    """Return what a word may mean, by the words that are most like it, each meaning once and best first."""
    close = nearest_words(word, meanings, count * 3)
    return list(dict.fromkeys(meanings[name] for name in close))[:count]


def nearest_names(word: str, names: Iterable[str], count: int = 3) -> list[str]:
    """Return the names that are most like a word, or hold it, best first; capitals make no difference."""
    from difflib import get_close_matches

    word = word.strip().casefold()[:100]
    folded: dict[str, str] = {}
    for name in names:
        folded.setdefault(name.casefold(), name)
    if not word:
        return []
    # A part of a name is what people type, which is no close match by length.
    parts = [name for name in folded if word in name or (len(name) > 1 and name in word)]
    close = get_close_matches(word, folded, count)
    return [folded[name] for name in dict.fromkeys([*close, *sorted(parts, key=len)])][:count]


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


LETTERS = ("reminder", "receipt", "result")
"""The kinds of letters: to whom is late, that a complaint was received, and how it ended."""


def longest(field: str) -> int:
    """Return the most characters that a field of a complaint, of a transition's detail or of a notice may have."""
    return _OTHERS.get(field, NAME)


def clean_field(field: str, text: str) -> str:
    """Return the text of a field without white space around it, in Unicode's composed form; raises BadText."""
    return clean_input(text, field, longest(field))
