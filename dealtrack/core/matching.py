"""Comparing names as people type them: whatever their case, their width and the spaces around them."""

from collections.abc import Iterable
from functools import lru_cache
from unicodedata import normalize


@lru_cache(1024)
def fold(text: str) -> str:
    """Return a text as it is compared: full-width forms as plain ones, no case, single spaces."""
    return " ".join(normalize("NFKC", text).casefold().split())


def nearest_words(word: str, words: Iterable[str], count: int = 2) -> list[str]:
    """Return the words that are most like one, best first; none where nothing comes near."""
    from difflib import get_close_matches

    by_fold: dict[str, str] = {}
    for known in words:
        by_fold.setdefault(fold(known), known)
    return [by_fold[close] for close in get_close_matches(fold(word)[:200], by_fold, n=count, cutoff=0.6)]
