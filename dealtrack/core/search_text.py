"""The texts that a complaint is searched by, and the parts of them around the words that a search asks for."""

from collections.abc import Iterable, Sequence
from unicodedata import normalize

from dealtrack.core.lifecycle import Complaint, Detail, Kind, Status, Transition, effective
from dealtrack.core.vocabulary import fold

WORD = "category_word"
"""What a file called the category: the last of a complaint's texts."""

NOTES = ("reason", "note")
SEARCHED = ("number", "platform", "summary", *NOTES, WORD)
"""The words of a transition's detail that a complaint is searched by."""

OPENING, CLOSING = "«", "»"
BETWEEN = " · "
CONTEXT = 16
"""How many characters are shown before and after a word."""

Range = tuple[int, int]


def fold_texts(texts: Iterable[str]) -> str:
    """Return texts as they are searched: each folded, on a line of its own, so that no word is found across two."""
    return "\n".join(map(fold, texts))


def search_text(details: Iterable[Detail]) -> str:
    """Return all that the details of a complaint's transitions ever said, as it is searched."""
    said = [detail[name] for detail in details if detail for name in SEARCHED if name in detail]
    return fold_texts(filter(None, dict.fromkeys(said)))


def present_texts(complaint: Complaint, history: Sequence[Transition]) -> list[str]:
    """Return what a complaint says now: number, platform, summary, notes and reasons, category word.

    Those of voided transitions are left out, and a voided complaint says nothing.
    """
    if complaint.status is Status.VOIDED:
        return []
    counted = {entry.seq for entry in effective(history)}
    texts = [complaint.number, complaint.platform, complaint.summary]
    texts += [
        entry.detail.get(name)
        for entry in history
        if entry.detail and (entry.seq in counted or entry.kind is Kind.VOIDED)
        for name in NOTES
    ]
    texts.append(history[0].detail.get(WORD))
    return [text for text in texts if text]


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
    inside = (span for ranges in spans.values() for span in ranges if start <= span[0] and span[1] <= end)
    marked = {place for opening, closing in inside for place in range(opening, closing)}
    # Marks stand where what is marked begins and ends, so that spans which touch have one pair of them.
    pieces = [
        f"{OPENING * (place - 1 not in marked)}{text[place]}{CLOSING * (place + 1 not in marked)}"
        if place in marked
        else text[place]
        for place in range(start, end)
    ]
    shown = " ".join("".join(pieces).split())
    seen = {word for word, ranges in spans.items() if any(start <= at and to <= end for at, to in ranges)}
    return f"{'…' if start else ''}{shown}{'…' if end < len(text) else ''}", seen
