"""The part of a text around words that were searched for, with the words marked."""

from collections.abc import Iterable, Sequence
from unicodedata import normalize

from dealtrack.core.matching import fold

OPENING, CLOSING = "«", "»"
BETWEEN = " · "
CONTEXT = 16
"""How many characters are shown before and after a word."""

Range = tuple[int, int]


def snippet(texts: Iterable[str], words: Sequence[str]) -> str:
    """Return the parts of texts around words, each word at least once, with «» around every occurrence shown.

    What is left out between parts of a text shows as an ellipsis.
    """
    missing = dict.fromkeys(filter(None, map(fold, words)))
    parts: list[str] = []
    for text in texts:
        spans = _spans(text, list(missing))
        if not spans:
            continue
        shown, seen = _window(text, spans)
        parts.append(shown)
        while rest := {word: at for word, at in spans.items() if word not in seen}:
            # A word far from the first: its surroundings follow.
            more, also = _window(text, {**{word: at for word, at in spans.items() if word in seen}, **rest}, rest)
            parts.append(more)
            seen |= also
        for word in seen:
            missing.pop(word, None)
        if not missing:
            break
    return BETWEEN.join(parts)


def _spans(text: str, words: Sequence[str]) -> dict[str, list[Range]]:
    """Return where each of the words that a text holds stands in it."""
    folded, places = _folded(text)
    spans: dict[str, list[Range]] = {}
    for word in words:
        at = folded.find(word)
        while at >= 0:
            spans.setdefault(word, []).append((places[at], places[at + len(word) - 1] + 1))
            at = folded.find(word, at + len(word))
    return spans


def _folded(text: str) -> tuple[str, list[int]]:
    """Return a text as `fold` makes it, and for each character of that its place in the text."""
    characters: list[str] = []
    places: list[int] = []
    for place, character in enumerate(text):
        for plain in normalize("NFKC", character).casefold():
            if plain.isspace():
                if not characters or characters[-1] == " ":
                    continue
                characters.append(" ")
            else:
                characters.append(plain)
            places.append(place)
    return "".join(characters), places


def _window(
    text: str, spans: dict[str, list[Range]], about: dict[str, list[Range]] | None = None
) -> tuple[str, set[str]]:
    """Return the surroundings of the first of the spans of `about`, marked, and the words that occur in them."""
    first = min(span for ranges in (about or spans).values() for span in ranges)
    start, end = max(0, first[0] - CONTEXT), min(len(text), first[1] + CONTEXT)
    inside = sorted(span for ranges in spans.values() for span in ranges if start <= span[0] and span[1] <= end)
    pieces: list[str] = []
    done = start
    for opening, closing in _joined(inside):
        pieces += [text[done:opening], OPENING, text[opening:closing], CLOSING]
        done = closing
    pieces.append(text[done:end])
    shown = " ".join("".join(pieces).split())
    seen = {word for word, ranges in spans.items() if any(start <= at and to <= end for at, to in ranges)}
    return f"{'…' if start else ''}{shown}{'…' if end < len(text) else ''}", seen


def _joined(spans: Iterable[Range]) -> list[Range]:
    """Return spans in order with those that touch made one."""
    merged: list[Range] = []
    for start, end in spans:
        if merged and start <= merged[-1][1]:
            merged[-1] = merged[-1][0], max(end, merged[-1][1])
        else:
            merged.append((start, end))
    return merged
