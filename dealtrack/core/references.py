"""Complaints as a clerk names several at once: register ids, lists and ranges of them, and lines of other commands."""

import json
from collections.abc import Iterable, Iterator
from itertools import accumulate
from typing import Any

from dealtrack.errors import BadReference

MOST_DIGITS = 18
SHOWN = 60
FULL_WIDTH = str.maketrans("０１２３４５６７８９，、－–—～", "0123456789,,----")
"""The digits, commas and dashes that a Chinese keyboard types."""


def parse_ids(text: str) -> list[range]:
    """Return the stretches of register ids that a text names: 12, 3-7, or several of them as 3,5,9-12.

    They may be written in full-width characters, as in 3、5，9-12. Raises BadReference.
    """
    return [_id_range(part, text) for part in text.translate(FULL_WIDTH).split(",")]


def read_ids(lines: Iterable[str]) -> Iterator[range]:
    """Yield the register ids that lines name: what `parse_ids` reads, or the records that dealtrack itself prints.

    Those are JSON lines, a JSON list, and tab-separated lines with the id first; empty lines name nothing.
    Raises BadReference.
    """
    rest = iter(lines)
    for line in rest:
        line = line.strip("\ufeff \r\n")
        if line.startswith("["):
            yield from map(_of_record, _loaded("\n".join([line, *rest])))
        elif line.startswith("{"):
            yield _of_record(_loaded(line))
        elif line:
            yield from parse_ids(line.split("\t", 1)[0].strip())


def _loaded(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        raise BadReference(text=_short(text)) from None


def _of_record(record: Any) -> range:
    id_ = record.get("id") if isinstance(record, dict) else record
    if not isinstance(id_, int) or isinstance(id_, bool):
        raise BadReference(text=_short(json.dumps(record, ensure_ascii=False)))
    return _id_range(str(id_), str(id_))


def _id_range(part: str, whole: str) -> range:
    first, dash, last = part.strip().partition("-")
    ends = [_id(end) for end in ((first, last) if dash else (first, first))]
    if None in ends:
        raise BadReference(text=_short(whole))
    least, most = (end or 0 for end in ends)
    if most < least:
        raise BadReference(text=_short(whole))
    return range(least, most + 1)


def _id(text: str) -> int | None:
    if not (text.isascii() and text.isdigit() and len(text) <= MOST_DIGITS):
        return None
    return int(text) or None


def _short(text: str) -> str:
    # The message quotes it: a character that is escaped takes up to ten places.
    widths = list(accumulate(len(repr(character)) - 2 for character in text[: SHOWN + 1]))
    if not widths or widths[-1] <= SHOWN:
        return text
    return text[: sum(width < SHOWN for width in widths)] + "…"
