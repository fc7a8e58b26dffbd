"""The part of a text around words that were searched for, with the words marked."""

from collections.abc import Iterable, Sequence
from unicodedata import normalize

from dealtrack.core.matching import fold

OPENING, CLOSING = "«", "»"
BETWEEN = " · "
CONTEXT = 16
"""How many characters are shown before and after a word."""

Span = tuple[int, int]


def snippet(texts: Iterable[str], words: Sequence[str]) -> str:
    """Return the parts of texts around words, each word at least once, with «» around every occurrence shown.

    What is left out between parts of a text shows as an ellipsis.
    """
    wanted = dict.fromkeys(filter(None, map(fold, words)))
    parts: list[str] = []
    for text in texts:
        spans = _spans(text, list(wanted))
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
            wanted.pop(word, None)
        if not wanted:
            break
    return BETWEEN.join(parts)


def _spans(text: str, words: Sequence[str]) -> dict[str, list[Span]]:
    """Return where each of the words that a text holds stands in it."""
    folded, places = _folded(text)
    found: dict[str, list[Span]] = {}
    for word in words:
        at = folded.find(word)
        while at >= 0:
            found.setdefault(word, []).append((places[at], places[at + len(word) - 1] + 1))
            at = folded.find(word, at + len(word))
    return found


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
    text: str, spans: dict[str, list[Span]], about: dict[str, list[Span]] | None = None
) -> tuple[str, set[str]]:
    """Return the surroundings of the first of the spans of `about`, marked, and the words that occur in them."""
    first = min(span for held in (about or spans).values() for span in held)
    start, end = max(0, first[0] - CONTEXT), min(len(text), first[1] + CONTEXT)
    inside = sorted(span for held in spans.values() for span in held if start <= span[0] and span[1] <= end)
    pieces: list[str] = []
    done = start
    for opening, closing in _joined(inside):
        pieces += [text[done:opening], OPENING, text[opening:closing], CLOSING]
        done = closing
    pieces.append(text[done:end])
    shown = " ".join("".join(pieces).split())
    seen = {word for word, held in spans.items() if any(start <= at and to <= end for at, to in held)}
    return f"{'…' if start else ''}{shown}{'…' if end < len(text) else ''}", seen


def _joined(spans: Iterable[Span]) -> list[Span]:
    """Return spans in order with those that touch made one."""
    merged: list[Span] = []
    for start, end in spans:
        if merged and start <= merged[-1][1]:
            merged[-1] = merged[-1][0], max(end, merged[-1][1])
        else:
            merged.append((start, end))
    return merged
