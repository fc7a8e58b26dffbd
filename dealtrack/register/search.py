"""Full-text search: an index of what complaints say, written with them, and what it finds in a view of the register."""

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from typing import TYPE_CHECKING, Any

from dealtrack.core import lifecycle
from dealtrack.core.lifecycle import Complaint, Detail, Kind, Status, Transition, effective
from dealtrack.core.matching import fold, fold_all
from dealtrack.phrase import Phrase
from dealtrack.register import queries
from dealtrack.register.queries import Filter
from dealtrack.register.view import View

if TYPE_CHECKING:
    from dealtrack.register.register import Register

Row = tuple[int, str, str]
"""A complaint's id, what it says, and what else its history ever said."""

GRAM = 3
"""The index holds every run of so many characters: a shorter word is looked for in the texts themselves."""

MOST_GRAMS = 60
NOTES = ("reason", "note")
NOTES_SET = frozenset(NOTES)
FIELDS = ("number", "platform", "summary")
WORD = "category_word"
"""What a file called the category: the last of a complaint's texts."""

EVER = (*FIELDS, *NOTES)


@dataclass(frozen=True, slots=True)
class Hit:
    """A complaint in which all words occur, and its texts as the view shows them."""

    complaint: Complaint
    texts: list[str]


def texts_of(complaint: Complaint, history: Sequence[Transition]) -> list[str]:
    """Return the texts that a complaint is searched by: number, platform, summary, notes, reasons, category word.

    Those of voided entries are left out, and a voided complaint has none.
    """
    if complaint.status is Status.VOIDED:
        return []
    said = [complaint.number, complaint.platform, complaint.summary]
    noted = [(entry, entry.detail[name]) for entry in history if entry.detail for name in NOTES if name in entry.detail]
    if noted:
        counted = {entry.seq for entry in effective(history)}
        said += [text for entry, text in noted if entry.seq in counted or entry.kind is Kind.VOIDED]
    said += [entry.detail.get(WORD) for entry in history[:1]]
    return [text for text in said if text]


def row_of(complaint: Complaint, history: Sequence[Transition]) -> Row:
    """Return a complaint's row of the index: its id, what it says, and what else its history ever said."""
    present = texts_of(complaint, history)
    former: dict[str, None] = {}
    for entry in history:
        detail = entry.detail
        if detail:
            for name in EVER:
                text = detail.get(name)
                if text and text not in present:
                    former[text] = None
    if not present and WORD in history[0].detail:
        return complaint.id, "", _joined([*former, history[0].detail[WORD]])
    return complaint.id, _joined(present), _joined(former)


def _joined(texts: Iterable[str]) -> str:
    # No word holds a line feed: none is found across two texts.
    return "\n".join(map(fold, texts))


def said_in(detail: Detail) -> tuple[str, ...]:
    """Return the texts that a complaint is searched by where one detail tells all of them, none of it a note."""
    return tuple([text for name in (*FIELDS, WORD) if (text := detail.get(name))])


def plain_rows(complaints: Iterable[int], said: Sequence[Sequence[str]]) -> list[Row]:
    """Return the rows of complaints that were never searched by other texts than these."""
    return [(id_, text, "") for id_, text in zip(complaints, fold_all(said), strict=True)]


class Writer:
    """Writes the index within one transaction, a batch at a time."""

    BATCH = 2000

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._rows: list[Row] = []

    def add(self, rows: Iterable[Row]) -> None:
        """Index new complaints."""
        self._rows += rows
        if len(self._rows) >= self.BATCH:
            self.flush()

    def write(self, complaint: Complaint, history: Sequence[Transition], is_new: bool) -> None:
        """Index a complaint in place of what stood there."""
        row = row_of(complaint, history)
        if not is_new:
            self.flush()
            held = self._connection.execute("SELECT * FROM search_text WHERE complaint = ?", (row[0],)).fetchone()
            if held == row:
                return
            if held is not None:
                self._forget(held)
        self.add([row])

    def _forget(self, held: Sequence[Any]) -> None:
        self._connection.execute(
            "INSERT INTO search_index (search_index, rowid, text, former) VALUES ('delete', ?, ?, ?)", tuple(held)
        )
        self._connection.execute("DELETE FROM search_text WHERE complaint = ?", (held[0],))

    def flush(self) -> None:
        """Write the rows that are still held back."""
        self._connection.executemany("INSERT INTO search_text VALUES (?, ?, ?)", self._rows)
        self._connection.executemany("INSERT INTO search_index (rowid, text, former) VALUES (?, ?, ?)", self._rows)
        self._rows.clear()


def clear(connection: sqlite3.Connection) -> None:
    """Empty the index, that it may be written anew."""
    connection.execute("INSERT INTO search_index (search_index) VALUES ('delete-all')")
    connection.execute("DELETE FROM search_text")


