"""Search: the complaints that hold words in a view of the register."""

import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice

from dealtrack.core import lifecycle
from dealtrack.core.lifecycle import Complaint
from dealtrack.core.matching import fold
from dealtrack.core.search_text import fold_texts, present_texts
from dealtrack.register import queries
from dealtrack.register.queries import Filter, View
from dealtrack.register.register import Register


@dataclass(frozen=True, slots=True)
class Hit:
    """A complaint in which all words occur, and its texts as the view shows them."""

    complaint: Complaint
    texts: list[str]


def search(
    register: Register, words: Sequence[str], query: Filter, view: View, limit: int | None = None
) -> Iterator[Hit]:
    """Yield the complaints that hold all the words in a view, the latest received first, at most `limit`.

    A word is any run of characters, found inside others too, whatever its case and width. It stands for
    itself: none of its characters is a sign of a query language.
    """
    return islice(_hits(register, list(dict.fromkeys(filter(None, map(fold, words)))), query, view), limit)


def _hits(register: Register, words: Sequence[str], query: Filter, view: View) -> Iterator[Hit]:
    if not words:
        return
    # The table says what complaints ever said: what they say in the view is looked at again.
    ids = _that_said(register.connection, words, query if view.is_present else None)
    if not view.is_present:
        # The table holds the receipts of the present; of the past another may have counted.
        standings = register.standings(query._replace(ids=tuple(ids)), view)
        complaints = sorted((standing.complaint for standing in standings), key=_received, reverse=True)
        ids = (complaint.id for complaint in complaints)
    for id_ in ids:
        history = view.seen(register.history(id_))
        complaint = lifecycle.fold(id_, history)
        texts = present_texts(complaint, history)
        said = fold_texts(texts)
        if all(word in said for word in words):
            yield Hit(complaint, texts)


def _that_said(connection: sqlite3.Connection, words: Sequence[str], query: Filter | None) -> Iterator[int]:
    """Yield the complaints whose texts ever held all the words, of those a filter means or of all, latest first."""
    condition, values = queries.conditions(query) if query else ("1", [])
    # With a limit SQLite keeps to the order inside, and the first are found before the last are looked at.
    rows = connection.execute(
        "SELECT c.id FROM (SELECT c.id FROM complaint c "
        f"WHERE {condition} ORDER BY c.received_at DESC, c.id DESC LIMIT -1) c "
        f"CROSS JOIN search_text s ON s.complaint = c.id WHERE {' AND '.join(['instr(s.text, ?)'] * len(words))}",
        [*values, *words],
    )
    return (id_ for (id_,) in rows)


def _received(complaint: Complaint) -> tuple[bool, datetime, int]:
    """Return what complaints are sorted by; one whose receipt was voided comes first, as NULL does in the database."""
    received = complaint.received
    return received is not None, received or datetime.min.replace(tzinfo=UTC), complaint.id
