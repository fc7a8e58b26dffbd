"""Comparing names as people type them: whatever their case, their width and the spaces around them."""

from collections.abc import Iterable, Mapping
from functools import lru_cache
from unicodedata import is_normalized, normalize

_WIDE = tuple(zip("，！？：；（）", ",!?:;()", strict=True))


@lru_cache(1024)
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
    exact = [name for name in (word,) if name in folded]
    # A part of a name is what people type, which is no close match by length.
    parts = [name for name in folded if word in name or (len(name) > 1 and name in word)]
    close = get_close_matches(word, folded, count)
    candidates = exact + close + sorted(parts, key=len)
    return [folded[name] for name in dict.fromkeys(candidates)][:count]