# FTS5 checks an index only as a writer: the check runs on a copy of the index, so that nobody waits for it.
_CHECK = (
    "CREATE TEMP VIEW checked_text AS SELECT * FROM main.search_text",
    """CREATE VIRTUAL TABLE temp.checked USING fts5 (
    text, former, content='checked_text', content_rowid='complaint', tokenize='trigram', detail=none, columnsize=0
)""",
    "DELETE FROM temp.checked_data",
    "INSERT INTO temp.checked_data SELECT * FROM main.search_index_data",
    "DELETE FROM temp.checked_idx",
    "INSERT INTO temp.checked_idx SELECT * FROM main.search_index_idx",
    "INSERT INTO temp.checked (checked, rank) VALUES ('integrity-check', 1)",
    # The copy has settings of its own: whether it can be searched by those of the index shows when it is.
    "SELECT rowid FROM main.search_index WHERE search_index MATCH 'abc'",
)


def index_faults(connection: sqlite3.Connection) -> list[str]:
    """Check that the index is of the texts that it was made of, inside a transaction."""
    connection.execute("SAVEPOINT index_check")
    try:
        for statement in _CHECK:
            connection.execute(statement)
    except sqlite3.DatabaseError as error:
        if not error.sqlite_errorname.startswith(("SQLITE_CORRUPT", "SQLITE_ERROR")):
            raise
        return [Phrase("the search index is not of the texts that it was made of")]
    finally:
        # A fault may have ended the transaction.
        with suppress(sqlite3.OperationalError):
            connection.execute("ROLLBACK TO index_check")
            connection.execute("RELEASE index_check")
    return []


def search(
    register: "Register", words: Sequence[str], wanted: Filter, view: View, limit: int | None = None
) -> Iterator[Hit]:
    """Yield the complaints that hold all the words in a view, the latest received first, at most `limit`.

    A word is any run of characters, found inside others too, whatever its case and width. It stands for
    itself: none of its characters is a sign of a query language.
    """
    folded = list(dict.fromkeys(filter(None, map(fold, words))))
    candidates = _candidates(register.connection, folded, wanted, view, limit) if folded else iter(())
    if view.is_present:
        histories = map(register.history, candidates)
        complaints = ((lifecycle.fold(entries[0].complaint, entries), entries) for entries in histories)
    else:
        # The table holds the receipts of the present; of the past another may have counted.
        standings = register.standings(wanted._replace(ids=tuple(candidates)), view)
        seen = sorted((standing.complaint for standing in standings), key=_received, reverse=True)
        complaints = ((complaint, view.seen(register.history(complaint.id))) for complaint in seen)
    return islice(_hits(folded, complaints), limit)


def _received(complaint: Complaint) -> tuple[bool, datetime, int]:
    """Return what complaints are sorted by; one whose receipt was voided comes first, as NULL does in the database."""
    received = complaint.received
    return received is not None, received or datetime.min.replace(tzinfo=UTC), complaint.id


def _hits(words: Sequence[str], complaints: Iterable[tuple[Complaint, Sequence[Transition]]]) -> Iterator[Hit]:
    for complaint, entries in complaints:
        texts = texts_of(complaint, entries)
        said = _joined(texts)
        if all(word in said for word in words):
            yield Hit(complaint, texts)


def _candidates(
    connection: sqlite3.Connection, words: Sequence[str], wanted: Filter, view: View, limit: int | None
) -> Iterator[int]:
    """Yield the complaints that may hold the words: at present just those that do, of the past all that ever did."""
    columns = ("s.text",) if view.is_present else ("s.text", "s.former")
    held = " AND ".join("(" + " OR ".join(f"instr({column}, ?) > 0" for column in columns) + ")" for _ in words)
    values: list[Any] = [word for word in words for _ in columns]
    grams = list(dict.fromkeys(word[at : at + GRAM] for word in words for at in range(len(word) - GRAM + 1)))
    source = "search_text s"
    if grams:
        source = "search_index f CROSS JOIN search_text s ON s.complaint = f.rowid"
        held = f"search_index MATCH ? AND {held}"
        values.insert(0, " AND ".join('"' + gram.replace('"', '""') + '"' for gram in grams[:MOST_GRAMS]))
    condition, bound = queries.conditions(wanted) if view.is_present else ("1", [])
    most = limit if view.is_present and limit is not None else -1
    rows = connection.execute(
        f"SELECT c.id FROM {source} CROSS JOIN complaint c ON c.id = s.complaint "
        f"WHERE {held} AND {condition} ORDER BY c.received_at DESC, c.id DESC LIMIT ?",
        [*values, *bound, most],
    )
    return (id_ for (id_,) in rows)
